-- Entries are held for a decision about all of them if their feed brings far more than usual.
ALTER TABLE entries ADD COLUMN is_held INTEGER NOT NULL DEFAULT 0 CHECK (is_held IN (0, 1));
CREATE INDEX entries_held ON entries (feed_id, is_held, outcome) WHERE is_held;
ALTER TABLE posts ADD COLUMN held_feed_id INTEGER REFERENCES feeds; -- whose entries a notice is about
