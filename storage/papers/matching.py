"""Decides whether a paper and a draft may be the same, by their metadata and titles."""

from __future__ import annotations

import re
from dataclasses import fields
from datetime import UTC, datetime, timedelta

from storage.models import Outcome, PaperDetails, PartialDate, UpsertResult
from storage.names.matching import are_compatible
from storage.names.parser import parse_name
from storage.papers.identifiers import identify, is_listed_title, listed_title
from storage.publication import Publication
from storage.text import fold
from storage.urls import canonical_url

_PUBLICATION_FIELDS = tuple(field.name for field in fields(Publication))
_MIN_ISSUE_GAP = timedelta(days=7)  # feeds give the same issue dates that differ by less
_MIN_SHARED_WORDS = 0.5  # of the shorter title, for a draft to merge two papers
_MAX_VARIANTS = 100  # authors of each paper, because each is compared with each
_MIN_UNIQUE_WORDS = 4  # of a title that isn't given twice
# Words of titles that come again and again.
_SERIES_WORDS = frozenset(
    {"announcement", "announcements", "annual", "book", "bulletin", "call", "changelog", "column"}
    | {"contents", "daily", "day", "digest", "edition", "editorial", "editors", "erratum", "events"}
    | {"highlights", "index", "introduction", "issue", "jobs", "links", "meeting", "minutes"}
    | {"month", "monthly", "news", "newsletter", "notes", "obituary", "part", "podcast", "preface"}
    | {"quarter", "quarterly", "recap", "release", "report", "review", "reviews", "roundup"}
    | {"seminar", "series", "status", "summary", "today", "update", "updates", "volume", "week"}
    | {"weekly", "welcome", "workshop", "year", "yearly"}
)
_MIN_TITLE_WORDS = 5  # in common, for titles that differ by one word
# Words that tell two papers of a series apart: numbers, versions, ordinals, negations, forms.
_DISTINGUISHING = re.compile(
    r"\d+|v\d+|i{1,3}|iv|vi{0,3}|first|second|third|fourth|fifth|part|no|not|non|without|never"
    r"|extended|revised|erratum|correction|supplement|reply|comment|multilingual"
)


def may_be_same(paper: PaperDetails, draft: PaperDetails) -> bool:
    """Returns whether a paper and a draft with the same title can be the same paper.

    They can't if their arXiv ids or DOIs differ, or if they aren't `is_similar`.
    """
    return is_similar(paper, draft) and not any(
        have_conflicting_identifiers(paper, draft, scheme) for scheme in ("arxiv", "doi")
    )


def is_similar(paper: PaperDetails, draft: PaperDetails) -> bool:
    """Returns whether a paper and a draft have compatible authors, and years at most one apart."""
    return _have_near_years(paper.date, draft.date) and _share_author(
        paper.author_names, draft.author_names
    )


def may_merge(one: PaperDetails, other: PaperDetails) -> bool:
    """Returns whether two papers can be merged if a source says that they are the same.

    They can't if their arXiv ids differ or their titles have little in common.
    """
    return _share_title_words(one.title, other.title) and not have_conflicting_identifiers(
        one, other, "arxiv"
    )


def contradictions(paper: PaperDetails, draft: PaperDetails) -> frozenset[str]:
    """Returns in what a paper and a draft differ so that they may be two papers.

    That can be the "title", the "authors" if both have some, and the "arxiv" id if both have one.
    """
    titles = [fold(one.title).replace(" ", "") for one in (paper, draft)]
    found = {
        "title": titles[0] != titles[1],
        "authors": not _share_author(paper.author_names, draft.author_names),
        "arxiv": have_conflicting_identifiers(paper, draft, "arxiv"),
    }
    return frozenset(name for name, is_different in found.items() if is_different)


def have_common_ground(one: PaperDetails, other: PaperDetails) -> bool:
    """Returns whether two papers share an author, an identifier or a link.

    Of long author lists only the first ones are compared as variants of a name.
    """
    if not _names(one).isdisjoint(_names(other)):
        return True
    known = set(map(fold, other.author_names))
    if any(fold(name) in known for name in one.author_names):
        return True
    return _any_compatible(one.author_names[:_MAX_VARIANTS], other.author_names[:_MAX_VARIANTS])


def is_doubtful(paper: PaperDetails, draft: PaperDetails) -> bool:
    """Returns whether the identifiers that a paper and a draft share may stand for several papers.

    A URL does if it is the address of a list or a book, and a DOI if it is that of a book and was
    given for a chapter. In such cases titles and authors have nothing in common.
    """
    shared = {name.partition(":")[0] for name in {*paper.identifiers} & {*draft.identifiers}}
    if not shared or not shared <= {"url", "doi"} or _share_title_words(paper.title, draft.title):
        return False
    have_authors = bool(paper.author_names and draft.author_names)
    if have_authors and _share_author(paper.author_names, draft.author_names):
        return False
    return have_authors or "doi" not in shared


def has_same_title(result: UpsertResult, draft: PaperDetails) -> bool:
    """Returns whether a possible duplicate has the same title as the paper in the list."""
    paper = result.paper if result.outcome is Outcome.DUPLICATE else None
    return paper is not None and not paper.removed_at and fold(paper.title) == fold(draft.title)


