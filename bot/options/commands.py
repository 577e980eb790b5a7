"""The option that names one of the bot's commands."""

from __future__ import annotations

from discord import app_commands
from discord.app_commands import Choice

from bot.interactions import Interaction
from bot.markdown import clip
from bot.ui.help import audience_of, command_names
from storage.errors import InvalidInput
from storage.redaction import redact_text

_MAX_SUGGESTIONS = 25


class CommandOption(app_commands.Transformer):
    """The full name of a command, such as “curate add”."""

    async def transform(  # type: ignore[override]  # noqa: D102
        self, _interaction: Interaction, value: str, /
    ) -> str:
        name = " ".join(value.strip().removeprefix("/").lower().split())
        if audience_of(name) is None:
            typed = clip(redact_text(value), 60)
            raise InvalidInput(f"There's no command “{typed}”. Choose one from the list.")
        return name

    async def autocomplete(  # type: ignore[override]  # noqa: D102
        self, _interaction: Interaction, value: str, /
    ) -> list[Choice[str]]:
        typed = " ".join(value.removeprefix("/").lower().split())
        found = [name for name in command_names() if typed in name]
        return [Choice(name=f"/{name}", value=name) for name in found[:_MAX_SUGGESTIONS]]
