"""Decides what papers in the list lack, and which services' answers are about them; pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import reduce

from storage.audit.models import ChangeAction, PaperChange
from storage.models import PaperDetails, PaperDraft
from storage.names.matching import are_compatible
from storage.names.parser import parse_name
from storage.papers.combine import EDITABLE_FIELDS, GROWING_FIELDS, is_preprint, merge_metadata
from storage.papers.matching import have_conflicting_identifiers, may_merge
from storage.text import fold

_MIN_WORDS = 3  # of a title, for a year or a venue to prove that it's the same paper
_MIN_WORDS_ALONE = 5  # of a title that nothing else supports
_MIN_SERVICES = 2  # that have to agree about such a title
_MAX_YEARS = 3  # between a preprint and its publication
_MAX_AUTHORS = 100  # of each paper, because each is compared with each
_MIN_SHARED_AUTHORS = 0.5  # of the shorter list, for two answers to be about one paper
_SMALL_WORDS = frozenset({"a", "an", "and", "at", "for", "in", "of", "on", "the", "to", "with"})


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service says about a paper."""

    service: str
    draft: PaperDraft


@dataclass(frozen=True, slots=True)
class Doubt:
    """An answer that may be about a paper, and why that isn't sure, as a sentence."""

    answer: Answer
    reason: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Answers that are about a paper, and those that may be."""

    accepted: tuple[Answer, ...] = ()
    doubts: tuple[Doubt, ...] = ()


def find_gaps(paper: PaperDetails, locked: AbstractSet[str] = frozenset()) -> tuple[str, ...]:
    """Returns what a paper lacks: authors, year, ids, abstract, or where it was published.

    What a moderator left empty isn't lacking: ``locked`` fields are left out.
    """
    names = [parse_name(name) for name in paper.authors if not paper.is_collective(name)]
    has_authors = bool(paper.authors) and paper.authors_complete
    if names and not any(name.given for name in names):
        has_authors = False  # nothing but surnames
    gaps = {
        "authors": not has_authors and "authors" not in locked,
        "year": paper.date is None and "date" not in locked,
        "ids": not (paper.arxiv or paper.doi) and "identifiers" not in locked,
        "abstract": not paper.abstract and "abstract" not in locked,
        "publication": (not paper.venue or is_preprint(paper.venue)) and "venue" not in locked,
    }
    return tuple(name for name, is_lacking in gaps.items() if is_lacking)


def judge_lookup(paper: PaperDetails, answer: Answer) -> Verdict:
    """Decides whether the answer to an id is about the paper that has the id in the list.

    It isn't for sure if the title is quite another one, or if nobody is credited by both, as when
    the id of another work was cited.
    """
    if have_conflicting_identifiers(paper, answer.draft, "arxiv"):
        reason = f"{answer.service} has a different arXiv ID for this paper: {answer.draft.arxiv}."
    elif not may_merge(paper, answer.draft):
        title = answer.draft.title
        reason = f"{answer.service} has a different title for this paper's ID: “{title}”."
    elif _credit_others(paper, answer.draft):
        reason = f"{answer.service} has different authors for this paper's ID."
    else:
        return Verdict((answer,))
    return Verdict(doubts=(Doubt(answer, reason),))


def judge_titles(paper: PaperDetails, answers: Sequence[Answer]) -> Verdict:
    """Decides which answers to a search for a paper's title are about the paper.

    An answer needs exactly the same title, and an author, a year or a venue in common. By its title
    alone, one is accepted if the title is long and two services give the same single paper.
    Answers with another title are ignored, and so are those by other people.
    """
    same = [
        one
        for one in answers
        if has_same_title(paper, one.draft)
        and not have_conflicting_identifiers(paper, one.draft, "arxiv")
        and not _credit_others(paper, one.draft)
    ]
    works = _group(same)
    if not works:
        return Verdict()
    by_author = [one for one in works if any(share_author(paper, each.draft) for each in one)]
    candidates = by_author or works
    if len(candidates) > 1:
        reason = f"{len(candidates)} different papers have this title."
        return Verdict(doubts=tuple(Doubt(_combine(one), reason) for one in candidates))
    (work,) = candidates
    if reason := _reason_to_doubt(paper, work, has_author=bool(by_author)):
        return Verdict(doubts=(Doubt(_combine(work), reason),))
    return Verdict(tuple(work))


def find_undone(
    before: PaperDetails, after: PaperDetails, changes: Iterable[PaperChange]
) -> frozenset[str]:
    """Returns in which fields a completion would repeat ``changes`` to the paper that were undone.

    Fields with several values are among them if all values that it would add were added then.
    """
    undone = [
        (change.before, change.after)
        for change in changes
        if change.action is ChangeAction.UPDATE and change.is_undone and change.part_of is None
    ]
    return frozenset(
        name
        for name in EDITABLE_FIELDS
        for old, new in undone
        if old and new and _repeats(name, (before, after), (old, new))
    )


def _repeats(
    name: str,
    change: tuple[PaperDetails, PaperDetails],
    undone: tuple[PaperDetails, PaperDetails],
) -> bool:
    before, after = (getattr(one, name) for one in change)
    old, new = (getattr(one, name) for one in undone)
    if before == after or old == new:
        return False
    if name in GROWING_FIELDS:
        return {*after} - {*before} <= {*new} - {*old}
    return bool(after == new)


def has_same_title(paper: PaperDetails, other: PaperDetails) -> bool:
    """Returns whether two titles are the same but for case, accents, punctuation and spaces."""
    one, two = fold(paper.title), fold(other.title)
    return bool(one) and one.replace(" ", "") == two.replace(" ", "")


def share_author(one: PaperDetails, other: PaperDetails) -> bool:
    """Returns whether two papers credit somebody whose names are compatible."""
    return _count_shared(one, other) > 0


def _credit_others(one: PaperDetails, other: PaperDetails) -> bool:
    """Returns whether two papers credit people, not only groups, but nobody is credited by both."""
    have_people = all(
        any(not each.is_collective(name) for name in each.authors) for each in (one, other)
    )
    return have_people and not share_author(one, other)


def _reason_to_doubt(paper: PaperDetails, work: Sequence[Answer], *, has_author: bool) -> str:
    """Returns why a work with the paper's title may be another one, or an empty string."""
    years = [
        abs(one.draft.date.year - paper.date.year) for one in work if one.draft.date and paper.date
    ]
    if years and min(years) > (_MAX_YEARS if has_author else 1):
        return "It has this title, but is from a different year."
    if has_author:
        return ""
    words = len(fold(paper.title).split())
    if words >= _MIN_WORDS and (years or any(_share_venue(paper, one.draft) for one in work)):
        return ""
    if words < _MIN_WORDS_ALONE:
        return "It has this title, but the title is too short to be sure."
    services = {one.service for one in work}
    if len(services) < _MIN_SERVICES:
        return f"It has this title, but only {work[0].service} knows it."
    return ""


