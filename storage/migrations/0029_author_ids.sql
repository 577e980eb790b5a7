-- A name with an id that tells people of one name apart (“W. Wang 0001”) identifies a person.
UPDATE names SET is_full = name_is_full(name)
WHERE name GLOB '* 0[0-9][0-9][0-9]' AND is_full <> name_is_full(name);
