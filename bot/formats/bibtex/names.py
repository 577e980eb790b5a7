"""Reads the names in BibTeX's author fields, as BibTeX, biblatex and people write them; pure.

Braces and LaTeX are handled here; the project's one reader of names does the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.formats.text import latex
from storage.names.affixes import is_collective, split_author_id
from storage.names.author_list import (
    GROUP_SIGN,
    MAX_PROTECTED,
    AuthorList,
    join_author_name,
    parse_author_list,
    protected_sign,
)
from storage.names.given_names import is_given_name
from storage.names.parser import LEADING_PARTICLES

_SIGNS = re.compile("[\ue000-\uf8ff]")  # for private use: ours stand for what is protected
_MARK = re.compile(r"\\(?:[a-zA-Z]+\s*|.)|[{}]|\s(?:and|AND|And)(?=\s)|,", re.DOTALL)
# What precedes a whole name, and what follows one.
_BEFORE_NAME = re.compile(r"(?:[;&]|\s(?:and|AND))\s*$")
_AFTER_NAME = re.compile(r"\s*(?:$|;|\\?&|and\s|AND\s)")
_SEPARATORS = re.compile(r"[\s,;&/|·•、]")
_EXTENDED = re.compile(r"\W{0,3}(?:family|given|prefix|suffix)(?:-i)?\s?=", re.IGNORECASE)
_KEY = re.compile(r"\W{0,3}([a-zA-Z-]{1,20})\s?=")
_OTHERS = re.compile(r"(?:and\s+)?(?:others|et\.?\s*al\.?)", re.IGNORECASE)
# Braces around these don't mean that they aren't people: “Roe, Jane”, “王伟”, “J. Roe”.
_PERSON = re.compile(
    r"[^\s,]+,\s*[^\s,]+(?:\s[^\s,]\.?)*|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{2,4}"
    r"|(?:[^\W\d_]\.[ -]?){1,4}[^\W\d_][\w’'-]+"
)
_CAPITALIZED = re.compile(r"[^\W\d_a-z][\w’'-]*\.?")


def read_names(source: str) -> AuthorList:
    """Reads an author field: names separated by “and”, or by what people use instead.

    Braces around a whole name mark the name of a group or an organization, which stays as it is.
    """
    source = " ".join(_SIGNS.sub("", source).split())
    protected: list[str] = []
    if _EXTENDED.search(source):
        source = " and ".join(
            _protect(_read_extended(name), protected) if _EXTENDED.match(name) else name
            for name in _split(source, "and")
        )
    if "{" in source:
        source = _with_signs(source, protected)
    return parse_author_list(latex.unescape(source), protected=protected)


def _protect(text: str, protected: list[str], *, is_group: bool = False) -> str:
    """Adds a text to those that aren't split; returns what stands for it."""
    if not text or len(protected) == MAX_PROTECTED:
        return text
    protected.append(text)
    return f"{GROUP_SIGN if is_group else ''}{protected_sign(len(protected) - 1)}"


def _read_extended(name: str) -> str:
    """Reads a name of biblatex: ``family=Quent, given=Tilo, prefix=de``."""
    parts: dict[str, str] = {}
    name = name[1:-1] if name.startswith("{") and name.endswith("}") else name
    for part in _split(name, ","):
        if key := _KEY.match(part):
            text = latex.unescape(part[key.end() :].strip(' "'))
            parts.setdefault(key[1].lower(), " ".join(text.split()))
    family = f"{parts.get('prefix', '')} {parts.get('family', '')}".strip()
    return join_author_name(parts.get("given", ""), family, parts.get("suffix", ""))


def _split(source: str, separator: str) -> list[str]:
    """Splits a text at “and” or at commas, but not inside braces."""
    pieces: list[str] = []
    start = depth = 0
    for mark in _MARK.finditer(source):
        depth += {"{": 1, "}": -1}.get(mark[0], 0)
        if depth == 0 and mark[0].strip().lower() == separator:
            pieces.append(source[start : mark.start()].strip())
            start = mark.end()
    return [*pieces, source[start:].strip()]


def _with_signs(source: str, protected: list[str]) -> str:
    """Returns a field with a sign for each group of braces that protects what is in it.

    These are groups around whole names, and those with separators in them. Other groups, such as
    those of accents, stay as they are.
    """
    pieces: list[str] = []
    start = 0
    for opening, closing in _find_groups(source):
        inner = source[opening + 1 : closing]
        is_name = _is_whole_name(source, opening, closing)
        is_verbatim = source.startswith("{}", closing + 1)  # as our export writes odd names
        if not is_verbatim and (
            inner.startswith("\\") or not (is_name or _SEPARATORS.search(inner))
        ):
            continue
        text = " ".join(latex.unescape(inner).split())
        pieces.append(source[start:opening])
        start = closing + 1
        if is_name and _OTHERS.fullmatch(text):
            pieces.append("others")
        elif is_name and not is_verbatim and inner[:1] != "{" and is_person(text):
            pieces.append(text)
        else:
            pieces.append(_protect(text, protected, is_group=is_name))
    return "".join([*pieces, source[start:]])


def is_person(text: str) -> bool:
    """Returns whether a name in a single pair of braces is clearly a person's.

    It has initials, a number of DBLP's, a particle (“van der Berg”), or a common given name
    (“Jane Roe”). Names like “Acme Lamps” and of one word are those of groups.
    """
    if _PERSON.fullmatch(text) or split_author_id(text)[1]:
        return True
    words = text.split()
    if is_collective(text) or not 1 < len(words) < 6:
        return False
    names = [word for word in words if word not in LEADING_PARTICLES]
    starts_with_name = is_given_name(words[0]) or words[0] in LEADING_PARTICLES
    return starts_with_name and 0 < len(names) < 4 and all(map(_CAPITALIZED.fullmatch, names))


def _find_groups(source: str) -> Iterator[tuple[int, int]]:
    """Yields where the outermost braces open and close, except those of commands' arguments."""
    depth = opening = 0
    is_argument = False
    command_end = -1
    for mark in _MARK.finditer(source):
        if mark[0] == "{":
            if depth == 0:
                opening, is_argument = mark.start(), mark.start() == command_end
            depth += 1
        elif mark[0] == "}" and depth:
            depth -= 1
            if depth == 0:
                if not is_argument:
                    yield opening, mark.start()
                command_end = mark.end() if is_argument else -1
        elif mark[0][0] == "\\":
            command_end = mark.end()


def _is_whole_name(source: str, opening: int, closing: int) -> bool:
    is_start = opening == 0 or _BEFORE_NAME.search(source[max(0, opening - 8) : opening])
    return bool(is_start and _AFTER_NAME.match(source, closing + 1))
