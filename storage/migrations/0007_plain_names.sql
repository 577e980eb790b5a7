-- Give tables and columns the names that the code uses for them.
ALTER TABLE facts RENAME TO bot_state;

-- The day and then the number, so that newer papers sort higher; also the rowid in the search index.
ALTER TABLE papers RENAME COLUMN place TO sort_key;
ALTER TABLE papers RENAME COLUMN became_id TO merged_into_id;
DROP INDEX papers_by_place;
CREATE UNIQUE INDEX papers_by_sort_key ON papers (sort_key) WHERE removed_at IS NULL;
DROP INDEX papers_became;
CREATE INDEX papers_by_merged_into ON papers (merged_into_id) WHERE merged_into_id IS NOT NULL;

-- Filters and sort order of a page of results, which its buttons load by id: a hash of the query.
ALTER TABLE lookups RENAME TO saved_queries;
ALTER TABLE saved_queries RENAME COLUMN question TO query;
ALTER TABLE saved_queries RENAME COLUMN asked_at TO used_at;

ALTER TABLE setup_words RENAME TO moderator_settings;
ALTER TABLE moderator_settings RENAME COLUMN matter TO key;
ALTER TABLE moderator_settings RENAME COLUMN said_by TO set_by;
ALTER TABLE moderator_settings RENAME COLUMN said_by_name TO set_by_name;
ALTER TABLE moderator_settings RENAME COLUMN said_at TO set_at;
DROP INDEX setup_words_by_matter;
CREATE INDEX moderator_settings_by_key ON moderator_settings (guild_id, key, id);

ALTER TABLE feeds RENAME COLUMN told TO last_notice;
ALTER TABLE feeds RENAME COLUMN timetable TO publisher_hints;
ALTER TABLE feeds RENAME COLUMN moving_to TO pending_url;
ALTER TABLE feeds RENAME COLUMN is_title_given TO has_custom_title;
ALTER TABLE feeds RENAME COLUMN last_news_at TO last_new_entry_at;

ALTER TABLE routes RENAME TO subscriptions;
ALTER TABLE subscriptions RENAME COLUMN wanted TO filters;
ALTER TABLE subscriptions RENAME COLUMN zone TO time_zone;
ALTER TABLE subscriptions ADD COLUMN digest TEXT NOT NULL DEFAULT 'off'
    CHECK (digest IN ('off', 'daily', 'weekly'));
UPDATE subscriptions SET digest = rhythm WHERE rhythm <> 'at once';
ALTER TABLE subscriptions DROP COLUMN rhythm;

-- `revision` counts what happened to a post's papers; its message shows `rendered_revision` of that.
-- A post goes to a channel or, to tell members about their suggestions, to a user.
ALTER TABLE posts RENAME COLUMN channel_id TO destination_id;
ALTER TABLE posts RENAME COLUMN changes TO revision;
ALTER TABLE posts RENAME COLUMN shown TO rendered_revision;
DROP INDEX posts_unfinished;
CREATE INDEX posts_needing_follow_up ON posts (id)
    WHERE state = 'sent' AND (thread_due OR publish_due OR revision <> rendered_revision);

-- Failures to send to a channel or a user.
ALTER TABLE channels RENAME TO destinations;
ALTER TABLE destinations RENAME COLUMN channel_id TO destination_id;

ALTER TABLE announcements RENAME COLUMN is_left_out TO is_filtered_out;

-- The audit log, with plain names for its columns, actions and what it recorded of settings.
CREATE TABLE renamed_changes (
    id INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    actor_name TEXT NOT NULL,
    action TEXT NOT NULL CHECK (action IN
        ('add', 'update', 'edit', 'tag', 'remove', 'restore', 'merge', 'split', 'rename',
         'import', 'review', 'undo')),
    paper_id INTEGER REFERENCES papers,
    name_id INTEGER REFERENCES names,
    feed_id INTEGER REFERENCES feeds,
    guild_id INTEGER,
    channel_id INTEGER,
    before TEXT NOT NULL,
    after TEXT NOT NULL,
    resolution TEXT, -- of what waited for a moderator, before and after
    moved TEXT, -- what went from a merged paper to the one it was merged into
    part_of INTEGER REFERENCES renamed_changes,
    undoes INTEGER REFERENCES renamed_changes,
    is_active INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)), -- of a part: see its whole
    CHECK (paper_id IS NULL OR name_id IS NULL)
) STRICT;
INSERT INTO renamed_changes (id, at, actor, actor_name, action, paper_id, name_id, feed_id, guild_id,
                             channel_id, before, after, resolution, moved, part_of, undoes, is_active)
    SELECT id, at, actor, actor_name,
        CASE action WHEN 'complete' THEN 'update' WHEN 'settle' THEN 'review' ELSE action END,
        paper_id, name_id, feed_id, guild_id, channel_id, before, after, settled, moved, part_of,
        undoes, stands
    FROM changes ORDER BY id;
DROP TABLE changes;
ALTER TABLE renamed_changes RENAME TO changes;
CREATE INDEX changes_by_paper ON changes (paper_id, id) WHERE paper_id IS NOT NULL;
CREATE INDEX changes_by_name ON changes (name_id, id) WHERE name_id IS NOT NULL;
CREATE INDEX changes_by_feed ON changes (feed_id, id) WHERE feed_id IS NOT NULL;
CREATE INDEX changes_by_channel ON changes (channel_id, id) WHERE channel_id IS NOT NULL;
CREATE INDEX changes_whole ON changes (id) WHERE part_of IS NULL;
CREATE INDEX changes_by_actor ON changes (actor, id) WHERE part_of IS NULL;
CREATE INDEX changes_by_whole ON changes (part_of, id) WHERE part_of IS NOT NULL;
CREATE INDEX changes_undone ON changes (undoes) WHERE undoes IS NOT NULL;

UPDATE changes
    SET before = json_remove(json_set(before, '$.has_custom_title',
        json(IIF(json_extract(before, '$.is_title_given'), 'true', 'false'))), '$.is_title_given')
    WHERE feed_id IS NOT NULL AND json_type(before, '$.is_title_given') IS NOT NULL;
UPDATE changes
    SET after = json_remove(json_set(after, '$.has_custom_title',
        json(IIF(json_extract(after, '$.is_title_given'), 'true', 'false'))), '$.is_title_given')
    WHERE feed_id IS NOT NULL AND json_type(after, '$.is_title_given') IS NOT NULL;
UPDATE changes
    SET before = json_remove(json_set(before,
        '$.filters', json_extract(before, '$.wanted'),
        '$.digest', IIF(json_extract(before, '$.rhythm') = 'at once', 'off',
                        json_extract(before, '$.rhythm')),
        '$.time_zone', json_extract(before, '$.zone')), '$.wanted', '$.rhythm', '$.zone')
    WHERE channel_id IS NOT NULL AND json_type(before, '$.wanted') IS NOT NULL;
UPDATE changes
    SET after = json_remove(json_set(after,
        '$.filters', json_extract(after, '$.wanted'),
        '$.digest', IIF(json_extract(after, '$.rhythm') = 'at once', 'off',
                        json_extract(after, '$.rhythm')),
        '$.time_zone', json_extract(after, '$.zone')), '$.wanted', '$.rhythm', '$.zone')
    WHERE channel_id IS NOT NULL AND json_type(after, '$.wanted') IS NOT NULL;
UPDATE changes
    SET resolution = json_remove(json_set(resolution, '$.kind', json_extract(resolution, '$.of')),
                                 '$.of')
    WHERE resolution IS NOT NULL;
