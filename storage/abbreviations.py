"""Finds the abbreviations that a text explains, such as “large language models (LLMs)”; pure.

The algorithm is that of Schwartz and Hearst (2003), “A Simple Algorithm for Identifying
Abbreviation Definitions in Biomedical Text”, https://pubmed.ncbi.nlm.nih.gov/12603049/.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from storage.stems import stem_phrase
from storage.text import fold

_PARENTHESES = re.compile(r"\(([^()]{2,100})\)")
_SHORT = re.compile(r"[A-Za-z0-9][\w.&/-]{1,9}")
_SENTENCE_END = re.compile(r"[.;:!?]\s")
_MAX_WORDS = 10  # of a long form
_MAX_LETTERS = 100  # before a parenthesis, in which its long form is


@dataclass(frozen=True, slots=True)
class Abbreviation:
    """A folded short form, which is one word, with a folded long form.

    ``stems`` are those of the long form's words, and the same for all forms of the words.
    """

    short: str
    long: str
    stems: str


def find_abbreviations(text: str) -> tuple[Abbreviation, ...]:
    """Returns the different abbreviations that a text explains.

    Of several forms of a long form, such as a plural, it returns only the first.
    """
    if "(" not in text:
        return ()
    found: dict[tuple[str, str], Abbreviation] = {}
    for short, long in _definitions(text):
        if (one := _fold(short, long)) is not None:
            found.setdefault((one.short, one.stems), one)
    return tuple(found.values())


def _definitions(text: str) -> Iterator[tuple[str, str]]:
    """Yields short and long forms as written: “long (short)” and “short (long)”."""
    for match in _PARENTHESES.finditer(text):
        inside = re.split(r"[;,]", match[1])[0].strip()
        before = text[max(match.start() - _MAX_LETTERS, 0) : match.start()]
        before = _SENTENCE_END.split(before)[-1].rstrip()
        last = before.rpartition(" ")[2]
        short, text_with_long = (inside, before) if _is_short_form(inside) else (last, inside)
        if _is_short_form(short) and (long := _find_long_form(short, text_with_long)):
            yield short, long


def _is_short_form(text: str) -> bool:
    """Returns whether a text looks like an abbreviation: one word with two capital letters."""
    return _SHORT.fullmatch(text) is not None and sum(ch.isupper() for ch in text) >= 2


def _find_long_form(short: str, text: str) -> str | None:
    """Returns the shortest end of a text that has all letters of a short form in their order.

    The first letter must begin a word.
    """
    letters = [ch for ch in _singular(short).lower() if ch.isalnum()]
    words = text.split()[-min(len(letters) + 5, 2 * len(letters), _MAX_WORDS) :]
    text = " ".join(words)
    at = len(text)
    for index in range(len(letters) - 1, -1, -1):
        at -= 1
        while at >= 0 and (
            text[at].lower() != letters[index] or (index == 0 and at > 0 and text[at - 1].isalnum())
        ):
            at -= 1
        if at < 0:
            return None
    return text[at:]


def _fold(short: str, long: str) -> Abbreviation | None:
    """Returns an abbreviation without the plural, or None if it can't be one."""
    folded_short, folded_long = fold(_singular(short)), fold(long)
    if _singular(short) != short:
        folded_long = folded_long.removesuffix("s")
    is_usable = (
        " " not in folded_short
        and len(folded_short) >= 2
        and len(folded_long) > len(folded_short) + 1
        and folded_short not in folded_long.split()
    )
    return Abbreviation(folded_short, folded_long, stem_phrase(folded_long)) if is_usable else None


def _singular(short: str) -> str:
    return short[:-1] if short.endswith("s") and short[:-1].isupper() else short
