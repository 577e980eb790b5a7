"""Tells titles of papers from references, which can't be titles; pure."""

from __future__ import annotations

import re

from storage.text import fold

_PREFIX = re.compile(
    r"(?:(?:oai|info|urn|arxiv\.org|arxiv|doi|isbn|url|pdf|link)[:/])+", re.IGNORECASE
)
_REFERENCE = re.compile(
    r"https?://\S+|www\.\S+"
    r"|(?:[\w-]+\.)+[^\W\d_]{2,}(?::\d+)?/\S*|(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?/\S*"  # a URL's rest
    r"|10\.\d{4,9}/\S+"
    r"|\d{4}\.\d{4,5}(?:v\d+)?|[a-z]+(?:-[a-z]+)?(?:\.[a-z-]{2,9})?/\d{7}(?:v\d+)?"
    r"|(?:97[89])?\d{9}[\dx]",
    re.IGNORECASE,
)
_LABELS = frozenset({"arxiv", "doi", "isbn", "url", "link", "pdf"})
_AROUND = "()[]<>{},;.:!?'\"“”‘’`*_|"
_ISBN_LENGTHS = {10, 13}
_PLACEHOLDERS = frozenset(
    {"title", "untitled", "no title", "title not available", "no title available", "unknown"}
    | {"unknown title", "none", "null", "nan", "na", "n a", "tba", "tbd", "undefined"}
)
# A line of a file of reference managers: “AU  - Roe, Jane”.
_TAGGED = re.compile(
    r"(?:A[BDU1-4]|D[AOIP]|E[DPR]|FAU|I[DS]|J[AFOT]|KW|L[1-4A]|N[12]|P[BMTY]|PMID|S[NOP]|T[1-3IY]"
    r"|UR|V[LO]|Y[12]) {0,2}- "
)


def is_plausible_title(text: str) -> bool:
    """Returns whether a text may be a title, and no reference or placeholder."""
    return (
        sum(map(str.isalpha, text)) > 1
        and fold(text) not in _PLACEHOLDERS
        and not _TAGGED.match(text)
        and not is_bare_reference(text)
    )


def is_bare_reference(text: str) -> bool:
    """Returns whether a text is only a URL, an arXiv id, a DOI or an ISBN, or several of them.

    It needn't be valid: ``arXiv:2399.99999`` is no title either.
    """
    words = [word for word in (one.strip(_AROUND) for one in text.split()) if word]
    words = [word for word in words if word.lower() not in _LABELS]
    if words and all(word.replace("-", "").isdigit() for word in words):
        digits = "".join(words).replace("-", "")
        return len(digits) in _ISBN_LENGTHS
    return bool(words) and all(map(_is_reference, words))


def _is_reference(word: str) -> bool:
    rest = _PREFIX.sub("", word, count=1) if _PREFIX.match(word) else word
    return any(_REFERENCE.fullmatch(one) for one in (word, rest, rest.replace("-", "")))
