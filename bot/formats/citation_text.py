"""One citation as a publications page prints it → credits, identifiers, year and note; pure.

The shape is ``Credits. "Title." Where, when. Note``, with any quotation marks, nested or not.
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
_SAME_TITLE = 85  # of 100, by which a quoted title is the entry's own
_MOST_QUOTES = 40  # marks that may close the quoted title
_LONGEST = 3000  # characters; a longer paragraph is no citation
_YEAR_AT_END = re.compile(r"[\s(,.]{0,9}\(?(?:19|20)\d{2}(?:,\s*\w+\.?\s*\d{0,2})?\)?[\s.:,]*$")
_SMALL_WORDS = frozenset(
    {"van", "von", "der", "den", "de", "del", "della", "di", "da", "dos", "du", "la", "le", "bin"}
    | {"ibn", "ben", "el", "al", "ter", "ten", "zu", "y", "e", "the"}
)
_MOST_WORDS = 8  # of a name, or of a group that signs together
_YEAR = re.compile(r"(?<![\d.:/–-])((?:19|20)\d{2})(?![\d]|[–-]\d|\.\d)")
_ADDRESS = re.compile(r"https?://\S+")
_NOTE = re.compile(
    r"\b(?:award|oral|spotlight|poster|best|outstanding|honou?rable|runner|keynote|invited)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Citation:
    """What a citation says: authors as credited and in order, ``complete`` without "et al."."""

    authors: tuple[str, ...]
    complete: bool
    identifiers: tuple[str, ...]
    date: PartialDate | None
    note: str


def read_citation(paragraph: str, title: str) -> Citation | None:
    """The citation that a paragraph is, of the paper with this title; none where it is not one."""
    if len(paragraph) > _LONGEST:
        return None
    span = _quoted_title(paragraph, title)
    if span is None:
        return None
    before, rest = paragraph[: span[0]], paragraph[span[1] :]
    authors = read_credits(before)
    if not authors.names or not all(map(_is_name, authors.names)):
        return None
    date = _date(rest) or _date(before)
    return Citation(authors.names, authors.is_complete, _identifiers(rest), date, _note(rest))


def read_credits(text: str) -> AuthorList:
    """Parses the part of a citation before its title: the authors, perhaps followed by a year."""
    return parse_author_list(_YEAR_AT_END.sub(" ", text), bare_surnames=True)


def _is_name(text: str) -> bool:
    """Whether a credit may be a name: few words, and none of them a sentence's."""
    words = text.split()
    return len(words) <= _MOST_WORDS and not any(
        word.isascii() and word.islower() and word.strip(".,'") not in _SMALL_WORDS
        for word in words
    )


def _quoted_title(paragraph: str, title: str) -> tuple[int, int] | None:
    """Where the quoted title stands, with its quotation marks; none where it does not."""
    opening = next((place for place, char in enumerate(paragraph) if char in '"“„«'), None)
    if opening is None:
        return None
    wanted = fold(title)
    end = min(len(paragraph), opening + 2 * len(title) + 20)
    closings = [place for place in range(opening + 1, end) if paragraph[place] in _QUOTES]
    best: tuple[float, int] | None = None
    for place in closings[:_MOST_QUOTES]:
        quoted = fold(paragraph[opening + 1 : place])
        joined = fuzz.ratio(quoted.replace(" ", ""), wanted.replace(" ", ""))
        similarity = max(fuzz.ratio(quoted, wanted), joined)
        if similarity >= _SAME_TITLE and (best is None or similarity >= best[0]):
            best = (similarity, place)
    return (opening, best[1] + 1) if best else None


def _identifiers(rest: str) -> tuple[str, ...]:
    found = list(identify(rest))
    for address in _ADDRESS.findall(rest):
        found += identify(address.rstrip(".,;)"))
    return tuple(dict.fromkeys(found))


def _date(rest: str) -> PartialDate | None:
    """The year of a citation: the last that stands by itself, not within a range or an id."""
    years = _YEAR.findall(_ADDRESS.sub(" ", rest))
    return PartialDate(int(years[-1])) if years else None


def _note(rest: str) -> str:
    """What stands behind the year, where it is a distinction: “Oral Presentation”."""
    years = list(_YEAR.finditer(rest))
    tail = rest[years[-1].end() :] if years else rest.rpartition(". ")[2]
    tail = tail.strip(" .,;()[]")
    return tail if is_distinction(tail) else ""


def is_distinction(text: str) -> bool:
    """Whether a few words say how a paper was distinguished: “Oral”, “Best Paper”, “Spotlight”."""
    return bool(_NOTE.search(text)) and len(text) <= 120
