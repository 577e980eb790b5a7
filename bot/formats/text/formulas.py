"""Writes the parts of a formula as plain text: x₁, 10⁻³, (a+b)/c; pure."""

from __future__ import annotations

import re
import unicodedata

_SUPERSCRIPTS = str.maketrans("0123456789+-−=()ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿⁱ")
_SUBSCRIPTS = str.maketrans(
    "0123456789+-−=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ"
)
_ORDINALS = frozenset({"st", "nd", "rd", "th"})


def superscript(text: str) -> str:
    """Returns a raised text: ``2`` as ², ``∘`` as °, ``th`` as it is, and ``a+b`` as ^(a+b)."""
    text = text.strip()
    if text == "∘":
        return "°"
    if text.lower() in _ORDINALS or (len(text) == 1 and not text.isalnum() and text not in "+-−=("):
        return text
    return _script(text, "^", _SUPERSCRIPTS)


def subscript(text: str) -> str:
    """Returns a lowered text: ``2`` as ₂, ``B`` as _B, and ``i,j`` as _(i,j)."""
    return _script(text.strip(), "_", _SUBSCRIPTS)


def fraction(above: str, below: str) -> str:
    """Returns a fraction on one line: a/b, (a+b)/c."""
    return f"{_in_parentheses(above)}/{_in_parentheses(below)}"


def root(text: str, degree: str = "") -> str:
    """Returns a root on one line: √2, √(a+b), ³√x."""
    return f"{superscript(degree)}√{_in_parentheses(text)}"


def accented(text: str, mark: str) -> str:
    """Returns a text whose first character has a combining mark."""
    base = {"ı": "i", "ȷ": "j"}.get(text[0], text[0])
    return unicodedata.normalize("NFC", base + mark) + text[1:]


def _script(text: str, sign: str, table: dict[int, int]) -> str:
    if all(ord(char) in table for char in text):
        return text.translate(table)
    return sign + _in_parentheses(text)


def _in_parentheses(text: str) -> str:
    """Returns a term in parentheses, unless it is a single word, number or sign."""
    text = text.strip()
    return text if len(text) <= 1 or re.fullmatch(r"[^\W_]+|\d+\.\d+", text) else f"({text})"
