"""Whether what is known of two papers lets them be one; pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from storage.fulltext import fold
from storage.identifiers import canonical_url
from storage.names import compatible
from storage.records import Admission, Outcome, Paper, PaperDraft, PartialDate
from storage.written_names import parse_name

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


def is_likely(result: Admission, draft: PaperDraft) -> bool:
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
