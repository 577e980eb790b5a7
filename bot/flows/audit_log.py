"""The log of changes, page by page, and undoing one by its number."""

from __future__ import annotations

from discord import app_commands
from discord.app_commands import Choice

from bot.errors import suggestions
from bot.flows.replies import titles
from bot.interactions import Interaction
from bot.permissions import is_moderator, require_moderator
from bot.ui import audit_log as audit_cards
from bot.ui import cards
from bot.ui.buttons import HistoryPageButton
from storage.errors import InvalidInput
from storage.library import Library

_PAGE_SIZE = 5
_OFFERED = 25


@HistoryPageButton.on_press
async def show_page(interaction: Interaction, button: HistoryPageButton) -> None:
    """Replaces the message by the page before or after the one that it shows."""
    require_moderator(interaction)
    layout = await page(
        interaction.client.library,
        interaction.user.id,
        button.paper_id or None,
        guild_id=interaction.guild_id,
        before=None if button.is_newer else button.change_id,
        after=button.change_id if button.is_newer else None,
    )
    await interaction.response.edit_message(view=layout)


class ChangeOption(app_commands.Transformer):
    """A change by its number; the latest ones are suggested."""

    async def transform(  # type: ignore[override]  # noqa: D102
        self, _interaction: Interaction, value: str, /
    ) -> int:
        number = value.strip().removeprefix("#")
        if not (number.isascii() and number.isdigit() and len(number) < 16):
            raise InvalidInput(
                "A change is named by its number, which `/curate history` shows, such as 12."
            )
        return int(number)

    async def autocomplete(  # type: ignore[override]  # noqa: D102
        self, interaction: Interaction, value: str, /
    ) -> list[Choice[str]]:
        # Discord shows suggestions before any check.
        if not is_moderator(interaction):
            return []
        return await suggestions(_latest(interaction, value))


async def page(
    library: Library,
    owner: int,
    paper_id: int | None = None,
    *,
    guild_id: int | None,
    before: int | None = None,
    after: int | None = None,
) -> cards.Layout:
    """A page of the log of all or of one paper, which ``owner`` may turn in a server."""
    shown = await library.audit.page(
        paper_id, guild_id=guild_id, before=before, after=after, limit=_PAGE_SIZE
    )
    named = await titles(library, shown.changes, paper_id)
    return cards.Layout(audit_cards.log(shown, named, owner, paper_id))


async def _latest(interaction: Interaction, text: str) -> list[Choice[str]]:
    library = interaction.client.library
    shown = await library.audit.page(guild_id=interaction.guild_id, limit=_OFFERED)
    named = await titles(library, shown.changes)
    offered = {
        change.id: audit_cards.plain(change, named)
        for change in shown.changes
        if not change.is_undone
    }
    return [
        Choice(name=name, value=str(number))
        for number, name in offered.items()
        if text.casefold() in name.casefold()
    ]
