"""`/people`: whose names are whose, in the lab's own servers; every decision can be undone."""

from __future__ import annotations

from discord import app_commands
from discord.app_commands import Range, Transform

from bot.flows.replies import undoable
from bot.interactions import Interaction, LabBot
from bot.markdown import count, escape
from bot.options.catalogue import AuthorOption, CreditOption
from bot.permissions import HomeCog, actor


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
        merged = await interaction.client.library.authors.merge(name, into, actor(interaction))
        await _tell(
            interaction,
            f"🔗 “{escape(name, 100)}” counts for **{escape(merged.value, 100)}** now.",
            merged.change_id,
        )

    @app_commands.command()
    @app_commands.describe(name="The name, exactly as a paper credits it")
    async def split(self, interaction: Interaction, name: Transform[str, CreditOption]) -> None:
        """Part a name from the person it counts for: a merged one, or a short one like J. Lee."""
        split = await interaction.client.library.authors.split(name, actor(interaction))
        text = (
            f"✂️ “{escape(name, 100)}” does not count for **{escape(split.value, 100)}** any more."
        )
        await _tell(interaction, text, split.change_id)

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
        renamed = await library.authors.rename(name, to, actor(interaction))
        person = await library.authors.get(renamed.value)
        papers = count(person.paper_count, "paper")
        text = (
            f"🏷️ **{escape(renamed.value, 100)}** is now credited on {papers}. The former name "
            "still finds them but is never shown."
        )
        await _tell(interaction, text, renamed.change_id)


async def _tell(interaction: Interaction, text: str, change_id: int | None) -> None:
    await interaction.response.send_message(view=undoable(text, change_id), ephemeral=True)


async def setup(bot: LabBot) -> None:
    """Add the cog to the lab's own servers."""
    await People().register(bot)
