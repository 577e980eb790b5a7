"""Turns the fields of a BibTeX entry into a draft, including the fields that our export adds."""

from __future__ import annotations

import re
from dataclasses import replace

from bot.formats.arxiv_fields import FIELDS as ARXIV_FIELDS
from bot.formats.arxiv_fields import find_arxiv_id, is_arxiv, is_arxiv_note
from bot.formats.bibtex.journal_macros import expand_macro
from bot.formats.bibtex.names import read_names
from bot.formats.bibtex.publication import read_publication
from bot.formats.fields import (
    join_title,
    parse_identifiers,
    parse_links,
    parse_title,
    split_list,
    unpack_links,
)
from bot.formats.text import latex
from bot.formats.text.dates import read_date, read_parts
from storage.models import LinkKind, PaperDraft, PartialDate
from storage.names.affixes import is_collective
from storage.names.author_list import AuthorList
from storage.text import fold
from storage.urls import canonical_url

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_SUBTITLES = {"booktitle": "booksubtitle", "journaltitle": "journalsubtitle"}
_VENUES = ("journal", "journaltitle", "booktitle", "eventtitle", "school", "institution")


def draft_from_fields(entry_type: str, fields: dict[str, str]) -> PaperDraft:
    """Returns the draft of an entry, in which the fields of our own export override others.

    Raises `InvalidInput` for a missing title.
    """
    authors = _with_collaboration(read_names(fields.get("author", "")), fields)
    url = _url(fields.get("url", "")) or _url(fields.get("howpublished", ""))
    arxiv = find_arxiv_id({name: _line(fields[name]) for name in fields.keys() & ARXIV_FIELDS})
    derived = parse_identifiers(
        arxiv=arxiv,
        doi=latex.unescape(fields.get("doi", "")),
        urls=[*([url] if url else []), *_other_ids(fields)],
    )
    note = _line(fields.get("note", ""))
    identifiers = fields.get("identifiers")
    links = fields.get("links")
    return PaperDraft(
        title=parse_title(_with_subtitle(fields, "title", "subtitle")),
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
        note="" if is_arxiv_note(note) else note,
        tags=_tags(fields.get("keywords", "")),
        posted_by=" ".join(latex.unescape(fields.get("postedby", "")).split()),
        publication=read_publication(
            entry_type, fields, lambda source: read_names(source).names, is_preprint=bool(arxiv)
        ),
        collectives=authors.collectives,
    )


def _with_collaboration(authors: AuthorList, fields: dict[str, str]) -> AuthorList:
    """Returns the authors with the collaboration that INSPIRE and ADS name in another field."""
    name = _line(fields.get("collaboration", ""))
    if not name or any(fold(name) in fold(author) for author in authors.names):
        return authors
    name = name if is_collective(name) else f"{name} Collaboration"
    return replace(authors, names=(*authors.names, name))


def _line(source: str) -> str:
    return " ".join(latex.unescape(source).split())


def _other_ids(fields: dict[str, str]) -> list[str]:
    """Returns ids at HAL and PubMed that say what they are."""
    eprint = fields.get("eprint", "") if fields.get("eprinttype", "").lower() == "hal" else ""
    ids = [fields.get("hal_id", "") or eprint, fields.get("pmcid", "")]
    if pmid := fields.get("pmid", "").strip():
        ids.append(f"PMID: {pmid}")
    return [_line(one) for one in ids if one]


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
        text = expand_macro(fields.get(name, "")) or _with_subtitle(
            fields, name, _SUBTITLES.get(name, "")
        )
        if text and not (arxiv and is_arxiv(text)):
            return text
    published = fields.get("howpublished")
    if published is not None and not _url(published):
        text = _line(published)
        return "arXiv" if arxiv and text and is_arxiv(text) else text
    return "arXiv" if arxiv else ""


def _with_subtitle(fields: dict[str, str], name: str, subtitle: str) -> str:
    return join_title(_line(fields.get(name, "")), _line(fields.get(subtitle, "")))


def _date(fields: dict[str, str]) -> PartialDate | None:
    texts = (_line(fields.get(name, "")) for name in ("year", "month", "day"))
    return read_date(_line(fields.get("date", ""))) or read_parts(*texts)


def _tags(source: str) -> tuple[str, ...]:
    """Splits keywords at commas and semicolons, except inside braces."""
    pieces, start, depth = list[str](), 0, 0
    for index, char in enumerate(f"{source},"):
        depth += {"{": 1, "}": -1}.get(char, 0)
        if (char in ",;" and depth == 0) or index == len(source):
            pieces.append(source[start:index])
            start = index + 1
    words = [_line(piece) for piece in pieces]
    return tuple(sorted({word for word in words if word}))
