"""Finds the entries of a page: the containers, or the lines in a row, that are one paper each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from typing import TypeAlias

from bot.formats.pages.credits import read_credits
from bot.formats.pages.document import Container, Line, Node
from bot.formats.pages.reference import Reference, Shape, read_reference
from bot.formats.pages.sections import Section, is_heading, read_heading
from bot.formats.pages.segments import is_button, split_entry
from bot.formats.pages.tables import read_table
from bot.formats.pages.text_document import is_cut, joined

_MAX_LINES = 30  # of an entry
_MAX_LINES_OF_PAGE = 12  # that is a single entry
_MAX_HEIGHT = 8  # of the elements that an entry consists of
_ITEMS = frozenset({"li", "tr", "article", "dd"})
_MAX_TITLE = 400  # characters
_MAX_CREDITS = 3000  # characters
_REMEMBERED = 4096  # lines, which are looked at several times
_MAX_TRAILING = 6  # lines below an entry that may belong to it


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading, and what it says about what follows."""

    line: Line
    section: Section


@dataclass(frozen=True, slots=True)
class Entry:
    """A paper; ``is_joined`` if several paragraphs in a row were taken together.

    ``has_siblings`` if it is one of several in a list, a table or a row of paragraphs.
    """

    lines: tuple[Line, ...]
    reference: Reference
    is_joined: bool = False
    has_siblings: bool = False


@dataclass(frozen=True, slots=True)
class Rest:
    """Lines that aren't an entry; ``is_item`` if they are one item of a list or a table.

    An ``is_unread`` item stands among entries of its kind.
    """

    lines: tuple[Line, ...]
    is_item: bool = False
    is_unread: bool = False


Item: TypeAlias = Heading | Entry | Rest


def find_entries(root: Container) -> list[Item]:
    """Returns what a page consists of, in its order."""
    return _find(root)[0]


def _find(node: Container) -> tuple[list[Item], int]:
    """Returns the items in a container, and how deeply it is nested."""
    if node.tag == "table" and (table := read_table(node)):
        return ([_read_row(row) for row in table.rows] if table.has_papers else []), 1
    children = _definitions(node) if node.tag == "dl" else node.children
    if len(children) == 1 and isinstance(children[0], Container):
        child = children[0]
        if node.tag in _ITEMS and child.tag in {"p", "div", "section"}:
            child = Container(node.tag, child.number, child.children)
        items, height = _find(child)
        return _as_item(node, items), height
    blocks, height = _blocks(children)
    items = [item for block in blocks for item in block]
    if len(items) > 1 and isinstance(items[-1], Heading) and not items[-1].line.level:
        items[-1] = Rest((items[-1].line,))  # a year below what it belongs to
    if height < _MAX_HEIGHT and (whole := _read_whole(node, items)):
        return [whole], height + 1
    if height < _MAX_HEIGHT:
        items = _regrouped(items)
    if sum(isinstance(block[0], Entry) for block in blocks if len(block) == 1) > 1:
        items = [_as_sibling(item) for item in items]
    return _as_item(node, items), height + 1


def _blocks(children: Sequence[Node]) -> tuple[list[list[Item]], int]:
    """Returns the items of each child, and how deeply the deepest of them is nested."""
    alone = _read_alone(children)
    blocks: list[list[Item]] = []
    height = 0
    for child in children:
        if id(child) in alone:
            blocks.append([alone[id(child)]])
        elif isinstance(child, Container):
            block, below = _find(child)
            blocks.append(block)
            height = max(height, below)
        else:
            blocks.append([_heading(child) or Rest((child,))])
    return blocks, height


def _as_item(node: Container, items: list[Item]) -> list[Item]:
    """Returns the lines of a list's item or of a paragraph in one, if there is no entry in it."""
    if node.tag not in _ITEMS | {"p"} or not items:
        return items
    if not all(isinstance(item, Rest) for item in items):
        return items
    return [Rest(tuple(node.lines()), is_item=node.tag in _ITEMS)]


def _as_sibling(item: Item) -> Item:
    """Marks an entry that stands among others, and what may be an entry that can't be read."""
    if isinstance(item, Heading):
        return item
    if isinstance(item, Entry):
        return replace(item, has_siblings=True)
    text = " ".join(line.text for line in item.lines)
    has_year = re.search(r"(?<!\d)(?:19|20)\d{2}(?!\d)", text) is not None
    is_unread = len(text.split()) > (3 if item.is_item else 7) and (item.is_item or has_year)
    return replace(item, is_unread=is_unread)


