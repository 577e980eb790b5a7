-- Search finds other forms of a word by its stem, and an abbreviation by what papers say that it
-- stands for. The functions are in storage/migration_functions.py.
ALTER TABLE words ADD COLUMN stem TEXT NOT NULL DEFAULT '';
UPDATE words SET stem = stem(word);
CREATE INDEX words_by_stem ON words (stem);

-- The abbreviations that each paper explains. All is folded; `stems` are those of the long form's
-- words. Like the words, these two tables are a part of the search index.
CREATE TABLE paper_abbreviations (
    paper_id INTEGER NOT NULL,
    short TEXT NOT NULL,
    long TEXT NOT NULL,
    stems TEXT NOT NULL,
    PRIMARY KEY (paper_id, short, long)
) STRICT, WITHOUT ROWID;

-- How many papers explain each of them, kept by the triggers below.
CREATE TABLE abbreviations (
    short TEXT NOT NULL,
    long TEXT NOT NULL,
    stems TEXT NOT NULL,
    papers INTEGER NOT NULL,
    PRIMARY KEY (short, long)
) STRICT, WITHOUT ROWID;
CREATE INDEX abbreviations_by_stems ON abbreviations (stems);

CREATE TRIGGER abbreviation_added AFTER INSERT ON paper_abbreviations BEGIN
    INSERT INTO abbreviations (short, long, stems, papers)
        VALUES (NEW.short, NEW.long, NEW.stems, 1)
        ON CONFLICT (short, long) DO UPDATE SET papers = papers + 1;
END;
CREATE TRIGGER abbreviation_taken AFTER DELETE ON paper_abbreviations BEGIN
    UPDATE abbreviations SET papers = papers - 1 WHERE short = OLD.short AND long = OLD.long;
    DELETE FROM abbreviations WHERE short = OLD.short AND long = OLD.long AND papers <= 0;
END;

INSERT INTO paper_abbreviations (paper_id, short, long, stems)
    SELECT papers.id, json_extract(value, '$.short'), json_extract(value, '$.long'),
        json_extract(value, '$.stems')
    FROM papers, json_each(abbreviations(title || char(10) || abstract))
    WHERE removed_at IS NULL;

-- What moderators decided that an abbreviation stands for: an empty text if it stands for nothing,
-- and none if the decision was undone.
CREATE TABLE abbreviation_decisions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    short TEXT NOT NULL UNIQUE,
    long TEXT,
    stems TEXT NOT NULL
) STRICT;
CREATE INDEX abbreviation_decisions_by_stems ON abbreviation_decisions (stems);

ALTER TABLE changes ADD COLUMN abbreviation_id INTEGER REFERENCES abbreviation_decisions;
CREATE INDEX changes_by_abbreviation ON changes (abbreviation_id, id)
    WHERE abbreviation_id IS NOT NULL;
ALTER TABLE changes ADD COLUMN new_kind TEXT NOT NULL DEFAULT 'paper'
    CHECK (new_kind IN ('paper', 'name', 'feed', 'subscription', 'moderators', 'abbreviation',
                        'import', 'review'));
UPDATE changes SET new_kind = kind WHERE kind <> 'paper';
ALTER TABLE changes DROP COLUMN kind;
ALTER TABLE changes RENAME COLUMN new_kind TO kind;
