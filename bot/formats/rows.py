"""Represents papers as JSON objects and CSV rows."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence

from bot.formats.fields import join_list, pack_links
from storage import publication as publications
from storage.models import LinkKind, Paper, PaperDetails
from storage.names.affixes import split_author_id
from storage.publication import TEXT_DETAILS, EntryType, Publication

_PUBLICATION = ("type", *TEXT_DETAILS, "editors")
# The columns of a complete export, which is imported again as it is.
COLUMNS = (
    *("id", "title", "authors", "authors_complete", "collectives", "venue", "year", "date"),
    *("arxiv", "doi", "url", *_PUBLICATION),
    *("note", "abstract", "posted_by", "tags", "identifiers", "links"),
)
# The columns of an export for others, which any spreadsheet can have.
PUBLIC_COLUMNS = (
    *("title", "authors", "venue", "year", "date", "arxiv", "doi", "url"),
    *("pdf", "code", "data", "model", "video"),
    *_PUBLICATION,
    *("note", "abstract", "tags"),
)
# Names of types in other programs' exports, in lower case and without spaces.
_TYPES = {
    "journalarticle": EntryType.ARTICLE,
    "review": EntryType.ARTICLE,
    "conferencepaper": EntryType.INPROCEEDINGS,
    "proceedingspaper": EntryType.INPROCEEDINGS,
    "bookchapter": EntryType.INCOLLECTION,
    "booksection": EntryType.INCOLLECTION,
    "thesis": EntryType.PHDTHESIS,
    "report": EntryType.TECHREPORT,
    "conferenceproceedings": EntryType.INPROCEEDINGS,  # what EndNote calls a paper in them
    "computerprogram": EntryType.SOFTWARE,
    "webpage": EntryType.ONLINE,
    "unpublishedwork": EntryType.UNPUBLISHED,
}
_COMPLETE_ONLY = frozenset({"authors_complete", "identifiers", "links"})
_INTERNAL = frozenset({"id", "author_ids", "posted_by", "identifiers"})
_FORMULA_SIGNS = ("=", "+", "-", "@", "−")


def is_complete_export(header: Sequence[str]) -> bool:
    """Returns whether a header is that of a complete export, of this version or an earlier one."""
    return _COMPLETE_ONLY <= set(header) <= set(COLUMNS)


def paper_json(paper: PaperDetails, *, complete: bool = True) -> dict[str, object]:
    """Returns a paper as a JSON object, with null or empty values for what is unknown.

    Unless it's ``complete``, it lacks what only this list knows: numbers, posters and feeds' ids.
    """
    author_ids = [split_author_id(name)[1] for name in paper.authors]
    values = {
        "id": paper.id if isinstance(paper, Paper) else None,
        "title": paper.title,
        "authors": list(paper.author_names),
        **({"author_ids": author_ids} if any(author_ids) else {}),
        "authors_complete": paper.authors_complete,
        "collectives": [name for name in paper.author_names if paper.is_collective(name)],
        "venue": paper.venue,
        "year": paper.year,
        "date": str(paper.date) if paper.date else None,
        "arxiv": paper.arxiv,
        "doi": paper.doi,
        "url": paper.url,
        "publication": publications.to_json(paper.publication),
        "note": paper.note,
        "abstract": paper.abstract,
        "posted_by": paper.posted_by,
        "tags": list(paper.tags),
        "identifiers": list(paper.identifiers),
        "links": [{"kind": link.kind.value, "url": link.url} for link in paper.links],
    }
    return {name: value for name, value in values.items() if complete or name not in _INTERNAL}


def paper_row(paper: Paper) -> list[str]:
    """Returns a paper as the cells of `COLUMNS`; `join_list` joins several values."""
    cells = {
        **_common_cells(paper),
        "authors": join_list(paper.authors),
        "authors_complete": "yes" if paper.authors_complete else "no",
        "editors": join_list(paper.publication.editors),
        "collectives": join_list(filter(paper.is_collective, paper.authors)),
        "tags": join_list(paper.tags),
        "identifiers": join_list(paper.identifiers),
        "links": pack_links(paper.links),
    }
    return [escape_cell(cells[name]) for name in COLUMNS]


def public_row(paper: Paper) -> list[str]:
    """Returns a paper as the cells of `PUBLIC_COLUMNS`, with the first link of each kind."""
    links = {link.kind.value: link.url for link in reversed(paper.links)}
    et_al = () if paper.authors_complete else ("et al.",)
    cells = {
        **_common_cells(paper),
        "authors": "; ".join((*paper.author_names, *et_al)),
        "editors": "; ".join(paper.publication.editors),
        "tags": "; ".join(paper.tags),
        **{kind.value: links.get(kind.value, "") for kind in LinkKind if kind is not LinkKind.PAGE},
    }
    return [escape_cell(cells[name]) for name in PUBLIC_COLUMNS]


def _common_cells(paper: Paper) -> dict[str, str]:
    """Returns the cells that are the same in both kinds of export."""
    values = {
        **paper_json(paper),
        "type": paper.publication.entry_type,
        **{name: getattr(paper.publication, name) for name in TEXT_DETAILS},
    }
    return {name: "" if value is None else str(value) for name, value in values.items()}


def read_publication(cells: Mapping[str, str], editors: Sequence[str]) -> Publication:
    """Returns the publication details in the cells of a row."""
    name = "".join(cells.get("type", "").lower().split())
    entry_type = _TYPES.get(name) or (EntryType(name) if name in {*EntryType} else None)
    return publications.normalize(
        Publication(
            **{name: cells.get(name, "") for name in TEXT_DETAILS},
            entry_type=entry_type,
            editors=tuple(editors),
        )
    )


def unescape_cell(cell: str) -> str:
    """Returns a cell of `paper_row` without the apostrophe in front of a formula."""
    return cell[1:] if cell.startswith("'") and _needs_apostrophe(cell[1:]) else cell


def escape_cell(cell: str) -> str:
    """Returns a cell with an apostrophe if a spreadsheet might run it as a formula."""
    return f"'{cell}" if _needs_apostrophe(cell) else cell


def _needs_apostrophe(cell: str) -> bool:
    """Returns whether a spreadsheet might run a cell as a formula.

    Spreadsheets skip leading spaces and invisible characters, and some take a full-width sign for
    the plain one. A cell that starts with an apostrophe gets another one, so that it isn't lost
    when the cell is read back.
    """
    if cell.startswith("'"):
        return True
    first = next((char for char in cell if not _is_skipped(char)), "")
    return cell[:1] in {"\t", "\r", "\n"} or unicodedata.normalize("NFKC", first).startswith(
        _FORMULA_SIGNS
    )


def _is_skipped(char: str) -> bool:
    return char.isspace() or unicodedata.category(char) in {"Cc", "Cf"}