def _read_alone(children: Sequence[Node]) -> dict[int, Entry]:
    """Reads each line as an entry; returns nothing unless most of the lines are one."""
    lines = [child for child in children if isinstance(child, Line) and not _heading(child)]
    if len(lines) < 2:
        return {}
    readings = {id(line): (line, read_reference((line,))) for line in lines}
    entries = {
        key: Entry((line,), reading)
        for key, (line, reading) in readings.items()
        if reading and reading.is_complete
    }
    return entries if len(entries) * 5 >= len(lines) * 3 else {}


def _definitions(node: Container) -> list[Node]:
    """Returns each term of a list with its definitions as one container, unless it is a year."""
    groups: list[Node] = []
    open_group: Container | None = None
    for child in node.children:
        if isinstance(child, Container) and child.tag == "dt":
            open_group = None if _is_year(child) else Container("li", child.number, [child])
            groups += [open_group] if open_group else child.children
        elif open_group:
            open_group.children.append(child)
        else:
            groups.append(child)
    return groups


def _is_year(node: Container) -> bool:
    return read_heading(" ".join(line.text for line in node.lines())).year is not None


def _heading(line: Line) -> Heading | None:
    """Returns a line as a heading: by its element, by its words if it is bold, or as a year."""
    text = line.text
    if line.level:
        return Heading(line, read_heading(text))
    is_bold = all("bold" in run.styles for run in line.runs if run.text.strip())
    if (is_bold and is_heading(text)) or read_heading(text).year:
        return Heading(line, read_heading(text))
    return None


def _read_row(lines: tuple[Line, ...]) -> Item:
    reference = read_reference(lines)
    if reference and (reference.is_complete or reference.date):
        return Entry(lines, reference)
    return Rest(lines, is_item=True)


def _read_whole(node: Container, items: Sequence[Item]) -> Entry | None:
    """Reads all lines of a container as one entry, or returns None if they are more or less."""
    entries = [item for item in items if isinstance(item, Entry)]
    if len(items) == 1 and entries:
        return entries[0]
    if not _may_be_one(node, items, entries):
        return None
    lines = tuple(islice(node.lines(), _MAX_LINES + 1))
    limit = _MAX_LINES if node.tag != "body" else _MAX_LINES_OF_PAGE
    reading = read_best(lines) if len(lines) <= limit else None
    if reading is None or not reading.is_complete:
        return None
    if entries and _is_worse(reading, entries[0].reference):
        return None
    return Entry(lines, reading, is_joined=len(items) > 1 and node.tag not in _ITEMS)


def _is_worse(reading: Reference, other: Reference) -> bool:
    return reading.title != other.title and reading.score < other.score


def _may_be_one(node: Container, items: Sequence[Item], entries: Sequence[Entry]) -> bool:
    """Returns whether a container can be a single entry, by what is in it."""
    headings = [item for item in items if isinstance(item, Heading)]
    if len(headings) > 1 or any(item.section != Section() for item in headings):
        return False
    if len(entries) > 1 or (headings and items[0] is not headings[0]):
        return False
    rest = [item for item in items if isinstance(item, Rest)]
    if node.tag in _ITEMS:
        return not (entries and any(item.is_item for item in rest))
    if entries:
        return len(rest) <= _MAX_TRAILING and not any(item.is_item for item in rest)
    return len(_anchors([item.lines for item in rest])) <= 1


def read_best(lines: Sequence[Line], usual: Shape | None = None) -> Reference | None:
    """Reads the lines of an entry as they are, and with cut lines joined; the better one wins."""
    reading = read_reference(lines, usual)
    whole: list[Line] = []
    for line in lines:
        if whole and is_cut(whole[-1].text, line.text):
            whole[-1] = joined([whole[-1], line])
        else:
            whole.append(line)
    other = read_reference(whole, usual) if len(whole) < len(lines) else None
    return other if other and (reading is None or other.score > reading.score) else reading


