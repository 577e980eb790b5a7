"""Reads BibTeX files, entry by entry.

A file is read as a stream: `split_entries` finds the entries, and each is parsed by itself, so that
memory holds only one entry, the macros, and the volumes that entries refer to.
"""

from __future__ import annotations

import itertools
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from bibtexparser.entrypoint import parse_string
from bibtexparser.model import (
    Block,
    DuplicateBlockKeyBlock,
    DuplicateFieldKeyBlock,
    Entry,
    ExplicitComment,
    ImplicitComment,
    ParsingFailedBlock,
    Preamble,
    String,
)

from bot.formats.bibtex.fields import MONTHS, draft_from_fields
from bot.formats.results import ParsedPaper, ParseResult, Problem, SkippedEntry
from bot.formats.text.latex import protect_line_starts
from storage.errors import InvalidInput

OpenLines = Callable[[], AbstractContextManager[Iterable[str]]]

# Every invalid block is reported with its line, so the log needn't repeat it.
logging.getLogger("bibtexparser").setLevel(logging.CRITICAL)

_MAX_ENTRY = 4_000_000  # characters; a longer one is missing a closing brace
_MAX_LOOKAHEAD = 50_000  # characters; far longer than a value that quotes an entry
_MAX_FAILED_LOOKAHEADS = 100  # in one file; bounds the work for a broken one
_BEGIN = re.compile(r"@\s*\w+\s*(?:[{(]|$)")
_NESTED = re.compile(r"\s*@\s*\w+\s*[{(]")
_REFERENCES = re.compile(r"\b(?:crossref|xdata)\s*=\s*[{\"]([^{}\"]{1,1000})", re.IGNORECASE)
_KEY = re.compile(r"@\s*\w+\s*[{(]\s*([^,\s]+)")
_PIECE = re.compile(r'\s*(#|[^\s#{}"]+|.)', re.DOTALL)
_NEXT_FIELD = re.compile(r"\s*([a-zA-Z][\w-]*)\s*=\s*(?=[\"{\w])")
_CLOSING = re.compile(r'(?<!\\)\\"(?=[a-zA-Z{\\])|[{}"]')  # the first is an accent
_INHERITED = frozenset(
    {"author", "booktitle", "journal", "year", "month", "day", "date", "editor", "publisher"}
    | {"organization", "address", "location", "series", "volume", "isbn", "issn"}
)
_VOLUMES = frozenset({"proceedings", "mvproceedings", "collection", "mvcollection"})


@dataclass(slots=True)
class _Shared:
    """What entries share: macros, and the fields of volumes that are referred to."""

    macros: dict[str, str] = field(default_factory=lambda: dict(zip(MONTHS, MONTHS, strict=True)))
    volumes: dict[str, dict[str, str]] = field(default_factory=dict)


def read_bibtex(lines: OpenLines) -> Iterator[ParseResult]:
    """Yields the results of a file in its order; ``lines`` opens it up to three times."""
    shared = _Shared()
    with lines() as opened:
        found = (keys for line in opened for keys in _REFERENCES.findall(line))
        referenced = {key for keys in found for key in _split_keys(keys)}
    if referenced:
        with lines() as opened:
            _collect_volumes(opened, referenced, shared)
    with lines() as opened:
        for start, source in split_entries(opened):
            yield from _read_blocks(start, source, shared)


