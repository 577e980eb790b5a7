-- By what a work is recognised about which a source says the same as before, so that it needn't be
-- read again; empty if that isn't known.
ALTER TABLE witnesses ADD COLUMN fingerprint TEXT NOT NULL DEFAULT '';
CREATE INDEX witnesses_by_fingerprint ON witnesses (source, fingerprint) WHERE fingerprint <> '';