def _regrouped(items: Sequence[Item]) -> list[Item]:
    """Returns items in which lines in a row that are one entry became one."""
    regrouped: list[Item] = []
    run: list[Item] = []
    for item in items:
        if isinstance(item, Heading) and item.section != Section():
            regrouped += [*_grouped_run(run), item]
            run = []
        else:
            run.append(item)
    return [*regrouped, *_grouped_run(run)]


def _grouped_run(items: Sequence[Item]) -> list[Item]:
    """Groups lines between two headings around their lists of authors."""
    if all(isinstance(item, Entry) or _is_item(item) for item in items):
        return list(items)
    blocks = [(item.line,) if isinstance(item, Heading) else item.lines for item in items]
    anchors = [index for index in _anchors(blocks) if not _is_item(items[index])]
    loose = [index for index in anchors if not isinstance(items[index], Entry)]
    doubtful = [
        index
        for index in anchors
        if isinstance(items[index], Entry) and _may_be_title(items, index - 1)
    ]
    entries = [index for index, item in enumerate(items) if isinstance(item, Entry)]
    if len(entries) > len(loose) + len(doubtful) or (not loose and not doubtful):
        return list(items)
    before = sum(_may_be_title(items, index - 1) for index in anchors)
    after = sum(_may_be_title(items, index + 1) for index in anchors)
    is_before = before >= after
    grouped: list[Item] = []
    position = 0
    for number, anchor in enumerate(anchors):
        following = anchors[number + 1] if number + 1 < len(anchors) else len(items)
        limit = following - 1 if is_before and following < len(items) else following
        title = anchor - 1 if is_before else anchor + 1
        if not position <= title < len(items) or not _may_be_title(items, title):
            continue
        start = min(title, anchor)
        end = _entry_end(items, max(title, anchor) + 1, limit)
        lines = tuple(line for block in blocks[start:end] for line in block)
        reading = read_best(lines)
        if reading is None or not reading.is_complete:
            continue
        own = items[anchor]
        if isinstance(own, Entry) and own.reference.score > reading.score:
            continue
        grouped += items[position:start]
        grouped.append(Entry(lines, reading, is_joined=True))
        position = end
    return [*grouped, *items[position:]]


def _is_item(item: Item) -> bool:
    return isinstance(item, Rest) and item.is_item


def _entry_end(items: Sequence[Item], start: int, limit: int) -> int:
    """Returns where the lines below an entry that belong to it end: venue, links, abstract."""
    end = start
    while end < min(limit, start + _MAX_TRAILING):
        item = items[end]
        if not isinstance(item, Rest) or item.is_item:
            break
        text = " ".join(line.text for line in item.lines)
        belongs = (
            is_button(text)
            or any(char.isdigit() for char in text)
            or any(run.styles & {"italic"} or run.label for line in item.lines for run in line.runs)
            or end == start
        )
        if not belongs:
            break
        end += 1
    return end


def _anchors(blocks: Sequence[Sequence[Line]]) -> list[int]:
    """Returns the places of the blocks that begin with a list of authors."""
    return [index for index, block in enumerate(blocks) if block and _starts_with_authors(block[0])]


@lru_cache(maxsize=_REMEMBERED)
def _starts_with_authors(line: Line) -> bool:
    if line.level or len(line.text) > _MAX_CREDITS:
        return False
    segments = split_entry([line])
    if not segments:
        return False
    if segments[0].label:
        return segments[0].label == "authors"
    credits = read_credits(segments[0].credit)
    return credits is not None and credits.certainty >= 0.55


def _may_be_title(items: Sequence[Item], index: int) -> bool:
    """Returns whether the item at an index is a single line that can be a title."""
    item = items[index] if 0 <= index < len(items) else None
    if item is None or isinstance(item, Entry) or _is_item(item):
        return False
    lines = (item.line,) if isinstance(item, Heading) else item.lines
    return len(lines) == 1 and _reads_as_title(lines[0])


@lru_cache(maxsize=_REMEMBERED)
def _reads_as_title(line: Line) -> bool:
    text = line.text
    if is_button(text) or len(text) > _MAX_TITLE or text[:1] in ",;":
        return False
    if sum(map(str.isalpha, text)) <= 5 or _starts_with_authors(line):
        return False
    reading = read_reference((line,))
    return reading is not None and reading.score > 0
