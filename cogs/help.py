"""`/help`: the commands that the user may use, by topic."""

from __future__ import annotations

from discord import AppCommandType, app_commands
from discord.app_commands import Command
from discord.ext import commands

from bot.command_mentions import command_mention
from bot.flows.replies import reply
from bot.interactions import Interaction, LabBot
from bot.permissions import Audience, is_home_manager, is_moderator, is_server_manager
from bot.ui import cards
from bot.ui import help as help_pages
from bot.ui.buttons import HelpButton
from bot.ui.help import TOPICS

_IS_IN_AUDIENCE = {
    Audience.EVERYONE: lambda _interaction: True,
    Audience.SERVER_MANAGERS: is_server_manager,
    Audience.MODERATORS: is_moderator,
    Audience.HOME_MANAGERS: is_home_manager,
}


class Help(commands.Cog):
    """Show the commands."""

    @app_commands.command()
    async def help(self, interaction: Interaction) -> None:
        """Show what you can do here, by topic."""
        await reply(interaction, _page(interaction, TOPICS[0].id))


@HelpButton.on_press
async def show_topic(interaction: Interaction, button: HelpButton) -> None:
    """Shows another topic, or the first one if the user can't use the other one here."""
    await reply(interaction, _page(interaction, button.topic_id))


def _page(interaction: Interaction, topic_id: int) -> cards.Layout:
    visible = [topic for topic in TOPICS if _IS_IN_AUDIENCE[topic.audience](interaction)]
    topic = next((topic for topic in visible if topic.id == topic_id), visible[0])
    descriptions = {
        command.qualified_name: command.description
        for guild in {None, interaction.guild}
        for command in interaction.client.tree.walk_commands(
            guild=guild, type=AppCommandType.chat_input
        )
        if isinstance(command, Command)
    }
    mentions = {name: command_mention(interaction, name) for name in topic.commands}
    return help_pages.page(topic, visible, descriptions, mentions)


async def setup(bot: LabBot) -> None:
    """Adds the cog."""
    await bot.add_cog(Help())
