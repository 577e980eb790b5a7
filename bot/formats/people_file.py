"""Reads and writes files of people, as CSV or JSON with the same columns."""

from __future__ import annotations

import csv
import io
import itertools
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.formats.rows import escape_cell, unescape_cell
from bot.formats.text.encoding import open_text
from storage.errors import InvalidInput
from storage.people.ids import parse_id
from storage.people.imports import FileRow
from storage.people.models import IdScheme, Person, PersonDraft, PersonId
from storage.people.names import parse_other_names, parse_person_name
from storage.people.values import parse_categories, parse_discord_id, parse_membership

MAX_BYTES = 5_000_000
COLUMNS = (
    "name",
    *(scheme.value for scheme in IdScheme),
    *("from", "to", "categories", "discord", "other_names"),
)
_UNUSED = frozenset({"number", "trusted"})  # which lists have, too
_SYNONYMS = {
    "full_name": "name",
    "orcid_id": "orcid",
    "orcid_id_s": "orcid",
    "openalex_id": "openalex",
    "arxiv_id": "arxiv",
    "arxiv_author": "arxiv",
    "arxiv_author_id": "arxiv",
    "dblp_pid": "dblp",
    "dblp_id": "dblp",
    "semanticscholar": "semantic_scholar",
    "semantic_scholar_id": "semantic_scholar",
    "category": "categories",
    "arxiv_categories": "categories",
    "discord_id": "discord",
    "other_name": "other_names",
}
_DELIMITERS = ",;\t"


@dataclass(frozen=True, slots=True)
class PeopleFile:
    """The rows of a file, and the columns that aren't known."""

    rows: tuple[FileRow, ...]
    unknown_columns: tuple[str, ...] = ()


def read_people(file: Path) -> PeopleFile:
    """Reads a file of people; raises `InvalidInput` if it has no rows, or no column of names."""
    with open_text(file) as opened:
        text = opened.read(MAX_BYTES + 1)
    if len(text) > MAX_BYTES:
        raise InvalidInput(f"{file.name} is too big for a list of people.")
    is_json = text.lstrip()[:1] in {"[", "{"}
    found = _read_json(text, file.name) if is_json else _read_csv(text, file.name)
    if not found.rows:
        raise InvalidInput(f"There's nobody in {file.name}.")
    return found


def person_values(person: Person) -> dict[str, str]:
    """Returns a person as the text of each column; former names aren't shown."""
    start, end = person.membership.start, person.membership.end
    return {
        "name": person.name,
        **{
            scheme.value: " ".join(one.value for one in person.ids if one.scheme is scheme)
            for scheme in IdScheme
        },
        "from": start.isoformat() if start else "",
        "to": end.isoformat() if end else "",
        "categories": " ".join(person.categories),
        "discord": str(person.discord_id or ""),
        "other_names": "; ".join(person.other_names),
    }


def person_json(person: Person) -> dict[str, Any]:
    """Returns a person with their number for programs."""
    return {"number": person.id, **person_values(person), "trusted": person.is_trusted}


def write_csv(people: Iterable[Person]) -> str:
    """Returns people as CSV, which spreadsheets don't run as formulas."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for person in people:
        cells = person_values(person)
        writer.writerow({name: escape_cell(cell) for name, cell in cells.items()})
    return text.getvalue()


def write_json(people: Iterable[Person]) -> str:
    """Returns people as a JSON array."""
    return json.dumps([person_values(one) for one in people], ensure_ascii=False, indent=2) + "\n"


def _read_csv(text: str, name: str) -> PeopleFile:
    lines = list(_csv_lines(text))
    if not lines:
        return PeopleFile(())
    (_, header), *rows = lines
    columns = _map_columns(header, name)
    return PeopleFile(
        tuple(_csv_row(line, cells, columns) for line, cells in rows), _unknown(header)
    )


def _csv_lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yields the rows that aren't blank, each with its first line."""
    delimiter = max(_DELIMITERS, key=text.partition("\n")[0].count)
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True
    )
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise InvalidInput(f"Line {line} isn't valid CSV: {error}.") from None
        if cells is None:
            return
        if any(cell.strip() for cell in cells):
            yield line, [unescape_cell(cell.strip()) for cell in cells]


