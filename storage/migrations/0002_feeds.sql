-- Watched feeds; the schedule lives in the row, so that it survives a restart.
CREATE TABLE feeds (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    url TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    venue TEXT NOT NULL,
    etag TEXT NOT NULL DEFAULT '',
    last_modified TEXT NOT NULL DEFAULT '',
    next_poll_at TEXT NOT NULL,
    first_polled_at TEXT,
    last_success_at TEXT,
    failures INTEGER NOT NULL DEFAULT 0,
    last_error TEXT NOT NULL DEFAULT '',
    added_by TEXT NOT NULL,
    added_by_name TEXT NOT NULL,
    added_at TEXT NOT NULL
) STRICT;
CREATE INDEX feeds_by_next_poll ON feeds (next_poll_at);

-- Every item ever seen in a feed and what became of it.
CREATE TABLE entries (
    id INTEGER PRIMARY KEY,
    feed_id INTEGER NOT NULL REFERENCES feeds ON DELETE CASCADE,
    key TEXT NOT NULL,
    title_key TEXT NOT NULL,
    link TEXT NOT NULL,
    outcome TEXT NOT NULL
        CHECK (outcome IN ('added', 'updated', 'unchanged', 'duplicate', 'removed')),
    paper_id INTEGER REFERENCES papers,
    draft TEXT, -- only of a possible duplicate, for a moderator to decide
    seen_at TEXT NOT NULL,
    UNIQUE (feed_id, key)
) STRICT;
CREATE INDEX entries_by_title ON entries (feed_id, title_key);

-- Channels that want announcements.
CREATE TABLE routes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    guild_id INTEGER NOT NULL,
    channel_id INTEGER NOT NULL UNIQUE,
    created_by TEXT NOT NULL,
    created_by_name TEXT NOT NULL,
    created_at TEXT NOT NULL,
    stopped_because TEXT NOT NULL DEFAULT '',
    failures INTEGER NOT NULL DEFAULT 0,
    retry_at TEXT
) STRICT;

-- The outbox: one row for a paper in a channel, ever. Rows outlive their route.
CREATE TABLE announcements (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    paper_id INTEGER NOT NULL REFERENCES papers,
    channel_id INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'claimed', 'sent')),
    attempts INTEGER NOT NULL DEFAULT 0,
    created_at TEXT NOT NULL,
    claimed_at TEXT,
    sent_at TEXT,
    message_id INTEGER,
    UNIQUE (paper_id, channel_id),
    CHECK ((state = 'sent') = (message_id IS NOT NULL))
) STRICT;
CREATE INDEX announcements_unsent ON announcements (channel_id, id) WHERE state <> 'sent';
