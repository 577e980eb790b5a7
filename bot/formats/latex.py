r"""Text ↔ BibTeX's LaTeX; what `escape` writes, `plain` reads back exactly.

Accents are written as they are: every BibTeX of this century reads UTF-8.
"""

from __future__ import annotations

import re

from bot.formats import plain_text

_NAMED = {
    "\\": r"\textbackslash{}",
    "{": r"\textbraceleft{}",
    "}": r"\textbraceright{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "`": r"\textasciigrave{}",
    "'": "'{}",
    "-": "-{}",
    '"': r"\textquotedbl{}",
}
_SPECIAL = re.compile(r"[&%$#_\\{}~^`\"]|'(?=')|-(?=-)")
_SIMPLE = re.compile(r"\\(?P<sign>[&%$#_])|(?P<named>\\text\w+)(?:\{\}|\s+|(?![a-zA-Z]))|[{}]")
_MEANINGS = {written.removesuffix("{}"): char for char, written in _NAMED.items()}
_AT_LINE_START = re.compile(r"(?<=[\n\r])([^\S\n\r]*)@")
_ADDRESS = re.compile(r"\\(?:url|href)\s*\{([^{}]*)\}(?:\{([^{}]*)\})?")


def escape(text: str) -> str:
    """Text as it can stand between the braces of a field, whatever it holds."""
    escaped = _SPECIAL.sub(lambda found: _NAMED.get(found[0], f"\\{found[0]}"), text)
    return protect_line_starts(escaped)


def protect_line_starts(source: str) -> str:
    """Put every "@" that begins a line after the first in braces.

    Readers of BibTeX take such a line for the start of an entry, even inside a value.
    """
    return _AT_LINE_START.sub(r"\1{@}", source)


def plain(source: str) -> str:
    """The text that a field's LaTeX says, braces gone; paragraphs stay apart."""
    text = _ADDRESS.sub(lambda found: found[2] or found[1], source)
    rest = _SIMPLE.sub(_nothing, text)
    if not re.search(r"[\\$~]|``|''|--", rest):
        return plain_text.tidy(_SIMPLE.sub(_meaning, text))
    text = text.replace(r"\textbraceleft{}", r"\{").replace(r"\textbraceright{}", r"\}")
    text = re.sub(r"(?<!\\)~", " ", text)
    # Pairs of dashes and quotation marks are read where no LaTeX reader would be asked.
    text = text.replace("---", "—").replace("--", "–")
    return plain_text.tidy(_unbraced(plain_text.from_latex(text)))


def _nothing(found: re.Match[str]) -> str:
    return "\0" if found["named"] is None or found["named"] in _MEANINGS else "\\"


def _meaning(found: re.Match[str]) -> str:
    return found["sign"] or _MEANINGS.get(found["named"] or "", "")


def _unbraced(text: str) -> str:
    return text if "\\" in text else text.replace("{", "").replace("}", "")
