"""Turns any exception into a reply: a sentence for the user, or a reference to the log."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Awaitable, Sequence
from typing import Any

import aiohttp
import discord
from discord import app_commands

from bot.markdown import disarm_invites
from storage.errors import LabError

_log = logging.getLogger(__name__)

_COMMANDS_CHANGED = "My commands have just been updated. Restart Discord, then try again."
_DISCORD_FAILED = "Discord didn't let me do that. Please try again in a minute."
# Markup that our own sentences contain: commands, mentions, timestamps and URLs.
_OWN_MARKUP = re.compile(
    r"(`/?\w[^`“”]*`|<(?:#|@|@&)\d+>|<t:\d+:[a-zA-Z]>|https?://[^\s“”()<>\[\]`|]+)"
)
_ESCAPED = {ord(mark): f"\\{mark}" for mark in "\\`*_~|<>[]"}
_OUTDATED = (app_commands.CommandNotFound, app_commands.CommandSignatureMismatch)
_REFUSALS = (app_commands.CheckFailure, *_OUTDATED)
_EXPIRED = {10008, 10015, 10062}  # unknown message, webhook or interaction: nobody to answer
_MAX_REPLY = 1900


class NotAllowed(LabError, app_commands.CheckFailure):
    """The user isn't allowed to do this."""


async def respond(
    interaction: discord.Interaction[Any], error: Exception, action: str = ""
) -> None:
    """Tells the user privately what went wrong; unexpected errors are logged with a reference.

    ``action`` says what they used, if the interaction doesn't. Serves commands, buttons and forms,
    answers at most once, and logs refusals too.
    """
    action = action or _describe(interaction)
    if isinstance(_root_cause(error), _REFUSALS):
        user, place = interaction.user, interaction.guild_id or "a direct message"
        _log.info("Refused %s (%s) in %s: %r", user, user.id, place, action)
    message = explain(error, action)
    try:
        if interaction.response.is_done():
            await interaction.followup.send(message, ephemeral=True)
        else:
            await interaction.response.send_message(message, ephemeral=True)
    except (discord.HTTPException, aiohttp.ClientError, OSError) as failure:
        _log.warning("Could not reply “%s” to %s: %s", message, interaction.user, failure)


def explain(error: Exception, action: str) -> str:
    """Returns the sentence for an error; an unexpected one is logged together with ``action``."""
    cause = _root_cause(error)
    if isinstance(cause, LabError):
        return _escape_text(str(cause))[:_MAX_REPLY]
    if isinstance(cause, _OUTDATED):
        return _COMMANDS_CHANGED
    if isinstance(cause, app_commands.CheckFailure):
        return "You can't use that here."
    if isinstance(cause, discord.HTTPException) and cause.code in _EXPIRED:
        _log.info("Too late to answer %s: %s", action, cause)
        return _DISCORD_FAILED
    reference = secrets.token_hex(3)
    _log.error("Reference %s: %s failed", reference, action, exc_info=cause)
    if isinstance(cause, discord.HTTPException | aiohttp.ClientError):
        return f"{_DISCORD_FAILED} (Reference {reference}.)"
    return (
        "Something went wrong on my side, and nothing was changed. If it keeps happening, give "
        f"this reference to whoever runs this bot: `{reference}`."
    )


async def suggestions(
    choices: Awaitable[Sequence[app_commands.Choice[str]]],
) -> list[app_commands.Choice[str]]:
    """Returns the first 25 autocomplete choices, or none if they fail, which is logged."""
    try:
        return list(await choices)[:25]
    except LabError:
        return []
    except Exception:  # noqa: BLE001 - autocomplete has no way to show an error
        _log.exception("Autocomplete failed")
        return []


def _escape_text(sentence: str) -> str:
    """Escapes everything in a sentence except our own markup, which can't contain invites."""
    parts = _OWN_MARKUP.split(sentence)
    parts[::2] = [part.translate(_ESCAPED) for part in parts[::2]]
    return disarm_invites("".join(parts))


def _root_cause(error: Exception) -> Exception:
    """Returns the exception inside discord.py's wrappers."""
    if isinstance(error, app_commands.CommandInvokeError):
        return _root_cause(error.original)
    if isinstance(error, app_commands.TransformerError) and isinstance(error.__cause__, Exception):
        return _root_cause(error.__cause__)
    return error


def _describe(interaction: discord.Interaction[Any]) -> str:
    if interaction.command is not None:
        return f"/{interaction.command.qualified_name}"
    data: Any = interaction.data or {}
    return str(data.get("custom_id") or data.get("name") or interaction.type.name)
