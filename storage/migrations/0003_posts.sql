-- Feeds that look after themselves.
ALTER TABLE feeds ADD COLUMN body_hash TEXT NOT NULL DEFAULT ''; -- of the body that was read last
ALTER TABLE feeds ADD COLUMN moving_to TEXT NOT NULL DEFAULT ''; -- where one poll was sent for good
ALTER TABLE feeds ADD COLUMN paused_because TEXT NOT NULL DEFAULT '';
ALTER TABLE feeds ADD COLUMN is_title_given INTEGER NOT NULL DEFAULT 0 -- by a moderator, for good
    CHECK (is_title_given IN (0, 1));
ALTER TABLE feeds ADD COLUMN is_reviewed INTEGER NOT NULL DEFAULT 0 CHECK (is_reviewed IN (0, 1));
ALTER TABLE feeds ADD COLUMN timetable TEXT NOT NULL DEFAULT ''; -- its own, by bot/feeds/timetable
ALTER TABLE feeds ADD COLUMN failing_since TEXT;
ALTER TABLE feeds ADD COLUMN last_news_at TEXT; -- when it last had an entry that was not seen before
ALTER TABLE feeds ADD COLUMN told TEXT NOT NULL DEFAULT '' -- what moderators were last told of it
    CHECK (told IN ('', 'failing', 'stale'));

-- Entries wait for a moderator as possible duplicates, or because their feed is reviewed.
CREATE TABLE seen_entries (
    id INTEGER PRIMARY KEY,
    feed_id INTEGER NOT NULL REFERENCES feeds ON DELETE CASCADE,
    key TEXT NOT NULL,
    title_key TEXT NOT NULL,
    link TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN
        ('added', 'updated', 'unchanged', 'duplicate', 'removed', 'review', 'declined')),
    paper_id INTEGER REFERENCES papers,
    draft TEXT, -- only while a moderator is to decide
    seen_at TEXT NOT NULL,
    decided_by TEXT NOT NULL DEFAULT '',
    decided_by_name TEXT NOT NULL DEFAULT '',
    decided_at TEXT,
    UNIQUE (feed_id, key)
) STRICT;
INSERT INTO seen_entries (id, feed_id, key, title_key, link, outcome, paper_id, draft, seen_at)
    SELECT id, feed_id, key, title_key, link, outcome, paper_id, draft, seen_at FROM entries;
DROP TABLE entries;
ALTER TABLE seen_entries RENAME TO entries;
CREATE INDEX entries_by_title ON entries (feed_id, title_key);
CREATE INDEX entries_by_paper ON entries (paper_id);
CREATE INDEX entries_by_outcome ON entries (feed_id, outcome, paper_id);

-- What a channel wants to hear, and how.
ALTER TABLE routes ADD COLUMN wanted TEXT NOT NULL DEFAULT ''; -- conditions; see storage/wanted.py
ALTER TABLE routes ADD COLUMN role_id INTEGER;
ALTER TABLE routes ADD COLUMN has_thread INTEGER NOT NULL DEFAULT 0 CHECK (has_thread IN (0, 1));
ALTER TABLE routes ADD COLUMN publishes INTEGER NOT NULL DEFAULT 0 CHECK (publishes IN (0, 1));
ALTER TABLE routes ADD COLUMN rhythm TEXT NOT NULL DEFAULT 'at once'
    CHECK (rhythm IN ('at once', 'daily', 'weekly'));
ALTER TABLE routes ADD COLUMN digest_minute INTEGER NOT NULL DEFAULT 540
    CHECK (digest_minute BETWEEN 0 AND 1439); -- of the day, in the zone
ALTER TABLE routes ADD COLUMN digest_weekday INTEGER NOT NULL DEFAULT 0
    CHECK (digest_weekday BETWEEN 0 AND 6); -- 0 is Monday
ALTER TABLE routes ADD COLUMN zone TEXT NOT NULL DEFAULT 'UTC';
ALTER TABLE routes ADD COLUMN next_digest_at TEXT;
ALTER TABLE routes ADD COLUMN is_paused INTEGER NOT NULL DEFAULT 0 CHECK (is_paused IN (0, 1));

