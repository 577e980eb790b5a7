-- Problems with papers that members reported, and how moderators resolved them: as 'updated' (it is
-- fixed) or 'declined' (dismissed).
CREATE TABLE reports (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    paper_id INTEGER NOT NULL REFERENCES papers,
    problem TEXT NOT NULL,
    note TEXT NOT NULL,
    member_id INTEGER NOT NULL,
    member_name TEXT NOT NULL,
    reported_at TEXT NOT NULL,
    outcome TEXT NOT NULL DEFAULT 'review' CHECK (outcome IN ('review', 'updated', 'declined')),
    decided_by TEXT NOT NULL DEFAULT '',
    decided_by_name TEXT NOT NULL DEFAULT '',
    decided_at TEXT,
    CHECK ((outcome = 'review') = (decided_at IS NULL))
) STRICT;
CREATE INDEX reports_waiting ON reports (reported_at) WHERE decided_at IS NULL;
CREATE INDEX reports_by_member ON reports (member_id, reported_at);
CREATE INDEX reports_waiting_by_paper ON reports (paper_id) WHERE decided_at IS NULL;

-- Posts may be about a report, too: its card for the moderators, and its outcome for the member.
-- SQLite can't change a CHECK, so the table is built again. Its sequence continues, since the ids of
-- posts that are gone must not be used for other messages.
PRAGMA defer_foreign_keys = ON;
CREATE TEMP TABLE former_posts AS SELECT * FROM posts;
CREATE TEMP TABLE former_refused_posts AS SELECT * FROM refused_posts;
CREATE TEMP TABLE former_sequence AS SELECT * FROM sqlite_sequence WHERE name = 'posts';
DROP TABLE posts;
CREATE TABLE posts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    destination_id INTEGER NOT NULL, -- a channel or, of an outcome, a user
    kind TEXT NOT NULL CHECK (kind IN
        ('paper', 'digest', 'review', 'notice', 'suggestion', 'report', 'outcome')),
    notice TEXT NOT NULL DEFAULT '',
    entry_id INTEGER UNIQUE REFERENCES entries ON DELETE CASCADE,
    suggestion_id INTEGER REFERENCES suggestions,
    report_id INTEGER REFERENCES reports,
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
    CHECK ((state = 'sent') = (message_id IS NOT NULL)),
    CHECK ((kind = 'review') = (entry_id IS NOT NULL)),
    CHECK (CASE kind WHEN 'suggestion' THEN suggestion_id IS NOT NULL AND report_id IS NULL
                     WHEN 'report' THEN suggestion_id IS NULL AND report_id IS NOT NULL
                     WHEN 'outcome' THEN (suggestion_id IS NULL) <> (report_id IS NULL)
                     ELSE suggestion_id IS NULL AND report_id IS NULL END)
) STRICT;
INSERT INTO posts (id, destination_id, kind, notice, entry_id, suggestion_id, state, attempts,
                   created_at, claimed_at, claimed_papers, sent_at, message_id, thread_due,
                   publish_due, revision, rendered_revision, follow_up_at)
    SELECT id, destination_id, kind, notice, entry_id, suggestion_id, state, attempts,
        created_at, claimed_at, claimed_papers, sent_at, message_id, thread_due,
        publish_due, revision, rendered_revision, follow_up_at
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

-- The card of a report shows its paper, or the one that the paper was merged into.
CREATE TRIGGER reported_paper_changed AFTER UPDATE OF title, removed_at ON papers BEGIN
    UPDATE posts SET revision = revision + 1 WHERE kind = 'report' AND report_id IN (
        SELECT reports.id FROM papers AS reported JOIN reports ON reports.paper_id = reported.id
        WHERE (reported.id = NEW.id OR reported.merged_into_id = NEW.id) AND decided_at IS NULL);
END;
