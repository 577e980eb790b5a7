-- The services that are asked for people's papers: what keeps them from being asked too often, and
-- how the last requests went. A request is counted before it's made. What is left to ask of a
-- question that takes several requests is in "unfinished", as JSON.
CREATE TABLE sources (
    name TEXT PRIMARY KEY,
    last_request_at TEXT,
    requests_on TEXT NOT NULL DEFAULT '',
    requests INTEGER NOT NULL DEFAULT 0,
    last_success_at TEXT,
    failures INTEGER NOT NULL DEFAULT 0,
    failing_since TEXT,
    last_error TEXT NOT NULL DEFAULT '',
    blocked_until TEXT,
    unfinished TEXT NOT NULL DEFAULT ''
) STRICT;

-- What a source was asked about, such as an id of a person: for whom (ids of people, as JSON), and
-- when it is asked again. A source that doesn't know an id has missed it that often in a row, and
-- perhaps never answered about it.
CREATE TABLE source_subjects (
    source TEXT NOT NULL,
    key TEXT NOT NULL,
    people TEXT NOT NULL,
    asked_at TEXT,
    next_due_at TEXT NOT NULL,
    misses INTEGER NOT NULL DEFAULT 0,
    etag TEXT NOT NULL DEFAULT '',
    last_modified TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (source, key)
) STRICT, WITHOUT ROWID;
