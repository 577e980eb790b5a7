"""The option that names a citation style."""

from __future__ import annotations

import asyncio

from discord import app_commands
from discord.app_commands import Choice

from bot.errors import suggestions
from bot.formats.writers import citations
from bot.interactions import Interaction
from bot.markdown import clip

_MAX_CHOICE = 100  # characters that Discord allows in a choice's name and value


class StyleOption(app_commands.Transformer):
    """A citation style by its name, such as “APA” or “nature”."""

    async def transform(  # type: ignore[override]  # noqa: D102
        self, _interaction: Interaction, value: str, /
    ) -> str:
        return await asyncio.to_thread(citations.get_style, value)

    async def autocomplete(  # type: ignore[override]  # noqa: D102
        self, _interaction: Interaction, value: str, /
    ) -> list[Choice[str]]:
        return await suggestions(_choices(value))


async def _choices(text: str) -> list[Choice[str]]:
    found = await asyncio.to_thread(citations.find_styles, text)
    return [
        Choice(name=clip(citations.style_label(name), _MAX_CHOICE), value=name)
        for name in found
        if len(name) <= _MAX_CHOICE
    ]
