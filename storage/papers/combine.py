"""Merges what several sources say about a paper; pure.

Which of two values is better depends on the values alone, never on which came first. So the same
sources give the same paper in any order and any number of times.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from storage.models import Link, LinkKind, PaperDetails, PaperDraft, PartialDate, details_of
from storage.papers.identifiers import canonical_url, strength
from storage.redaction import opaque_guid, without_secrets
from storage.text import fold

# Names of preprint servers and archives, which say that a paper isn't published elsewhere.
_PREPRINTS = re.compile(
    r"\b(?:\w{0,9}rxiv|bioxriv|preprints?|ssrn|corr|hal|osf|zenodo|research square)\b"
)
# What pages that link to a paper add to its title: “[Linkpost] …”, “… | Lab Blog”.
_PAGE_TITLE = re.compile(r"^\s*(?:\[[^\]]{1,30}\]|(?:withdrawn|retracted)\b)|\s\|\s", re.IGNORECASE)
# Length of a real abstract; a shorter text is a teaser, a longer one a whole page.
_ABSTRACT_LENGTH = range(200, 4000)
_KINDS = list(LinkKind)
# Fields that a moderator can edit; what they set isn't overwritten by other sources.
EDITABLE_FIELDS = (
    "title",
    "authors",
    "abstract",
    "venue",
    "date",
    "note",
    "identifiers",
    "links",
    "tags",
)
# Fields that other sources may add to, even after a moderator has.
GROWING_FIELDS = frozenset({"identifiers", "links", "tags"})


def as_draft(paper: PaperDetails) -> PaperDraft:
    """Returns the details of a paper as a draft, for comparing and editing."""
    return PaperDraft(**details_of(paper))


def merge_metadata(
    one: PaperDraft, other: PaperDraft, locked: frozenset[str] = frozenset()
) -> PaperDraft:
    """Returns the better value of each field, and the identifiers, links and tags of both.

    ``locked`` fields are taken from ``one``. Of two dates the earlier is better, because feeds give
    old papers new dates.
    """
    best_credited = max(one, other, key=_credits_rank)
    best = PaperDraft(
        title=max(one.title, other.title, key=_title_rank),
        authors=best_credited.authors,
        authors_complete=best_credited.authors_complete,
        abstract=max(one.abstract, other.abstract, key=_abstract_rank),
        venue=max(one.venue, other.venue, key=_venue_rank),
        date=max(one.date, other.date, key=_date_rank),
        identifiers=sort_identifiers((*one.identifiers, *other.identifiers)),
        links=_merge_links((*one.links, *other.links)),
        note=max(one.note, other.note, key=_text_rank),
        tags=tuple(sorted({*one.tags, *other.tags})),
        posted_by=max(one.posted_by, other.posted_by, key=_text_rank),
    )
    unchanged = {name: getattr(one, name) for name in locked if name in EDITABLE_FIELDS}
    if "authors" in locked:
        unchanged["authors_complete"] = one.authors_complete
    return replace(best, **unchanged)


def sort_identifiers(identifiers: Iterable[str]) -> tuple[str, ...]:
    """Returns the identifiers without duplicates, strongest first."""
    return tuple(sorted(set(identifiers), key=lambda name: (strength(name), name)))


def normalize(draft: PaperDraft) -> PaperDraft:
    """Returns the draft with its identifiers, links and tags sorted and without duplicates.

    Links lose their user info, and guids of earlier versions the URL of their feed.
    """
    return replace(
        draft,
        identifiers=sort_identifiers(map(opaque_guid, draft.identifiers)),
        links=_merge_links(map(_without_user_info, draft.links)),
        tags=tuple(sorted(set(draft.tags))),
    )


def _without_user_info(link: Link) -> Link:
    url = without_secrets(link.url)
    return link if url == link.url else replace(link, url=url)


def is_preprint(venue: str) -> bool:
    """Returns whether a venue is a preprint server or an archive."""
    return _PREPRINTS.search(fold(venue)) is not None


def _title_rank(text: str) -> tuple[bool, int, bool, int, str]:
    """Prefers a paper's title to a page's, more words, not all capitals, and more capitals."""
    words, capitals = len(fold(text).split()), sum(map(str.isupper, text))
    is_own = words > 0 and not _PAGE_TITLE.search(text)
    return is_own, words, not text.isupper(), capitals, text


def _credits_rank(draft: PaperDraft) -> tuple[int, bool, int, tuple[str, ...]]:
    """Prefers longer lists, those without “et al.”, and full names to initials."""
    letters = sum(len(re.sub(r"\W", "", name)) for name in draft.authors)
    return len(draft.authors), draft.authors_complete, letters, draft.authors


def _abstract_rank(text: str) -> tuple[bool, int, str]:
    return len(text) in _ABSTRACT_LENGTH, len(text), text


def _venue_rank(text: str) -> tuple[int, int, str]:
    """Prefers publications to preprint servers, and short names, which people use."""
    if not text:
        return 0, 0, ""
    return 1 if is_preprint(text) else 2, -len(text), text


def _date_rank(date: PartialDate | None) -> tuple[int, int, int, int]:
    """Prefers the earlier year, then the more precise date, then the earlier one."""
    if date is None:
        return -10_000, 0, 0, 0
    month, day = date.month or 0, date.day or 0
    return -date.year, (month > 0) + (day > 0), -month, -day


def _text_rank(text: str) -> tuple[int, str]:
    return len(text), text


def _merge_links(links: Iterable[Link]) -> tuple[Link, ...]:
    """Returns each address once, by kind; prefers https to http, and shorter spellings."""
    best: dict[tuple[LinkKind, str], Link] = {}
    for link in links:
        key = (link.kind, canonical_url(link.url) or link.url)
        best[key] = max(best.get(key, link), link, key=_link_rank)
    return tuple(sorted(best.values(), key=lambda link: (_KINDS.index(link.kind), link.url)))


def _link_rank(link: Link) -> tuple[bool, int, str]:
    return link.url.startswith("https://"), -len(link.url), link.url
