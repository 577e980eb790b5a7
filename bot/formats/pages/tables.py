"""Reads tables whose header names their columns: year, authors, title, venue."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bot.formats.pages.document import Container, Line
from storage.text import fold

_COLUMNS = {
    "title": re.compile(r"titles?|titel|titre|papers?|articles?|paper title|title of .*|work"),
    "authors": re.compile(r"authors?|author s|autoren|auteurs?|by|writers?|creators?"),
    "venue": re.compile(
        r"(?:journals?|venues?|conferences?|published in|publications?|proceedings|where|source"
        r"|booktitle|publisher|outlet)(?: (?:or |and )?(?:journals?|conferences?|proceedings"
        r"|venue))*"
    ),
    "year": re.compile(r"years?|dates?|published|jahr|annee|when|publication (?:date|year)"),
    "hidden": re.compile(
        r"no|nr|number|id|cites?|citations?|cited by|status|type|category|topic|tags?"
    ),
}
_HEADER_WORDS = re.compile(r"\b(?:publications?|papers?|references?|citation|title)\b")
_MAX_COLUMNS = 30


@dataclass(frozen=True, slots=True)
class HeadedTable:
    """A table with a header; ``has_papers`` is false if it lists other things.

    Each row is its lines, labelled by their columns.
    """

    rows: tuple[tuple[Line, ...], ...]
    has_papers: bool


def read_table(table: Container) -> HeadedTable | None:
    """Reads a table; returns None if it has no header that is understood."""
    rows = list(_rows(table))
    if len(rows) < 2:
        return None
    header = [_text(cell) for cell in _cells(rows[0])]
    is_header = all(cell.tag == "th" for cell in _cells(rows[0]))
    columns = [_column(text) for text in header]
    if "title" not in columns:
        if "authors" in columns and "venue" in columns:  # “Authors | Publication | Year”
            columns[columns.index("venue")] = "title"
        elif is_header and not any(_HEADER_WORDS.search(fold(text)) for text in header):
            return HeadedTable((), has_papers=False)
        else:
            return None
    if len([column for column in columns if column]) < 2:
        return None
    return HeadedTable(tuple(_labelled_rows(rows[1:], columns)), has_papers=True)


def _rows(node: Container) -> Iterator[Container]:
    for child in node.children:
        if isinstance(child, Container):
            if child.tag == "tr":
                yield child
            elif child.tag in {"tbody", "thead", "tfoot"}:
                yield from _rows(child)


def _cells(row: Container) -> list[Container]:
    return [one for one in row.children if isinstance(one, Container) and one.tag in {"td", "th"}]


def _text(cell: Container) -> str:
    return " ".join(line.text for line in cell.lines())


def _column(text: str) -> str:
    words = fold(text)
    return next((name for name, shape in _COLUMNS.items() if shape.fullmatch(words)), "")


def _labelled_rows(rows: Sequence[Container], columns: Sequence[str]) -> Iterator[tuple[Line, ...]]:
    """Yields rows; a cell that spans several rows belongs to each of them."""
    spanning: dict[int, tuple[Container, int]] = {}
    for row in rows:
        cells = iter(_cells(row))
        lines: list[Line] = []
        for place in range(min(len(columns), _MAX_COLUMNS)):
            cell, left = spanning.pop(place, (None, 0))
            if cell is None:
                cell = next(cells, None)
                left = cell.rows if cell else 0
            if cell is None:
                break
            if left > 1:
                spanning[place] = (cell, left - 1)
            inner = list(cell.lines())
            # A cell of several lines has more in it than its header says.
            label = columns[place] if len(inner) == 1 or columns[place] != "title" else ""
            lines += (_labelled(line, label) for line in inner)
        if lines:
            yield tuple(lines)


def _labelled(line: Line, label: str) -> Line:
    if not label:
        return line
    return replace(line, runs=tuple(replace(run, label=run.label or label) for run in line.runs))
