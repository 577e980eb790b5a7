"""Builds the tree of a page in plain text: paragraphs, list items, wrapped lines and headings."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.formats.pages.document import LOWEST_LEVEL, Container, Line, Run
from bot.formats.pages.sections import is_heading

# What a list item starts with: “[12]”, “[J4]”, “(3)”, “12.”, “C3.”, “•”.
_MARKER = re.compile(
    r"\s*(?:\[[A-Za-z]{0,8}[-.]?\d{1,4}[a-z]?\]|\[[A-Z][A-Za-z+]{1,12}\d{2}[a-z]?\]|\(\d{1,4}\)"
    r"|[A-Z]{0,2}\d{1,4}[.):](?=\s)|[•▪◦●○■‣⁃·*+–—-](?=\s))\s*"
)
_GAP = re.compile(r"\t| {2,}|\u00a0{2,}")
_UNDERLINE = re.compile(r"\s*(?:={3,}|-{3,}|~{3,}|\*{3,}|_{3,})\s*")
_OPEN_END = re.compile(
    r"(?:[,&–-]|\b(?:and|of|the|for|in|a|an|with|to|on|by|from|at|via|using|as|its|their|or))$",
    re.IGNORECASE,
)
_OPEN_START = re.compile(
    r"(?![a-z]{1,5}[A-Z])(?!(?:in|to appear|under|submitted|accepted|pp|vol|by|arxiv|doi|http|www"
    r"|with|and)\b)[a-zß-ÿ]"
    r"|(?:and|&) "
)
_WRAPPED = 60  # characters; a line that is shorter was ended on purpose


def parse_text(text: str) -> Container:
    """Returns the tree of a page."""
    root = Container("body", 1)
    block: Container | None = None
    previous = ""
    for number, raw in enumerate(text.splitlines(), start=1):
        stripped = raw.strip()
        if not stripped or _UNDERLINE.fullmatch(raw):
            block = None if not stripped or block is None or len(block.children) != 1 else block
            previous = ""
            continue
        marker = _MARKER.match(raw)
        if marker and marker.end() < len(raw):
            block = Container("li", number)
            root.children.append(block)
            stripped = raw[marker.end() :].strip()
        elif is_heading(stripped):
            root.children.append(Line((Run(stripped),), number, level=LOWEST_LEVEL))
            block = None
            continue
        elif block is None:
            block = _continued_item(root, raw) or Container("p", number)
            if not root.children or root.children[-1] is not block:
                root.children.append(block)
        line = Line((Run(_GAP.sub("\t", stripped)),), number)
        last = block.children[-1] if block.children else None
        if isinstance(last, Line) and previous and _is_wrapped(previous, stripped):
            block.children[-1] = joined([last, line])
        else:
            block.children.append(line)
        previous = stripped
    return root


def _continued_item(root: Container, raw: str) -> Container | None:
    """Returns the list item that an indented paragraph belongs to, or None."""
    last = root.children[-1] if root.children else None
    if isinstance(last, Container) and last.tag == "li" and raw[:2].isspace():
        return last
    return None


def _is_wrapped(line: str, following: str) -> bool:
    """Returns whether a line goes on in the following one."""
    if _GAP.search(following):
        return False
    return bool(_OPEN_START.match(following) or (_OPEN_END.search(line) and len(line) > 30))


def is_cut(line: str, following: str) -> bool:
    """Returns whether a line may go on in the following one, being long and without an end."""
    return len(line) >= _WRAPPED and line[-1] not in ".?!)]" and not _GAP.search(following)


def joined(lines: Sequence[Line]) -> Line:
    """Returns lines as one; a hyphen at the end of a line belongs to its word."""
    runs: list[Run] = []
    for line in lines:
        if runs and not runs[-1].text.endswith("-"):
            runs.append(Run(" ", runs[-1].link if runs[-1].link == line.runs[0].link else ""))
        runs += line.runs
    return Line(tuple(runs), lines[0].number, lines[0].level)
