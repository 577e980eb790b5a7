-- What each change was made to; an undo has the kind of what it undoes.
ALTER TABLE changes ADD COLUMN kind TEXT NOT NULL DEFAULT 'paper'
    CHECK (kind IN ('paper', 'name', 'feed', 'subscription', 'import', 'review'));
UPDATE changes SET kind = 'name' WHERE name_id IS NOT NULL;
UPDATE changes SET kind = 'feed' WHERE feed_id IS NOT NULL;
UPDATE changes SET kind = 'subscription' WHERE channel_id IS NOT NULL;
UPDATE changes SET kind = action WHERE action IN ('import', 'review');

-- An undo of an import or of a review names nothing itself: it describes what it undoes.
WITH RECURSIVE chain (id, undone) AS (
    SELECT id, undoes FROM changes WHERE undoes IS NOT NULL
    UNION ALL
    SELECT chain.id, changes.undoes FROM chain JOIN changes ON changes.id = chain.undone
    WHERE changes.undoes IS NOT NULL)
UPDATE changes SET kind = original.kind, after = original.after
FROM chain JOIN changes AS original ON original.id = chain.undone
WHERE chain.id = changes.id AND original.kind IN ('import', 'review')
    AND original.undoes IS NULL;
