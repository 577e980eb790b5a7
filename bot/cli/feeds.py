"""`lab-herald feeds`: the watched feeds, and what the bot reads in any feed, in the shell.

What fetches is imported where it is used, so that every other command begins without it.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, TypedDict, TypeVar

import click

from bot.cli import common, feeds_render
from bot.feeds.manage import SubscribeOutcome, watch_all
from bot.moderators import Moderators
from bot.settings import Settings
from bot.ui import trace as words
from storage.errors import InvalidInput, LabError
from storage.feeds.models import Feed
from storage.library import Library

if TYPE_CHECKING:
    from bot.feeds.discovery import Reading
    from bot.feeds.poller import Poll, Poller


_T = TypeVar("_T")


class _Limits(TypedDict):
    """How the network is used; see `bot.net.http.open_web`."""

    contact: str
    allow_private: bool
    patience: timedelta
    max_bytes: int


@click.group(cls=common.Group)
def feeds() -> None:
    """Keep the feeds that bring new papers, and look into any feed."""


@feeds.command("list")
@common.as_json
@click.pass_obj
def list_feeds(settings: Settings, *, as_json: bool) -> None:
    """Show the watched feeds: last success, next look, failures, what waits."""
    found = common.with_library(settings, lambda library: library.feeds.counted())
    if as_json:
        click.echo(common.dumped([feeds_render.feed_json(feed) for feed in found]))
    else:
        click.echo("\n".join(map(feeds_render.feed_lines, found)) or "I watch no feed yet.")


@feeds.command()
@click.argument("url")
@click.option("--venue", default="", help="The venue of its papers, where it gives none.")
@click.option("--review", is_flag=True, help="Let a moderator decide each new entry.")
@click.option(
    "--newest",
    type=click.IntRange(0, 10),
    default=0,
    help="How many of the newest papers of today to announce.",
)
@common.as_json
@click.pass_obj
def add(
    settings: Settings, url: str, *, venue: str, review: bool, newest: int, as_json: bool
) -> None:
    """Watch a feed, or the feed of a page; what it has today is taken in silently."""

    async def added(library: Library, poller: Poller) -> tuple[Feed, int]:
        feed = await poller.watch(url.strip(), common.ACTOR, venue, is_reviewed=review)
        return feed, await library.arrivals.announce_newest(feed.id, newest)

    feed, announced = _with_poller(settings, added)
    if as_json:
        click.echo(common.dumped({**feeds_render.feed_json(feed), "announced": announced}))
    else:
        click.echo(feeds_render.feed_lines(feed))


@feeds.command()
@click.argument("feed", type=click.IntRange(1), required=False)
@common.as_json
@click.pass_obj
def poll(settings: Settings, feed: int | None, *, as_json: bool) -> None:
    """Read the feeds that are due, or one by its number; what is new waits for the bot."""
    from bot.app import only_one  # noqa: PLC0415 - discord.py is slow to import

    async def polled(library: Library, poller: Poller) -> tuple[Poll, ...]:
        if feed is None:
            return await poller.poll_due()
        return (await poller.poll(await library.feeds.get(feed)),)

    with only_one(settings.database_path):
        polls = _with_poller(settings, polled)
    if as_json:
        click.echo(common.dumped([feeds_render.poll_json(one) for one in polls]))
    else:
        click.echo("\n".join(map(feeds_render.poll_lines, polls)) or "No feed is due.")
    if any(one.error for one in polls):
        sys.exit(1)


@feeds.command()
@click.argument("entry")
@common.as_json
@click.pass_obj
def why(settings: Settings, entry: str, *, as_json: bool) -> None:
    """Say what happened to an entry: a link, arXiv id, DOI, number or title."""
    trace = common.with_library(settings, lambda library: library.traces.find(entry))
    if as_json:
        click.echo(common.dumped(words.as_json(trace)))
    else:
        click.echo("\n".join(words.lines(trace, words.PLAIN)))


@feeds.command()
@click.argument("sources", nargs=-1, required=True, metavar="FILE|URL...")
@click.option("--json", "as_json", is_flag=True, help="A JSON object a line, on a terminal, too.")
@click.pass_obj
def read(settings: Settings, sources: tuple[str, ...], *, as_json: bool) -> None:
    """Show what the bot reads in feeds, a JSON object a line; nothing is kept.

    On a terminal it is text for people. Where one can't be read the others are, and the exit
    code is 1.
    """
    from bot.feeds.discovery import is_address, read_files  # noqa: PLC0415 - see above

    logging.getLogger("bot").addHandler(logging.NullHandler())  # what fails is told by its line
    now = datetime.now(UTC)
    written = (
        feeds_render.reading_line
        if as_json or not sys.stdout.isatty()
        else feeds_render.reading_lines
    )
    addresses = [one for one in sources if is_address(one)]
    fetched = iter(_read_addresses(settings, addresses, now) if addresses else ())
    named = [one for one in sources if not is_address(one)]
    failed = 0
    with read_files(named, now, settings.feed_max_bytes) as files:
        for source in sources:
            reading = next(fetched if is_address(source) else files)
            failed += reading.feed is None
            click.echo(written(reading))
    if failed:
        raise LabError(f"{failed:,} of {len(sources):,} could not be read.")


@feeds.command("export")
@click.option("-o", "--output", type=click.File("w", encoding="utf-8", atomic=True), default="-")
@click.pass_obj
def export_feeds(settings: Settings, output: TextIO) -> None:
    """Write the watched feeds as a list (OPML)."""
    from bot.formats.opml import write_opml  # noqa: PLC0415 - see above

    found = common.with_library(settings, lambda library: library.feeds.all())
    output.write(write_opml(found, datetime.now(UTC)))


@feeds.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@common.as_json
@click.pass_obj
def import_feeds(settings: Settings, file: Path, *, as_json: bool) -> None:
    """Watch the feeds of a list (OPML), at most 50 at once."""
    from bot.formats.opml import MAX_BYTES, read_opml  # noqa: PLC0415 - see above

    try:
        with file.open("rb") as opened:
            outlines = read_opml(opened.read(MAX_BYTES + 1))
    except OSError as error:
        raise InvalidInput(f"{file} can't be read: {error.strerror}.") from None
    tried = _with_poller(
        settings, lambda library, poller: watch_all(library, poller, outlines, common.ACTOR)
    )
    if as_json:
        click.echo(common.dumped([feeds_render.tried_json(one) for one in tried]))
    else:
        click.echo("\n".join(f"{one.outline.url}: {one.words}" for one in tried))
    if any(one.outcome is SubscribeOutcome.FAILED for one in tried):
        sys.exit(1)


def _with_poller(settings: Settings, ask: Callable[[Library, Poller], Awaitable[_T]]) -> _T:
    """Open the catalogue and the network, ask something of both, and close them."""
    from bot.feeds.parser import open_parser  # noqa: PLC0415 - see above
    from bot.feeds.poller import Poller  # noqa: PLC0415 - see above
    from bot.net.http import open_web  # noqa: PLC0415 - see above

    async def asked(library: Library) -> _T:
        async with open_web(**_limits(settings)) as web, open_parser() as parser:
            moderators = Moderators(library, settings)
            await moderators.load()
            poller = Poller(
                *(library, web, parser, lambda: datetime.now(UTC)),
                settings.poll_interval,
                moderators,
            )
            return await ask(library, poller)

    return common.with_library(settings, asked)


def _read_addresses(settings: Settings, addresses: list[str], now: datetime) -> tuple[Reading, ...]:
    from bot.feeds.discovery import read_addresses  # noqa: PLC0415 - see above
    from bot.net.http import open_web  # noqa: PLC0415 - see above

    async def read_all() -> tuple[Reading, ...]:
        async with open_web(**_limits(settings)) as web:
            return await read_addresses(web, addresses, now)

    return asyncio.run(read_all())


def _limits(settings: Settings) -> _Limits:
    return {
        "contact": settings.contact,
        "allow_private": settings.feed_allow_private,
        "patience": settings.feed_timeout,
        "max_bytes": settings.feed_max_bytes,
    }
