-- The addresses that an archive has for a paper have become one identifier; see
-- storage/archive_urls.py. If two papers had addresses of one, nothing is merged: the other paper
-- keeps the address as it was, and moderators can merge the two.
UPDATE OR IGNORE identifiers SET identifier = canonical_identifier(identifier)
    WHERE identifier GLOB 'url:*' OR identifier GLOB 'doi:*';
DELETE FROM identifiers WHERE canonical_identifier(identifier) <> identifier
    AND paper_id = (SELECT canonical.paper_id FROM identifiers AS canonical
                    WHERE canonical.identifier = canonical_identifier(identifiers.identifier));
INSERT OR IGNORE INTO identifiers (identifier, paper_id, position)
    SELECT implied_identifier(identifier), paper_id, position FROM identifiers
    WHERE identifier GLOB 'doi:10.18653/*' AND implied_identifier(identifier) IS NOT NULL;
UPDATE identifiers SET position = sorted.position FROM (
        SELECT identifier, ROW_NUMBER() OVER (PARTITION BY paper_id ORDER BY
            CASE substr(identifier, 1, instr(identifier, ':') - 1)
                WHEN 'arxiv' THEN 0 WHEN 'doi' THEN 1 WHEN 'url' THEN 2 WHEN 'guid' THEN 3
                WHEN 'listed' THEN 4 ELSE 5 END, identifier) - 1 AS position
        FROM identifiers) AS sorted
    WHERE identifiers.identifier = sorted.identifier AND identifiers.position <> sorted.position;

UPDATE freed_identifiers SET identifier = canonical_identifier(identifier);
DELETE FROM freed_identifiers WHERE EXISTS (
    SELECT 1 FROM freed_identifiers AS earlier WHERE earlier.paper_id = freed_identifiers.paper_id
        AND earlier.identifier = freed_identifiers.identifier
        AND earlier.position < freed_identifiers.position);
UPDATE entries SET draft = canonical_draft(draft) WHERE draft IS NOT NULL;
UPDATE entries SET link_key = COALESCE(canonical_url('https://' || link_key), link_key)
    WHERE link_key <> '';
UPDATE suggestions SET draft = canonical_draft(draft) WHERE draft <> '';
