-- Unsent posts whose messages Discord refused. After some refusals a post is set aside until
-- somebody has it sent again.
CREATE TABLE refused_posts (
    post_id INTEGER PRIMARY KEY REFERENCES posts ON DELETE CASCADE,
    refusals INTEGER NOT NULL,
    reason TEXT NOT NULL, -- of the latest one
    is_set_aside INTEGER NOT NULL DEFAULT 0 CHECK (is_set_aside IN (0, 1))
) STRICT;
