"""Parses a citation as publications pages print it; pure.

Its shape is ``Authors. "Title." Venue, date. Note``, with any quotation marks, nested or not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from rapidfuzz import fuzz

from storage.models import PartialDate
from storage.names.author_list import AuthorList, parse_author_list
from storage.papers.identifiers import identify
from storage.text import fold

_QUOTES = "\"“”„«»'‘’"
_MIN_SIMILARITY = 85  # of 100, between the quoted title and the entry's
_MAX_QUOTES = 40  # candidates for the closing quotation mark
_MAX_LENGTH = 3000  # characters; a longer paragraph isn't a citation
_YEAR_AT_END = re.compile(r"[\s(,.]{0,9}\(?(?:19|20)\d{2}(?:,\s*\w+\.?\s*\d{0,2})?\)?[\s.:,]*$")
_LOWERCASE_WORDS = frozenset(
    {"van", "von", "der", "den", "de", "del", "della", "di", "da", "dos", "du", "la", "le", "bin"}
    | {"ibn", "ben", "el", "al", "ter", "ten", "zu", "y", "e", "the"}
)
_MAX_WORDS = 8  # of a person's or a group's name
_YEAR = re.compile(r"(?<![\d.:/–-])((?:19|20)\d{2})(?![\d]|[–-]\d|\.\d)")
_URL = re.compile(r"https?://\S+")
_NOTE = re.compile(
    r"\b(?:award|oral|spotlight|poster|best|outstanding|honou?rable|runner|keynote|invited)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Citation:
    """A parsed citation."""

    authors: AuthorList
    identifiers: tuple[str, ...]
    date: PartialDate | None
    note: str


def read_citation(paragraph: str, title: str) -> Citation | None:
    """Parses a paragraph as the citation of a paper with this title, or returns None."""
    if len(paragraph) > _MAX_LENGTH:
        return None
    span = _quoted_title(paragraph, title)
    if span is None:
        return None
    before, rest = paragraph[: span[0]], paragraph[span[1] :]
    authors = read_credits(before)
    if not authors.names or not all(map(_is_name, authors.names)):
        return None
    date = _date(rest) or _date(before)
    return Citation(authors, _identifiers(rest), date, _note(rest))


def read_credits(text: str) -> AuthorList:
    """Parses the part of a citation before its title: the authors, perhaps followed by a year."""
    return parse_author_list(_YEAR_AT_END.sub(" ", text), bare_surnames=True)


def _is_name(text: str) -> bool:
    """Returns whether a text may be a name: few words, none of them lower-case prose."""
    words = text.split()
    return len(words) <= _MAX_WORDS and not any(
        word.isascii() and word.islower() and word.strip(".,'") not in _LOWERCASE_WORDS
        for word in words
    )


def _quoted_title(paragraph: str, title: str) -> tuple[int, int] | None:
    """Returns the span of the quoted title with its quotation marks, or None."""
    opening = next((index for index, char in enumerate(paragraph) if char in '"“„«'), None)
    if opening is None:
        return None
    expected = fold(title)
    end = min(len(paragraph), opening + 2 * len(title) + 20)
    closings = [index for index in range(opening + 1, end) if paragraph[index] in _QUOTES]
    best: tuple[float, int] | None = None
    for index in closings[:_MAX_QUOTES]:
        quoted = fold(paragraph[opening + 1 : index])
        joined = fuzz.ratio(quoted.replace(" ", ""), expected.replace(" ", ""))
        similarity = max(fuzz.ratio(quoted, expected), joined)
        if similarity >= _MIN_SIMILARITY and (best is None or similarity >= best[0]):
            best = (similarity, index)
    return (opening, best[1] + 1) if best else None


def _identifiers(rest: str) -> tuple[str, ...]:
    found = list(identify(rest))
    for url in _URL.findall(rest):
        found += identify(url.rstrip(".,;)"))
    return tuple(dict.fromkeys(found))


def _date(rest: str) -> PartialDate | None:
    """Returns the last year of a citation that isn't part of a range or an id."""
    years = _YEAR.findall(_URL.sub(" ", rest))
    return PartialDate(int(years[-1])) if years else None


def _note(rest: str) -> str:
    """Returns what follows the year if it is a distinction, such as “Oral Presentation”."""
    years = list(_YEAR.finditer(rest))
    tail = rest[years[-1].end() :] if years else rest.rpartition(". ")[2]
    tail = tail.strip(" .,;()[]")
    return tail if is_distinction(tail) else ""


def is_distinction(text: str) -> bool:
    """Returns whether a short text is a distinction: “Oral”, “Best Paper”, “Spotlight”."""
    return bool(_NOTE.search(text)) and len(text) <= 120
