"""One citation as a publications page prints it → credits, identifiers, year and note; pure.

The shape is ``Credits. "Title." Where, when. Note``, with any quotation marks, nested or not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from rapidfuzz import fuzz

from storage.fulltext import fold
from storage.identifiers import identify
from storage.records import PartialDate

_QUOTES = "\"“”„«»'‘’"
_SAME_TITLE = 85  # of 100, by which a quoted title is the entry's own
_LONGEST = 3000  # characters; a longer paragraph is no citation
_ET_AL = re.compile(r"[,\s]*\bet\.?\s+al\b\.?", re.IGNORECASE)
_INCLUDED = re.compile(r"\(\s*incl(?:\.|uding)?:?\s+([^()]*)\)", re.IGNORECASE)
_INITIALS = re.compile(r"(?:\w\.[\s-]?)+", re.UNICODE)
_ENDS_IN_INITIAL = re.compile(r"(?<!\w)\w\.$")
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
    authors, complete = read_credits(paragraph[: span[0]])
    if not authors:
        return None
    rest = paragraph[span[1] :]
    return Citation(authors, complete, _identifiers(rest), _date(rest), _note(rest))


def read_credits(text: str) -> tuple[tuple[str, ...], bool]:
    """Names in order, and whether they are all: “A, B, and C”, “A, et al. (incl. B, C)”."""
    included = [name for group in _INCLUDED.findall(text) for name in _names(group)]
    text = _INCLUDED.sub(" ", text)
    complete = not included and not _ET_AL.search(text)
    names = _names(_ET_AL.sub(" ", text))
    return tuple(dict.fromkeys([*names, *included])), complete


def _names(text: str) -> list[str]:
    """Split a list of names; “Family, I.” pairs stay together."""
    text = text.strip().strip(_QUOTES).strip()
    text = text if _ENDS_IN_INITIAL.search(text) else text.rstrip(". ")
    names: list[str] = []
    for part in re.split(r"\s*[,;]\s*|\s+(?:and|&)\s+", text):
        name = " ".join(re.sub(r"^(?:and|&)\s+", "", part).split())
        if names and _INITIALS.fullmatch(name) and "," not in names[-1]:
            names[-1] = f"{names[-1]}, {name}"
        elif any(char.isalpha() for char in name):
            names.append(name)
    return names


def _quoted_title(paragraph: str, title: str) -> tuple[int, int] | None:
    """Where the quoted title stands, with its quotation marks; none where it does not."""
    opening = next((place for place, char in enumerate(paragraph) if char in '"“„«'), None)
    if opening is None:
        return None
    best: tuple[float, int] | None = None
    for place in range(opening + 1, len(paragraph)):
        if paragraph[place] not in _QUOTES:
            continue
        likeness = fuzz.ratio(fold(paragraph[opening + 1 : place]), fold(title))
        joined = fuzz.ratio(
            fold(paragraph[opening + 1 : place]).replace(" ", ""), fold(title).replace(" ", "")
        )
        likeness = max(likeness, joined)
        if likeness >= _SAME_TITLE and (best is None or likeness >= best[0]):
            best = (likeness, place)
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
