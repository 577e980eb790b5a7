-- Papers that services name for the lab's people, and what became of each. `draft` combines what all
-- witnesses say, `grade` is the best of its claims (NULL if there is none), and `paper_id` the paper
-- that it became or, while it waits, one that it resembles. What was found when a source was first
-- asked about somebody is backlog. What was decided once is never announced without asking again,
-- even if the decision was undone.
CREATE TABLE found_papers (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    title_key TEXT NOT NULL,
    draft TEXT NOT NULL,
    grade TEXT CHECK (grade IN ('A', 'B', 'C', 'D')),
    found_at TEXT NOT NULL,
    is_backlog INTEGER NOT NULL CHECK (is_backlog IN (0, 1)),
    was_decided INTEGER NOT NULL DEFAULT 0 CHECK (was_decided IN (0, 1)),
    outcome TEXT NOT NULL DEFAULT 'review',
    paper_id INTEGER REFERENCES papers,
    decided_by TEXT NOT NULL DEFAULT '',
    decided_by_name TEXT NOT NULL DEFAULT '',
    decided_at TEXT
) STRICT;
CREATE INDEX found_papers_by_title ON found_papers (title_key);
CREATE INDEX found_papers_waiting ON found_papers (grade, id) WHERE outcome = 'review';

CREATE TABLE found_identifiers (
    identifier TEXT PRIMARY KEY,
    found_paper_id INTEGER NOT NULL REFERENCES found_papers
) STRICT, WITHOUT ROWID;
CREATE INDEX found_identifiers_by_paper ON found_identifiers (found_paper_id);

-- What a source says about a work; `listed_for` is 0 if the source lists it for nobody.
CREATE TABLE witnesses (
    source TEXT NOT NULL,
    key TEXT NOT NULL,
    listed_for INTEGER NOT NULL,
    found_paper_id INTEGER NOT NULL REFERENCES found_papers,
    record TEXT NOT NULL,
    seen_at TEXT NOT NULL,
    PRIMARY KEY (source, key, listed_for)
) STRICT, WITHOUT ROWID;
CREATE INDEX witnesses_by_paper ON witnesses (found_paper_id);

-- What was decided about somebody's part in a found paper, with the grade that it had then, and what
-- is learned from that: ids and affiliations on the credit.
CREATE TABLE claims (
    found_paper_id INTEGER NOT NULL REFERENCES found_papers,
    person_id INTEGER NOT NULL,
    verdict TEXT NOT NULL CHECK (verdict IN ('accepted', 'announced', 'refused', 'wrong', 'left')),
    grade TEXT NOT NULL CHECK (grade IN ('A', 'B', 'C', 'D')),
    ids TEXT NOT NULL,
    affiliations TEXT NOT NULL,
    PRIMARY KEY (found_paper_id, person_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX claims_by_person ON claims (person_id, verdict);
