"""The pages of the audit log, and the option that names one of its changes."""

from __future__ import annotations

from discord import app_commands
from discord.app_commands import Choice

from bot.errors import suggestions
from bot.flows.replies import paper_titles
from bot.interactions import Interaction
from bot.permissions import is_moderator, require_moderator
from bot.ui import audit_log as audit_cards
from bot.ui import cards
from bot.ui.buttons import HistoryPageButton
from storage.errors import InvalidInput
from storage.library import Library

_PAGE_SIZE = 5
_MAX_SUGGESTIONS = 25


@HistoryPageButton.on_press
async def show_page(interaction: Interaction, button: HistoryPageButton) -> None:
    """Replaces the message by the next newer or older page."""
    require_moderator(interaction)
    layout = await history_page(
        interaction.client.library,
        interaction.user.id,
        button.paper_id or None,
        guild_id=interaction.guild_id,
        before=None if button.is_newer else button.change_id,
        after=button.change_id if button.is_newer else None,
    )
    await interaction.response.edit_message(view=layout)


class ChangeOption(app_commands.Transformer):
    """The number of a change; autocomplete suggests the latest ones."""

    async def transform(  # type: ignore[override]  # noqa: D102
        self, _interaction: Interaction, value: str, /
    ) -> int:
        number = value.strip().removeprefix("#")
        if not (number.isascii() and number.isdigit() and len(number) < 16):
            raise InvalidInput(
                "Enter the number of a change, such as 12. `/curate history` shows the numbers."
            )
        return int(number)

    async def autocomplete(  # type: ignore[override]  # noqa: D102
        self, interaction: Interaction, value: str, /
    ) -> list[Choice[str]]:
        # Discord asks for suggestions before it runs any check.
        if not is_moderator(interaction):
            return []
        return await suggestions(_latest_changes(interaction, value))


async def history_page(
    library: Library,
    owner: int,
    paper_id: int | None = None,
    *,
    guild_id: int | None,
    before: int | None = None,
    after: int | None = None,
) -> cards.Layout:
    """Returns a page of the log, of all changes or one paper's; only ``owner`` can turn it."""
    page = await library.audit.page(
        paper_id, guild_id=guild_id, before=before, after=after, limit=_PAGE_SIZE
    )
    titles = await paper_titles(library, page.changes, paper_id)
    return cards.Layout(audit_cards.history(page, titles, owner, paper_id))


async def _latest_changes(interaction: Interaction, text: str) -> list[Choice[str]]:
    library = interaction.client.library
    page = await library.audit.page(guild_id=interaction.guild_id, limit=_MAX_SUGGESTIONS)
    titles = await paper_titles(library, page.changes)
    offered = {
        change.id: audit_cards.plain_summary(change, titles)
        for change in page.changes
        if not change.is_undone
    }
    return [
        Choice(name=name, value=str(number))
        for number, name in offered.items()
        if text.casefold() in name.casefold()
    ]
