-- The lab's people: who they are in other services, and when they were members. Their names are
-- credited names with what moderators decided about these (`aliases`): `name_id` is any name of the
-- person, which is shown as its alias says. Removed people keep their number.
CREATE TABLE people (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name_id INTEGER NOT NULL REFERENCES names,
    member_from TEXT, -- ISO dates, both included
    member_to TEXT,
    categories TEXT NOT NULL, -- of arXiv, separated by spaces
    discord_id INTEGER,
    is_trusted INTEGER CHECK (is_trusted IN (0, 1)), -- NULL: as `people_settings` says
    is_removed INTEGER NOT NULL DEFAULT 0 CHECK (is_removed IN (0, 1))
) STRICT;
CREATE INDEX people_by_name ON people (name_id);
CREATE UNIQUE INDEX people_by_discord ON people (discord_id)
    WHERE discord_id IS NOT NULL AND NOT is_removed;

-- Ids of people who weren't removed, and foreign ones, which are known to be somebody else's.
CREATE TABLE person_ids (
    person_id INTEGER NOT NULL REFERENCES people,
    scheme TEXT NOT NULL
        CHECK (scheme IN ('orcid', 'openalex', 'arxiv', 'dblp', 'semantic_scholar')),
    value TEXT NOT NULL,
    is_foreign INTEGER NOT NULL CHECK (is_foreign IN (0, 1)),
    PRIMARY KEY (person_id, scheme, value)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX person_ids_by_owner ON person_ids (scheme, value) WHERE NOT is_foreign;

-- Whether papers that are certainly somebody's are announced unasked.
CREATE TABLE people_settings (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    is_trusted INTEGER NOT NULL CHECK (is_trusted IN (0, 1))
) STRICT;
INSERT INTO people_settings (id, is_trusted) VALUES (1, 0);

ALTER TABLE changes ADD COLUMN new_kind TEXT NOT NULL DEFAULT 'paper'
    CHECK (new_kind IN ('paper', 'name', 'feed', 'subscription', 'moderators', 'abbreviation',
                        'people', 'import', 'review'));
UPDATE changes SET new_kind = kind WHERE kind <> 'paper';
ALTER TABLE changes DROP COLUMN kind;
ALTER TABLE changes RENAME COLUMN new_kind TO kind;
CREATE INDEX changes_to_people ON changes (id) WHERE kind = 'people';
