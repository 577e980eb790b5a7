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
-- What is counted of a person's papers, apart from the long texts.
CREATE INDEX papers_in_brief ON papers (id, removed_at, place, venue, date);

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

-- Author names as credited, each form once. `letters`, `family_key` and `initial` find the other
-- forms of a name (see storage/names.py). `papers` counts those that are not removed; `level` grows
-- by one each time that it doubles, and so changes seldom.
CREATE TABLE names (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    letters TEXT NOT NULL,
    family_key TEXT NOT NULL,
    initial TEXT NOT NULL,
    is_full INTEGER NOT NULL CHECK (is_full IN (0, 1)),
    papers INTEGER NOT NULL DEFAULT 0,
    level INTEGER GENERATED ALWAYS AS ((papers > 0) + (papers > 1) + (papers > 3) + (papers > 7)
        + (papers > 15) + (papers > 31) + (papers > 63) + (papers > 127) + (papers > 255)
        + (papers > 511) + (papers > 1023) + (papers > 2047) + (papers > 4095)) VIRTUAL
) STRICT;
CREATE INDEX names_by_letters ON names (letters);
CREATE INDEX names_by_family ON names (family_key, is_full, initial);

-- The words by whose beginning a name is found, those of the most papers first; `words` repeats
-- all words of the name, so that names with several typed words are told apart here.
CREATE TABLE name_words (
    level INTEGER NOT NULL,
    word TEXT NOT NULL,
    name_id INTEGER NOT NULL REFERENCES names,
    words TEXT NOT NULL,
    PRIMARY KEY (level, word, name_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX name_words_by_name ON name_words (name_id);

-- Every word of a name once, also backwards, to find the nearest spelling.
CREATE TABLE name_spellings (
    word TEXT PRIMARY KEY,
    backwards TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX name_spellings_backwards ON name_spellings (backwards);

CREATE TABLE credits (
    paper_id INTEGER NOT NULL REFERENCES papers,
    position INTEGER NOT NULL,
    name_id INTEGER NOT NULL REFERENCES names,
    PRIMARY KEY (paper_id, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX credits_by_name ON credits (name_id, paper_id);

CREATE TRIGGER credits_counted AFTER INSERT ON credits BEGIN
    UPDATE names SET papers = papers + 1 WHERE id = NEW.name_id
        AND (SELECT removed_at FROM papers WHERE id = NEW.paper_id) IS NULL;
END;
CREATE TRIGGER credits_discounted AFTER DELETE ON credits BEGIN
    UPDATE names SET papers = papers - 1 WHERE id = OLD.name_id
        AND (SELECT removed_at FROM papers WHERE id = OLD.paper_id) IS NULL;
END;
CREATE TRIGGER credits_of_removed AFTER UPDATE OF removed_at ON papers
    WHEN (OLD.removed_at IS NULL) <> (NEW.removed_at IS NULL) BEGIN
    UPDATE names SET papers = papers + CASE WHEN NEW.removed_at IS NULL THEN 1 ELSE -1 END
        * (SELECT COUNT(*) FROM credits WHERE paper_id = NEW.id AND name_id = names.id)
        WHERE id IN (SELECT name_id FROM credits WHERE paper_id = NEW.id);
END;
CREATE TRIGGER names_levelled AFTER UPDATE OF papers ON names WHEN OLD.level <> NEW.level BEGIN
    UPDATE name_words SET level = NEW.level WHERE name_id = NEW.id;
END;

-- What moderators decided of a credited name: it is the person's who is shown by the name
-- `person_id` (none: nobody's but its own), and a former name is never shown.
CREATE TABLE aliases (
    name_id INTEGER PRIMARY KEY REFERENCES names,
    person_id INTEGER REFERENCES names,
    is_former INTEGER NOT NULL CHECK (is_former IN (0, 1)),
    CHECK (person_id IS NOT NULL OR is_former = 0)
) STRICT;
CREATE INDEX aliases_by_person ON aliases (person_id);

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

-- Who changed what, with the paper, or what was decided of a name, before and after. A change that
-- was taken back has another that undoes it.
CREATE TABLE changes (
    id INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    actor_name TEXT NOT NULL,
    action TEXT NOT NULL CHECK (action IN
        ('add', 'complete', 'edit', 'remove', 'restore', 'merge', 'split', 'rename', 'undo')),
    paper_id INTEGER REFERENCES papers,
    name_id INTEGER REFERENCES names,
    before TEXT NOT NULL,
    after TEXT NOT NULL,
    undoes INTEGER UNIQUE REFERENCES changes,
    CHECK ((paper_id IS NULL) <> (name_id IS NULL))
) STRICT;
CREATE INDEX changes_by_paper ON changes (paper_id, id) WHERE paper_id IS NOT NULL;
CREATE INDEX changes_by_name ON changes (name_id, id) WHERE name_id IS NOT NULL;

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
