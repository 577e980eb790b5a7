"""Papers as rows and objects for other programs, and what their cells mean when they come back."""

from __future__ import annotations

from bot.formats.fields import join_list, pack_links
from storage.models import Paper, PaperDetails

COLUMNS = (
    *("id", "title", "authors", "authors_complete", "venue", "year", "date", "arxiv", "doi", "url"),
    *("note", "abstract", "posted_by", "tags", "identifiers", "links"),
)
# What a spreadsheet would take for a formula is written behind an apostrophe.
_FORMULA = ("=", "+", "-", "@", "\t", "'")


def paper_json(paper: PaperDetails) -> dict[str, object]:
    """A paper as a JSON object; what is not known is null or empty."""
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
    """A paper as the cells of `COLUMNS`; a cell of several values joins them by ``; ``."""
    cells = {
        **{name: "" if value is None else str(value) for name, value in paper_json(paper).items()},
        "authors": join_list(paper.authors),
        "authors_complete": "yes" if paper.authors_complete else "no",
        "tags": join_list(paper.tags),
        "identifiers": join_list(paper.identifiers),
        "links": pack_links(paper.links),
    }
    return [_safe(cells[name]) for name in COLUMNS]


def unescape_cell(cell: str) -> str:
    """A cell of `paper_row` without the apostrophe before what looks like a formula."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell


def _safe(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
