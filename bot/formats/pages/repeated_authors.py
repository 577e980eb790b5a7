"""Writes out the dashes that stand for the authors of the reference above (MLA, Chicago); pure."""

from __future__ import annotations

import re

from bot.formats.pages.credits import read_credits

_MARK = r"(?P<mark>\s{0,20}(?:[*+•-]\s{1,4}|\d{1,4}[.)]\s{1,4}|\[\d{1,4}\]\s{1,4})?)"
_DASHES = re.compile(rf"{_MARK}(?:-{{3}}|–{{3}}|—{{3}}|_{{3,10}}|⸺|⸻)[.,]\s{{1,4}}(?=\S)")
_AUTHORS = re.compile(
    rf"{_MARK}(?P<authors>[^\"“”(\d]{{3,400}}?)[.,]?\s{{1,4}}(?=[\"“]|\(?(?:19|20)\d\d\b)"
)


def repeat_authors(text: str) -> str:
    """Returns a text in which no reference begins with “---.”; it keeps its lines."""
    if not any(map(_DASHES.match, text.split("\n"))):
        return text
    lines = []
    authors = ""
    for line in text.split("\n"):
        dashes = _DASHES.match(line)
        if dashes and authors:
            lines.append(f"{dashes['mark']}{authors}. {line[dashes.end() :]}")
            continue
        found = _AUTHORS.match(line)
        if found and read_credits(found["authors"]):
            authors = found["authors"].strip(" .,")
        lines.append(line)
    return "\n".join(lines)
