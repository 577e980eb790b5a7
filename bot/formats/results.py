"""What a reader yields for each entry of a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from storage.models import PaperDraft


@dataclass(frozen=True, slots=True)
class ParsedPaper:
    """An entry that is a paper; ``line`` is its first line, counted from 1.

    ``is_export`` says that our own export wrote it, which has papers of which little is known, too.
    """

    line: int
    draft: PaperDraft
    is_export: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """An entry that can't be used; ``reason`` is a sentence."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class SkippedEntry:
    """A valid entry that isn't a paper for the list; ``reason`` is a sentence."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class UnresolvedReference:
    """An entry that is only an arXiv ID, a DOI or a link, whose paper has to be looked up."""

    line: int
    text: str


ParseResult: TypeAlias = ParsedPaper | Problem | SkippedEntry