def split_entries(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Yields the entries of a file with the number of their first line, without the text between.

    An entry that is never closed ends before the next line that starts an entry. A value may have
    such a line too; which of the two it is depends on whether the braces close further on.
    """
    numbered: Iterator[tuple[int, str]] = enumerate(lines, start=1)
    entry = _EntryLines()
    failed_lookaheads = 0
    while True:
        item = next(numbered, None)
        if entry.suspect and (item is None or entry.lookahead > _MAX_LOOKAHEAD):
            # The braces don't close, so the suspect line starts the next entry.
            yield entry.start, entry.text(entry.suspect)
            numbered = itertools.chain(entry.after_suspect(), [item] if item else [], numbered)
            entry = _EntryLines()
            failed_lookaheads += 1
            continue
        if item is None:
            break
        number, line = item
        if entry.depth > 0 and not entry.suspect and _NESTED.match(line):
            if failed_lookaheads < _MAX_FAILED_LOOKAHEADS and entry.ends_in_value():
                entry.mark_suspect()
            else:
                yield entry.start, entry.text()
                entry = _EntryLines()
        if entry.add(number, line):
            yield entry.start, entry.text()
            entry = _EntryLines()
    if entry.lines:
        yield entry.start, entry.text()


@dataclass(slots=True)
class _EntryLines:
    """The lines of one entry so far.

    ``suspect`` is the index of the first line that is either part of a value or the start of the
    next entry, or 0 if there is none.
    """

    lines: list[str] = field(default_factory=list)
    start: int = 0
    depth: int = 0
    size: int = 0
    in_parentheses: bool = False
    suspect: int = 0
    suspect_offset: int = 0

    @property
    def lookahead(self) -> int:
        """The number of characters since the suspect line."""
        return self.size - self.suspect_offset

    def text(self, end: int | None = None) -> str:
        """Returns the lines up to an index as one text."""
        return "".join(self.lines[:end])

    def add(self, number: int, line: str) -> bool:
        """Adds a line unless it is between entries; returns whether it ends the entry."""
        if not self.lines:
            begin = _BEGIN.search(line)
            if begin is None or line.lstrip().startswith("%"):
                return False
            self.start = number
            self.in_parentheses = begin[0].endswith("(")
        self.lines.append(line)
        self.size += len(line)
        self.depth += line.count("{") - line.count("}")
        if self.size > _MAX_ENTRY:
            return True
        if self.in_parentheses:
            return self.depth <= 0 and line.rstrip().endswith(")")
        return self.depth <= 0 and ("{" in line or len(self.lines) > 1)

    def mark_suspect(self) -> None:
        """Marks the line that will be added next."""
        self.suspect, self.suspect_offset = len(self.lines), self.size

    def after_suspect(self) -> Iterator[tuple[int, str]]:
        """Returns the lines from the suspect one on, with their numbers."""
        return enumerate(self.lines[self.suspect :], start=self.start + self.suspect)

    def ends_in_value(self) -> bool:
        """Returns whether the text so far ends inside a braced or quoted value."""
        depth, in_quotes = 0, False
        for mark in re.findall(r'[{}"]', self.text()):
            if mark == '"':
                in_quotes ^= depth == 1
            else:
                depth += 1 if mark == "{" else -1
        return depth > 1 or in_quotes


def _read_blocks(start: int, source: str, shared: _Shared) -> Iterator[ParseResult]:
    """Parses the text of an entry, which may be several entries on one line."""
    if len(source) > _MAX_ENTRY:
        yield Problem(start, "The entry that starts here never ends, so I can't read it.")
        return
    for block in _blocks(source):
        line = start + (block.start_line or 0)
        if isinstance(block, String):
            shared.macros[block.key.lower()] = _value(str(block.value), shared)
        elif isinstance(block, DuplicateBlockKeyBlock | DuplicateFieldKeyBlock):
            yield _read_entry(line, block.ignore_error_block, shared)
        elif isinstance(block, ParsingFailedBlock):
            reason = getattr(block.error, "abort_reason", "").split(". ")[0].rstrip(". ")
            why = f": {reason[:1].lower()}{reason[1:]}" if reason else ""
            yield Problem(line, f"The entry that starts here isn't valid BibTeX{why}.")
        elif isinstance(block, Entry):
            yield _read_entry(line, block, shared)
        elif isinstance(block, ImplicitComment) and _KEY.search(block.comment):
            yield Problem(line, "The entry that starts here isn't valid BibTeX.")
        else:
            assert isinstance(block, ImplicitComment | ExplicitComment | Preamble)  # noqa: S101


def _blocks(source: str) -> Sequence[Block]:
    """Parses text into blocks; an "@" that starts a line inside a value doesn't start a block."""
    return parse_string(protect_line_starts(source), parse_stack=[]).blocks


def _read_entry(line: int, entry: object, shared: _Shared) -> ParseResult:
    if not isinstance(entry, Entry):
        return Problem(line, "The entry that starts here isn't valid BibTeX.")
    if entry.entry_type.lower() in _VOLUMES:
        return SkippedEntry(line, f"“{entry.key}” is a volume, not a paper.")
    if entry.entry_type.lower() == "xdata":
        return SkippedEntry(line, f"“{entry.key}” only has fields for other entries.")
    try:
        fields = _fields(entry, shared)
        draft = draft_from_fields(entry.entry_type, fields)
        return ParsedPaper(line, draft, is_export="identifiers" in fields)
    except InvalidInput as error:
        return Problem(line, f"“{entry.key}” can't be used. {error}")


def _collect_volumes(lines: Iterable[str], referenced: set[str], shared: _Shared) -> None:
    for _, source in split_entries(lines):
        key = _KEY.search(source)
        is_macro = source.lstrip().lower().startswith("@string")
        if not is_macro and (key is None or key[1].lower() not in referenced):
            continue
        for block in _blocks(source):
            if isinstance(block, String):
                shared.macros[block.key.lower()] = _value(str(block.value), shared)
            elif isinstance(block, Entry):
                shared.volumes[block.key.lower()] = _fields(block, shared)


def _fields(entry: Entry, shared: _Shared) -> dict[str, str]:
    """Returns the fields by lower-case name, with macros expanded.

    The first of a repeated field counts, as in BibTeX.
    """
    fields: dict[str, str] = {}
    for one in entry.fields:
        for key, text in _values(one.key, str(one.value), shared):
            fields.setdefault(key.lower(), text)
    _add_xdata(fields, shared)
    volume = shared.volumes.get(fields.get("crossref", "").strip().lower())
    if volume:
        inherited = {name: text for name, text in volume.items() if name in _INHERITED}
        inherited.setdefault("booktitle", volume.get("title", ""))
        fields = {**inherited, **fields}
    return fields


def _add_xdata(fields: dict[str, str], shared: _Shared) -> None:
    """Adds the fields of the @xdata entries that biblatex takes them from."""
    keys = dict.fromkeys(_split_keys(fields.get("xdata", "")))
    waiting = list(keys)
    while waiting:
        found = shared.volumes.get(waiting.pop(0), {})
        for name, text in found.items():
            fields.setdefault(name, text)
        others = [key for key in _split_keys(found.get("xdata", "")) if key not in keys]
        keys |= dict.fromkeys(others)
        waiting += others


def _split_keys(keys: str) -> list[str]:
    return [key.strip().lower() for key in keys.split(",") if key.strip()]


def _values(key: str, source: str, shared: _Shared) -> Iterator[tuple[str, str]]:
    """Yields a field's key and text, and the fields after it if a comma between them is missing."""
    text, position = _read_value(source, 0, shared)
    yield key, text
    while following := _NEXT_FIELD.match(source, position):
        text, position = _read_value(source, following.end(), shared)
        yield following[1], text


def _value(source: str, shared: _Shared) -> str:
    return _read_value(source, 0, shared)[0]


def _read_value(source: str, position: int, shared: _Shared) -> tuple[str, int]:
    """Returns the text of the value that starts here, and where it ends.

    It is braced, quoted, a number, a macro, or these joined by ``#``.
    """
    text: list[str] = []
    while position < len(source) and not (text and _NEXT_FIELD.match(source, position)):
        found = _PIECE.match(source, position)
        if found is None:
            break
        piece = found[1]
        position = found.end()
        if piece in {"{", '"'}:
            end = _find_closing(source, position, "}" if piece == "{" else '"')
            text.append(source[position:end])
            position = end + 1
        elif piece != "#":
            text.append(shared.macros.get(piece.lower(), piece))
    return "".join(text), position


def _find_closing(source: str, position: int, closing: str) -> int:
    depth = 0
    for found in _CLOSING.finditer(source, position):
        if found[0] == closing and depth == 0:
            return found.start()
        depth += {"{": 1, "}": -1}.get(found[0], 0)
    return len(source)
