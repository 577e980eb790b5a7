"""`/people`: merging, splitting and renaming authors, for moderators; every change has Undo."""

from __future__ import annotations

from discord import app_commands
from discord.app_commands import Range, Transform

from bot.flows.replies import reply_with_notice
from bot.interactions import Interaction, LabBot
from bot.markdown import count, escape
from bot.options.catalogue import AuthorOption, CreditOption
from bot.permissions import HomeCog, actor


class People(HomeCog, group_name="people"):
    """Merge, split and rename authors."""

    @app_commands.command()
    @app_commands.describe(
        name="Another name for the same person", into="The name to show for the person"
    )
    async def merge(
        self,
        interaction: Interaction,
        name: Transform[str, AuthorOption],
        into: Transform[str, AuthorOption],
    ) -> None:
        """Make a name an alias of an author. Papers are still credited as they were published."""
        merged = await interaction.client.library.authors.merge(name, into, actor(interaction))
        text = f"🔗 “{escape(name, 100)}” is now an alias of **{escape(merged.value, 100)}**."
        await reply_with_notice(interaction, text, merged.change_id)

    @app_commands.command()
    @app_commands.describe(name="The name, exactly as a paper credits it")
    async def split(self, interaction: Interaction, name: Transform[str, CreditOption]) -> None:
        """Split off a name that belongs to someone else: an alias, or a short one like J. Lee."""
        split = await interaction.client.library.authors.split(name, actor(interaction))
        author = escape(split.value, 100)
        text = f"✂️ “{escape(name, 100)}” is no longer an alias of **{author}**."
        await reply_with_notice(interaction, text, split.change_id)

    @app_commands.command()
    @app_commands.describe(name="The person's former name", to="The new name to show everywhere")
    async def rename(
        self, interaction: Interaction, name: Transform[str, AuthorOption], to: Range[str, 1, 100]
    ) -> None:
        """Show an author under a new name. Searching for the former name still finds them."""
        library = interaction.client.library
        renamed = await library.authors.rename(name, to, actor(interaction))
        author = await library.authors.get(renamed.value)
        papers = count(author.paper_count, "paper")
        text = (
            f"🏷️ Renamed to **{escape(renamed.value, 100)}** on {papers}. You can still search "
            "for the former name, but it isn't shown anywhere."
        )
        await reply_with_notice(interaction, text, renamed.change_id)


async def setup(bot: LabBot) -> None:
    """Adds the cog to the home servers."""
    await People().register(bot)
