"""Converts LaTeX and HTML to readable plain text; the only importer of pylatexenc."""

from __future__ import annotations

import html
import re
import unicodedata
from functools import cache

from pylatexenc.latex2text import LatexNodes2Text
from selectolax.lexbor import LexborHTMLParser

# Signs of LaTeX: a command, mathematics, or TeX's quotation marks.
_LATEX = re.compile(r"\\[a-zA-Z'\"`^~=.{}$&%#_]|\$[^$]+\$|``|''")
_MONEY = re.compile(r"(?<!\\)\$(?=\d[\d,.]*(?:\s?(?:million|billion|k|M|B|bn)\b|\s|[,.;:)]|$))")
_MATHS = re.compile(r"(?<!\\)\$(?!\s)(?:[^$\\]|\\.)+?(?<!\s)\$")
_SCRIPT = re.compile(r"([\^_])(?:\{([^{}]+)\}|(\S))")
_SUPERSCRIPTS = str.maketrans("0123456789+-=()ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱ")
_SUBSCRIPTS = str.maketrans("0123456789+-=()aeoxhklmnpst", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₒₓₕₖₗₘₙₚₛₜ")
_QUOTED = re.compile(r"``((?:(?!'')[^`]){1,500})''")
_MAX_LATEX = 200_000  # characters; longer text is left as it is
_BLOCKS = frozenset(
    {"address", "article", "aside", "blockquote", "dd", "div", "dl", "dt", "figcaption", "figure"}
    | {"footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav"}
    | {"ol", "p", "pre", "section", "table", "tr", "ul"}
)
_DROPPED = ["script", "style", "head", "template", "noscript", "iframe", "object", "svg"]


def from_latex(text: str) -> str:
    r"""Returns LaTeX as Unicode, ``$\mathcal{O}(T^2)$`` as O(T²), and other text as it is."""
    if not _LATEX.search(text) or len(text) > _MAX_LATEX:
        return text
    text = _QUOTED.sub(r"“\1”", text)
    text = re.sub(r"(?<!\\)%", r"\\%", text)  # a bare one would start a comment
    text = _escape_money(text)
    try:
        read = _reader().latex_to_text(_MATHS.sub(lambda found: _formula(found[0]), text))
    except (ValueError, IndexError, KeyError, RecursionError, AttributeError):
        return text.replace("\\%", "%").replace("\\$", "$")
    return "".join(map(_plain_letter, read))


def from_html(source: str) -> str:
    """Returns the readable text of HTML, with an empty line between block elements."""
    if "<" not in source:
        return tidy(html.unescape(source))
    tree = LexborHTMLParser(f"<body>{source}</body>")
    tree.strip_tags(_DROPPED)
    if tree.body is None:
        return ""
    pieces: list[str] = []
    for node in tree.body.traverse(include_text=True):
        if node.tag in _BLOCKS or (node.prev is not None and node.prev.tag in _BLOCKS):
            pieces.append("\n\n")
        if node.tag == "-text":
            pieces.append(re.sub(r"\s+", " ", node.text_content or ""))
        elif node.tag == "br":
            pieces.append("\n")
    return tidy("".join(pieces))


def tidy(text: str) -> str:
    """Returns text with single spaces, one empty line between paragraphs, and nothing invisible."""
    if not text.replace("\n", " ").isprintable():
        text = "".join(
            char
            for char in text
            if char in "\n\t\r" or unicodedata.category(char) not in {"Cc", "Cf", "Cs"}
        )
    if "\n" not in text:
        return " ".join(text.split())
    paragraphs = (" ".join(part.split()) for part in re.split(r"\n\s*\n", text))
    return "\n\n".join(part for part in paragraphs if part)


def line(text: str) -> str:
    """Returns tidy text on one line."""
    return " ".join(tidy(text).split())


@cache
def _reader() -> LatexNodes2Text:
    return LatexNodes2Text(math_mode="text", keep_comments=True)


def _escape_money(text: str) -> str:
    r"""Escapes dollar signs before amounts, as in ``$5 and $10``, unless they open a formula."""
    formulas = {found.start() for found in _MATHS.finditer(text)}
    if len(re.findall(r"(?<!\\)\$", text)) % 2 == 0 and not _is_only_money(text):
        return text
    return _MONEY.sub(lambda found: "$" if found.start() in formulas else r"\$", text)


def _is_only_money(text: str) -> bool:
    """Returns whether every dollar sign in a text is part of an amount."""
    dollars = re.findall(r"(?<!\\)\$", text)
    return len(dollars) == len(_MONEY.findall(text))


def _formula(source: str) -> str:
    """Returns a formula with superscripts and subscripts in Unicode if there are characters."""

    def script(found: re.Match[str]) -> str:
        inner = found[2] or found[3]
        table = _SUPERSCRIPTS if found[1] == "^" else _SUBSCRIPTS
        if all(ord(char) in table for char in inner):
            return inner.translate(table)
        return found[0]

    return _SCRIPT.sub(script, source)


def _plain_letter(char: str) -> str:
    r"""Returns a mathematical letter as a plain one, so that ``\mathcal{O}`` is found as O."""
    if "MATHEMATICAL" in unicodedata.name(char, "") or char in "ℬℰℱℋℐℒℳℛℯℊℴℂℍℕℙℚℝℤ":
        return unicodedata.normalize("NFKC", char)
    return char
