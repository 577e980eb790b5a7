-- Authors that are groups or organizations by what a source says, though their names don't show it.
ALTER TABLE papers ADD COLUMN collectives TEXT NOT NULL DEFAULT '[]';
-- Names are parsed differently: without titles and degrees, “JA Smith” as initials, groups as a whole.
UPDATE names SET letters = name_letters(name), family_key = name_family_key(name),
    initial = name_initial(name), is_full = name_is_full(name)
WHERE letters <> name_letters(name) OR family_key <> name_family_key(name)
    OR initial <> name_initial(name) OR is_full <> name_is_full(name);
