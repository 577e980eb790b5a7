"""Mentions of the bot's commands, which people can click instead of typing the command."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeAlias

import discord
from discord.ui import LayoutView, TextDisplay

# The ids that Discord gave the commands, by server (or None for all servers) and name.
CommandIds: TypeAlias = Mapping[int | None, Mapping[str, int]]

# A command, and the options that follow it, such as `/suggest source:2304.01373`.
_COMMAND = re.compile(r"`/([a-z]+(?: [a-z]+)?)(?: ([a-z]+:[^`]+))?`")
_MAX_TEXT = 4000  # characters of all texts of a message with components


def command_mention(interaction: discord.Interaction[Any], name: str) -> str:
    """Returns a command, such as “curate add”, for people to click; as code if its id is unknown.

    Ids are known once the commands have been synced. A server's own commands can only be clicked
    in that server.
    """
    return _mention(interaction.client.command_ids, interaction.guild_id, name)


def mention_commands(interaction: discord.Interaction[Any], text: str) -> str:
    """Returns text of ours with its commands, such as `/curate add` in backticks, as mentions."""
    return _replace(interaction.client.command_ids, interaction.guild_id, text)


def mention_commands_in(view: LayoutView, ids: CommandIds, guild_id: int | None) -> None:
    """Replaces the commands in all texts of a message to a server by mentions, if they fit."""
    texts = [item for item in view.walk_children() if isinstance(item, TextDisplay)]
    replaced = [_replace(ids, guild_id, one.content) for one in texts]
    if sum(map(len, replaced)) <= _MAX_TEXT:
        for one, content in zip(texts, replaced, strict=True):
            one.content = content


def _replace(ids: CommandIds, guild_id: int | None, text: str) -> str:
    def mention(found: re.Match[str]) -> str:
        command, options = found.groups()
        mentioned = _mention(ids, guild_id, command)
        if mentioned.startswith("`"):  # it can't be clicked
            return found[0]
        return f"{mentioned} `{options}`" if options else mentioned

    return _COMMAND.sub(mention, text)


def _mention(ids: CommandIds, guild_id: int | None, name: str) -> str:
    for scope in (guild_id, None):
        if command_id := ids.get(scope, {}).get(name):
            return f"</{name}:{command_id}>"
    return f"`/{name}`"
