"""Adds pages to the docs site: files from outside `docs/`, and pages made from the code.

Events: https://www.mkdocs.org/dev-guide/plugins/#events
"""

from __future__ import annotations

import asyncio
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
from discord import AppCommandType
from discord.app_commands import Command
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from bot.app import open_app
from bot.cli import main
from bot.settings import SETTINGS, Settings
from storage.privacy.inventory import RULES

# They have the same path in the site as in the repository.
_INCLUDED = (
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "README.md",
    "benchmarks/README.md",
    "bot/demo/static/avatar.png",
    "deploy/Containerfile",
    "deploy/compose.yaml",
    "deploy/lab-herald-litestream.service",
    "deploy/lab-herald.service",
    "deploy/litestream.yml",
)
_SETTINGS_INTRO = """\
# Settings

Settings are environment variables, or lines in the file `.env` in the folder where you start Lab
Herald. Variables override the file, and empty ones keep their defaults. `lab-herald check` finds
misspelled names and invalid values. The file [.env.example](env.example) has them all.

| setting | what it is | default |
|---|---|---|
"""
_OPTIONS_INTRO = """\
# Options in Discord

Every command with its options, as Discord shows them. [Commands](commands.md) says what they do,
and who may use them.
"""
_SHELL_INTRO = """\
# Commands of the shell

What each command prints with `--help`. [Commands](commands.md#in-the-shell) is an overview, with
the exit codes.
"""
_INVENTORY = re.compile(r"<!-- inventory -->\n\n[^\n]+(?:\n[^\n]+)*\n")  # with its stand-in
_INVENTORY_INTRO = """\
| what | column | who sees it | how long | if it's deleted |
|---|---|---|---|---|
"""
_WIDTH = 78  # of the help, in characters
_LINK = re.compile(r"(?<=\]\()(?!\w+:|#)([^)#\s]+)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the included files, and the pages that are made from the code."""
    root = posixpath.dirname(config.config_file_path)
    for path in _INCLUDED:
        files.append(File.generated(config, path, abs_src_path=posixpath.join(root, path)))
    files.append(File.generated(config, "env.example", abs_src_path=f"{root}/.env.example"))
    made = {
        "options.md": asyncio.run(options_page()),
        "settings.md": settings_page(),
        "shell.md": shell_page(),
    }
    for path, content in made.items():
        files.append(File.generated(config, path, content=content))
    return files


def on_page_markdown(
    markdown: str,
    page: Page,
    config: MkDocsConfig,  # noqa: ARG001 - mkdocs passes all arguments by name
    files: Files,  # noqa: ARG001
) -> str:
    """Makes links, which are relative to the file in the repository, relative to the page.

    The page about privacy gets the table of what is stored.
    """
    path = page.file.src_uri
    source = path if path in _INCLUDED else f"docs/{path}"

    def relink(link: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(source), link[1]))
        in_site = "env.example" if target == ".env.example" else target.removeprefix("docs/")
        return posixpath.relpath(in_site, posixpath.dirname(path) or ".")

    return _LINK.sub(relink, _INVENTORY.sub(lambda _: inventory_table(), markdown))


def inventory_table() -> str:
    """Returns the table of what is stored about people in Markdown."""
    rows = [
        f"| {each.what} | {columns} | {each.seen_by} | {each.kept} | {each.on_deletion} |\n"
        for each in RULES
        for columns in [", ".join(f"`{each.table}.{column}`" for column in each.columns)]
    ]
    return _INVENTORY_INTRO + "".join(rows)


def settings_page() -> str:
    """Returns the page of all settings in Markdown, in the order of `.env.example`."""
    rows = [
        f"| `{each.name}` | {each.description} | {f'`{each.default}`' if each.default else ''} |\n"
        for each in SETTINGS
    ]
    return _SETTINGS_INTRO + "".join(rows)


async def options_page() -> str:
    """Returns the page of all slash commands and their options in Markdown."""
    with TemporaryDirectory() as folder:
        settings = Settings(database_path=Path(folder, "lab-herald.db"), home_guild_ids=(1,))
        async with open_app(settings) as app:
            await app.client.add_cogs()
            tree = app.client.tree
            commands = [
                command
                for guild in (None, *app.client.home_guilds)
                for command in tree.walk_commands(guild=guild, type=AppCommandType.chat_input)
                if isinstance(command, Command)
            ]
    ordered = sorted(commands, key=lambda command: command.qualified_name)
    return _OPTIONS_INTRO + "".join(map(_command_options, ordered))


def _command_options(command: Command[Any, ..., Any]) -> str:
    rows = [
        f"| `{each.display_name}` | {_cell(each.description)} "
        f"| {'yes' if each.required else ''} |\n"
        for each in command.parameters
    ]
    table = "| option | what it is | required |\n|---|---|---|\n" + "".join(rows) if rows else ""
    return f"\n## /{command.qualified_name}\n\n{_cell(command.description)}\n\n{table}"


def _cell(text: object) -> str:
    """Returns plain text that is safe in a cell of a Markdown table."""
    return re.sub(r"([\\`*_\[\]<|~])", r"\\\1", str(text))


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
