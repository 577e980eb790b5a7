"""A simulated message as the text that a person reads on the screen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def spoken(message: Any) -> str:  # noqa: ANN401 - SimCord's several kinds of messages
    """Everything legible in a message, line by line, buttons in brackets."""
    lines = [message.content] if message.content else []
    lines += _lines(message.components)
    return "\n".join(lines)


def _lines(components: Any) -> Iterator[str]:  # noqa: ANN401 - raw payloads or discord.py's objects
    for raw in components:
        part = raw if isinstance(raw, dict) else raw.to_dict()
        if text := part.get("content"):
            yield text
        buttons = [f"[{one['label']}]" for one in part.get("components", []) if "label" in one]
        if buttons:
            yield " ".join(buttons)
        else:
            yield from _lines(part.get("components", []))
        if accessory := part.get("accessory"):
            yield f"[{accessory['label']}]"
