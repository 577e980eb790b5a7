-- What services say about papers of the list without it being sure, for a moderator to decide.
-- `draft` is what they say, and `paper` what the list said when they were asked. A decision stays,
-- so that the same isn't proposed again. "failures" counts how often in a row services failed.
CREATE TABLE completion_proposals (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    paper_id INTEGER NOT NULL REFERENCES papers,
    paper TEXT NOT NULL,
    draft TEXT NOT NULL,
    service TEXT NOT NULL,
    reason TEXT NOT NULL,
    proposed_at TEXT NOT NULL,
    outcome TEXT NOT NULL DEFAULT 'review'
        CHECK (outcome IN ('review', 'updated', 'unchanged', 'declined')),
    decided_by TEXT NOT NULL DEFAULT '',
    decided_by_name TEXT NOT NULL DEFAULT '',
    decided_at TEXT,
    CHECK ((outcome = 'review') = (decided_at IS NULL))
) STRICT;
CREATE INDEX completion_proposals_by_paper ON completion_proposals (paper_id);
CREATE INDEX completion_proposals_waiting ON completion_proposals (id) WHERE decided_at IS NULL;

ALTER TABLE completions ADD COLUMN failures INTEGER NOT NULL DEFAULT 0;
