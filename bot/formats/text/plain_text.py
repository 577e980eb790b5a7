"""Makes readable plain text of what titles and abstracts are written in; pure.

A text is plain unless it is declared to be HTML or its content says so, and may have LaTeX in it.
"""

from __future__ import annotations

import re

from bot.formats.text import html_text, latex_text
from storage.text import without_invisible

# A command, a quotation mark, or a script in braces.
_LATEX = re.compile(
    r"\\(?:[a-zA-Z]|[-'\"`^~=.{}$&%#_,;:!(\[])|(?<=\S)\\ |``|(?<=[a-zA-Z.,!?)]{2})''|[_^]\{"
)
_MONEY = re.compile(r"(?<!\\)\$(?=\d[\d,.]*(?:\s?(?:million|billion|k|M|B|bn)\b|\s|[,.;:)]|$))")
_FORMULA = re.compile(r"(?<!\\)\$(?!\s)(?:[^$\\]|\\.)+?(?<!\s)\$")
_MAX_LATEX = 200_000  # characters; longer text is left as it is


def read_line(source: str, *, is_html: bool = False) -> str:
    """Returns a title or a name on one line."""
    return line(read_text(source, is_html=is_html))


def read_text(source: str, *, is_html: bool = False) -> str:
    """Returns a text with LaTeX, HTML and entities as characters, and its paragraphs."""
    return tidy(from_latex(from_html(source) if is_html else from_markup(source)))


def from_html(source: str) -> str:
    """Returns the tidy text of what is declared to be HTML."""
    return tidy(html_text.from_html(source))


def from_markup(source: str) -> str:
    """Returns the tidy text of what is HTML or plain text, which its content decides."""
    return tidy(html_text.from_markup(source))


def from_latex(text: str) -> str:
    r"""Returns LaTeX as Unicode, ``$\mathcal{O}(T^2)$`` as O(T²), and other text as it is."""
    if len(text) > _MAX_LATEX or not (_LATEX.search(text) or _has_formula(text)):
        return text
    return latex_text.read(_escape_money(text)).replace(latex_text.EMPTY_GROUP, "")


def tidy(text: str) -> str:
    """Returns text with single spaces, one empty line between paragraphs, and nothing invisible."""
    text = without_invisible(text)
    if "\n" not in text:
        return " ".join(text.split())
    paragraphs = (" ".join(part.split()) for part in re.split(r"\n\s*\n", text))
    return "\n\n".join(part for part in paragraphs if part)


def line(text: str) -> str:
    """Returns tidy text on one line."""
    return " ".join(tidy(text).split())


def _escape_money(text: str) -> str:
    r"""Escapes dollar signs before amounts, as in ``$5 and $10``, unless they open a formula."""
    formulas = {found.start() for found in _FORMULA.finditer(text)}
    if len(re.findall(r"(?<!\\)\$", text)) % 2 == 0 and not _is_only_money(text):
        return text
    return _MONEY.sub(lambda found: "$" if found.start() in formulas else r"\$", text)


def _has_formula(text: str) -> bool:
    return "$" in text and bool(_FORMULA.search(text)) and not _is_only_money(text)


def _is_only_money(text: str) -> bool:
    """Returns whether every dollar sign in a text is part of an amount."""
    dollars = re.findall(r"(?<!\\)\$", text)
    return len(dollars) == len(_MONEY.findall(text))
