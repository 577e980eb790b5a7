"""Papers that the lab's own lists name: two lists may give one title with a word more or less."""

from __future__ import annotations

import re

from storage import papers
from storage.database import Connection
from storage.fulltext import fold
from storage.identifiers import is_listed_title, listed_title
from storage.names import compatible
from storage.records import Paper, PaperDraft
from storage.written_names import parse_name

# Numbers, versions, parts and ordinals, negations, and what a paper is in another form.
_TELLING = re.compile(
    r"\d+|v\d+|i{1,3}|iv|vi{0,3}|first|second|third|fourth|fifth|part|no|not|non|without|never"
    r"|extended|revised|erratum|correction|supplement|reply|comment|multilingual"
)
_MAX_NEAR = 50  # titles with the same two first words that are looked at
_MIN_WORDS = 5  # in common, below which a word more makes another title


async def find_listed(db: Connection, draft: PaperDraft) -> Paper | None:
    """The one paper that an earlier list named a word longer or shorter; none where it is a guess.

    Both come from lists, have the same venue, a year within one and an author in common (or who
    posted it, where one names no authors), and one of the two is known by its title alone, so that
    no identifier could have told. The word is none that tells two papers of one row apart.
    """
    words = fold(draft.title).split()
    if not any(map(is_listed_title, draft.identifiers)) or len(words) < _MIN_WORDS:
        return None
    begin = listed_title(" ".join(words[:2]))
    rows = await db.all(
        """SELECT DISTINCT paper_id FROM identifiers
           WHERE identifier >= ? AND identifier < ? AND paper_id IS NOT NULL LIMIT ?""",
        [begin, f"{begin}\U0010ffff", _MAX_NEAR],
    )
    found = await papers.load(db, [row["paper_id"] for row in rows])
    same = [paper for paper in found if is_named_otherwise(paper, draft)]
    return same[0] if len(same) == 1 else None


def is_named_otherwise(paper: Paper, draft: PaperDraft) -> bool:
    """Whether everything that two lists say agrees, but for one word of the title."""
    alone = any(all(map(is_listed_title, one.identifiers)) for one in (paper, draft))
    return (
        alone
        and _one_word_apart(fold(paper.title).split(), fold(draft.title).split())
        and bool(paper.venue)
        and fold(paper.venue) == fold(draft.venue)
        and paper.date is not None
        and draft.date is not None
        and abs(paper.date.year - draft.date.year) <= 1
        and _share_person(paper, draft)
    )


def _one_word_apart(one: list[str], other: list[str]) -> bool:
    shorter, longer = sorted((one, other), key=len)
    if len(longer) - len(shorter) != 1 or len(shorter) < _MIN_WORDS:
        return False
    return any(
        longer[:place] + longer[place + 1 :] == shorter and not _TELLING.fullmatch(word)
        for place, word in enumerate(longer)
    )


def _share_person(one: Paper, other: PaperDraft) -> bool:
    """Whether an author stands in both; where one has none, who posted it counts, too."""
    are_credited = bool(one.authors and other.authors)
    people, others = (
        [parse_name(name) for name in (*each.authors, *([] if are_credited else [each.posted_by]))]
        for each in (one, other)
    )
    return any(compatible(name, candidate) for name in people for candidate in others)
