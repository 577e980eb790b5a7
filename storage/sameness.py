"""Whether what is known of two papers lets them be one; pure."""

from __future__ import annotations

from storage.fulltext import fold
from storage.names import compatible
from storage.records import Paper, PaperDraft, PartialDate
from storage.written_names import parse_name

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
    mine, theirs = set(fold(one.title).split()), set(fold(other.title).split())
    same_words = len(mine & theirs) >= _SAME_WORDS * min(len(mine), len(theirs))
    return same_words and not contradict(one.identifiers, other.identifiers, "arxiv")


def contradict(one: tuple[str, ...], other: tuple[str, ...], scheme: str) -> bool:
    """Whether both have an identifier of this scheme, and not the same one."""
    first, second = (
        {name for name in names if name.startswith(f"{scheme}:")} for names in (one, other)
    )
    return bool(first and second and not first & second)


def _years_near(one: PartialDate | None, other: PartialDate | None) -> bool:
    return one is None or other is None or abs(one.year - other.year) <= 1


def _share_author(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    if not one or not other:
        return True
    names = [parse_name(name) for name in other]
    return any(compatible(parse_name(name), candidate) for name in one for candidate in names)
