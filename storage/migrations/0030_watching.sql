-- Whether services are asked for new papers of the lab's people.
ALTER TABLE people_settings ADD COLUMN is_watched INTEGER NOT NULL DEFAULT 1
    CHECK (is_watched IN (0, 1));
