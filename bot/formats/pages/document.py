"""A page as a tree: containers of lines, and lines of runs that share style and meaning."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

LOWEST_LEVEL = 6  # of headings; that of a line that is none by its markup, but by its words


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of a line: its text, where it links to, and how it is marked.

    ``styles`` are “bold”, “italic”, “link”, “super” and “inline” (an element without a style).
    ``label`` is what the page's own markup calls it, such as “title” or “authors”.
    """

    text: str
    link: str = ""
    styles: frozenset[str] = frozenset()
    label: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A line as a reader sees it, and its number in the file; ``level`` is 1 to 6 for headings."""

    runs: tuple[Run, ...]
    number: int
    level: int = 0

    @property
    def text(self) -> str:
        """The text without styles."""
        return "".join(run.text for run in self.runs).strip()


@dataclass(slots=True)
class Container:
    """An element with lines and other containers, named as in HTML.

    A table's cell may span several ``rows``.
    """

    tag: str
    number: int
    children: list[Node] = field(default_factory=list)
    rows: int = 1

    def lines(self) -> Iterator[Line]:
        """Yields all lines in it."""
        for child in self.children:
            if isinstance(child, Line):
                yield child
            else:
                yield from child.lines()


Node: TypeAlias = Container | Line
