-- Corrections and parts of an issue in a journal's feed aren't papers. An entry says which of these
-- it is, and a correction has the paper that it's about.
ALTER TABLE entries ADD COLUMN notice TEXT NOT NULL DEFAULT ''
    CHECK (notice IN ('', 'front matter', 'correction', 'retraction', 'concern'));
