"""`/help`: what the person who asks may do here, from the commands themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from discord import AppCommandType, app_commands
from discord.app_commands import Command, Group
from discord.ext import commands

from bot.interactions import Interaction, LabBot
from bot.markdown import split_messages
from bot.permissions import MANAGERS_ONLY, is_home_manager, is_moderator, is_server_manager
from bot.ui import cards

_CHAT_INPUT = AppCommandType.chat_input

# For each command that is better shown than described.
_EXAMPLES = {
    "search": "`/search query:tuned lens` · `/search query:author:biderman year:2022 -bloom`",
    "random": "`/random venue:ICML`",
    "author": "`/author name:biderman`",
    "paper": "`/paper paper:2302.12433`",
    "cite": "`/cite paper:2302.12433 style:Markdown`",
    "export": "`/export venue:ICML year:2022..2023 format:CSV`",
    "suggest": "`/suggest source:2304.01373 note:by two of us`",
    "latest": "`/latest count:5 venue:arXiv`",
    "curate add": "`/curate add source:2302.12433`; or a message's menu, Apps, **Add paper**",
    "curate import": "`/curate import file:papers.csv columns:title=Headline`",
    "curate tag": "`/curate tag paper:2302.12433 add:maths, nlp`",
    "curate undo": "`/curate undo`, or `/curate undo change:12`",
    "feed add": "`/feed add url:https://rss.arxiv.org/rss/cs.CL`",
    "feed preview": "`/feed preview url:https://rss.arxiv.org/rss/cs.CL`",
    "feed why": "`/feed why link:2302.12433`",
    "people merge": "`/people merge name:Steve Harrow into:Steven Harrow`",
    "setup role": "`/setup role role:@Curators`",
    "announce here": "`/announce here`, in the channel that is to hear of new papers",
    "announce to": "`/announce to channel:#wall wanted:author:biderman -venue:arxiv digest:daily`",
}


class Help(commands.Cog):
    """The bot's own words about itself."""

    @app_commands.command()
    async def help(self, interaction: Interaction) -> None:
        """Show what I can do for you here."""
        tree = interaction.client.tree
        everyone: list[Any] = []
        announcing: list[Any] = []
        for command in tree.get_commands(type=_CHAT_INPUT):
            (announcing if isinstance(command, Group) else everyone).append(command)
        sections = [("Looking things up", everyone)]
        if is_server_manager(interaction):
            sections.append(("Announcements in this server", announcing))
        home = tree.get_commands(guild=interaction.guild, type=_CHAT_INPUT)
        if is_moderator(interaction):
            keeping = [one for one in home if MANAGERS_ONLY not in one.extras]
            sections.append(("Keeping the list", keeping))
        if is_home_manager(interaction):
            setting_up = [one for one in home if MANAGERS_ONLY in one.extras]
            sections.append(("Who moderates", setting_up))
        text = "### Lab Herald\nI keep the lab's paper list and announce what is new.\n"
        text += "\n\n".join(_section(title, found) for title, found in sections)
        first, *rest = split_messages(text.splitlines())
        await interaction.response.send_message(view=cards.notice(first), ephemeral=True)
        for more in rest:
            await interaction.followup.send(view=cards.notice(more), ephemeral=True)


def _section(title: str, found: list[Command[Any, ..., Any] | Group]) -> str:
    lines = [f"**{title}**"]
    for command in _leaves(found):
        lines.append(f"`/{command.qualified_name}` {command.description}")
        if example := _EXAMPLES.get(command.qualified_name):
            lines.append(f"-# {example}")
    return "\n".join(lines)


def _leaves(found: list[Command[Any, ..., Any] | Group]) -> Iterator[Command[Any, ..., Any]]:
    for command in sorted(found, key=lambda one: one.name):
        if isinstance(command, Group):
            yield from _leaves(list(command.commands))
        else:
            yield command


async def setup(bot: LabBot) -> None:
    """Add the cog."""
    await bot.add_cog(Help())
