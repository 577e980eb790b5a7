"""LaTeX and HTML → plain text that reads well; the only importer of pylatexenc and selectolax."""

from __future__ import annotations

import html
import re
import unicodedata
from functools import cache

from pylatexenc.latex2text import LatexNodes2Text
from selectolax.lexbor import LexborHTMLParser

# What makes a text worth a LaTeX reader: a command, mathematics, or TeX's own quotation marks.
_LATEX = re.compile(r"\\[a-zA-Z'\"`^~=.{}$&%#_]|\$[^$]+\$|``|''")
_MONEY = re.compile(r"(?<!\\)\$(?=\d[\d,.]*(?:\s?(?:million|billion|k|M|B|bn)\b|\s|[,.;:)]|$))")
_MATHS = re.compile(r"(?<!\\)\$(?!\s)(?:[^$\\]|\\.)+?(?<!\s)\$")
_SCRIPT = re.compile(r"([\^_])(?:\{([^{}]+)\}|(\S))")
_RAISED = str.maketrans("0123456789+-=()ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱ")
_LOWERED = str.maketrans("0123456789+-=()aeoxhklmnpst", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₒₓₕₖₗₘₙₚₛₜ")
_QUOTED = re.compile(r"``((?:(?!'')[^`]){1,500})''")
_LONGEST = 200_000  # characters of LaTeX that are read; more is no abstract
_BLOCKS = frozenset(
    {"address", "article", "aside", "blockquote", "dd", "div", "dl", "dt", "figcaption", "figure"}
    | {"footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav"}
    | {"ol", "p", "pre", "section", "table", "tr", "ul"}
)
_DROPPED = ["script", "style", "head", "template", "noscript", "iframe", "object", "svg"]


def from_latex(text: str) -> str:
    r"""LaTeX as Unicode: ``$\mathcal{O}(T^2)$`` reads O(T²). Text without LaTeX stays as it is."""
    if not _LATEX.search(text) or len(text) > _LONGEST:
        return text
    text = _QUOTED.sub(r"“\1”", text)
    text = re.sub(r"(?<!\\)%", r"\\%", text)  # a bare one would begin a comment
    text = _escape_money(text)
    try:
        read = _reader().latex_to_text(_MATHS.sub(lambda found: _formula(found[0]), text))
    except (ValueError, IndexError, KeyError, RecursionError, AttributeError):
        return text.replace("\\%", "%").replace("\\$", "$")
    return "".join(map(_plain_letter, read))


def from_html(source: str) -> str:
    """The readable text of a piece of HTML; blocks become paragraphs, apart by an empty line."""
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
    """Single spaces within a paragraph, an empty line between two, nothing invisible."""
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
    """The same on one line."""
    return " ".join(tidy(text).split())


@cache
def _reader() -> LatexNodes2Text:
    return LatexNodes2Text(math_mode="text", keep_comments=True)


def _escape_money(text: str) -> str:
    r"""Make ``$5 and $10`` text: a dollar before a number is one, unless it opens a formula."""
    formulas = {found.start() for found in _MATHS.finditer(text)}
    if len(re.findall(r"(?<!\\)\$", text)) % 2 == 0 and not _only_money(text):
        return text
    return _MONEY.sub(lambda found: "$" if found.start() in formulas else r"\$", text)


def _only_money(text: str) -> bool:
    """Whether every dollar in a text stands before a number, as prices do, and closes nothing."""
    dollars = re.findall(r"(?<!\\)\$", text)
    return len(dollars) == len(_MONEY.findall(text))


def _formula(source: str) -> str:
    """A formula with its exponents and indices written in Unicode where it has letters for them."""

    def script(found: re.Match[str]) -> str:
        inner = found[2] or found[3]
        table = _RAISED if found[1] == "^" else _LOWERED
        if all(ord(char) in table for char in inner):
            return inner.translate(table)
        return found[0]

    return _SCRIPT.sub(script, source)


def _plain_letter(char: str) -> str:
    r"""A mathematical letter as a plain one: ``\mathcal{O}`` is an O to who reads and searches."""
    if "MATHEMATICAL" in unicodedata.name(char, "") or char in "ℬℰℱℋℐℒℳℛℯℊℴℂℍℕℙℚℝℤ":
        return unicodedata.normalize("NFKC", char)
    return char
