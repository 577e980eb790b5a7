-- The tag that a forum's posts get; some forums require one.
ALTER TABLE subscriptions ADD COLUMN tag_id INTEGER;
