"""Parses pages whose entries end in “Read More”, by their layout only.

An entry is a header with the venue and who posted it (often repeated for screen readers), the
title, perhaps a citation, the abstract, and “Read More”.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.formats.results import ParsedPaper, Problem
from bot.formats.text import plain_text
from bot.formats.text.citation_text import Citation, read_citation
from storage.models import PaperDraft
from storage.names.author_list import AuthorList
from storage.papers.identifiers import listed_title
from storage.text import fold

_READ_MORE = re.compile(r"read\s+more\W*", re.IGNORECASE)
_PARTICLES = frozenset({"van", "von", "der", "den", "de", "del", "della", "di", "da", "la", "le"})
# Words of venues that are no part of a name.
_VENUE_WORDS = frozenset(
    {"workshop", "forum", "conference", "journal", "track", "symposium", "transactions", "letters"}
    | {"proceedings", "benchmarks", "datasets", "arxiv", "blog", "preprint", "review", "findings"}
)
_SENTENCE_END = re.compile(r"[.!?:;…][\"”’')\]]*$")
_MAX_TITLE = 400


@dataclass(frozen=True, slots=True)
class _Block:
    """One entry: its first line number, its header, and its other non-empty lines."""

    line: int
    header: str
    paragraphs: tuple[str, ...]


def is_read_more_page(text: str) -> bool:
    """Returns whether a line of the page says “Read More” only."""
    return any(_READ_MORE.fullmatch(line.strip()) for line in text.splitlines())


def parse_read_more_page(text: str) -> tuple[tuple[ParsedPaper, ...], tuple[Problem, ...]]:
    """Returns the papers of a page, and its entries that can't be used."""
    blocks = list(_blocks(text))
    sizes = _poster_sizes([_without_repetition(block.header) for block in blocks])
    papers: list[ParsedPaper] = []
    problems: list[Problem] = []
    for block, size in zip(blocks, sizes, strict=True):
        read = _read_entry(block, size)
        if isinstance(read, str):
            problems.append(Problem(block.line, read))
        else:
            papers.append(ParsedPaper(block.line, read))
    return tuple(papers), tuple(problems)


def _blocks(text: str) -> Iterator[_Block]:
    """Splits a page at its “Read More” lines."""
    lines: list[tuple[int, str]] = []
    for number, raw in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        line = " ".join(raw.split())
        if _READ_MORE.fullmatch(line):
            if lines:
                yield _block(lines)
            lines = []
        elif line:
            lines.append((number, line))
    if lines:
        yield _block(lines)


def _block(lines: Sequence[tuple[int, str]]) -> _Block:
    """Returns a block without a header that is repeated on its own line."""
    first, header = lines[0]
    rest = [line for _, line in lines[1:]]
    while rest and fold(rest[0]) == fold(header):
        rest = rest[1:]
    return _Block(first, header, tuple(rest))


def _without_repetition(header: str) -> str:
    words = header.split()
    half = len(words) // 2
    if len(words) % 2 == 0 and half and words[:half] == words[half:]:
        return " ".join(words[:half])
    return header


def _poster_sizes(headers: Sequence[str]) -> list[int]:
    """Returns for each header how many of its last words are the name of who posted it.

    A name ends several headers and follows different words in them, unlike a venue. On a page that
    is too short for that, the last two words are taken.
    """
    endings: Counter[tuple[str, ...]] = Counter()
    before: dict[tuple[str, ...], set[tuple[str, ...]]] = {}
    for header in headers:
        words = tuple(header.split())
        for size in range(1, min(5, len(words))):
            endings[words[-size:]] += 1
            before.setdefault(words[-size:], set()).add(words[:-size])
    return [_poster_size(header.split(), endings, before) for header in headers]


def _poster_size(
    words: Sequence[str],
    endings: Counter[tuple[str, ...]],
    before: dict[tuple[str, ...], set[tuple[str, ...]]],
) -> int:
    if len(words) < 2:
        return 0
    longest = 0
    for size in range(1, min(5, len(words))):
        ending = tuple(words[-size:])
        if any(fold(word) in _VENUE_WORDS for word in ending):
            break
        shared = endings[ending] > 1 and len(before[ending]) > 1
        if shared and endings[ending] * 2 > endings[tuple(words[-1:])]:
            longest = size
    return max(longest, _usual_size(words))


def _usual_size(words: Sequence[str]) -> int:
    """Returns the usual size of a name: two words and particles, or one if two aren't possible."""
    size = 1
    while size + 1 < len(words) and fold(words[-size - 1]) in _PARTICLES:
        size += 1
    if size + 1 < len(words):
        size += 1
    if any(fold(word) in _VENUE_WORDS for word in words[-size:]):
        return 0 if fold(words[-1]) in _VENUE_WORDS else 1
    return size


def _read_entry(block: _Block, poster_size: int) -> PaperDraft | str:
    """Returns the draft of a block, or a sentence that says why there is none."""
    if not block.paragraphs:
        return f"“{_short(block.header)}” has no title, so I skipped it."
    title, *paragraphs = block.paragraphs
    if len(title) > _MAX_TITLE:
        return f"“{_short(title)}” is too long for a title, so I skipped the entry."
    citation: Citation | None = None
    for index, paragraph in enumerate(paragraphs[:2]):
        citation = read_citation(paragraph, title)
        if citation:
            del paragraphs[index]
            break
    if citation is None and not paragraphs:
        return f"“{_short(title)}” has neither a citation nor an abstract, so I skipped it."
    words = _without_repetition(block.header).split()
    split = len(words) - poster_size
    readable = plain_text.line(plain_text.from_latex(title)) or title
    authors = citation.authors if citation else AuthorList()
    return PaperDraft(
        title=readable,
        authors=authors.names,
        authors_complete=authors.is_complete,
        abstract=_abstract(paragraphs),
        venue=" ".join(words[:split]),
        date=citation.date if citation else None,
        identifiers=(*(citation.identifiers if citation else ()), listed_title(readable)),
        note=citation.note if citation else "",
        posted_by=" ".join(words[split:]),
    )


def _abstract(paragraphs: Sequence[str]) -> str:
    """Joins paragraphs that were split in mid-sentence, and drops repeated ones."""
    joined: list[str] = []
    for paragraph in paragraphs:
        if joined and not _SENTENCE_END.search(joined[-1]) and paragraph[:1].islower():
            joined[-1] = f"{joined[-1]} {paragraph}"
        else:
            joined.append(paragraph)
    return plain_text.tidy(plain_text.from_latex("\n\n".join(dict.fromkeys(joined))))


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:79]}…"
