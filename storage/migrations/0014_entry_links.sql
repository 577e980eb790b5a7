-- An entry's link was kept as its feed wrote it, so that finding one in another spelling read all
-- entries. The function is in storage/migration_functions.py.
ALTER TABLE entries RENAME COLUMN link TO link_key; -- a canonical URL, or empty
UPDATE entries SET link_key = COALESCE(canonical_url(link_key), '') WHERE link_key <> '';
CREATE INDEX entries_by_link ON entries (link_key) WHERE link_key <> '';
CREATE INDEX entries_pending ON entries (feed_id, id) WHERE draft IS NOT NULL;
