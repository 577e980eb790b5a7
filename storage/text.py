"""Folds text to plain words, so that search ignores case, accents and punctuation; pure."""

from __future__ import annotations

import re
import unicodedata

# Letters that Unicode doesn't decompose; people type them without their stroke.
_LETTERS = str.maketrans(
    {"ł": "l", "đ": "d", "ø": "o", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th", "ı": "i", "ħ": "h"}
)
_LATEX_COMMAND = re.compile(r"\\(?:[a-zA-Z]+\*?|.)")
_SCRIPTS = re.compile(r"[\^{}$]|_(?=\{|\w\b)")
_APOSTROPHES = re.compile(r"(?<=\w)['’‘ʼ`´](?=\w)")
_COMPOUND = re.compile(r"(?<!\w)\w++(?:[-‐‑–]\w++)+")
_MARKS = "\\^{}$_'’‘ʼ`´"  # text without any of these doesn't match the patterns above
_HYPHENS = "-‐‑–"
_CJK = re.compile(r"([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff])")
_WORD = re.compile(r"\w+")
_ASCII_WORD = re.compile(r"[a-z0-9]+")


def fold(text: str) -> str:
    """Returns the lower-case words of a text, separated by single spaces.

    Accents, LaTeX, punctuation and typographic variants are dropped. Each Chinese, Japanese or
    Korean character becomes a word.
    """
    if any(mark in text for mark in _MARKS):
        text = _APOSTROPHES.sub("", _SCRIPTS.sub("", _LATEX_COMMAND.sub("", text)))
    if text.isascii():  # most text; skips the slow part
        return " ".join(_ASCII_WORD.findall(text.lower()))
    text = unicodedata.normalize("NFKD", text).casefold()
    text = "".join(ch for ch in text if not unicodedata.combining(ch)).translate(_LETTERS)
    text = unicodedata.normalize("NFC", text).replace("_", " ")
    return " ".join(_WORD.findall(_CJK.sub(r" \1 ", text)))


def without_invisible(text: str) -> str:
    """Returns text without control characters and others that can't be seen.

    White space stays; what's neither a line break nor a tab becomes a space if it's a control
    character.
    """
    if text.isprintable():
        return text
    return "".join(map(_visible, text))


def _visible(char: str) -> str:
    if char in "\n\t\r" or unicodedata.category(char) not in {"Cc", "Cf", "Cs"}:
        return char
    return " " if char.isspace() else ""


def index_text(text: str) -> str:
    """Folds text for the index and adds compounds as one word (“fine-tuning” → “finetuning”)."""
    if not any(hyphen in text for hyphen in _HYPHENS):
        return fold(text)
    joined = {fold(re.sub(f"[{_HYPHENS}]", "", word)) for word in _COMPOUND.findall(text)}
    return " ".join([fold(text), *sorted(joined)])
