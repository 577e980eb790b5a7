"""What the shell's commands share: options, error handling, and access to the library."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, TypeVar

import click

from bot.settings import Settings
from storage.errors import InvalidInput, LabError
from storage.library import Library, open_library
from storage.models import Actor, Filters
from storage.search.query import parse_years
from storage.timestamps import utc_now

if TYPE_CHECKING:
    from bot.net.http import HttpClient

_T = TypeVar("_T")
ACTOR = Actor("shell", "the shell")

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
output_option = click.option(
    "-o",
    "--output",
    type=click.File("w", encoding="utf-8", atomic=True),
    default="-",
    help="Write to this file instead of standard output.",
)


class Group(click.Group):
    """A group of commands that report a `LabError` as its message, with exit code 1."""

    def invoke(self, ctx: click.Context) -> object:
        """Runs a command."""
        try:
            return super().invoke(ctx)
        except LabError as error:
            raise click.ClickException(str(error)) from error


def filter_options(command: Callable[..., None]) -> Callable[..., None]:
    """Adds the options that narrow a search: author, venue, year and tag."""
    for name, description in (
        ("tag", "Only papers with this tag."),
        ("year", "Only papers from this year, or from a range such as 2021..2023."),
        ("venue", "Only papers from this venue."),
        ("author", "Only papers by this author."),
    ):
        command = click.option(f"--{name}", default="", help=description)(command)
    return command


def parse_filters(author: str, venue: str, year: str, tag: str) -> Filters:
    """Returns the filters of those options; raises `InvalidInput` for a bad year."""
    span = parse_years(year) if year else (None, None)
    if span is None:
        raise InvalidInput(f"“{year[:60]}” isn't a year. Try 2023 or 2021..2023.")
    return Filters(author=author, venue=venue, tag=tag, first_year=span[0], last_year=span[1])


def run_with_library(settings: Settings, function: Callable[[Library], Awaitable[_T]]) -> _T:
    """Opens the library, awaits ``function`` with it and closes it again."""

    async def run() -> _T:
        async with open_library(settings.database_path, utc_now) as library:
            return await function(library)

    return asyncio.run(run())


def open_http_client(
    settings: Settings, *, allow_private: bool
) -> AbstractAsyncContextManager[HttpClient]:
    """Opens an HTTP client with these settings; see `bot.net.http.open_http_client`."""
    from bot.net import http  # noqa: PLC0415 - slow to import

    return http.open_http_client(
        contact=settings.contact,
        allow_private=allow_private,
        time_limit=settings.feed_timeout,
        max_bytes=settings.feed_max_bytes,
    )


def to_json(value: object) -> str:
    """Returns a value as indented JSON."""
    return json.dumps(value, ensure_ascii=False, indent=2)
