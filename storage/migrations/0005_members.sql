-- What /setup said in the lab's own servers: the last word on a matter holds, and all are kept.
CREATE TABLE setup_words (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    guild_id INTEGER NOT NULL,
    matter TEXT NOT NULL CHECK (matter IN ('roles', 'channel')),
    ids TEXT NOT NULL, -- the moderators' roles; the moderators' channel, or none
    said_by TEXT NOT NULL,
    said_by_name TEXT NOT NULL,
    said_at TEXT NOT NULL
) STRICT;
CREATE INDEX setup_words_by_matter ON setup_words (guild_id, matter, id);

-- Papers that members propose. While one waits, `paper_id` is a paper that it resembles; afterwards
-- it is the paper that it became.
CREATE TABLE suggestions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    title_key TEXT NOT NULL,
    draft TEXT NOT NULL,
    note TEXT NOT NULL,
    member_id INTEGER NOT NULL,
    member_name TEXT NOT NULL,
    suggested_at TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN
        ('review', 'added', 'restored', 'updated', 'unchanged', 'declined')),
    paper_id INTEGER REFERENCES papers,
    decided_by TEXT NOT NULL DEFAULT '',
    decided_by_name TEXT NOT NULL DEFAULT '',
    decided_at TEXT,
    CHECK ((outcome = 'review') = (decided_at IS NULL))
) STRICT;
CREATE INDEX suggestions_waiting ON suggestions (suggested_at) WHERE decided_at IS NULL;
CREATE INDEX suggestions_by_member ON suggestions (member_id, suggested_at);

-- A suggestion has one post for the moderators and one for its member, ever.
ALTER TABLE posts ADD COLUMN suggestion_id INTEGER REFERENCES suggestions
    CHECK ((kind IN ('suggestion', 'outcome')) = (suggestion_id IS NOT NULL));
CREATE UNIQUE INDEX posts_by_suggestion ON posts (suggestion_id, kind)
    WHERE suggestion_id IS NOT NULL;

-- What waits for a moderator, and what was removed, by its title.
CREATE INDEX entries_undecided ON entries (seen_at) WHERE draft IS NOT NULL;
CREATE INDEX removed_by_title ON papers (title_key) WHERE removed_at IS NOT NULL;
