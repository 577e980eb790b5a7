"""Any exception → a sentence for the person, or a logged reference: the one path."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Awaitable, Sequence
from typing import Any

import aiohttp
import discord
from discord import app_commands

from storage.errors import LabError

_log = logging.getLogger(__name__)

_CHANGED = (
    "My commands changed a moment ago. Close and reopen Discord's command list, then try again."
)
_UNREACHABLE = "Discord did not let me do that just now. Please try again in a minute."
# What our sentences say in Discord's markup, and addresses; what else is in them is text.
_OURS = re.compile(r"(`/?\w[^`“”]*`|<(?:#|@|@&)\d+>|<t:\d+:[a-zA-Z]>|https?://[^\s“”()<>\[\]`|]+)")
_ESCAPED = {ord(mark): f"\\{mark}" for mark in "\\`*_~|<>[]"}
_OUTDATED = (app_commands.CommandNotFound, app_commands.CommandSignatureMismatch)
_REFUSALS = (app_commands.CheckFailure, *_OUTDATED)
_EXPIRED = {10008, 10015, 10062}  # the message, webhook or interaction is gone: nobody to answer


class NotAllowed(LabError, app_commands.CheckFailure):
    """The person may not use what they used."""


async def respond(interaction: discord.Interaction[Any], error: Exception, doing: str = "") -> None:
    """Tell the person privately what went wrong; what is our fault is logged with a reference.

    ``doing`` says what they used, where the interaction itself does not tell.

    Serves commands, buttons and forms, and answers at most once. Who is refused is logged, too.
    """
    doing = doing or _described(interaction)
    if isinstance(_innermost(error), _REFUSALS):
        user, place = interaction.user, interaction.guild_id or "a direct message"
        _log.info("Refused %s (%s) in %s, who tried %r", user, user.id, place, doing)
    sentence = explain(error, doing)
    try:
        if interaction.response.is_done():
            await interaction.followup.send(sentence, ephemeral=True)
        else:
            await interaction.response.send_message(sentence, ephemeral=True)
    except (discord.HTTPException, aiohttp.ClientError, OSError) as failure:
        _log.warning("Could not tell %s “%s”: %s", interaction.user, sentence, failure)


def explain(error: Exception, doing: str) -> str:
    """The sentence for an error; ``doing`` goes into the log of what nobody foresaw."""
    cause = _innermost(error)
    if isinstance(cause, LabError):
        return _as_text(str(cause))[:1900]
    if isinstance(cause, _OUTDATED):
        return _CHANGED
    if isinstance(cause, app_commands.CheckFailure):
        return "You may not use that here."
    if isinstance(cause, discord.HTTPException) and cause.code in _EXPIRED:
        _log.info("Too late to answer %s: %s", doing, cause)
        return _UNREACHABLE
    reference = secrets.token_hex(3)
    _log.error("Reference %s: %s failed", reference, doing, exc_info=cause)
    if isinstance(cause, discord.HTTPException | aiohttp.ClientError):
        return f"{_UNREACHABLE} (Reference {reference}.)"
    return (
        "Something went wrong on my side, and nothing was changed. If it happens again, tell the "
        f"people who run me this reference: `{reference}`."
    )


async def suggestions(
    choices: Awaitable[Sequence[app_commands.Choice[str]]],
) -> list[app_commands.Choice[str]]:
    """Suggestions for what is being typed; none where they can't be made, which is logged."""
    try:
        return list(await choices)[:25]
    except LabError:
        return []
    except Exception:  # noqa: BLE001 - what fails while somebody types must not be shown
        _log.exception("Suggestions failed")
        return []


def _as_text(sentence: str) -> str:
    """A sentence in which nothing but our own markup means anything to Discord."""
    parts = _OURS.split(sentence)
    parts[::2] = [part.translate(_ESCAPED) for part in parts[::2]]
    return "".join(parts)


def _innermost(error: Exception) -> Exception:
    """The exception behind discord.py's wrappers."""
    if isinstance(error, app_commands.CommandInvokeError):
        return _innermost(error.original)
    if isinstance(error, app_commands.TransformerError) and isinstance(error.__cause__, Exception):
        return _innermost(error.__cause__)
    return error


def _described(interaction: discord.Interaction[Any]) -> str:
    if interaction.command is not None:
        return f"/{interaction.command.qualified_name}"
    data: Any = interaction.data or {}
    return str(data.get("custom_id") or data.get("name") or interaction.type.name)
