"""Whether two papers may be one, by what is known of them and by their titles; pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from storage.database import Connection
from storage.models import Outcome, Paper, PaperDraft, PartialDate, UpsertResult
from storage.names.matching import compatible
from storage.names.parser import parse_name
from storage.papers import queries as paper_queries
from storage.papers.identifiers import canonical_url, is_listed_title, listed_title
from storage.text import fold

_APART = timedelta(days=7)  # of two issues of a row; feeds date the same one anew
_SAME_WORDS = 0.5  # of two titles, without which one draft does not make two papers one


def may_be_same(paper: Paper, draft: PaperDraft) -> bool:
    """Whether nothing that is known of a paper speaks against a draft of the same title."""
    return not any(
        contradict(paper.identifiers, draft.identifiers, scheme) for scheme in ("arxiv", "doi")
    ) and is_alike(paper, draft)


def is_alike(paper: Paper, draft: PaperDraft) -> bool:
    """Whether a paper and a draft of the same title have compatible authors, and years near."""
    return _years_near(paper.date, draft.date) and _share_author(paper.authors, draft.authors)


def may_be_one(one: Paper, other: Paper) -> bool:
    """Whether two papers can be one when a source says so: no other arXiv id, no other title."""
    return _same_words(one.title, other.title) and not contradict(
        one.identifiers, other.identifiers, "arxiv"
    )


def is_doubtful(paper: Paper, draft: PaperDraft) -> bool:
    """Whether what a paper and a draft have in common may stand for more than one paper.

    An address does where lists and books are linked, and a DOI where a book's is given for its
    chapters: then titles and authors have nothing in common either.
    """
    shared = {name.partition(":")[0] for name in {*paper.identifiers} & {*draft.identifiers}}
    if not shared or not shared <= {"url", "doi"} or _same_words(paper.title, draft.title):
        return False
    named = bool(paper.authors and draft.authors)
    if named and _share_author(paper.authors, draft.authors):
        return False
    return named or "doi" not in shared


def is_likely(result: UpsertResult, draft: PaperDraft) -> bool:
    """Whether a possible duplicate has the title of a paper of the list."""
    paper = result.paper if result.outcome is Outcome.DUPLICATE else None
    return paper is not None and not paper.removed_at and fold(paper.title) == fold(draft.title)


def is_next_issue(paper: Paper, draft: PaperDraft) -> bool:
    """Whether a feed's entry of the same title is the next of a row: elsewhere, and days later."""
    links, known = ({canonical_url(link.url) for link in one.links} for one in (draft, paper))
    days, before = (_day(one.date) for one in (draft, paper))
    if not links or not known or links & known or days is None or before is None:
        return False
    return abs(days - before) > _APART


def _day(date: PartialDate | None) -> timedelta | None:
    if date is None or date.month is None or date.day is None:
        return None
    return datetime(date.year, date.month, date.day, tzinfo=UTC) - datetime(1, 1, 1, tzinfo=UTC)


def contradict(one: tuple[str, ...], other: tuple[str, ...], scheme: str) -> bool:
    """Whether both have an identifier of this scheme, and not the same one."""
    first, second = (
        {name for name in names if name.startswith(f"{scheme}:")} for names in (one, other)
    )
    return bool(first and second and not first & second)


def _same_words(one: str, other: str) -> bool:
    mine, theirs = set(fold(one).split()), set(fold(other).split())
    return len(mine & theirs) >= _SAME_WORDS * min(len(mine), len(theirs))


def _years_near(one: PartialDate | None, other: PartialDate | None) -> bool:
    return one is None or other is None or abs(one.year - other.year) <= 1


def _share_author(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    if not one or not other:
        return True
    names = [parse_name(name) for name in other]
    return any(compatible(parse_name(name), candidate) for name in one for candidate in names)


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
    found = await paper_queries.load(db, [row["paper_id"] for row in rows])
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
