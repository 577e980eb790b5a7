"""The fields of a BibTeX entry → a draft: names, venue, date, ids and what our own export adds."""

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
from storage.papers.identifiers import canonical_url

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_PREPRINT = re.compile(r"(?:arxiv|corr\b).*", re.IGNORECASE)
_VENUES = ("journal", "journaltitle", "booktitle", "eventtitle", "school", "institution")


def draft_of(fields: dict[str, str]) -> PaperDraft:
    """The draft of an entry's fields; what our own export adds wins over what others imply.

    Raises `InvalidInput` where a field is of no use.
    """
    authors, complete = read_authors(fields.get("author", ""))
    address = _address(fields.get("url", "")) or _address(fields.get("howpublished", ""))
    arxiv = _arxiv(fields)
    derived = parse_identifiers(
        arxiv=arxiv, doi=latex.plain(fields.get("doi", "")), urls=[address] if address else []
    )
    identifiers = fields.get("identifiers")
    links = fields.get("links")
    return PaperDraft(
        title=parse_title(latex.plain(fields.get("title", ""))),
        authors=authors,
        authors_complete=complete,
        abstract=latex.plain(fields.get("abstract", "")),
        venue=read_venue(fields, arxiv),
        date=_date(fields),
        identifiers=derived if identifiers is None else split_list(latex.plain(identifiers)),
        links=(
            parse_links([(LinkKind.PAGE, address)] if address else [])
            if links is None
            else unpack_links(latex.plain(links))
        ),
        note=" ".join(latex.plain(fields.get("note", "")).split()),
        tags=_tags(fields.get("keywords", "")),
        posted_by=" ".join(latex.plain(fields.get("postedby", "")).split()),
    )


def read_authors(source: str) -> tuple[tuple[str, ...], bool]:
    """An author field's names in order, and whether it does not end in “and others”."""
    names = [name for name in split_multiple_persons_names(" ".join(source.split())) if name]
    others = [name for name in names if name.lower() == "others"]
    found = [_name(name) for name in names if name.lower() != "others"]
    return tuple(dict.fromkeys(name for name in found if name)), not others


def _name(source: str) -> str:
    """A name as it is read aloud: given names first; one in braces is a whole."""
    try:
        parts = parse_single_name_into_parts(source)
    except InvalidNameError:
        return _word(source)
    words = [*parts.first, *parts.von, *parts.last, *parts.jr]
    return _word(" ".join(words))


def _word(source: str) -> str:
    return " ".join(latex.plain(source).split())


def _arxiv(fields: dict[str, str]) -> str:
    eprint = latex.plain(fields.get("eprint", "")).strip()
    archive = fields.get("archiveprefix") or fields.get("eprinttype") or "arXiv"
    if eprint and archive.lower() == "arxiv":
        return eprint
    journal = latex.plain(fields.get("journal", "") or fields.get("howpublished", ""))
    return journal if _PREPRINT.match(journal) and parse_identifiers(arxiv=journal) else ""


def _address(source: str) -> str:
    text = latex.plain(source).strip()
    return text if is_address(text) else ""


def is_address(text: str) -> bool:
    """Whether a text is an address and nothing else."""
    return bool(re.fullmatch(r"https?://\S+", text, re.IGNORECASE) and canonical_url(text))


def read_venue(fields: dict[str, str], arxiv: str) -> str:
    """Where it appeared; a preprint's archive where it has appeared nowhere else."""
    if "venue" in fields:
        return _word(fields["venue"])
    for name in _VENUES:
        text = _word(fields.get(name, ""))
        if text and not (arxiv and _PREPRINT.fullmatch(text)):
            return text
    published = fields.get("howpublished")
    if published is not None and not _address(published):
        text = _word(published)
        return "arXiv" if arxiv and text and _PREPRINT.fullmatch(text) else text
    return "arXiv" if arxiv else ""


def _date(fields: dict[str, str]) -> PartialDate | None:
    if fields.get("date"):
        return parse_date(latex.plain(fields["date"]).split("/")[0])
    year = parse_date(latex.plain(fields.get("year", "")))
    if year is None or year.month:
        return year
    words = re.findall(r"[a-z]+|\d+", latex.plain(fields.get("month", "")).lower())
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
    """Keywords apart by commas or semicolons; one that has such a sign stands in braces."""
    pieces, depth = [""], 0
    for char in source:
        depth += {"{": 1, "}": -1}.get(char, 0)
        if char in ",;" and depth == 0:
            pieces.append("")
        else:
            pieces[-1] += char
    words = [_word(piece) for piece in pieces]
    return tuple(sorted({word for word in words if word}))