def restates(paper: PaperDetails, draft: PaperDetails) -> bool:
    """Returns whether a draft states only what is known of a paper: the same entry given again.

    The title, all authors (or editors) and the year must be equal. Anything else that the draft
    states must be equal as well, so that two versions of a work, and issues of a series, aren't
    taken for one.
    """
    date, known_date = draft.date, paper.date
    if (
        not (draft.author_names or draft.publication.editors)
        or fold(paper.title) != fold(draft.title)
        or [*map(fold, paper.author_names)] != [*map(fold, draft.author_names)]
        or paper.authors_complete != draft.authors_complete
        or (date and date.year) != (known_date and known_date.year)
    ):
        return False
    if date and known_date and not str(known_date).startswith(str(date)):
        return False
    known_links = {canonical_url(link.url) or link.url for link in paper.links}
    links = {canonical_url(link.url) or link.url for link in draft.links}
    given = [getattr(draft.publication, name) for name in _PUBLICATION_FIELDS]
    known = [getattr(paper.publication, name) for name in _PUBLICATION_FIELDS]
    given += [fold(text) for text in (draft.venue, draft.abstract, draft.note)]
    known += [fold(text) for text in (paper.venue, paper.abstract, paper.note)]
    return (
        all(value == other for value, other in zip(given, known, strict=True) if value)
        and links <= known_links
        and {*draft.identifiers} <= {*paper.identifiers}
        and {*draft.tags} <= {*paper.tags}
    )


def is_next_issue(paper: PaperDetails, draft: PaperDetails) -> bool:
    """Returns whether a feed's entry is the next issue of a series with the same title.

    That is so if it has other links, and a date more than a week away.
    """
    links = {canonical_url(link.url) for link in draft.links}
    known_links = {canonical_url(link.url) for link in paper.links}
    day, known_day = _day(draft.date), _day(paper.date)
    if not links or not known_links or links & known_links or day is None or known_day is None:
        return False
    return abs(day - known_day) > _MIN_ISSUE_GAP


def has_moved(paper: PaperDetails, draft: PaperDetails) -> bool:
    """Returns whether an entry with the title of a former one is the same paper in another place.

    The link and the date don't matter. Titles such as “Editorial” or “Weekly report” are those of a
    series, unless the abstracts are the same. Other titles of several words are given once.
    """
    if any(have_conflicting_identifiers(paper, draft, scheme) for scheme in ("arxiv", "doi")):
        return False
    if not _share_author(paper.author_names, draft.author_names):
        return False
    abstract = fold(draft.abstract)
    if abstract and abstract == fold(paper.abstract):
        return True
    words = fold(draft.title).split()
    return len(words) >= _MIN_UNIQUE_WORDS and _SERIES_WORDS.isdisjoint(words)


def have_conflicting_identifiers(one: PaperDetails, other: PaperDetails, scheme: str) -> bool:
    """Returns whether both have identifiers of this scheme, but none in common."""
    prefix = f"{scheme}:"
    first = {name for name in one.identifiers if name.startswith(prefix)}
    second = {name for name in other.identifiers if name.startswith(prefix)}
    return bool(first and second and not first & second)


def list_title_prefix(draft: PaperDetails) -> str | None:
    """Returns the identifier prefix of papers whose title in a list may be a word off.

    Returns None if the draft comes from no publication list, or if its title is too short.
    """
    words = fold(draft.title).split()
    if not any(map(is_listed_title, draft.identifiers)) or len(words) < _MIN_TITLE_WORDS:
        return None
    return listed_title(" ".join(words[:2]))


def differs_by_one_word(paper: PaperDetails, draft: PaperDetails) -> bool:
    """Returns whether two lists agree about a paper, except for one more word in a title.

    The venue must be the same, the years at most one apart, and an author (or poster) in common.
    The word must not be one that distinguishes papers of a series.
    """
    has_title_only = any(
        all(map(is_listed_title, details.identifiers)) for details in (paper, draft)
    )
    return (
        has_title_only
        and _are_one_word_apart(fold(paper.title).split(), fold(draft.title).split())
        and bool(paper.venue)
        and fold(paper.venue) == fold(draft.venue)
        and paper.date is not None
        and draft.date is not None
        and _have_near_years(paper.date, draft.date)
        and _share_person(paper, draft)
    )


def _names(paper: PaperDetails) -> set[str]:
    return {*paper.identifiers, *(name for link in paper.links for name in identify(link.url))}


def _day(date: PartialDate | None) -> datetime | None:
    if date is None or date.month is None or date.day is None:
        return None
    return datetime(date.year, date.month, date.day, tzinfo=UTC)


def _have_near_years(one: PartialDate | None, other: PartialDate | None) -> bool:
    return one is None or other is None or abs(one.year - other.year) <= 1


def _share_title_words(one: str, other: str) -> bool:
    first, second = set(fold(one).split()), set(fold(other).split())
    return len(first & second) >= _MIN_SHARED_WORDS * min(len(first), len(second))


def _share_author(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    if not one or not other:
        return True
    return _any_compatible(one, other)


def _share_person(one: PaperDetails, other: PaperDetails) -> bool:
    """Returns whether both credit the same person; without authors, the posters count as well."""
    if one.author_names and other.author_names:
        return _any_compatible(one.author_names, other.author_names)
    return _any_compatible(
        (*one.author_names, one.posted_by), (*other.author_names, other.posted_by)
    )


def _any_compatible(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    names = [parse_name(name) for name in other]
    return any(are_compatible(parse_name(name), candidate) for name in one for candidate in names)


def _are_one_word_apart(one: list[str], other: list[str]) -> bool:
    shorter, longer = sorted((one, other), key=len)
    if len(longer) - len(shorter) != 1 or len(shorter) < _MIN_TITLE_WORDS:
        return False
    return any(
        longer[:index] + longer[index + 1 :] == shorter and not _DISTINGUISHING.fullmatch(word)
        for index, word in enumerate(longer)
    )
