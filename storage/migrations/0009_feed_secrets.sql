-- A feed's URL may contain secrets. Identifiers of its entries contained the URL, and were exported;
-- now they are a hash. The functions are in storage/migration_functions.py.
UPDATE identifiers SET identifier = opaque_guid(identifier) WHERE identifier GLOB 'guid:*';
UPDATE identifiers SET position = sorted.position FROM (
        SELECT identifier, MIN(position) OVER (PARTITION BY paper_id) - 1
            + ROW_NUMBER() OVER (PARTITION BY paper_id ORDER BY identifier) AS position
        FROM identifiers WHERE identifier GLOB 'guid:*') AS sorted
    WHERE identifiers.identifier = sorted.identifier;
UPDATE freed_identifiers SET identifier = opaque_guid(identifier) WHERE identifier GLOB 'guid:*';
UPDATE entries SET draft = opaque_guids(draft) WHERE draft LIKE '%guid:%';
UPDATE suggestions SET draft = opaque_guids(draft) WHERE draft LIKE '%guid:%';
UPDATE changes
    SET before = opaque_guids(before), after = opaque_guids(after),
        resolution = opaque_guids(resolution)
    WHERE before LIKE '%guid:%' OR after LIKE '%guid:%' OR resolution LIKE '%guid:%';

-- The title of a feed without one was its URL, and errors and notices named the URL.
UPDATE feeds
    SET title = feed_title(title), last_error = redact_text(last_error),
        paused_because = redact_text(paused_because);
UPDATE changes SET before = feed_settings(before), after = feed_settings(after)
    WHERE feed_id IS NOT NULL;
UPDATE changes SET actor_name = feed_title(actor_name) WHERE actor GLOB 'feed:*';
UPDATE papers SET created_by_name = feed_title(created_by_name) WHERE created_by GLOB 'feed:*';
UPDATE posts SET notice = redact_text(notice) WHERE notice <> '';
