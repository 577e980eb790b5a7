"""The menu of a message on the simulated Discord, for commands that one server alone has."""

from __future__ import annotations

from typing import Any

import simcord
from simcord.backend.serializers import message_payload
from simcord.enums import AppCommandType, InteractionType


async def use_menu(
    env: simcord.Env,
    actor: Any,  # noqa: ANN401 - SimCord's people, channels, messages and results
    channel: Any,  # noqa: ANN401
    name: str,
    message: Any,  # noqa: ANN401
    guild_id: int,
) -> Any:  # noqa: ANN401
    """The answer to a menu, sent whether or not Discord offers it to this person.

    SimCord's own way leaves out which server such a command is registered in.
    """
    command = env.backend.find_command(name, guild_id, type=AppCommandType.MESSAGE) or {}
    stored = env.backend.get_message(channel.id, message.id)
    data = {
        "id": command["id"],
        "name": name,
        "type": AppCommandType.MESSAGE,
        "guild_id": str(guild_id),
        "target_id": str(message.id),
        "resolved": {"messages": {str(message.id): message_payload(env.backend, stored)}},
    }
    return await actor._dispatch_interaction(  # noqa: SLF001 - see above
        InteractionType.APPLICATION_COMMAND, channel, data
    )
