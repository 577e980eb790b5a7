-- Whatever part of the bot asks a service, and in which process: when it may be asked again, whether
-- a request is running, and how many were made on the last day (UTC) with any.
CREATE TABLE service_requests (
    name TEXT PRIMARY KEY,
    free_at TEXT NOT NULL,
    is_running INTEGER NOT NULL CHECK (is_running IN (0, 1)),
    day TEXT NOT NULL,
    requests INTEGER NOT NULL
) STRICT;

ALTER TABLE sources DROP COLUMN last_request_at;
