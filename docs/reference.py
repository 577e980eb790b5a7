"""Pages and tables that are made from the code: commands, the shell, settings, metrics, privacy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
from discord import AppCommandType
from discord.app_commands import Command
from prometheus_client import Metric

from bot.app import open_app
from bot.cli import main
from bot.operations.metrics import Metrics
from bot.permissions import Audience
from bot.settings import SETTINGS, Settings
from bot.ui.help import TOPICS
from storage.privacy.inventory import RULES

_COMMANDS_INTRO = """\
# Commands in Discord

Every command with its options, as Discord shows them, by the topics of `/help`.
[Commands](commands.md) says more about what they do.
"""
_SHELL_INTRO = """\
# Commands of the shell

What each command prints with `--help`. [Commands](commands.md#in-the-shell) is an overview, with
the exit codes.
"""
_SETTINGS_INTRO = """\
# Settings

Settings are environment variables, or lines in the file `.env` in the folder where you start Lab
Herald. Variables override the file, and empty ones keep their defaults. `lab-herald check` finds
misspelled names and invalid values. The file [.env.example](env.example) has them all.

| setting | what it is | default |
|---|---|---|
"""
_METRICS_INTRO = """\
# Metrics

What `/metrics` has if `HEALTH_PORT` is set; see [Monitoring](monitoring.md). A histogram has
`_bucket`, `_count` and `_sum`.

| metric | kind | what it is |
|---|---|---|
"""
_INVENTORY_INTRO = """\
| what | who sees it | how long | if you delete your data | tables (and columns) |
|---|---|---|---|---|
"""
_AUDIENCES = {
    Audience.EVERYONE: "For everyone.",
    Audience.SERVER_MANAGERS: "For whoever has the Manage Server permission, in any server.",
    Audience.MODERATORS: "For moderators, in the lab's own servers.",
    Audience.HOME_MANAGERS: (
        "For whoever has the Manage Server permission, in the lab's own servers."
    ),
}
_WIDTH = 78  # of the shell's help, in characters


async def commands_page() -> str:
    """Returns the page of all slash commands, their options, and message menus in Markdown."""
    with TemporaryDirectory() as folder:
        settings = Settings(database_path=Path(folder, "lab-herald.db"), home_guild_ids=(1,))
        async with open_app(settings) as app:
            await app.client.add_cogs()
            tree = app.client.tree
            scopes = (None, *app.client.home_guilds)
            commands = {
                command.qualified_name: command
                for guild in scopes
                for command in tree.walk_commands(guild=guild, type=AppCommandType.chat_input)
                if isinstance(command, Command)
            }
            menus = {
                menu.name: Audience.MODERATORS if guild else Audience.EVERYONE
                for guild in scopes
                for menu in tree.walk_commands(guild=guild, type=AppCommandType.message)
            }
    parts = [_COMMANDS_INTRO]
    for topic in TOPICS:
        parts.append(f"\n## {topic.title}\n\n{_AUDIENCES[topic.audience]}\n")
        parts += [_command(commands[name]) for name in topic.commands]
    return "".join([*parts, *_menus(menus)])


def _command(command: Command[Any, ..., Any]) -> str:
    rows = [
        f"| `{each.display_name}` | {_cell(each.description)} "
        f"| {'yes' if each.required else ''} |\n"
        for each in command.parameters
    ]
    table = "| option | what it is | required |\n|---|---|---|\n" + "".join(rows) if rows else ""
    return f"\n### /{command.qualified_name}\n\n{_cell(command.description)}\n\n{table}"


def _menus(menus: dict[str, Audience]) -> Iterator[str]:
    yield "\n## In the menu of a message\n\nRight-click a message, and choose **Apps**.\n\n"
    for name, audience in menus.items():
        yield f"- **{name}**. {_AUDIENCES[audience]}\n"


def shell_page() -> str:
    """Returns the page with the help of each command of the shell in Markdown."""
    context = click.Context(
        main, info_name="lab-herald", terminal_width=_WIDTH, **main.context_settings
    )
    return _SHELL_INTRO + "".join(_command_help(main, context))


def _command_help(command: click.Command, context: click.Context) -> Iterator[str]:
    with context:
        yield f"\n## {context.command_path}\n\n```text\n{command.get_help(context)}\n```\n"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if child is not None:
                yield from _command_help(child, child.context_class(child, context, name))


def settings_page() -> str:
    """Returns the page of all settings in Markdown, in the order of `.env.example`."""
    rows = [
        f"| `{each.name}` | {each.description} | {f'`{each.default}`' if each.default else ''} |\n"
        for each in SETTINGS
    ]
    return _SETTINGS_INTRO + "".join(rows)


def metrics_page() -> str:
    """Returns the page of all metrics in Markdown."""
    return _METRICS_INTRO + "".join(map(_metric, Metrics().registry.collect()))


def _metric(metric: Metric) -> str:
    name = f"{metric.name}_total" if metric.type == "counter" else metric.name
    return f"| `{name}` | {metric.type} | {_cell(metric.documentation)} |\n"


def inventory_table() -> str:
    """Returns the table of what is stored about people in Markdown."""
    columns: dict[tuple[str, ...], list[str]] = {}  # by what is said about them
    for each in RULES:
        said = (each.what, each.seen_by, each.kept, each.on_deletion)
        columns.setdefault(said, []).append(f"`{each.table}` ({', '.join(each.columns)})")
    rows = [f"| {' | '.join(said)} | {', '.join(found)} |\n" for said, found in columns.items()]
    return _INVENTORY_INTRO + "".join(rows)


def _cell(text: object) -> str:
    """Returns plain text that is safe in a cell of a Markdown table."""
    return re.sub(r"[&\\`*_\[\]<|~]", lambda found: f"&#{ord(found[0])};", str(text))
