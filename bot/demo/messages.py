"""Reading messages on the simulated Discord, and using the menu of a message."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import simcord
from simcord.backend.serializers import message_payload
from simcord.enums import AppCommandType, InteractionType

_COMMAND_MENTION = re.compile(r"</([a-z ]+):\d+>(?: `([a-z]+:[^`]+)`)?")


def visible_text(message: Any) -> str:  # noqa: ANN401 - SimCord has several message types
    """Returns the text of a message as people see it, line by line, with buttons in brackets.

    A command that can be clicked is shown in backticks.
    """
    return _COMMAND_MENTION.sub(
        lambda found: f"`/{' '.join(filter(None, found.groups()))}`", raw_text(message)
    )


def raw_text(message: Any) -> str:  # noqa: ANN401 - SimCord has several message types
    """Returns the text of a message like `visible_text`, with the markup of clickable commands."""
    lines = [message.content] if message.content else []
    lines += _lines(message.components)
    return "\n".join(lines)


def find_button(message: Any, text: str, label: str) -> str | None:  # noqa: ANN401 - see above
    """Returns the custom id of the first button with a label below a text, or None."""
    is_below = False
    for part in _walk(message.components):
        is_below = is_below or text in part.get("content", "")
        if is_below and part.get("label") == label:
            return str(part["custom_id"])
    return None


async def use_message_menu(
    env: simcord.Env,
    actor: Any,  # noqa: ANN401 - SimCord's members, channels, messages and results
    channel: Any,  # noqa: ANN401
    name: str,
    message: Any,  # noqa: ANN401
    guild_id: int,
) -> Any:  # noqa: ANN401
    """Chooses a command from a message's menu, even if Discord doesn't show it to this member.

    SimCord's own method doesn't find commands that are registered in one server only.
    """
    command = env.backend.find_command(name, guild_id, type=AppCommandType.MESSAGE) or {}
    stored = env.backend.get_message(channel.id, message.id)
    data = {
        "id": command["id"],
        "name": name,
        "type": AppCommandType.MESSAGE,
        **{key: command[key] for key in ("guild_id",) if key in command},
        "target_id": str(message.id),
        "resolved": {"messages": {str(message.id): message_payload(env.backend, stored)}},
    }
    return await actor._dispatch_interaction(  # noqa: SLF001 - see above
        InteractionType.APPLICATION_COMMAND, channel, data
    )


def _walk(components: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - see `_lines`
    """Yields components and those in them, from top to bottom."""
    for component in components:
        part = component if isinstance(component, dict) else component.to_dict()
        yield part
        yield from _walk(part.get("components", []))


def _lines(components: Any) -> Iterator[str]:  # noqa: ANN401 - raw payloads or discord.py's objects
    for component in components:
        part = component if isinstance(component, dict) else component.to_dict()
        if text := part.get("content"):
            yield text
        if choice := part.get("placeholder"):
            yield f"[{choice} ▾]"
        buttons = [f"[{one['label']}]" for one in part.get("components", []) if "label" in one]
        if buttons:
            yield " ".join(buttons)
        else:
            yield from _lines(part.get("components", []))
        accessory = part.get("accessory", {})
        if "label" in accessory:
            yield f"[{accessory['label']}]"
