-- What members added and decided, and messages to them, in the tables that may be large. Feeds,
-- imports and announcements aren't in these indexes, so they stay small.
CREATE INDEX papers_by_member ON papers (created_by) WHERE created_by GLOB 'discord:*';
CREATE INDEX entries_by_member ON entries (decided_by) WHERE decided_by GLOB 'discord:*';
CREATE INDEX outcomes_by_member ON posts (destination_id) WHERE kind = 'outcome';
