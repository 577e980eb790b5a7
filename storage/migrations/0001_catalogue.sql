-- The paper list.
CREATE TABLE papers (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    title TEXT NOT NULL CHECK (title <> ''),
    title_key TEXT NOT NULL,
    abstract TEXT NOT NULL,
    authors_complete INTEGER NOT NULL CHECK (authors_complete IN (0, 1)),
    venue TEXT NOT NULL,
    date TEXT CHECK (date GLOB '[0-9][0-9][0-9][0-9]*'),
    year INTEGER GENERATED ALWAYS AS (CAST(substr(date, 1, 4) AS INTEGER)) VIRTUAL,
    place INTEGER NOT NULL, -- the day and the number: newer papers have higher places
    note TEXT NOT NULL,
    posted_by TEXT NOT NULL,
    origin TEXT NOT NULL CHECK (origin IN ('starter', 'import', 'feed', 'moderator')),
    created_at TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_by_name TEXT NOT NULL,
    removed_at TEXT,
    became_id INTEGER REFERENCES papers -- the paper that a duplicate was made a part of
) STRICT;
CREATE INDEX papers_by_title ON papers (title_key) WHERE removed_at IS NULL;
CREATE UNIQUE INDEX papers_by_place ON papers (place) WHERE removed_at IS NULL;
CREATE INDEX papers_by_venue ON papers (venue) WHERE removed_at IS NULL;

-- Fields that a moderator set, which no feed and no import overwrites.
CREATE TABLE locked_fields (
    paper_id INTEGER NOT NULL REFERENCES papers,
    field TEXT NOT NULL,
    PRIMARY KEY (paper_id, field)
) STRICT, WITHOUT ROWID;

-- What makes two papers the same. A removed paper keeps its rows, so that it stays removed.
CREATE TABLE identifiers (
    identifier TEXT PRIMARY KEY,
    paper_id INTEGER NOT NULL REFERENCES papers,
    position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX identifiers_by_paper ON identifiers (paper_id);

CREATE TABLE links (
    paper_id INTEGER NOT NULL REFERENCES papers,
    position INTEGER NOT NULL,
    kind TEXT NOT NULL,
    url TEXT NOT NULL,
    PRIMARY KEY (paper_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE tags (
    paper_id INTEGER NOT NULL REFERENCES papers,
    tag TEXT NOT NULL,
    PRIMARY KEY (paper_id, tag)
) STRICT, WITHOUT ROWID;
CREATE INDEX tags_by_tag ON tags (tag);

-- How many papers each venue and tag has, kept by the triggers below.
CREATE TABLE venue_counts (venue TEXT PRIMARY KEY, papers INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE tag_counts (tag TEXT PRIMARY KEY, papers INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TRIGGER venue_of_added_paper AFTER INSERT ON papers WHEN NEW.venue <> '' BEGIN
    INSERT INTO venue_counts (venue, papers) VALUES (NEW.venue, 1)
        ON CONFLICT (venue) DO UPDATE SET papers = papers + 1;
END;
CREATE TRIGGER venue_of_changed_paper AFTER UPDATE OF venue, removed_at ON papers BEGIN
    UPDATE venue_counts SET papers = papers - 1 WHERE venue = OLD.venue AND OLD.removed_at IS NULL;
    INSERT INTO venue_counts (venue, papers)
        SELECT NEW.venue, 1 WHERE NEW.venue <> '' AND NEW.removed_at IS NULL
        ON CONFLICT (venue) DO UPDATE SET papers = papers + 1;
END;
CREATE TRIGGER tags_of_changed_paper AFTER UPDATE OF removed_at ON papers
WHEN (OLD.removed_at IS NULL) <> (NEW.removed_at IS NULL) BEGIN
    UPDATE tag_counts SET papers = papers + IIF(NEW.removed_at IS NULL, 1, -1)
        WHERE tag IN (SELECT tag FROM tags WHERE paper_id = NEW.id);
END;
CREATE TRIGGER tag_added AFTER INSERT ON tags BEGIN
    INSERT INTO tag_counts (tag, papers) VALUES (NEW.tag, 1)
        ON CONFLICT (tag) DO UPDATE SET papers = papers + 1;
END;
CREATE TRIGGER tag_taken AFTER DELETE ON tags BEGIN
    UPDATE tag_counts SET papers = papers - 1 WHERE tag = OLD.tag;
END;

-- Author names as credited, each form once; family_key is the last word of the family name.
CREATE TABLE names (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    family_key TEXT NOT NULL
) STRICT;
CREATE INDEX names_by_family ON names (family_key);

-- The folded words of each name, so that a name is found by the beginning of any of them.
CREATE TABLE name_words (
    word TEXT NOT NULL,
    name_id INTEGER NOT NULL REFERENCES names,
    PRIMARY KEY (word, name_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE credits (
    paper_id INTEGER NOT NULL REFERENCES papers,
    position INTEGER NOT NULL,
    name_id INTEGER NOT NULL REFERENCES names,
    PRIMARY KEY (paper_id, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX credits_by_name ON credits (name_id, paper_id);

-- Folded text of every paper that is not removed; the rowid is the paper's place, so that matches
-- come newest first without being sorted.
CREATE VIRTUAL TABLE paper_text USING fts5 (
    title, authors, venue, tags, abstract,
    tokenize = "unicode61 remove_diacritics 0", prefix = '1 2 3'
);

-- The same without the abstracts, whose common words would make looking at titles slow.
CREATE VIRTUAL TABLE paper_heads USING fts5 (
    title, authors, venue, tags,
    tokenize = "unicode61 remove_diacritics 0", prefix = '1 2 3', content = 'paper_text'
);

-- Every word of the index with the number of papers that have it; backwards, to find words by
-- their ends.
CREATE TABLE words (
    word TEXT PRIMARY KEY,
    backwards TEXT NOT NULL,
    papers INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX words_backwards ON words (backwards);

-- Who changed what, with the paper before and after.
CREATE TABLE changes (
    id INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    actor_name TEXT NOT NULL,
    action TEXT NOT NULL CHECK (action IN ('add', 'complete', 'merge', 'edit', 'remove', 'restore')),
    paper_id INTEGER NOT NULL REFERENCES papers,
    before TEXT NOT NULL,
    after TEXT NOT NULL
) STRICT;
CREATE INDEX changes_by_paper ON changes (paper_id, id);

-- What a page of results shows, so that its buttons work after a restart.
CREATE TABLE lookups (
    id INTEGER PRIMARY KEY, -- made of the question, so that a number never means another one
    question TEXT NOT NULL,
    asked_at TEXT NOT NULL
) STRICT;

CREATE TABLE facts (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