def _csv_row(line: int, cells: Sequence[str], columns: Sequence[str]) -> FileRow:
    if any(cells[len(columns) :]):
        return FileRow(line, cells[0], reason="The row has more cells than there are columns.")
    found = dict(itertools.zip_longest(columns, cells[: len(columns)], fillvalue=""))
    return _read_row(line, found)


def _read_json(text: str, name: str) -> PeopleFile:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"{name} isn't valid JSON: {error}.") from None
    if isinstance(content, dict):
        content = content.get("people", [content])
    if not isinstance(content, list) or not all(isinstance(one, dict) for one in content):
        raise InvalidInput(f"{name} must have an array of objects, one for each person.")
    keys = list(dict.fromkeys(key for one in content for key in one))
    if content:
        _map_columns(keys, name)
    rows = [
        _read_row(number, {_column(key): _json_text(key, value) for key, value in one.items()})
        for number, one in enumerate(content, 1)
    ]
    return PeopleFile(tuple(rows), _unknown(keys))


def _json_text(key: str, value: object) -> str:
    """Returns a value as the text of a CSV cell."""
    if isinstance(value, list):
        return ("; " if _column(key) == "other_names" else " ").join(map(str, value))
    return "" if value is None else str(value)


def _map_columns(header: Sequence[str], file_name: str) -> list[str]:
    """Returns the name of each column; raises `InvalidInput` without names, or for a repetition."""
    columns = [_column(name) for name in header]
    if "name" not in columns:
        raise InvalidInput(
            f"{file_name} has no column “name”. These columns are known: {', '.join(COLUMNS)}."
        )
    for name in COLUMNS:
        if columns.count(name) > 1:
            raise InvalidInput(f"{file_name} has the column “{name}” twice.")
    return columns


def _column(name: str) -> str:
    plain = re.sub(r"[\W_]+", "_", name.strip().casefold()).strip("_")
    return _SYNONYMS.get(plain, plain)


def _unknown(header: Sequence[str]) -> tuple[str, ...]:
    known = {*COLUMNS, *_UNUSED, ""}
    return tuple(name.strip() for name in header if _column(name) not in known)


def _read_row(line: int, cells: Mapping[str, str]) -> FileRow:
    """Returns a row with what it says, or with the reason why it can't be used."""
    name = " ".join(cells.get("name", "").split())
    if not name:
        return FileRow(line, "", reason="The row has no name.")
    try:
        draft = PersonDraft(
            name=parse_person_name(name),
            other_names=parse_other_names(cells.get("other_names", "")),
            ids=_parse_ids(cells),
            membership=parse_membership(cells.get("from", ""), cells.get("to", "")),
            categories=parse_categories(cells.get("categories", "")),
            discord_id=parse_discord_id(cells.get("discord", "")),
        )
    except InvalidInput as error:
        return FileRow(line, name, reason=str(error))
    return FileRow(line, draft.name, draft)


def _parse_ids(cells: Mapping[str, str]) -> tuple[PersonId, ...]:
    return tuple(
        dict.fromkeys(
            parse_id(scheme, text)
            for scheme in IdScheme
            for text in _split_ids(scheme, cells.get(scheme.value, ""))
        )
    )


def _split_ids(scheme: IdScheme, cell: str) -> list[str]:
    """Returns the ids in a cell, which may have several; ORCIDs may be written with spaces."""
    parts = re.split(r"[\s,;|]+", cell.strip())
    is_one = scheme is IdScheme.ORCID and not any(len(part) > len("0000") for part in parts)
    return [cell] * bool(cell.strip()) if is_one else [part for part in parts if part]
