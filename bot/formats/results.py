"""What reading a file of papers gives, piece by piece: papers, problems, and what stays out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from storage.models import PaperDraft


@dataclass(frozen=True, slots=True)
class ParsedPaper:
    """An entry that was read; ``line`` is the number of its first line, counted from 1."""

    line: int
    draft: PaperDraft


@dataclass(frozen=True, slots=True)
class Problem:
    """An entry that could not be read, and why, in a sentence."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class SkippedEntry:
    """An entry that was read and is not meant for the list, and why, in a sentence."""

    line: int
    reason: str


ParseResult: TypeAlias = ParsedPaper | Problem | SkippedEntry
