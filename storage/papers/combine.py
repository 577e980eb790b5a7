"""Merges what several sources say about a paper; pure.

Which of two values is better depends on the values alone, never on which came first. So the same
sources give the same paper in any order and any number of times.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from storage import publication as publications
from storage.models import Link, LinkKind, PaperDetails, PaperDraft, PartialDate, details_of
from storage.names.affixes import split_author_id, with_author_id, without_author_id
from storage.names.matching import are_compatible
from storage.names.parser import parse_name
from storage.papers.identifiers import strength
from storage.papers.titles import is_bare_reference
from storage.redaction import opaque_guid, without_secrets
from storage.text import fold, without_invisible
from storage.urls import canonical_identifier, canonical_url

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
    "publication",
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

    ``locked`` fields are taken from ``one``. A published version gives the venue together with the
    date, so that a citation names the venue and year of one version; if no source states both, the
    date is that of another version. Of other dates the earlier is better, because feeds give old
    papers new dates. The details of a publication are those of one source, since volume and pages
    of two versions don't belong together.
    """
    if "venue" in locked and _venue_rank(other.venue)[0] < _venue_rank(one.venue)[0]:
        # Details of a preprint don't describe the published version that a moderator named.
        other = replace(other, publication=one.publication)
    other = take_fields(other, one, locked)
    best_credited = max(one, other, key=_credits_rank)
    venue = max(one.venue, other.venue, key=_venue_rank)
    date = max(one.date, other.date, key=_date_rank)
    best_published = max(one, other, key=_published_rank)
    if is_published := _is_dated_publication(best_published):
        venue, date = best_published.venue, best_published.date
    return PaperDraft(
        title=max(one.title, other.title, key=_title_rank),
        authors=_with_known_ids(best_credited.authors, one.authors, other.authors),
        authors_complete=best_credited.authors_complete,
        collectives=best_credited.collectives,
        abstract=max(one.abstract, other.abstract, key=_abstract_rank),
        venue=venue,
        date=date,
        identifiers=sort_identifiers((*one.identifiers, *other.identifiers)),
        links=_merge_links((*one.links, *other.links)),
        note=max(one.note, other.note, key=_text_rank),
        tags=tuple(sorted({*one.tags, *other.tags})),
        posted_by=max(one.posted_by, other.posted_by, key=_text_rank),
        publication=max(one, other, key=_details_rank).publication,
        venue_undated=not is_published and _is_publication(venue, date),
    )


def take_fields(draft: PaperDraft, giver: PaperDetails, names: Iterable[str]) -> PaperDraft:
    """Returns a draft with some of the editable fields of another, and all that belongs to them."""
    values = {name: getattr(giver, name) for name in names if name in EDITABLE_FIELDS}
    if "authors" in values:
        values["authors_complete"] = giver.authors_complete
        values["collectives"] = giver.collectives
    if "date" in values:
        values["venue_undated"] = giver.venue_undated
    elif "venue" in values:
        values["venue_undated"] = not _is_dated_publication(draft)
    return replace(draft, **values)


def sort_identifiers(identifiers: Iterable[str]) -> tuple[str, ...]:
    """Returns the identifiers without duplicates, strongest first."""
    return tuple(sorted(set(identifiers), key=lambda name: (strength(name), name)))


def normalize(draft: PaperDraft) -> PaperDraft:
    """Returns the draft with its identifiers, links and tags sorted and without duplicates.

    Collectives that aren't authors are left out, and publication details are on one line each.
    Short texts lose characters that can't be seen, as titles and abstracts do when they're read.
    Links lose their user info, and guids of earlier versions the URL of their feed. What earlier
    versions took for an identifier becomes the one that it is now.
    """
    authors = tuple(map(without_invisible, draft.authors))
    identifiers = (canonical_identifier(opaque_guid(name)) for name in draft.identifiers)
    return replace(
        draft,
        authors=authors,
        collectives=tuple(sorted({*map(without_invisible, draft.collectives)} & {*authors})),
        venue=without_invisible(draft.venue),
        identifiers=sort_identifiers(identifiers),
        links=_merge_links(map(_without_user_info, draft.links)),
        note=without_invisible(draft.note),
        tags=tuple(sorted(set(map(without_invisible, draft.tags)) - {""})),
        posted_by=without_invisible(draft.posted_by),
        publication=publications.normalize(draft.publication),
        venue_undated=draft.venue_undated and _is_publication(draft.venue, draft.date),
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
    is_own = words > 0 and not (_PAGE_TITLE.search(text) or is_bare_reference(text))
    return is_own, words, not text.isupper(), capitals, text


def _credits_rank(
    draft: PaperDraft,
) -> tuple[int, bool, int, tuple[str, ...], tuple[str, ...]]:
    """Prefers longer lists, those without “et al.”, and full names to initials."""
    names = draft.author_names
    letters = sum(map(_letters, names))
    return len(names), draft.authors_complete, letters, names, draft.collectives


def _with_known_ids(authors: tuple[str, ...], *lists: tuple[str, ...]) -> tuple[str, ...]:
    """Returns authors with the ids that other lists of the same people give."""
    best = list(authors)
    for names in lists:
        for position, name in enumerate(names):
            if not split_author_id(name)[1]:
                continue
            own = [place for place, one in enumerate(best) if _may_have_id(one, name)]
            place = position if position in own else own[0] if len(own) == 1 else None
            if place is not None:
                best[place] = _with_id_of(best[place], name)
    return tuple(best)


def _may_have_id(name: str, identified: str) -> bool:
    """Returns whether a name may be that of a person whom an id identifies."""
    one, other = parse_name(without_author_id(name)), parse_name(without_author_id(identified))
    return are_compatible(one, other)


def _with_id_of(name: str, identified: str) -> str:
    """Returns the longer spelling of a name, with its id; of two ids, the higher one counts."""
    (shown, own_id), (other, author_id) = map(split_author_id, (name, identified))
    return with_author_id(max(shown, other, key=_letters), max(own_id, author_id))


def _letters(name: str) -> int:
    return len(re.sub(r"\W", "", name))


def _abstract_rank(text: str) -> tuple[bool, int, str]:
    return len(text) in _ABSTRACT_LENGTH, len(text), text


def _venue_rank(text: str) -> tuple[int, int, str]:
    """Prefers publications to preprint servers, and short names, which people use."""
    if not text:
        return 0, 0, ""
    return 1 if is_preprint(text) else 2, -len(text), text


def _is_dated_publication(draft: PaperDraft) -> bool:
    return not draft.venue_undated and _is_publication(draft.venue, draft.date)


def _is_publication(venue: str, date: PartialDate | None) -> bool:
    return venue != "" and date is not None and not is_preprint(venue)


def _published_rank(
    draft: PaperDraft,
) -> tuple[bool, tuple[int, int, str], tuple[int, int, int, int]]:
    """Prefers published versions with a date, then the better venue, then the earlier date."""
    return _is_dated_publication(draft), _venue_rank(draft.venue), _date_rank(draft.date)


def _details_rank(draft: PaperDraft) -> tuple[int, tuple[int, str]]:
    """Prefers the details of publications to those of preprints, then those that state more."""
    return _venue_rank(draft.venue)[0], publications.rank(draft.publication)


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
