"""Represents papers as JSON objects and CSV rows."""

from __future__ import annotations

import unicodedata

from bot.formats.fields import join_list, pack_links
from storage.models import Paper, PaperDetails

COLUMNS = (
    *("id", "title", "authors", "authors_complete", "venue", "year", "date", "arxiv", "doi", "url"),
    *("note", "abstract", "posted_by", "tags", "identifiers", "links"),
)
_FORMULA_SIGNS = ("=", "+", "-", "@", "−")


def paper_json(paper: PaperDetails) -> dict[str, object]:
    """Returns a paper as a JSON object, with null or empty values for what is unknown."""
    return {
        "id": paper.id if isinstance(paper, Paper) else None,
        "title": paper.title,
        "authors": list(paper.authors),
        "authors_complete": paper.authors_complete,
        "venue": paper.venue,
        "year": paper.year,
        "date": str(paper.date) if paper.date else None,
        "arxiv": paper.arxiv,
        "doi": paper.doi,
        "url": paper.url,
        "note": paper.note,
        "abstract": paper.abstract,
        "posted_by": paper.posted_by,
        "tags": list(paper.tags),
        "identifiers": list(paper.identifiers),
        "links": [{"kind": link.kind.value, "url": link.url} for link in paper.links],
    }


def paper_row(paper: Paper) -> list[str]:
    """Returns a paper as the cells of `COLUMNS`; `join_list` joins several values."""
    cells = {
        **{name: "" if value is None else str(value) for name, value in paper_json(paper).items()},
        "authors": join_list(paper.authors),
        "authors_complete": "yes" if paper.authors_complete else "no",
        "tags": join_list(paper.tags),
        "identifiers": join_list(paper.identifiers),
        "links": pack_links(paper.links),
    }
    return [_escape_cell(cells[name]) for name in COLUMNS]


def unescape_cell(cell: str) -> str:
    """Returns a cell of `paper_row` without the apostrophe in front of a formula."""
    return cell[1:] if cell.startswith("'") and _needs_apostrophe(cell[1:]) else cell


def _escape_cell(cell: str) -> str:
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
