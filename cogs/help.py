"""`/help`: the commands that the user may use, with their own descriptions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

from discord import AppCommandType, app_commands
from discord.app_commands import Command, ContextMenu, Group
from discord.ext import commands

from bot.interactions import Interaction, LabBot
from bot.markdown import split_messages
from bot.permissions import MANAGERS_ONLY, is_home_manager, is_moderator, is_server_manager
from bot.ui import cards

_CHAT_INPUT = AppCommandType.chat_input
_AnyCommand: TypeAlias = Command[Any, ..., Any] | Group | ContextMenu

# Commands that an example explains better than their description.
_EXAMPLES = {
    "search": "`/search query:tuned lens` · `/search query:author:biderman year:2022 -bloom`",
    "random": "`/random venue:ICML`",
    "author": "`/author name:biderman`",
    "paper": "`/paper paper:2302.12433`",
    "cite": "`/cite paper:2302.12433 style:Markdown`",
    "export": "`/export venue:ICML year:2022..2023 format:CSV`",
    "suggest": "`/suggest source:2304.01373 note:by two of us`",
    "latest": "`/latest count:5 venue:arXiv`",
    "curate add": "`/curate add source:2302.12433`, or a message's menu → Apps → **Add paper**",
    "curate import": "`/curate import file:papers.csv columns:title=Headline`",
    "curate tag": "`/curate tag paper:2302.12433 add:maths, nlp`",
    "curate undo": "`/curate undo`, or `/curate undo change:12`",
    "feed add": "`/feed add url:https://rss.arxiv.org/rss/cs.CL`",
    "feed preview": "`/feed preview url:https://rss.arxiv.org/rss/cs.CL`",
    "feed why": "`/feed why link:2302.12433`",
    "people merge": "`/people merge name:Steve Harrow into:Steven Harrow`",
    "setup role": "`/setup role role:@Curators`",
    "announce here": "`/announce here` in the channel where new papers should appear",
    "announce to": "`/announce to channel:#wall filters:author:biderman -venue:arxiv digest:daily`",
}


class Help(commands.Cog):
    """Show the commands."""

    @app_commands.command()
    async def help(self, interaction: Interaction) -> None:
        """Show the commands you can use here."""
        sections = [_format_section(title, found) for title, found in _sections(interaction)]
        intro = "### Lab Herald\nI keep the lab's paper list and announce new papers.\n"
        text = intro + "\n\n".join(sections)
        first, *rest = split_messages(text.splitlines())
        await interaction.response.send_message(view=cards.notice(first), ephemeral=True)
        for more in rest:
            await interaction.followup.send(view=cards.notice(more), ephemeral=True)


def _sections(interaction: Interaction) -> Iterator[tuple[str, Sequence[_AnyCommand]]]:
    """Yields the commands that the user may use here, in groups with a title."""
    tree = interaction.client.tree
    everywhere = tree.get_commands(type=_CHAT_INPUT)
    home = tree.get_commands(guild=interaction.guild, type=_CHAT_INPUT)
    yield "Find papers", [command for command in everywhere if isinstance(command, Command)]
    if is_server_manager(interaction):
        groups = [command for command in everywhere if isinstance(command, Group)]
        yield "Announcements in this server", groups
    if is_moderator(interaction):
        moderation = [command for command in home if MANAGERS_ONLY not in command.extras]
        yield "Manage the paper list", moderation
    if is_home_manager(interaction):
        settings = [command for command in home if MANAGERS_ONLY in command.extras]
        yield "Moderator settings", settings


def _format_section(title: str, found: Sequence[_AnyCommand]) -> str:
    lines = [f"**{title}**"]
    for command in _subcommands(found):
        lines.append(f"`/{command.qualified_name}` {command.description}")
        if example := _EXAMPLES.get(command.qualified_name):
            lines.append(f"-# {example}")
    return "\n".join(lines)


def _subcommands(found: Sequence[_AnyCommand]) -> Iterator[Command[Any, ..., Any]]:
    """Yields commands by name, and the subcommands of groups in place of the groups."""
    for command in sorted(found, key=lambda command: command.name):
        if isinstance(command, Group):
            yield from _subcommands(list(command.commands))
        elif isinstance(command, Command):
            yield command


async def setup(bot: LabBot) -> None:
    """Adds the cog."""
    await bot.add_cog(Help())
