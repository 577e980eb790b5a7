-- Channels and users whose messages of the lost time were read, and for which generation.
CREATE TABLE checked_destinations (
    destination_id INTEGER PRIMARY KEY,
    generation_id INTEGER NOT NULL REFERENCES generations
) STRICT;

-- What the messages of the lost time show, until it turns up here again. A row is a paper or entry,
-- by its id if the backup has it, or anything else that is sent; see message_keys.py.
CREATE TABLE found_messages (
    id INTEGER PRIMARY KEY,
    destination_id INTEGER NOT NULL,
    message_id INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN
        ('paper', 'digest', 'review', 'notice', 'suggestion', 'report', 'outcome')),
    row_id INTEGER,
    keys TEXT NOT NULL
) STRICT;
CREATE INDEX found_messages_by_destination ON found_messages (destination_id, id);
CREATE INDEX found_messages_by_message ON found_messages (message_id);
