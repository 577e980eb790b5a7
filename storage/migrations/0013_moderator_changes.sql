-- Changes to the moderators' roles and channel are recorded, too.
ALTER TABLE changes ADD COLUMN new_kind TEXT NOT NULL DEFAULT 'paper'
    CHECK (new_kind IN
        ('paper', 'name', 'feed', 'subscription', 'moderators', 'import', 'review'));
UPDATE changes SET new_kind = kind WHERE kind <> 'paper';
ALTER TABLE changes DROP COLUMN kind;
ALTER TABLE changes RENAME COLUMN new_kind TO kind;
