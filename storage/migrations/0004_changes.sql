-- A paper whose addition was undone: it is as if it had never been in the list, and keeps its
-- number alone, so that the addition can be made good again.
ALTER TABLE papers ADD COLUMN is_undone INTEGER NOT NULL DEFAULT 0 CHECK (is_undone IN (0, 1));
CREATE INDEX papers_removed ON papers (removed_at)
    WHERE removed_at IS NOT NULL AND became_id IS NULL AND NOT is_undone;

CREATE INDEX papers_became ON papers (became_id) WHERE became_id IS NOT NULL;

-- The identifiers of such papers, which other papers may take meanwhile.
CREATE TABLE freed_identifiers (
    paper_id INTEGER NOT NULL REFERENCES papers,
    position INTEGER NOT NULL,
    identifier TEXT NOT NULL,
    PRIMARY KEY (paper_id, position)
) STRICT, WITHOUT ROWID;

-- Who changed what, with the paper, or what was decided of a name, before and after. What somebody
-- did at once is one change, with parts where it touched several papers; a bulk change is nothing
-- but its parts. A change that was taken back has another that undoes it.
CREATE TABLE recorded_changes (
    id INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    actor_name TEXT NOT NULL,
    action TEXT NOT NULL CHECK (action IN
        ('add', 'complete', 'edit', 'tag', 'remove', 'restore', 'merge', 'split', 'rename',
         'import', 'settle', 'undo')),
    paper_id INTEGER REFERENCES papers,
    name_id INTEGER REFERENCES names,
    before TEXT NOT NULL,
    after TEXT NOT NULL,
    settled TEXT, -- what waited for a moderator, and was decided by this
    moved TEXT, -- what of a paper that was made a part of another has gone over to that
    part_of INTEGER REFERENCES recorded_changes,
    undoes INTEGER REFERENCES recorded_changes,
    stands INTEGER NOT NULL DEFAULT 1 CHECK (stands IN (0, 1)), -- of a part: see its whole
    CHECK (paper_id IS NULL OR name_id IS NULL)
) STRICT;
INSERT INTO recorded_changes
        (id, at, actor, actor_name, action, paper_id, name_id, before, after, undoes)
    SELECT id, at, actor, actor_name, action, paper_id, name_id, before, after, undoes FROM changes;
DROP TABLE changes;
ALTER TABLE recorded_changes RENAME TO changes;
CREATE INDEX changes_by_paper ON changes (paper_id, id) WHERE paper_id IS NOT NULL;
CREATE INDEX changes_by_name ON changes (name_id, id) WHERE name_id IS NOT NULL;
CREATE INDEX changes_whole ON changes (id) WHERE part_of IS NULL;
CREATE INDEX changes_by_actor ON changes (actor, id) WHERE part_of IS NULL;
CREATE INDEX changes_by_whole ON changes (part_of, id) WHERE part_of IS NOT NULL;
CREATE INDEX changes_undone ON changes (undoes) WHERE undoes IS NOT NULL;

-- Two papers that were made one were recorded as two changes, one directly behind the other.
UPDATE changes SET part_of = id - 1 WHERE action = 'complete' AND EXISTS (
    SELECT 1 FROM changes AS merged WHERE merged.id = changes.id - 1 AND merged.action = 'merge'
    AND merged.paper_id IS NOT NULL AND merged.at = changes.at);

-- A change stands where what undoes it does not.
WITH RECURSIVE undone (id, later, steps) AS (
    SELECT undoes, id, 1 FROM changes WHERE undoes IS NOT NULL
    UNION ALL
    SELECT undone.id, changes.id, steps + 1 FROM undone JOIN changes ON changes.undoes = undone.later
)
UPDATE changes SET stands = 0
    WHERE id IN (SELECT id FROM undone GROUP BY id HAVING MAX(steps) % 2 = 1);
