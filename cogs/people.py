"""`/people`: whose names are whose, in the lab's own servers; every decision can be undone."""

from __future__ import annotations

from discord import app_commands
from discord.app_commands import Range, Transform
from discord.ui import ActionRow

from bot.interactions import Interaction, LabBot
from bot.markdown import count, escape
from bot.options.catalogue import AuthorOption, CreditOption
from bot.permissions import HomeCog, actor
from bot.ui import cards
from bot.ui.buttons import UndoButton


class People(HomeCog, group_name="people"):
    """Say whose names are whose."""

    @app_commands.command()
    @app_commands.describe(
        name="The name that is the same person's",
        into="The name by which the person is shown",
    )
    async def merge(
        self,
        interaction: Interaction,
        name: Transform[str, AuthorOption],
        into: Transform[str, AuthorOption],
    ) -> None:
        """Make two names one person's; papers stay as they are credited."""
        shown, change = await interaction.client.library.people.merge(
            name, into, actor(interaction)
        )
        await _tell(
            interaction,
            f"🔗 “{escape(name, 100)}” counts for **{escape(shown, 100)}** now.",
            change,
        )

    @app_commands.command()
    @app_commands.describe(name="The name, exactly as a paper credits it")
    async def split(self, interaction: Interaction, name: Transform[str, CreditOption]) -> None:
        """Part a name from the person it counts for: a merged one, or a short one like J. Lee."""
        shown, change = await interaction.client.library.people.split(name, actor(interaction))
        text = f"✂️ “{escape(name, 100)}” does not count for **{escape(shown, 100)}** any more."
        await _tell(interaction, text, change)

    @app_commands.command()
    @app_commands.describe(
        name="The person, by the former name",
        to="The name to show on every paper from now on",
    )
    async def rename(
        self, interaction: Interaction, name: Transform[str, AuthorOption], to: Range[str, 1, 100]
    ) -> None:
        """Show a person by a new name; the former one still finds them and is never shown."""
        library = interaction.client.library
        shown, change = await library.people.rename(name, to, actor(interaction))
        person = await library.authors.find(shown)
        text = (
            f"🏷️ **{escape(shown, 100)}** has that name on {count(person.papers, 'paper')} now. The "
            "former name still leads there, and is shown nowhere."
        )
        await _tell(interaction, text, change)


async def _tell(interaction: Interaction, text: str, change: int) -> None:
    undo = ActionRow(UndoButton(change))
    await interaction.response.send_message(view=cards.notice(text, undo), ephemeral=True)


async def setup(bot: LabBot) -> None:
    """Add the cog to the lab's own servers."""
    await People().register(bot)
