"""Reads papers from RIS, PubMed's NBIB, EndNote's .enw and Web of Science's tagged files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from bot.formats.records import tagged_records
from bot.formats.records.draft_builder import (
    build_draft,
    most_precise,
    read_names,
    read_slashed_date,
    without_last_dot,
)
from bot.formats.records.tagged_records import Record, Syntax, split_records
from bot.formats.results import ParsedPaper, ParseResult, Problem
from bot.formats.rows import read_publication
from bot.formats.text.dates import read_parts
from storage.errors import InvalidInput
from storage.models import PaperDraft
from storage.publication import EntryType, Publication, expand_pages, page_range

_IN_ARXIV = re.compile(r"\barxiv\b", re.IGNORECASE)
_ISSN = re.compile(r"\d{4}-\d{3}[\dXx]")
_RIS_TYPES = {
    "JOUR": EntryType.ARTICLE,
    "EJOUR": EntryType.ARTICLE,
    "MGZN": EntryType.ARTICLE,
    "NEWS": EntryType.ARTICLE,
    "BOOK": EntryType.BOOK,
    "EBOOK": EntryType.BOOK,
    "PAMP": EntryType.BOOKLET,
    "DATA": EntryType.DATASET,
    "CHAP": EntryType.INCOLLECTION,
    "ECHAP": EntryType.INCOLLECTION,
    "CONF": EntryType.INPROCEEDINGS,
    "CPAPER": EntryType.INPROCEEDINGS,
    "STAND": EntryType.MANUAL,
    "ELEC": EntryType.ONLINE,
    "PAT": EntryType.PATENT,
    "THES": EntryType.PHDTHESIS,
    "COMP": EntryType.SOFTWARE,
    "RPRT": EntryType.TECHREPORT,
    "UNPB": EntryType.UNPUBLISHED,
}
_INITIALS_LAST = re.compile(r"^([^,]+) ([A-Z]{1,4})$")  # “van der Berg B”
_BRACKETED = re.compile(r"\[([^\[\]]+)\]\.?")  # a title that PubMed translated


def read_ris(lines: Iterable[str]) -> Iterator[ParseResult]:
    """Yields the records of a RIS file in its order."""
    return _read(lines, tagged_records.RIS, _ris_draft)


def read_nbib(lines: Iterable[str]) -> Iterator[ParseResult]:
    """Yields the records of a file in PubMed's format in its order."""
    return _read(lines, tagged_records.NBIB, _nbib_draft)


def read_endnote(lines: Iterable[str]) -> Iterator[ParseResult]:
    """Yields the records of a tagged EndNote file in its order."""
    return _read(lines, tagged_records.ENDNOTE, _endnote_draft)


def read_wos(lines: Iterable[str]) -> Iterator[ParseResult]:
    """Yields the records of a tagged file of Web of Science in its order."""
    return _read(lines, tagged_records.WOS, _wos_draft)


def _read(
    lines: Iterable[str], syntax: Syntax, to_draft: Callable[[Record], PaperDraft]
) -> Iterator[ParseResult]:
    for record in split_records(lines, syntax):
        if isinstance(record, Problem):
            yield record
            continue
        try:
            yield ParsedPaper(record.line, to_draft(record))
        except InvalidInput as error:
            yield Problem(record.line, f"The record that starts here can't be used. {error}")


def _ris_draft(record: Record) -> PaperDraft:
    venue = record.first("T2", "JF", "JO", "BT", "C3", "JA", "J2")
    title = record.text("TI", "T1", "CT")
    if not title:  # a book or a report
        title, venue = (venue, "") if record.first("BT") else (record.text("T2"), venue)
    publisher = record.first("PB")
    if not venue and (_IN_ARXIV.search(publisher) or record.first("TY") in {"THES", "RPRT"}):
        venue, publisher = publisher, ""
    dates = [record.first(tag) for tag in ("DA", "Y1", "PY")]
    return build_draft(
        title=title,
        authors=read_names(record.values("AU", "A1") or record.values("A2", "ED")),
        venue=venue,
        date=most_precise([*map(read_slashed_date, dates), read_parts(dates[2][:4], dates[0])]),
        abstract=record.text("AB", "N2"),
        arxiv=[text for text in record.values("AN", "M1", "M3", "C1") if _IN_ARXIV.search(text)],
        doi=[text for text in record.values("DO", "M3") if "10." in text],
        urls=_words(record.values("UR", "LK")),
        pdf=_words(record.values("L1")),
        tags=_split(record.lines("KW"), ";"),
        note=_public_note(record.first("N1")),
        publication=_ris_publication(record, publisher),
    )


def _ris_publication(record: Record, publisher: str) -> Publication:
    """Returns how a record was published; ``publisher`` is empty if that is its venue."""
    entry_type = _RIS_TYPES.get(record.first("TY"))
    if entry_type is EntryType.PHDTHESIS and "master" in record.first("M3").lower():
        entry_type = EntryType.MASTERSTHESIS
    numbers = record.values("SN")
    pages = [record.first("SP"), record.first("EP")]
    return Publication(
        entry_type=entry_type,
        volume=record.first("VL"),
        number=record.first("IS"),
        pages=page_range("--".join(filter(None, pages))),
        publisher=publisher,
        publisher_place=record.first("CY", "PP"),
        editors=read_names(record.values("ED", "A2") if record.first("AU", "A1") else []).names,
        series=record.first("T3"),
        edition=record.first("ET"),
        isbn=next((one for one in numbers if not _ISSN.fullmatch(one)), ""),
        issn=next(filter(_ISSN.fullmatch, numbers), ""),
    )