-- How sending into a channel goes, for whatever is sent there.
CREATE TABLE channels (
    channel_id INTEGER PRIMARY KEY,
    stopped_because TEXT NOT NULL DEFAULT '',
    failures INTEGER NOT NULL DEFAULT 0,
    retry_at TEXT
) STRICT;
INSERT INTO channels SELECT channel_id, stopped_because, failures, retry_at FROM routes;
ALTER TABLE routes DROP COLUMN stopped_because;
ALTER TABLE routes DROP COLUMN failures;
ALTER TABLE routes DROP COLUMN retry_at;

-- One row for each message that the bot sends by itself: an announcement of one paper, a digest of
-- several, an entry or a suggestion to be reviewed, a notice to moderators, what became of a
-- suggestion. That last one goes to a person, whose number then stands for the channel's. `changes`
-- counts what happened to its papers, and `shown` how many of these changes its message shows.
CREATE TABLE posts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    channel_id INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN
        ('paper', 'digest', 'review', 'notice', 'suggestion', 'outcome')),
    notice TEXT NOT NULL DEFAULT '',
    entry_id INTEGER UNIQUE REFERENCES entries ON DELETE CASCADE,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'claimed', 'sent')),
    attempts INTEGER NOT NULL DEFAULT 0,
    created_at TEXT NOT NULL,
    claimed_at TEXT,
    claimed_papers TEXT NOT NULL DEFAULT '[]', -- that a message names, if a claim ended in one
    sent_at TEXT,
    message_id INTEGER,
    thread_due INTEGER NOT NULL DEFAULT 0 CHECK (thread_due IN (0, 1)),
    publish_due INTEGER NOT NULL DEFAULT 0 CHECK (publish_due IN (0, 1)),
    changes INTEGER NOT NULL DEFAULT 0,
    shown INTEGER NOT NULL DEFAULT 0,
    follow_up_at TEXT, -- before which neither thread nor edit is tried again
    CHECK ((state = 'sent') = (message_id IS NOT NULL)),
    CHECK ((kind = 'review') = (entry_id IS NOT NULL))
) STRICT;
INSERT INTO posts (id, channel_id, kind, state, attempts, created_at, claimed_at, claimed_papers,
                   sent_at, message_id)
    SELECT id, channel_id, 'paper', state, attempts, created_at, claimed_at, json_array(paper_id),
        sent_at, message_id
    FROM announcements WHERE state <> 'waiting' ORDER BY id;
CREATE INDEX posts_unsent ON posts (channel_id, id) WHERE state <> 'sent';
CREATE INDEX posts_by_message ON posts (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX posts_unfinished ON posts (id)
    WHERE state = 'sent' AND (thread_due OR publish_due OR changes <> shown);

-- One row for a paper in a channel, ever; rows outlive their route. Without a post it waits, unless
-- the channel's conditions left it out.
CREATE TABLE posted_papers (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    paper_id INTEGER NOT NULL REFERENCES papers,
    channel_id INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    is_left_out INTEGER NOT NULL DEFAULT 0 CHECK (is_left_out IN (0, 1)),
    post_id INTEGER REFERENCES posts,
    venue TEXT NOT NULL DEFAULT '', -- of the paper when it was announced
    UNIQUE (paper_id, channel_id),
    CHECK (post_id IS NULL OR NOT is_left_out)
) STRICT;
INSERT INTO posted_papers (id, paper_id, channel_id, created_at, post_id, venue)
    SELECT announcements.id, paper_id, channel_id, announcements.created_at,
        IIF(state = 'waiting', NULL, announcements.id), venue
    FROM announcements JOIN papers ON papers.id = paper_id ORDER BY announcements.id;
DROP TABLE announcements;
ALTER TABLE posted_papers RENAME TO announcements;
CREATE INDEX announcements_waiting ON announcements (channel_id, id)
    WHERE post_id IS NULL AND NOT is_left_out;
CREATE INDEX announcements_by_channel ON announcements (channel_id, is_left_out, post_id);
CREATE INDEX announcements_by_post ON announcements (post_id) WHERE post_id IS NOT NULL;

CREATE TRIGGER announced_paper_changed AFTER UPDATE OF title, removed_at ON papers BEGIN
    UPDATE posts SET changes = changes + 1 WHERE id IN (
        SELECT post_id FROM announcements WHERE paper_id = NEW.id AND post_id IS NOT NULL);
END;
