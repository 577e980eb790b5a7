-- What moderators arrange is recorded and can be taken back: a feed or a channel that was given up
-- keeps its row, with what waits for it.
ALTER TABLE feeds ADD COLUMN removed_at TEXT;
ALTER TABLE routes ADD COLUMN removed_at TEXT;

-- A change is of papers, of a name, of a feed, or of what a server's channel hears.
ALTER TABLE changes ADD COLUMN feed_id INTEGER REFERENCES feeds;
ALTER TABLE changes ADD COLUMN guild_id INTEGER;
ALTER TABLE changes ADD COLUMN channel_id INTEGER;
CREATE INDEX changes_by_feed ON changes (feed_id, id) WHERE feed_id IS NOT NULL;
CREATE INDEX changes_by_channel ON changes (channel_id, id) WHERE channel_id IS NOT NULL;
