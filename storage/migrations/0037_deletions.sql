-- Whose data was deleted, so that restoring an older backup doesn't bring it back. `digest` is that
-- of a Discord ID with the salt: it tells if an ID is meant, but not which one.
CREATE TABLE deletions (
    digest TEXT PRIMARY KEY,
    salt TEXT NOT NULL,
    deleted_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
