"""Writes papers as records of a RIS file, for reference managers; pure.

https://en.wikipedia.org/wiki/RIS_(file_format)
"""

from __future__ import annotations

from bot.formats.writers.citation_styles import entry_type
from bot.formats.writers.csl_item import csl_name
from storage.models import Paper, PartialDate
from storage.publication import EntryType

RIS_TYPES = {
    EntryType.ARTICLE: "JOUR",
    EntryType.BOOK: "BOOK",
    EntryType.BOOKLET: "PAMP",
    EntryType.DATASET: "DATA",
    EntryType.INBOOK: "CHAP",
    EntryType.INCOLLECTION: "CHAP",
    EntryType.INPROCEEDINGS: "CONF",
    EntryType.MANUAL: "STAND",
    EntryType.MASTERSTHESIS: "THES",
    EntryType.MISC: "GEN",
    EntryType.ONLINE: "ELEC",
    EntryType.PATENT: "PAT",
    EntryType.PHDTHESIS: "THES",
    EntryType.SOFTWARE: "COMP",
    EntryType.TECHREPORT: "RPRT",
    EntryType.UNPUBLISHED: "UNPB",
}
_PUBLISHED_BY_VENUE = frozenset({"THES", "RPRT"})  # by a university or an institution
_THESES = {EntryType.PHDTHESIS: "PhD thesis", EntryType.MASTERSTHESIS: "Master's thesis"}


def ris_record(paper: Paper) -> str:
    """Returns a paper as a record, with one value on each line."""
    kind = entry_type(paper)
    details = paper.publication
    tag = RIS_TYPES[kind]
    is_publisher = tag in _PUBLISHED_BY_VENUE and not details.publisher
    first_page, _, last_page = details.pages.partition("–")
    lines = [
        ("TY", tag),
        ("TI", paper.title),
        *(("AU", _ris_name(paper, name)) for name in paper.author_names),
        ("AU", "" if paper.authors_complete else "et al."),
        ("T2", "" if is_publisher else paper.venue),
        ("PB", paper.venue if is_publisher else details.publisher),
        ("CY", details.publisher_place),
        *(("ED", _ris_name(paper, name)) for name in details.editors),
        ("PY", str(paper.year or "")),
        ("DA", _ris_date(paper.date)),
        ("VL", details.volume),
        ("IS", details.number),
        ("SP", first_page),
        ("EP", last_page),
        ("T3", details.series),
        ("ET", details.edition),
        ("SN", details.isbn),
        ("SN", details.issn),
        ("M3", _THESES.get(kind, "")),
        ("DO", paper.doi or ""),
        ("AN", f"arXiv:{paper.arxiv}" if paper.arxiv else ""),
        ("UR", paper.url or ""),
        ("L1", paper.pdf_url or ""),
        *(("KW", tag) for tag in paper.tags),
        ("N1", paper.note),
        ("AB", paper.abstract),
    ]
    written = [f"{tag}  - {' '.join(value.split())}" for tag, value in lines if value]
    return "\n".join([*written, "ER  - "])


def _ris_name(paper: Paper, name: str) -> str:
    """Returns “Family, Given, Suffix”, or the whole name."""
    return ", ".join(csl_name(paper, name).values())


def _ris_date(date: PartialDate | None) -> str:
    """Returns a date as ``2023/07/14/``; what isn't known is left out."""
    if date is None:
        return ""
    month, day = (f"{part:02}" if part else "" for part in (date.month, date.day))
    return f"{date.year}/{month}/{day}/"
