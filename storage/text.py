"""Text folded to the words that both the index and a query see; pure."""

from __future__ import annotations

import re
import unicodedata

# Letters that have no decomposition, and are written without their stroke where people type.
_LETTERS = str.maketrans(
    {"ł": "l", "đ": "d", "ø": "o", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th", "ı": "i", "ħ": "h"}
)
_LATEX_COMMAND = re.compile(r"\\(?:[a-zA-Z]+\*?|.)")
_SCRIPTS = re.compile(r"[\^{}$]|_(?=\{|\w\b)")
_APOSTROPHES = re.compile(r"(?<=\w)['’‘ʼ`´](?=\w)")
_COMPOUND = re.compile(r"(?<!\w)\w++(?:[-‐‑–]\w++)++")
_MARKS = "\\^{}$_'’‘ʼ`´"  # one of which the patterns above need
_HYPHENS = "-‐‑–"
_CJK = re.compile(r"([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff])")
_WORD = re.compile(r"\w+")
_ASCII_WORD = re.compile(r"[a-z0-9]+")


def fold(text: str) -> str:
    """Reduce text to lower-case words apart by single spaces, as both index and query see it.

    Accents, case, LaTeX, hyphens, quotes and typographic variants make no difference. Chinese,
    Japanese and Korean characters become words of their own.
    """
    if any(mark in text for mark in _MARKS):
        text = _APOSTROPHES.sub("", _SCRIPTS.sub("", _LATEX_COMMAND.sub("", text)))
    if text.isascii():  # most text by far, which needs nothing of the rest
        return " ".join(_ASCII_WORD.findall(text.lower()))
    text = unicodedata.normalize("NFKD", text).casefold()
    text = "".join(ch for ch in text if not unicodedata.combining(ch)).translate(_LETTERS)
    text = unicodedata.normalize("NFC", text).replace("_", " ")
    return " ".join(_WORD.findall(_CJK.sub(r" \1 ", text)))


def index_text(text: str) -> str:
    """Fold text for the index; compounds are found written together as well (“fine-tuning”)."""
    if not any(hyphen in text for hyphen in _HYPHENS):
        return fold(text)
    joined = {fold(re.sub(f"[{_HYPHENS}]", "", word)) for word in _COMPOUND.findall(text)}
    return " ".join([fold(text), *sorted(joined)])
