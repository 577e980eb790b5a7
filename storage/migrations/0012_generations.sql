-- Each restore of a backup starts a generation; see storage/generation.py.
CREATE TABLE generations (
    id INTEGER PRIMARY KEY,
    token TEXT NOT NULL UNIQUE,
    copied_at TEXT NOT NULL, -- when the backup was made
    started_at TEXT NOT NULL,
    highest_ids TEXT NOT NULL -- of each table then: JSON
) STRICT;
