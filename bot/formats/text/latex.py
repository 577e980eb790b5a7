r"""Escapes text as LaTeX for BibTeX fields, and reads it back exactly.

Accents aren't escaped, since current BibTeX programs read UTF-8.
"""

from __future__ import annotations

import re

from bot.formats.text import latex_text, plain_text

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
_SPECIAL = re.compile(
    r"(?P<markup>&(?=#?\w{1,32};)|<(?=[a-zA-Z/!?]))|[&%$#_\\{}~^`\"]|'(?=')|-(?=-)"
)
_MARKS = re.compile(r"[\\{}$~`<&]|''|--")  # of LaTeX and HTML
_AT_LINE_START = re.compile(r"(?<=[\n\r])([^\S\n\r]*)@")


def escape(text: str) -> str:
    """Returns any text as LaTeX that is safe between the braces of a field."""
    return protect_line_starts(_SPECIAL.sub(_escaped, text))


def _escaped(found: re.Match[str]) -> str:
    char = found[0]
    if found["markup"]:
        return "<{}" if char == "<" else "\\&{}"  # or it would be read as HTML
    return _NAMED.get(char, f"\\{char}")


def protect_line_starts(source: str) -> str:
    """Puts braces around every "@" that starts a line after the first.

    Many BibTeX parsers take such a line for the start of an entry, even inside a value.
    """
    return _AT_LINE_START.sub(r"\1{@}", source)


def unescape(source: str) -> str:
    """Returns the plain text of a field's LaTeX, without braces; keeps paragraphs.

    HTML is read, too, since some services put it into BibTeX.
    """
    if not _MARKS.search(source):
        return plain_text.tidy(source)
    return plain_text.from_markup(latex_text.read(source))
