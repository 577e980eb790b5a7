-- Members' claims to be one of the lab's people, and how moderators decided: 'updated' (the account
-- is linked) or 'declined'.
CREATE TABLE account_claims (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    person_id INTEGER NOT NULL REFERENCES people,
    member_id INTEGER NOT NULL,
    member_name TEXT NOT NULL,
    claimed_at TEXT NOT NULL,
    outcome TEXT NOT NULL DEFAULT 'review' CHECK (outcome IN ('review', 'updated', 'declined')),
    decided_by TEXT NOT NULL DEFAULT '',
    decided_by_name TEXT NOT NULL DEFAULT '',
    decided_at TEXT,
    CHECK ((outcome = 'review') = (decided_at IS NULL))
) STRICT;
CREATE INDEX account_claims_waiting ON account_claims (claimed_at) WHERE decided_at IS NULL;
CREATE INDEX account_claims_by_member ON account_claims (member_id, claimed_at);

-- How the moderators were told that a found paper waits: by a card (of its own, or counted with
-- others), or by a line of the weekly list; NULL if they weren't.
ALTER TABLE found_papers ADD COLUMN told_by TEXT CHECK (told_by IN ('card', 'list'));
CREATE INDEX found_papers_untold ON found_papers (grade, id)
    WHERE outcome = 'review' AND NOT is_backlog AND told_by IS NOT 'card';

-- Posts may be about a found paper or a claim, too, and a notice may be about found papers. SQLite
-- can't change a CHECK, so the table is built again. Its sequence continues, since the ids of posts
-- that are gone must not be used for other messages.
PRAGMA defer_foreign_keys = ON;
CREATE TEMP TABLE former_posts AS SELECT * FROM posts;
CREATE TEMP TABLE former_refused_posts AS SELECT * FROM refused_posts;
CREATE TEMP TABLE former_sequence AS SELECT * FROM sqlite_sequence WHERE name = 'posts';
DROP TABLE posts;
CREATE TABLE posts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    destination_id INTEGER NOT NULL, -- a channel or, of an outcome, a user
    kind TEXT NOT NULL CHECK (kind IN ('paper', 'digest', 'review', 'notice', 'suggestion',
                                       'report', 'outcome', 'found', 'claim')),
    notice TEXT NOT NULL DEFAULT '',
    entry_id INTEGER UNIQUE REFERENCES entries ON DELETE CASCADE,
    suggestion_id INTEGER REFERENCES suggestions,
    report_id INTEGER REFERENCES reports,
    found_paper_id INTEGER REFERENCES found_papers,
    claim_id INTEGER UNIQUE REFERENCES account_claims,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'claimed', 'sent')),
    attempts INTEGER NOT NULL DEFAULT 0,
    created_at TEXT NOT NULL,
    claimed_at TEXT,
    claimed_papers TEXT NOT NULL DEFAULT '[]', -- that a message names, if a claim ended in one
    sent_at TEXT,
    message_id INTEGER,
    thread_due INTEGER NOT NULL DEFAULT 0 CHECK (thread_due IN (0, 1)),
    publish_due INTEGER NOT NULL DEFAULT 0 CHECK (publish_due IN (0, 1)),
    revision INTEGER NOT NULL DEFAULT 0,
    rendered_revision INTEGER NOT NULL DEFAULT 0,
    follow_up_at TEXT, -- before which neither thread nor edit is tried again
    held_feed_id INTEGER REFERENCES feeds, -- whose entries a notice is about
    refused_post_id INTEGER, -- that a notice is about; it may be gone
    is_about_found INTEGER NOT NULL DEFAULT 0 CHECK (is_about_found IN (0, 1)), -- of a notice
    CHECK ((state = 'sent') = (message_id IS NOT NULL)),
    CHECK ((kind = 'review') = (entry_id IS NOT NULL)),
    CHECK ((kind = 'found') = (found_paper_id IS NOT NULL)),
    CHECK ((kind = 'claim') = (claim_id IS NOT NULL)),
    CHECK (CASE kind WHEN 'suggestion' THEN suggestion_id IS NOT NULL AND report_id IS NULL
                     WHEN 'report' THEN suggestion_id IS NULL AND report_id IS NOT NULL
                     WHEN 'outcome' THEN (suggestion_id IS NULL) <> (report_id IS NULL)
                     ELSE suggestion_id IS NULL AND report_id IS NULL END)
) STRICT;
INSERT INTO posts (id, destination_id, kind, notice, entry_id, suggestion_id, report_id, state,
                   attempts, created_at, claimed_at, claimed_papers, sent_at, message_id,
                   thread_due, publish_due, revision, rendered_revision, follow_up_at,
                   held_feed_id, refused_post_id)
    SELECT id, destination_id, kind, notice, entry_id, suggestion_id, report_id, state,
        attempts, created_at, claimed_at, claimed_papers, sent_at, message_id,
        thread_due, publish_due, revision, rendered_revision, follow_up_at,
        held_feed_id, refused_post_id
    FROM former_posts ORDER BY id;
INSERT OR IGNORE INTO refused_posts SELECT * FROM former_refused_posts;
DELETE FROM sqlite_sequence WHERE name = 'posts';
INSERT INTO sqlite_sequence (name, seq) SELECT name, seq FROM former_sequence;
DROP TABLE former_posts;
DROP TABLE former_refused_posts;
DROP TABLE former_sequence;
CREATE INDEX posts_unsent ON posts (destination_id, id) WHERE state <> 'sent';
CREATE INDEX posts_by_message ON posts (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX posts_needing_follow_up ON posts (id)
    WHERE state = 'sent' AND (thread_due OR publish_due OR revision <> rendered_revision);
CREATE UNIQUE INDEX posts_by_suggestion ON posts (suggestion_id, kind)
    WHERE suggestion_id IS NOT NULL;
CREATE UNIQUE INDEX posts_by_report ON posts (report_id, kind) WHERE report_id IS NOT NULL;
CREATE INDEX posts_by_found_paper ON posts (found_paper_id) WHERE found_paper_id IS NOT NULL;

CREATE TEMP TABLE former_found_messages AS SELECT * FROM found_messages;
DROP TABLE found_messages;
CREATE TABLE found_messages (
    id INTEGER PRIMARY KEY,
    destination_id INTEGER NOT NULL,
    message_id INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('paper', 'digest', 'review', 'notice', 'suggestion',
                                       'report', 'outcome', 'found', 'claim')),
    row_id INTEGER,
    keys TEXT NOT NULL
) STRICT;
INSERT INTO found_messages SELECT * FROM former_found_messages;
DROP TABLE former_found_messages;
CREATE INDEX found_messages_by_destination ON found_messages (destination_id, id);
CREATE INDEX found_messages_by_message ON found_messages (message_id);
