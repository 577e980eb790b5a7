-- Whether no source of a paper's venue states its date, so that the date is that of another version.
-- Of papers so far that isn't known, and they count as published on their dates, as before.
ALTER TABLE papers ADD COLUMN venue_undated INTEGER NOT NULL DEFAULT 0
    CHECK (venue_undated IN (0, 1));
