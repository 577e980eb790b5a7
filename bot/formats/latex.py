r"""Escapes text as LaTeX for BibTeX fields, and reads it back exactly.

Accents aren't escaped, since current BibTeX programs read UTF-8.
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
_URL = re.compile(r"\\(?:url|href)\s*\{([^{}]*)\}(?:\{([^{}]*)\})?")


def escape(text: str) -> str:
    """Returns any text as LaTeX that is safe between the braces of a field."""
    escaped = _SPECIAL.sub(lambda found: _NAMED.get(found[0], f"\\{found[0]}"), text)
    return protect_line_starts(escaped)


def protect_line_starts(source: str) -> str:
    """Puts braces around every "@" that starts a line after the first.

    Many BibTeX parsers take such a line for the start of an entry, even inside a value.
    """
    return _AT_LINE_START.sub(r"\1{@}", source)


def unescape(source: str) -> str:
    """Returns the plain text of a field's LaTeX, without braces; keeps paragraphs."""
    text = _URL.sub(lambda found: found[2] or found[1], source)
    rest = _SIMPLE.sub(_check_meaning, text)
    if not re.search(r"[\\$~]|``|''|--", rest):
        return plain_text.tidy(_SIMPLE.sub(_meaning, text))
    text = text.replace(r"\textbraceleft{}", r"\{").replace(r"\textbraceright{}", r"\}")
    text = re.sub(r"(?<!\\)~", " ", text)
    # `from_latex` leaves text without other LaTeX alone, so dashes are handled here.
    text = text.replace("---", "—").replace("--", "–")
    return plain_text.tidy(_unbraced(plain_text.from_latex(text)))


def _check_meaning(found: re.Match[str]) -> str:
    return "\0" if found["named"] is None or found["named"] in _MEANINGS else "\\"


def _meaning(found: re.Match[str]) -> str:
    return found["sign"] or _MEANINGS.get(found["named"] or "", "")


def _unbraced(text: str) -> str:
    return text if "\\" in text else text.replace("{", "").replace("}", "")
