"""What the commands of the shell share: options, errors, and how they ask the library."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeVar

import click

from bot.settings import Settings
from storage.errors import InvalidInput, LabError
from storage.library import Library, open_library
from storage.models import Actor, Filters
from storage.search.query import years

_T = TypeVar("_T")
ACTOR = Actor("shell", "the shell")

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for other programs.")


class Group(click.Group):
    """The commands, with one way for their errors."""

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; an error for people ends it with its sentence."""
        try:
            return super().invoke(ctx)
        except LabError as error:
            raise click.ClickException(str(error)) from error


def filtered(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the filters of the slash commands."""
    for name, meaning in (
        ("tag", "Only papers with this tag."),
        ("year", "A year, or a span such as 2021..2023."),
        ("venue", "Only papers at this venue."),
        ("author", "Only papers of this author."),
    ):
        command = click.option(f"--{name}", default="", help=meaning)(command)
    return command


def filters(author: str, venue: str, year: str, tag: str) -> Filters:
    """What those filters ask for; raises `InvalidInput` for a bad year."""
    span = years(year) if year else (None, None)
    if span is None:
        raise InvalidInput(f"“{year[:60]}” is no year. Write 2023, or 2021..2023.")
    return Filters(author=author, venue=venue, tag=tag, first_year=span[0], last_year=span[1])


def with_library(settings: Settings, ask: Callable[[Library], Awaitable[_T]]) -> _T:
    """Open the catalogue, ask it something, and close it."""

    async def asked() -> _T:
        async with open_library(settings.database_path, lambda: datetime.now(UTC)) as library:
            return await ask(library)

    return asyncio.run(asked())


def dumped(value: object) -> str:
    """A value as JSON for programs and people."""
    return json.dumps(value, ensure_ascii=False, indent=2)
