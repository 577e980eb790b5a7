-- Secrets in the paths of URLs weren't hidden; see storage/redaction.py.
UPDATE feeds
    SET title = redact_text(title), last_error = redact_text(last_error),
        paused_because = redact_text(paused_because);
UPDATE posts SET notice = redact_text(notice) WHERE notice <> '';
