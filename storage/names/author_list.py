"""Parses lists of authors: names in order, and whether the list is complete; pure.

`storage.names.parser` parses each name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_QUOTES = "\"“”„«»'‘’"
_ET_AL = re.compile(r"(?:[,;\s]|\band\b){0,9}\b(?:et\.?\s+al\b|and\s+others\b)\.?", re.IGNORECASE)
_ET_AL_AT_END = re.compile(f"{_ET_AL.pattern}$", re.IGNORECASE)
_LABEL = re.compile(r"^\s*(?:\[\w+\]|by\b|authors?:)\s*", re.IGNORECASE)
_FOOTNOTE_SIGN = re.compile(r"[*†‡§¶]")
# A footnote's number follows the last word of a name of several words; handles end in digits, too.
_FOOTNOTE_NUMBER = re.compile(
    r"(?<=\s)([^\W\d_](?:[^\W\d_]|[.'’-]){0,60})\d{1,2}(?=\s*[,;(]|\s+and\b|\s*$)"
)
_INCLUDED = re.compile(r"\(\s*incl(?:\.|uding)?:?\s([^()]*)\)", re.IGNORECASE)
_AFFILIATION = re.compile(r"\((?:[^()]|\([^()]*\))*\)")
_SUFFIX = re.compile(r"(?:jr|sr|ii|iii|iv)\.?", re.IGNORECASE)
_INITIALS = re.compile(r"(?:\w\.[\s-]?)+")
_BARE_INITIALS = re.compile(r"(?:\w\.?[\s-]?){1,4}")
_ENDS_IN_INITIAL = re.compile(r"(?<!\w)\w\.$")
_SEPARATOR = re.compile(r"[;\n|]")  # leaves the commas inside names alone
_AND = re.compile(r"(?<!\s)\s+(?:and|&)\s+")  # from any other space, a long gap would be read again
_LEADING_AND = re.compile(r"^(?:and|&)\s+")
_INVERTED = re.compile(r"[^,\s]+,[^,]+")


@dataclass(frozen=True, slots=True)
class AuthorList:
    """Authors as credited, in order; ``is_complete`` is false if the list ends in "et al."."""

    names: tuple[str, ...] = ()
    is_complete: bool = True

    def with_given_first(self) -> AuthorList:
        """Returns the list with “Lovelace, Ada” written as “Ada Lovelace”."""
        return AuthorList(tuple(dict.fromkeys(map(given_first, self.names))), self.is_complete)


def parse_author_list(text: str, *, bare_surnames: bool = False) -> AuthorList:
    """Parses names that are joined in one text: “A, B and C”, “Kaur, M., Shukla, A.”, “A; B”.

    Drops affiliations in parentheses and footnote marks. “A et al. (incl. B, C)” lists all three,
    and is incomplete. With ``bare_surnames``, “Li, Zhang” are two people instead of one.
    """
    included = [
        name for group in _INCLUDED.findall(text) for name in _split(group, bare_surnames=True)
    ]
    text = _AFFILIATION.sub(" ", _INCLUDED.sub(" ", text))
    text = _LABEL.sub("", _without_footnotes(text))
    is_complete = not included and not _ET_AL.search(text)
    names = _split(_ET_AL.sub(" ", text), bare_surnames=bare_surnames)
    return AuthorList(tuple(dict.fromkeys([*names, *included])), is_complete)


def parse_author_names(texts: Iterable[str]) -> AuthorList:
    """Parses texts of one name each, any of which may end in "et al."."""
    names: list[str] = []
    is_complete = True
    for text in texts:
        name = " ".join(text.split()).strip(",;")
        shortened = _ET_AL_AT_END.sub("", name).rstrip(" ,;")
        is_complete = is_complete and shortened == name
        if shortened:
            names.append(shortened)
    return AuthorList(tuple(names), is_complete)


def given_first(name: str) -> str:
    """Returns “Lovelace, Ada” as “Ada Lovelace”, and any other name as it is."""
    parts = [part.strip() for part in name.split(",")]
    if len(parts) != 2 or not all(parts) or _SUFFIX.fullmatch(parts[1]):
        return name.strip()
    return f"{parts[1]} {parts[0]}"


def _without_footnotes(text: str) -> str:
    text = _FOOTNOTE_SIGN.sub("", text).strip()
    return _FOOTNOTE_NUMBER.sub(lambda word: word[1] if word[1][0].isupper() else word[0], text)


def _split(text: str, *, bare_surnames: bool) -> list[str]:
    text = text.strip().strip(_QUOTES).strip()
    text = text if _ENDS_IN_INITIAL.search(text) else text.rstrip(". ")
    parts = [part for part in _SEPARATOR.split(text) if part.strip()]
    if len(parts) > 1:
        return _cleaned(name for part in parts for name in _AND.split(part))
    text = "".join(parts).strip()
    parts = _AND.split(text)
    if len(parts) > 1 and all(part.count(",") == 1 for part in parts):
        return _cleaned(parts)
    if not bare_surnames and _INVERTED.fullmatch(text):
        return [text]
    return _split_at_commas(text)


def _split_at_commas(text: str) -> list[str]:
    """Splits names at commas, except between a family name and its initials or suffix."""
    groups = [_cleaned(part.split(",")) for part in _AND.split(text)]
    if all(map(_are_pairs, groups)):
        return [
            f"{family}, {given}"
            for group in groups
            for family, given in zip(group[::2], group[1::2], strict=True)
        ]
    names: list[str] = []
    for part in (part for group in groups for part in group):
        is_given = bool(names) and "," not in names[-1] and _INITIALS.fullmatch(part) is not None
        if is_given or (names and _SUFFIX.fullmatch(part)):
            names[-1] = f"{names[-1]}, {part}"
        else:
            names.append(part)
    return names


def _cleaned(names: Iterable[str]) -> list[str]:
    joined = (_LEADING_AND.sub("", " ".join(name.split())) for name in names)
    return [name for name in joined if any(char.isalpha() for char in name)]


def _are_pairs(parts: list[str]) -> bool:
    """Returns whether the parts are family names and initials in turn."""
    return len(parts) % 2 == 0 and all(
        _BARE_INITIALS.fullmatch(part) and part.upper() == part for part in parts[1::2]
    )
