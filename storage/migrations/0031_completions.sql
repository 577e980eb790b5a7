-- When papers were last looked up in order to complete them, and when they are again. "attempts"
-- counts how often in a row something was still lacking.
CREATE TABLE completions (
    paper_id INTEGER PRIMARY KEY REFERENCES papers ON DELETE CASCADE,
    asked_at TEXT NOT NULL,
    next_due_at TEXT NOT NULL,
    attempts INTEGER NOT NULL
) STRICT;
CREATE INDEX completions_due ON completions (next_due_at);
