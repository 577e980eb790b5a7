"""The components of Discord's messages: their texts, and their buttons and menus; pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.faults.discord_standin import Payload


def find_texts(part: Any) -> Iterator[str]:
    """Yields the texts of a component, or of a list of them."""
    if isinstance(part, list):
        for one in part:
            yield from find_texts(one)
    elif isinstance(part, dict):
        if isinstance(part.get("content"), str):
            yield part["content"]
        yield from find_texts(part.get("components", []))


def find_controls(message: Payload) -> Iterator[tuple[Payload, str]]:
    """Yields the buttons and menus of a message, each with the text beside it."""

    def walk(part: Any, text: str) -> Iterator[tuple[Payload, str]]:
        if isinstance(part, list):
            for one in part:
                yield from walk(one, text)
        elif isinstance(part, dict):
            if "accessory" in part:
                text = json.dumps(part.get("components"), ensure_ascii=False)
                yield from walk(part["accessory"], text)
            if "custom_id" in part:
                yield part, text
            yield from walk(part.get("components", []), text)

    whole = json.dumps(message["components"], ensure_ascii=False)
    return walk(message["components"], whole)
