-- How often each command was used on a day (UTC). Nothing says by whom or where.
CREATE TABLE command_uses (
    day TEXT NOT NULL,
    command TEXT NOT NULL,
    uses INTEGER NOT NULL,
    PRIMARY KEY (day, command)
) STRICT, WITHOUT ROWID;