def _group(answers: Sequence[Answer]) -> list[list[Answer]]:
    """Groups answers that are about the same work, by ids and authors."""
    works: list[list[Answer]] = []
    for answer in answers:
        same = [one for one in works if any(_is_same_work(answer, other) for other in one)]
        works = [one for one in works if one not in same]
        works.append([*(each for one in same for each in one), answer])
    return works


def _is_same_work(one: Answer, other: Answer) -> bool:
    first, second = one.draft, other.draft
    if {*first.identifiers} & {*second.identifiers}:
        return True
    if have_conflicting_identifiers(first, second, "arxiv"):
        return False
    if first.date and second.date and abs(first.date.year - second.date.year) > _MAX_YEARS:
        return False
    shorter = min(len(first.authors), len(second.authors), _MAX_AUTHORS)
    return shorter > 0 and _count_shared(first, second) >= _MIN_SHARED_AUTHORS * shorter


def _count_shared(one: PaperDetails, other: PaperDetails) -> int:
    """Counts the authors of one paper with a compatible name among the other's."""
    first, second = sorted((one.authors[:_MAX_AUTHORS], other.authors[:_MAX_AUTHORS]), key=len)
    names = [parse_name(name) for name in second]
    return sum(any(are_compatible(parse_name(name), each) for each in names) for name in first)


def _share_venue(one: PaperDetails, other: PaperDetails) -> bool:
    """Returns whether two papers have the same venue, or one has the other's abbreviation.

    Preprint servers have too many papers to tell one by.
    """
    if is_preprint(one.venue) or is_preprint(other.venue):
        return False
    short, long = sorted((fold(one.venue), fold(other.venue)), key=len)
    if not short or " " in short:
        return short == long != ""
    words = long.split()
    initials = "".join(word[0] for word in words if word not in _SMALL_WORDS)
    return short in words or short == initials


def _combine(work: Sequence[Answer]) -> Answer:
    """Returns what all services say about a work as one answer."""
    services = dict.fromkeys(one.service for one in work)
    draft = reduce(merge_metadata, [one.draft for one in work])
    return Answer(" and ".join(services), draft)
