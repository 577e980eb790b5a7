from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import click
from discord import AppCommandType
from discord.app_commands import Command, Group

from bot.app import App
from bot.formats.bibtex.names import read_names
from bot.formats.results import ParsedPaper
from bot.formats.text.dates import read_date
from bot.formats.text.plain_text import read_line
from bot.importing.detect import ImportFormat, detect_format
from bot.importing.formats import ImportFile, read_file
from bot.permissions import BOT_PERMISSIONS
from storage.names.author_list import parse_author_list
from tests.support.lab import Lab
from tests.support.papers import AT
from tests.support.paths import ROOT


async def test_the_documentation_lists_every_command_and_no_other(app: App) -> None:
    await app.client.add_cogs()
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
    await app.client.add_cogs()
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
    for name in main.list_commands(click.Context(main)):
        assert f"lab-herald {name}" in text, name


def test_every_command_of_the_shell_in_the_documents_exists() -> None:
    from bot.cli import main  # noqa: PLC0415 - after discord.py, whichever test runs first

    found = 0
    for document in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")):
        text = document.read_text(encoding="utf-8")
        for name, words in re.findall(r"(?m)(?:^|[`/])lab-herald ([a-z]+)([^`\n]*)", text):
            command = main.get_command(click.Context(main), name)
            assert command is not None, (document.name, name)
            known = {option for parameter in command.params for option in parameter.opts}
            used = set(re.findall(r"--[a-z-]+", words)) - {"--"}
            if not isinstance(command, click.Group):
                assert used <= known, (document.name, name, used - known)
            found += 1
    assert found > 30


def test_links_between_the_documents_lead_somewhere() -> None:
    for document in (
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        ROOT / "CHANGELOG.md",
        *(ROOT / "docs").rglob("*.md"),
    ):
        text = document.read_text(encoding="utf-8")
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", text):
            assert (document.parent / target).exists(), (document.name, target)


def test_every_path_in_the_documents_exists() -> None:
    found = 0
    for document in (ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")):
        text = document.read_text(encoding="utf-8")
        paths = re.findall(r"`((?:storage|bot|cogs|docs|tests|benchmarks)/[\w/.]*)`", text)
        assert [path for path in paths if not (ROOT / path).exists()] == [], document.name
        found += len(paths)
    assert found > 100


async def test_the_command_of_the_how_to_works(lab: Lab) -> None:
    text = (ROOT / "docs" / "extending" / "command.md").read_text(encoding="utf-8")
    cog, test = re.findall(r"(?ms)^```python\n(.*?)^```$", text)
    example: dict[str, Any] = {"__name__": "cogs.count"}
    exec(compile(cog, "count.py", "exec"), example)
    await example["setup"](lab.app.client)
    await lab.app.client.tree.sync()
    exec(compile(test, "test_count.py", "exec"), example)
    await example["test_papers_that_match_are_counted"](lab)


def test_each_test_that_the_threat_model_names_exists() -> None:
    text = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
    promises = re.findall(r"(?m)^\| (?!promise |---)(.+) \| (.+) \|$", text)
    assert len(promises) > 20
    for promise, tests in promises:
        named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", tests)
        assert len(named) == tests.count("`") / 2 > 0, promise
        for file, name in named:
            source = (ROOT / file).read_text(encoding="utf-8")
            assert re.search(rf"(?m)^ *(async )?def {name}\(", source), name


def _names(command: object) -> list[str]:
    if isinstance(command, Group):
        return [name for child in command.commands for name in _names(child)]
    return [command.qualified_name] if isinstance(command, Command) else []


def test_the_examples_of_formats_are_read_as_documented() -> None:
    text = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    section = text.partition("\n## Text, formulas and dates\n")[2].partition("\n## ")[0]
    _, markup, latex, dates = section.split("\n**")
    found = 0
    for part, read in ((markup, read_line), (latex, read_line), (dates, _shown_date)):
        for written, meaning in re.findall(r"(?m)^\| (`.*) \| (.*) \|$", part):
            examples = re.findall(r"`([^`]+)`", written)
            values = list(map(read, examples))
            shown = ", ".join(values if len(set(values)) > 1 else values[:1])
            assert shown == html.unescape(meaning)
            found += 1
    assert found > 18


def test_the_examples_of_names_are_read_as_documented() -> None:
    text = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    section = text.partition("\n## People's names\n")[2].partition("\n## ")[0]
    lists, bibtex = section.split("\nIn **BibTeX**")
    found = 0
    for part, read in ((lists, parse_author_list), (bibtex, read_names)):
        for written, meaning in re.findall(r"(?m)^\| (`.*) \| (.*) \|$", part):
            values = ["; ".join(read(one).names) for one in re.findall(r"`([^`]+)`", written)]
            if "person" not in meaning and "people" not in meaning:
                assert "; ".join(dict.fromkeys(values)) == re.sub(
                    ", (a group|all groups)$", "", meaning
                )
                found += 1
            for value in values:
                assert ("two people" in meaning) <= (value.count(";") == 1)
                assert ("one person" in meaning) <= (";" not in value)
    assert found > 9


def test_the_example_of_each_format_is_read(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    section = text.partition("\n## What is read\n")[2].partition("\n## ")[0]
    examples = re.findall(r"(?ms)^```([\w-]+)\n(.*?)^```$", section)
    for name, example in examples:
        file = tmp_path / "example"
        file.write_text(example, encoding="utf-8")
        detected = detect_format(file)
        assert detected.value == name
        entries = list(read_file(ImportFile(file, detected, AT)))
        if detected is ImportFormat.LIST:
            assert [entry.line for entry in entries] == [1, 2, 3]
            continue
        (paper,) = entries
        assert isinstance(paper, ParsedPaper)
        assert paper.draft.title.lower().startswith("on lamps")
        assert paper.draft.author_names[0] == "Jane Roe"
        assert paper.draft.date is not None
        assert paper.draft.date.year == 2023
    unread = {ImportFormat.TEXT, ImportFormat.FEED, ImportFormat.JSONL}
    assert {name for name, _ in examples} == {*ImportFormat} - unread


def _shown_date(text: str) -> str:
    return str(read_date(text) or "no date")
