"""Reads lists of arXiv IDs, DOIs and links as people paste them, one or more in a line; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from bot.formats.results import Problem, UnresolvedReference
from storage.papers.titles import is_bare_reference
from storage.redaction import redact_text

_BULLET = re.compile(r"^\s*(?:[-*+•–]|\(?\d{1,4}[.)]|\[\d{1,4}\])\s+")
_REMARK = re.compile(r"(?<=\S)\s+(?:[-–—|#]\s|//\s|\().*|^\s*#.*", re.DOTALL)
_LABELLED = re.compile(r"\b(arxiv|doi)\s?:\s+", re.IGNORECASE)
_HEADING = re.compile(r".{1,80}:|(?:arxiv|dois?|ids?|links?|urls?|references?)", re.IGNORECASE)
_MIN_SHARE = 0.75  # of the lines that have to be references


def is_reference_list(text: str) -> bool:
    """Returns whether most lines of a text are references, not counting a heading."""
    lines = [line for line in map(_content, text.splitlines()) if line]
    found = [is_bare_reference(line) for line in lines if not _HEADING.fullmatch(line)]
    return any(found) and sum(found) >= _MIN_SHARE * len(found)


def read_reference_list(lines: Iterable[str]) -> Iterator[UnresolvedReference | Problem]:
    """Yields the references of a list in its order, and a problem for any other line.

    Headings and remarks behind a ``#``, a dash or in parentheses are left out.
    """
    for number, raw in enumerate(lines, start=1):
        line = _content(raw.removeprefix("\ufeff"))
        if not line:
            continue
        if is_bare_reference(line):
            for word in _LABELLED.sub(r"\1:", line).split():
                if reference := word.strip(",;"):
                    yield UnresolvedReference(number, reference)
        elif not _HEADING.fullmatch(line):
            shown = redact_text(line)[:80]
            yield Problem(number, f"“{shown}” isn't an arXiv ID, a DOI or a link.")


def _content(line: str) -> str:
    """Returns a line without the mark of its list item and remarks."""
    return _REMARK.sub("", _BULLET.sub("", line, count=1)).strip()
