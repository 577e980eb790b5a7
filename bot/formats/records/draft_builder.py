"""Builds drafts from what other programs and services write about a paper; pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import replace

from bot.formats.arxiv_fields import find_arxiv_id, is_arxiv, without_arxiv_ids
from bot.formats.fields import parse_identifiers, parse_links, parse_title
from bot.formats.text import plain_text
from bot.formats.text.dates import from_numbers, read_date
from storage.models import LinkKind, PaperDraft, PartialDate
from storage.names.author_list import AuthorList, parse_author_names, unevident_collectives
from storage.papers.combine import sort_identifiers
from storage.papers.identifiers import identify
from storage.publication import NO_DETAILS, Publication, normalize
from storage.urls import canonical_url

_MAX_TAG = 100  # characters
_LAST_DOT = re.compile(r"(?<=[^\W_]{2})\.$|(?<=[)\]”\"’'])\.$")
_SLASHED = re.compile(r"(\d{4})/(\d{0,2})/?(\d{0,2})(?:/.*)?", re.DOTALL)


def build_draft(
    *,
    title: str,
    authors: AuthorList = AuthorList(),  # noqa: B008 - frozen
    venue: str = "",
    date: PartialDate | None = None,
    abstract: str = "",
    arxiv: Iterable[str] = (),
    doi: Iterable[str] = (),
    urls: Iterable[str] = (),
    pdf: Iterable[str] = (),
    identifiers: Iterable[str] = (),
    tags: Iterable[str] = (),
    note: str = "",
    publication: Publication = NO_DETAILS,
) -> PaperDraft:
    """Returns a draft of texts that may have HTML or LaTeX in them.

    ``arxiv`` and ``doi`` are texts that may have an id; one of arXiv has to be marked as such.
    ``identifiers`` are canonical. URLs that can't be links are left out. Raises `InvalidInput` for
    a missing or overlong title.
    """
    venue = plain_text.read_line(venue)
    numbers = {name: getattr(publication, name) for name in ("volume", "number", "pages")}
    arxiv = (*arxiv, venue, f"arXiv:{find_arxiv_id({'journal': venue, **numbers})}")
    ids = [name for text in arxiv for name in identify(text) if name.startswith("arxiv:")]
    if ids:  # which some services write into the volume
        publication = replace(publication, **without_arxiv_ids(numbers))  # type: ignore[arg-type]
    dois = [name for text in doi for name in identify(text) if not name.startswith("url:")]
    links = [(LinkKind.PAGE, url) for url in urls] + [(LinkKind.PDF, url) for url in pdf]
    links = [(kind, url.strip()) for kind, url in links if canonical_url(url.strip())]
    return PaperDraft(
        title=parse_title(plain_text.read_text(title)),
        authors=authors.names,
        authors_complete=authors.is_complete,
        abstract=plain_text.read_text(abstract),
        venue=tidy_venue(venue),
        date=date,
        identifiers=sort_identifiers(
            (*ids, *dois, *identifiers, *parse_identifiers(urls=[url for _, url in links]))
        ),
        links=parse_links(links),
        tags=_tags(tags),
        collectives=authors.collectives,
        note=plain_text.read_line(note),
        publication=normalize(publication),
    )


def tidy_venue(venue: str) -> str:
    """Returns a venue, and of a preprint at arXiv only that: “arXiv preprint arXiv:2301.01234”."""
    return "arXiv" if is_arxiv(venue) else venue


def read_names(names: Iterable[str], groups: Collection[str] = ()) -> AuthorList:
    """Returns people and groups that are written one by one; ``groups`` are the latter of them."""
    lines = (part for name in names for part in plain_text.read_line(name).split(";"))
    found = parse_author_names(lines, one_each=True)
    collectives = unevident_collectives(name for name in found.names if name in groups)
    return replace(found, collectives=collectives) if groups else found


def without_last_dot(title: str) -> str:
    """Returns a title without the full stop that some databases end it with."""
    return _LAST_DOT.sub("", title.strip())


def read_slashed_date(text: str) -> PartialDate | None:
    """Returns the date that a text states, also as reference managers write it: ``2021/03//``."""
    if found := _SLASHED.fullmatch(text.strip()):
        return from_numbers([part for part in found.groups() if part])
    return read_date(text)


def most_precise(dates: Iterable[PartialDate | None]) -> PartialDate | None:
    """Returns the most precise of the dates that are in the year of the first one."""
    known = [date for date in dates if date is not None]
    same_year = (date for date in known if date.year == known[0].year)
    return max(
        same_year, key=lambda one: (one.month is not None, one.day is not None), default=None
    )


def _tags(texts: Iterable[str]) -> tuple[str, ...]:
    tags = (plain_text.read_line(text).strip(" .,;") for text in texts)
    return tuple(sorted({tag for tag in tags if 0 < len(tag) <= _MAX_TAG}))
