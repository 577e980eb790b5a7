"""Turns the fields of a BibTeX entry into a draft, including the fields that our export adds."""

from __future__ import annotations

import re

from bibtexparser.middlewares.names import (
    InvalidNameError,
    parse_single_name_into_parts,
    split_multiple_persons_names,
)

from bot.formats import latex
from bot.formats.fields import (
    parse_date,
    parse_identifiers,
    parse_links,
    parse_title,
    split_list,
    unpack_links,
)
from storage.models import LinkKind, PaperDraft, PartialDate
from storage.names.author_list import AuthorList
from storage.papers.identifiers import canonical_url

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_PREPRINT = re.compile(r"(?:arxiv|corr\b).*", re.IGNORECASE)
_VENUES = ("journal", "journaltitle", "booktitle", "eventtitle", "school", "institution")


def draft_from_fields(fields: dict[str, str]) -> PaperDraft:
    """Returns the draft of an entry's fields, which the fields of our own export override.

    Raises `InvalidInput` for a missing title or an invalid date.
    """
    authors = read_authors(fields.get("author", ""))
    url = _url(fields.get("url", "")) or _url(fields.get("howpublished", ""))
    arxiv = _arxiv(fields)
    derived = parse_identifiers(
        arxiv=arxiv, doi=latex.unescape(fields.get("doi", "")), urls=[url] if url else []
    )
    identifiers = fields.get("identifiers")
    links = fields.get("links")
    return PaperDraft(
        title=parse_title(latex.unescape(fields.get("title", ""))),
        authors=authors.names,
        authors_complete=authors.is_complete,
        abstract=latex.unescape(fields.get("abstract", "")),
        venue=read_venue(fields, arxiv),
        date=_date(fields),
        identifiers=derived if identifiers is None else split_list(latex.unescape(identifiers)),
        links=(
            parse_links([(LinkKind.PAGE, url)] if url else [])
            if links is None
            else unpack_links(latex.unescape(links))
        ),
        note=" ".join(latex.unescape(fields.get("note", "")).split()),
        tags=_tags(fields.get("keywords", "")),
        posted_by=" ".join(latex.unescape(fields.get("postedby", "")).split()),
    )


def read_authors(source: str) -> AuthorList:
    """Parses an author field, in which BibTeX separates names by “and”."""
    parts = [name for name in split_multiple_persons_names(" ".join(source.split())) if name]
    names = [_name(part) for part in parts if part.lower() != "others"]
    is_complete = not any(part.lower() == "others" for part in parts)
    return AuthorList(tuple(dict.fromkeys(name for name in names if name)), is_complete)


def _name(source: str) -> str:
    """Returns a name with given names first; a name in braces stays as it is."""
    try:
        parts = parse_single_name_into_parts(source)
    except InvalidNameError:
        return _line(source)
    words = [*parts.first, *parts.von, *parts.last, *parts.jr]
    return _line(" ".join(words))


def _line(source: str) -> str:
    return " ".join(latex.unescape(source).split())


def _arxiv(fields: dict[str, str]) -> str:
    eprint = latex.unescape(fields.get("eprint", "")).strip()
    archive = fields.get("archiveprefix") or fields.get("eprinttype") or "arXiv"
    if eprint and archive.lower() == "arxiv":
        return eprint
    journal = latex.unescape(fields.get("journal", "") or fields.get("howpublished", ""))
    return journal if _PREPRINT.match(journal) and parse_identifiers(arxiv=journal) else ""


def _url(source: str) -> str:
    text = latex.unescape(source).strip()
    return text if is_url(text) else ""


def is_url(text: str) -> bool:
    """Returns whether a text is a URL and nothing else."""
    return bool(re.fullmatch(r"https?://\S+", text, re.IGNORECASE) and canonical_url(text))


def read_venue(fields: dict[str, str], arxiv: str) -> str:
    """Returns where a paper was published, or the archive of an unpublished preprint."""
    if "venue" in fields:
        return _line(fields["venue"])
    for name in _VENUES:
        text = _line(fields.get(name, ""))
        if text and not (arxiv and _PREPRINT.fullmatch(text)):
            return text
    published = fields.get("howpublished")
    if published is not None and not _url(published):
        text = _line(published)
        return "arXiv" if arxiv and text and _PREPRINT.fullmatch(text) else text
    return "arXiv" if arxiv else ""


def _date(fields: dict[str, str]) -> PartialDate | None:
    if fields.get("date"):
        return parse_date(latex.unescape(fields["date"]).split("/")[0])
    year = parse_date(latex.unescape(fields.get("year", "")))
    if year is None or year.month:
        return year
    words = re.findall(r"[a-z]+|\d+", latex.unescape(fields.get("month", "")).lower())
    days = [int(word) for word in [*words[1:], fields.get("day", "")] if word.isdigit()]
    month = next((number for number in map(_month, words[:1]) if number), None)
    if month is None:
        return year
    return PartialDate(year.year, month, days[0] if days else None)


def _month(word: str) -> int | None:
    if word.isdigit():
        return int(word) if 1 <= int(word) <= 12 else None
    return MONTHS.index(word[:3]) + 1 if word[:3] in MONTHS else None


def _tags(source: str) -> tuple[str, ...]:
    """Splits keywords at commas and semicolons, except inside braces."""
    pieces, depth = [""], 0
    for char in source:
        depth += {"{": 1, "}": -1}.get(char, 0)
        if char in ",;" and depth == 0:
            pieces.append("")
        else:
            pieces[-1] += char
    words = [_line(piece) for piece in pieces]
    return tuple(sorted({word for word in words if word}))
