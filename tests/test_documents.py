from __future__ import annotations

import re

from discord import AppCommandType
from discord.app_commands import Command, Group

from bot.app import App
from bot.client import cog_names
from bot.permissions import BOT_PERMISSIONS
from tests.support.paths import ROOT


async def test_the_documentation_lists_every_command_and_no_other(app: App) -> None:
    for name in cog_names():
        await app.client.load_extension(name)
    tree = app.client.tree
    known = set()
    for guild in (None, *app.client.home_guilds):
        for command in tree.get_commands(guild=guild, type=AppCommandType.chat_input):
            known |= set(_names(command))
    text = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `/([a-z]+(?: [a-z]+)?)", text, re.MULTILINE))
    assert documented == known


def test_the_invite_link_asks_for_exactly_the_needed_permissions() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"permissions=(\d+)", text) == [str(BOT_PERMISSIONS.value)]


async def test_every_command_and_option_is_described_within_discords_limits(app: App) -> None:
    for name in cog_names():
        await app.client.load_extension(name)
    for guild in (None, *app.client.home_guilds):
        for command in app.client.tree.walk_commands(guild=guild):
            assert 1 <= len(command.description) <= 100
            assert command.description != "…", command.qualified_name
            if isinstance(command, Command):
                for option in command.parameters:
                    assert option.description != "…", (command.qualified_name, option.name)
                    assert len(option.description) <= 100, (command.qualified_name, option.name)


def test_the_documentation_lists_every_command_of_the_shell() -> None:
    from bot.cli import main  # noqa: PLC0415 - after discord.py, whichever test runs first

    text = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    for name in main.commands:
        assert f"lab-herald {name}" in text, name


def test_links_between_the_documents_lead_somewhere() -> None:
    for document in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"):
        text = document.read_text(encoding="utf-8")
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", text):
            assert (document.parent / target).exists(), (document.name, target)


def test_every_path_in_contributing_exists() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    paths = re.findall(r"`((?:storage|bot|cogs|tests|benchmarks)/[\w/.]*)`", text)
    assert len(paths) > 20
    assert [path for path in paths if not (ROOT / path).exists()] == []


def _names(command: object) -> list[str]:
    if isinstance(command, Group):
        return [name for child in command.commands for name in _names(child)]
    return [command.qualified_name] if isinstance(command, Command) else []
