"""Finds the papers in JSON answers of services, which have them inside of other objects; pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

# Fields of an object that may have the array, or an object with it: {"message": {"items": […]}}.
_ENVELOPES = frozenset(
    {"papers", "items", "data", "results", "message", "result", "hits", "hit", "references"}
    | {"recommendedPapers", "works", "publications", "entries"}
)
_MAX_DEPTH = 6
_SPACE = re.compile(r"[ \t\r\n]*")


class RepeatedField(Exception):
    """An object has two fields of the same name."""

    def __init__(self) -> None:
        super().__init__("An object has a field twice, so I can't tell which one counts.")


def find_records(text: str, value: Mapping[str, Any]) -> Iterator[tuple[int, object]]:
    """Yields the records of an answer, each with the number of line breaks above it in the text.

    Raises `RepeatedField`.
    """
    try:
        start = 0
        breaks = 0
        for position, record in _find_positions(text, value):
            breaks += text.count("\n", start, position)
            start = position
            yield breaks, record
    except (ValueError, IndexError):  # the places of fields with the same name don't fit
        raise RepeatedField from None


def _find_positions(text: str, value: Mapping[str, Any]) -> Iterator[tuple[int, object]]:
    position = 0
    for _ in range(_MAX_DEPTH):
        name = _envelope(value)
        if name is None:
            yield position, value
            return
        position = _value_position(text, position, name)
        inner = value[name]
        if isinstance(inner, list):
            yield from _each(text, position)
            return
        value = inner


def _envelope(value: Mapping[str, Any]) -> str | None:
    """Returns the field of an object that has the papers, or None if it is a paper itself."""
    if "title" in value or "titles" in value or "display_name" in value:
        return None
    names = [name for name in value if name in _ENVELOPES]
    lists = [name for name in names if isinstance(value[name], list)]
    objects = [name for name in names if isinstance(value[name], dict)]
    return next(iter([*lists, *objects]), None)


def _value_position(text: str, position: int, name: str) -> int:
    """Returns where the value of a field of the object at a position starts."""
    decoder = json.JSONDecoder()
    position = _past(text, position, "{")
    while True:
        key, position = decoder.raw_decode(text, position)
        position = _past(text, position, ":")
        if key == name:
            return position
        _, position = decoder.raw_decode(text, position)
        position = _past(text, position, ",")


def _each(text: str, position: int) -> Iterator[tuple[int, object]]:
    decoder = json.JSONDecoder()
    position = _past(text, position, "[")
    while text[position] != "]":
        value, end = decoder.raw_decode(text, position)
        yield position, value
        position = _past(text, end, ",")


def _past(text: str, position: int, sign: str) -> int:
    """Returns the position of what follows a sign, which may be missing, and whitespace."""
    position = _past_space(text, position)
    return _past_space(text, position + 1) if text[position] == sign else position


def _past_space(text: str, position: int) -> int:
    found = _SPACE.match(text, position)
    return found.end() if found else position