def _public_note(text: str) -> str:
    """Returns a note, unless it is in HTML, in which Zotero has people's own notes."""
    return "" if re.match(r"<\w", text) else text


def _nbib_draft(record: Record) -> PaperDraft:
    title = record.first("TI") or record.first("BTI", "CTI", "TT")
    if translated := _BRACKETED.fullmatch(title):
        title = translated[1]
    pmid = record.first("PMID")
    ids = [text for text in record.values("LID", "AID") if text.lower().endswith("[doi]")]
    return build_draft(
        title=without_last_dot(title),
        authors=read_names(
            _nbib_authors(record) or record.values("FED", "ED"), groups=record.values("CN")
        ),
        venue=record.first("JT", "TA") or record.first("BTI", "CTI") * bool(record.first("TI")),
        date=most_precise(map(read_slashed_date, record.values("DP", "DEP"))),
        abstract=record.text("AB"),
        doi=ids[:1],
        urls=[f"https://pubmed.ncbi.nlm.nih.gov/{pmid}/"] if pmid.isdecimal() else [],
        tags=_split(record.values("OT"), ";"),
        publication=_publication(
            record,
            {"volume": "VI", "number": "IP", "publisher": "PB"},
            pages=[expand_pages(record.first("PG"))],
            type_name="article" if record.first("JT", "TA") else "",
            serials=[text.split()[0] for text in record.values("IS", "ISBN")],
        ),
    )


def _nbib_authors(record: Record) -> list[str]:
    """Returns the full names if there are any; an abbreviated name follows its full one."""
    names: list[str] = []
    previous = ""
    for tag, lines in record.fields:
        name = " ".join(lines)
        if tag in {"FAU", "CN"}:
            names.append(name)
        elif tag == "AU" and previous != "FAU":
            names.append(_INITIALS_LAST.sub(r"\1, \2", name))
        previous = tag
    return names


def _endnote_draft(record: Record) -> PaperDraft:
    is_book = record.first("0") in {"Book", "Edited Book"}
    return build_draft(
        title=record.text("T", "!") or record.text("B"),
        authors=read_names(name.rstrip(" ,") for name in record.lines("A") or record.lines("E")),
        venue=record.first("J", "B") or record.first("I") * (not is_book),
        date=most_precise(
            [
                read_parts(record.first("D"), record.first("8")),
                *map(read_slashed_date, record.values("8", "D")),
            ]
        ),
        abstract=record.text("X"),
        arxiv=[text for text in record.values("M", "N") if _IN_ARXIV.search(text)],
        doi=[text for text in record.values("R", "M") if "10." in text],
        urls=_words(record.values("U")),
        pdf=_words(record.values(">")),
        tags=_split(record.lines("K"), ";,"),
        publication=_publication(
            record,
            {"volume": "V", "number": "N", "pages": "P", "publisher": "I", "publisher_place": "C"}
            | {"series": "S", "edition": "7"},
            type_name=record.first("0"),
            serials=record.values("@"),
            editors=record.lines("E") if record.first("A") else (),
        ),
    )


def _wos_draft(record: Record) -> PaperDraft:
    return build_draft(
        title=record.first("TI"),
        authors=read_names(_wos_authors(record), groups=record.lines("CA")),
        venue=record.first("SO", "CT", "SE", "JI"),
        date=read_parts(record.first("PY"), record.first("PD")),
        abstract=record.first("AB"),
        arxiv=[text for text in record.values("AR", "SO") if _IN_ARXIV.search(text)],
        doi=record.values("DI")[:1],
        urls=_words(record.values("UR")),
        tags=_split(record.values("DE"), ";"),
        publication=_publication(
            record,
            {"volume": "VL", "number": "IS", "publisher": "PU", "publisher_place": "PI"}
            | {"series": "SE", "pages": "AR"},
            type_name=record.first("DT").partition(";")[0],
            serials=record.values("SN", "BN"),
            pages=record.values("BP", "EP"),
            editors=record.lines("BE", "ED") if record.first("AU", "AF") else (),
        ),
    )


def _wos_authors(record: Record) -> list[str]:
    """Returns the people, by full names if all have one, the groups, or else the editors."""
    people = max(record.lines("AF"), record.lines("AU"), key=len)
    return [*people, *record.lines("CA")] or record.lines("BF") or record.lines("BE", "ED")


def _publication(
    record: Record,
    tags: Mapping[str, str],
    *,
    type_name: str,
    serials: Sequence[str],
    pages: Sequence[str] = (),
    editors: Iterable[str] = (),
) -> Publication:
    """Returns how a record was published; ``tags`` maps details to tags.

    ``serials`` are ISSNs and ISBNs.
    """
    cells = {detail: record.first(tag) for detail, tag in tags.items()}
    cells["pages"] = page_range("--".join(pages) or cells.get("pages", ""))
    cells["isbn"] = next((one for one in serials if not _ISSN.fullmatch(one)), "")
    cells["issn"] = next(filter(_ISSN.fullmatch, serials), "")
    return read_publication({**cells, "type": type_name}, read_names(editors).names)


def _words(texts: Iterable[str]) -> list[str]:
    """Returns the URLs in texts with several, separated by spaces or semicolons."""
    words = (word for text in texts for word in re.split(r"\s+|;(?=\s*https?:)", text))
    return [word.strip("<>,;") for word in words if word]


def _split(texts: Iterable[str], separators: str) -> list[str]:
    return [part for text in texts for part in re.split(f"[{separators}]", text)]
