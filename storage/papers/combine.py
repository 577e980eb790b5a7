"""How what several sources say of one paper becomes one description; pure.

Of two values the better one is taken by an order of all possible values, never the one that came
first. So the same sources give the same paper in whatever order, and however often, they come.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from storage.models import Link, LinkKind, PaperDetails, PaperDraft, PartialDate, details_of
from storage.papers.identifiers import canonical_url, strength
from storage.text import fold

# Words of names of places where papers are put before, or without, being published.
_PREPRINTS = re.compile(
    r"\b(?:\w{0,9}rxiv|bioxriv|preprints?|ssrn|corr|hal|osf|zenodo|research square)\b"
)
# What a page that links a paper makes of its title: “[Linkpost] …”, “… | Lab Blog”.
_OF_PAGE = re.compile(r"^\s*(?:\[[^\]]{1,30}\]|(?:withdrawn|retracted)\b)|\s\|\s", re.IGNORECASE)
# Characters of a real abstract; less is a summary, more is the text of a page.
_ABSTRACT = range(200, 4000)
_KINDS = list(LinkKind)
# What a moderator may set for good.
FIELDS = ("title", "authors", "abstract", "venue", "date", "note", "identifiers", "links", "tags")


def as_draft(paper: PaperDetails) -> PaperDraft:
    """Returns the details of a paper as a draft, for comparing and editing."""
    return PaperDraft(**details_of(paper))


def joined(one: PaperDraft, other: PaperDraft, locked: frozenset[str] = frozenset()) -> PaperDraft:
    """What both say, the better of each field; the ``locked`` fields of ``one`` stay.

    Nothing is lost of identifiers, links and tags. The years of preprint and publication differ
    often; the earlier one stands, since feeds date old papers anew.
    """
    authors = max(one, other, key=_credits)
    best = PaperDraft(
        title=max(one.title, other.title, key=_title),
        authors=authors.authors,
        authors_complete=authors.authors_complete,
        abstract=max(one.abstract, other.abstract, key=_abstract),
        venue=max(one.venue, other.venue, key=_venue),
        date=max(one.date, other.date, key=_date),
        identifiers=ordered((*one.identifiers, *other.identifiers)),
        links=_links((*one.links, *other.links)),
        note=max(one.note, other.note, key=_longer),
        tags=tuple(sorted({*one.tags, *other.tags})),
        posted_by=max(one.posted_by, other.posted_by, key=_longer),
    )
    kept = {name: getattr(one, name) for name in locked if name in FIELDS}
    if "authors" in locked:
        kept["authors_complete"] = one.authors_complete
    return replace(best, **kept)


def ordered(identifiers: Iterable[str]) -> tuple[str, ...]:
    """Identifiers once each, the strongest first."""
    return tuple(sorted(set(identifiers), key=lambda name: (strength(name), name)))


def normal(draft: PaperDraft) -> PaperDraft:
    """A draft as it stands in the list when no other source speaks of the paper."""
    return replace(
        draft,
        identifiers=ordered(draft.identifiers),
        links=_links(draft.links),
        tags=tuple(sorted(set(draft.tags))),
    )


def is_preprint(venue: str) -> bool:
    """Whether a venue says only that a paper is not published elsewhere."""
    return _PREPRINTS.search(fold(venue)) is not None


def _title(text: str) -> tuple[bool, int, bool, int, str]:
    """The paper's own title over that of a page; the fuller one; one not all in capitals.

    Of others the one with more capitals.
    """
    words, capitals = len(fold(text).split()), sum(map(str.isupper, text))
    is_own = words > 0 and not _OF_PAGE.search(text)
    return is_own, words, not text.isupper(), capitals, text


def _credits(draft: PaperDraft) -> tuple[int, bool, int, tuple[str, ...]]:
    """The longer list; one without “et al.”; one that writes names out."""
    letters = sum(len(re.sub(r"\W", "", name)) for name in draft.authors)
    return len(draft.authors), draft.authors_complete, letters, draft.authors


def _abstract(text: str) -> tuple[bool, int, str]:
    return len(text) in _ABSTRACT, len(text), text


def _venue(text: str) -> tuple[int, int, str]:
    """Where it was published over where it was put; the shorter name, which people use."""
    if not text:
        return 0, 0, ""
    return 1 if is_preprint(text) else 2, -len(text), text


def _date(date: PartialDate | None) -> tuple[int, int, int, int]:
    """The earlier year; in it the more precise date; of those the earlier."""
    if date is None:
        return -10_000, 0, 0, 0
    month, day = date.month or 0, date.day or 0
    return -date.year, (month > 0) + (day > 0), -month, -day


def _longer(text: str) -> tuple[int, str]:
    return len(text), text


def _links(links: Iterable[Link]) -> tuple[Link, ...]:
    """Each address once, by kind; of two spellings the one with https, then the shorter."""
    best: dict[tuple[LinkKind, str], Link] = {}
    for link in links:
        key = (link.kind, canonical_url(link.url) or link.url)
        best[key] = max(best.get(key, link), link, key=_spelling)
    return tuple(sorted(best.values(), key=lambda link: (_KINDS.index(link.kind), link.url)))


def _spelling(link: Link) -> tuple[bool, int, str]:
    return link.url.startswith("https://"), -len(link.url), link.url
