"""What a reader yields for each entry of a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from storage.models import PaperDraft


@dataclass(frozen=True, slots=True)
class ParsedPaper:
    """An entry that is a paper; ``line`` is its first line, counted from 1."""

    line: int
    draft: PaperDraft


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


ParseResult: TypeAlias = ParsedPaper | Problem | SkippedEntry
