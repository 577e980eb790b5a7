"""Turns any exception into a reply: a sentence for the user, or a reference to the log."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Awaitable, Sequence
from typing import Any

import aiohttp
import discord
from discord import app_commands
from discord.ui import LayoutView

from bot.command_mentions import mention_commands, mention_commands_in
from bot.markdown import escape_sentence
from storage.errors import LabError

_log = logging.getLogger(__name__)

_COMMANDS_CHANGED = "My commands have just been updated. Restart Discord, then try again."
_DISCORD_FAILED = "Discord didn't let me do that. Please try again in a minute."
_OUTDATED = (app_commands.CommandNotFound, app_commands.CommandSignatureMismatch)
_REFUSALS = (app_commands.CheckFailure, *_OUTDATED)
_UNSURE = "Discord had trouble with my answer. If anything is missing, please try again."
_ACKNOWLEDGED = 40060  # what a retry gets if the first answer arrived, although Discord failed
_EXPIRED = {10008, 10015, 10062}  # unknown message, webhook or interaction: nobody to answer


class NotAllowed(LabError, app_commands.CheckFailure):
    """The user isn't allowed to do this."""


class ErrorWithView(LabError):
    """An error that is answered with a whole message, such as one with buttons that lead on."""

    def __init__(self, sentence: str, view: LayoutView) -> None:
        super().__init__(sentence)
        self.view = view


async def respond(
    interaction: discord.Interaction[Any], error: Exception, action: str = ""
) -> None:
    """Tells the user privately what went wrong; unexpected errors are logged with a reference.

    ``action`` says what they used, if the interaction doesn't. Serves commands, buttons and forms,
    answers at most once, and logs refusals too.
    """
    action = action or _describe(interaction)
    cause = _root_cause(error)
    if isinstance(cause, _REFUSALS):
        place = interaction.guild_id or "a direct message"
        _log.info("Refused user %s in %s: %r", interaction.user.id, place, action)
    text = mention_commands(interaction, explain(error, action))
    message: dict[str, Any] = {"content": text}
    if isinstance(cause, ErrorWithView):
        mention_commands_in(cause.view, interaction.client.command_ids, interaction.guild_id)
        message = {"view": cause.view}
    try:
        if interaction.response.is_done() or _is_acknowledged(cause):
            await interaction.followup.send(**message, ephemeral=True)
        else:
            await interaction.response.send_message(**message, ephemeral=True)
    except (discord.HTTPException, aiohttp.ClientError, OSError) as failure:
        # Not with the reply, which may repeat what they searched for.
        _log.warning("Could not reply to user %s, %s: %s", interaction.user.id, action, failure)


def is_refusal(error: Exception) -> bool:
    """Returns whether an error is a sentence for the user, and not a fault."""
    return isinstance(_root_cause(error), (LabError, *_REFUSALS))


def explain(error: Exception, action: str) -> str:
    """Returns the sentence for an error; an unexpected one is logged together with ``action``."""
    cause = _root_cause(error)
    if isinstance(cause, LabError):
        return escape_sentence(str(cause))
    if isinstance(cause, _OUTDATED):
        return _COMMANDS_CHANGED
    if isinstance(cause, app_commands.CheckFailure):
        return "You can't use that here."
    if isinstance(cause, discord.HTTPException) and cause.code in {*_EXPIRED, _ACKNOWLEDGED}:
        _log.info("Discord doesn't take this answer to %s any more: %s", action, cause)
        return _UNSURE if _is_acknowledged(cause) else _DISCORD_FAILED
    reference = secrets.token_hex(3)
    _log.error(
        "Reference %s: %s failed", reference, action, exc_info=cause, extra={"reference": reference}
    )
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


def _root_cause(error: Exception) -> Exception:
    """Returns the exception inside discord.py's wrappers."""
    if isinstance(error, app_commands.CommandInvokeError):
        return _root_cause(error.original)
    if isinstance(error, app_commands.TransformerError) and isinstance(error.__cause__, Exception):
        return _root_cause(error.__cause__)
    return error


def _is_acknowledged(error: Exception) -> bool:
    return isinstance(error, discord.HTTPException) and error.code == _ACKNOWLEDGED


def _describe(interaction: discord.Interaction[Any]) -> str:
    if interaction.command is not None:
        return f"/{interaction.command.qualified_name}"
    data: Any = interaction.data or {}
    return str(data.get("custom_id") or data.get("name") or interaction.type.name)
