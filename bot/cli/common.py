"""What the shell's commands share: options, error handling, and access to the library."""

from __future__ import annotations

import asyncio
import errno
import json
import sys
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from datetime import timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

import click

from bot.settings import Settings
from storage.errors import LabError
from storage.library import Library, open_library
from storage.models import Actor

if TYPE_CHECKING:
    from rich.text import Text

    from bot.lookup.service import Lookup
    from bot.net.http import HttpClient
    from bot.net.pace import Paces

_T = TypeVar("_T")
ACTOR = Actor("shell", "the shell")
NUMBER = click.IntRange(1, 2**63 - 1)  # the largest that SQLite stores
_DISK_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS}
_PROGRESS_STEPS = 200  # updates of a progress bar, at most

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
output_option = click.option(
    "-o",
    "--output",
    type=click.File("w", encoding="utf-8", atomic=True),
    default="-",
    help="Write to this file instead of standard output.",
)


class Group(click.Group):
    """A group of commands that report a `LabError` as its message, with exit code 1.

    They do so without permission for a file, too, and with a full or failing disk.
    """

    def invoke(self, ctx: click.Context) -> object:
        """Runs a command."""
        try:
            return super().invoke(ctx)
        except LabError as error:
            raise click.ClickException(str(error)) from error
        except PermissionError as error:
            raise click.ClickException(
                f"You have no permission to use {error.filename or 'a file'}."
            ) from error
        except OSError as error:
            if error.errno not in _DISK_ERRORS:
                raise
            raise click.ClickException(f"Writing failed: {error.strerror}.") from error


class LazyGroup(Group):
    """A group that only imports the module of the command that runs.

    ``modules`` has, for each command, its module in this package and its function: ``run.check``.
    """

    def __init__(self, *args: Any, modules: Mapping[str, str], **kwargs: Any) -> None:  # noqa: ANN401 - click's
        super().__init__(*args, **kwargs)
        self._modules = modules

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Returns the names of all commands, sorted."""
        return sorted(self._modules)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Returns the command of this name, or None if there's no such command."""
        if cmd_name not in self._modules:
            return None
        module, function = self._modules[cmd_name].split(".")
        command: click.Command = getattr(import_module(f"bot.cli.{module}"), function)
        return command


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


def run_with_library(settings: Settings, function: Callable[[Library], Awaitable[_T]]) -> _T:
    """Opens the library, awaits ``function`` with it and closes it again."""

    async def run() -> _T:
        async with open_library(
            settings.database_path, settings.clock, backup_dir=settings.backup_dir
        ) as library:
            return await function(library)

    return asyncio.run(run())


@contextmanager
def progress_bar(label: str, total: int | None) -> Iterator[Callable[[int, int | None], None]]:
    """Shows a progress bar on a terminal, and yields the function that moves it.

    The bar only counts while the number of entries isn't known.
    """
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    endless: Iterator[None] = iter(lambda: None, object())
    with click.progressbar(
        endless, length=total, label=label, show_pos=True, file=sys.stderr
    ) as bar:

        def move(done: int, total: int | None) -> None:
            bar.length = total or bar.length
            step = max(1, (bar.length or 20_000) // _PROGRESS_STEPS)
            if done == bar.length or done - bar.pos >= step:
                bar.update(done - bar.pos)

        yield move


@contextmanager
def elapsed_time(label: str) -> Iterator[None]:
    """Shows on a terminal how long the block has been running, if that's more than a second."""
    if not sys.stderr.isatty():
        yield
        return
    done = threading.Event()

    def show() -> None:
        seconds = 0
        while not done.wait(1):
            seconds += 1
            click.echo(f"\r{label}: {timedelta(seconds=seconds)} ", nl=False, err=True)
        if seconds:
            click.echo(err=True)

    thread = threading.Thread(target=show, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


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


def make_paces(library: Library, settings: Settings) -> Paces:
    """Returns the paces of all services, which other processes keep, too."""
    from bot.net.pace import Paces  # noqa: PLC0415 - slow to import

    return Paces(library.service_requests, settings)


@asynccontextmanager
async def open_lookup(settings: Settings, library: Library) -> AsyncGenerator[Lookup]:
    """Opens a lookup of papers with these settings."""
    from bot.feeds.parser import open_parser  # noqa: PLC0415 - slow to import
    from bot.lookup import service  # noqa: PLC0415 - the same
    from bot.lookup.resolver import ServiceUrls  # noqa: PLC0415 - the same

    async with (
        open_http_client(settings, allow_private=settings.feed_allow_private) as http,
        open_http_client(settings, allow_private=False) as pages,
        open_parser() as parser,
        service.open_lookup(
            http,
            parser,
            ServiceUrls.from_settings(settings),
            settings.clock,
            make_paces(library, settings),
            pages=pages,
        ) as lookup,
    ):
        yield lookup


def print_text(text: Text) -> None:
    """Prints a text, with its styles and links if standard output is a terminal."""
    from rich.console import Console  # noqa: PLC0415 - slow to import

    Console(soft_wrap=True, highlight=False).print(text)


def to_json(value: object) -> str:
    """Returns a value as indented JSON."""
    return json.dumps(value, ensure_ascii=False, indent=2)
