"""What an error of Discord means for a message: whether its channel is closed, or it may pass.

Codes are those of https://docs.discord.com/developers/topics/opcodes-and-status-codes. Any other
refusal may be of the network in between, or a limit, and passes.
"""

from __future__ import annotations

import discord

_NO_ACCESS = "I need View Channel, Send Messages and Read Message History there"
NO_HISTORY = (
    "I need Read Message History there, to see what I've already announced before I announce more"
)
_CLOSED_CHANNEL = {
    10003: "the channel is gone",  # Unknown Channel
    10004: "I'm not in that server any more",  # Unknown Guild
    50001: _NO_ACCESS,  # Missing Access
    50013: _NO_ACCESS,  # Missing Permissions
    40067: "its posts need a tag; choose one with `/announce to`",
    160005: "the thread is locked",
}
# Unknown User, and users who don't accept messages from the bot or share no server with it.
_CLOSED_USER = {10013, 50007, 50278}
_UNKNOWN_MESSAGE = 10008
# Statuses for what is wrong with the request itself, unless a limit of the channel is the reason.
_REFUSED = {400, 413}
_LIMITS = {160006}  # active threads


class ChannelClosed(Exception):
    """Nothing can be sent to a channel until somebody changes it; the text says why."""


class MessageRefused(Exception):
    """A message can't be sent as it is, which is not the channel's fault.

    Whether it was delivered nevertheless is certain only if ``is_undelivered``.
    """

    def __init__(self, reason: str, *, is_undelivered: bool) -> None:
        super().__init__(reason)
        self.is_undelivered = is_undelivered


def closed_reason(error: discord.HTTPException) -> str | None:
    """Returns why nothing can be sent to a channel until somebody changes it, or None."""
    return _CLOSED_CHANNEL.get(error.code)


def is_refusal(error: discord.HTTPException) -> bool:
    """Whether the message itself was refused, so that it would be refused again."""
    return error.status in _REFUSED and error.code not in _LIMITS | _CLOSED_CHANNEL.keys()


def is_closed_user(error: discord.HTTPException) -> bool:
    """Whether a user can't get any direct message from the bot."""
    return error.code in _CLOSED_USER


def is_final_for_update(error: discord.HTTPException) -> bool:
    """Whether a message that was sent can't be updated any more, or not by the bot."""
    return error.code == _UNKNOWN_MESSAGE or error.code in _CLOSED_CHANNEL.keys() | _CLOSED_USER
