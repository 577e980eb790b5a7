"""`lab-herald feeds`: the feeds that the bot follows, and what it reads in any feed.

The network code is imported inside functions, so that all other commands start faster.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, TypeVar

import click

from bot.cli import common, feeds_render
from bot.feeds.manage import follow_all
from bot.markdown import count
from bot.moderators import Moderators
from bot.settings import Settings
from bot.sources import explain
from bot.ui import trace as trace_text
from storage.database_lock import lock_database
from storage.errors import InvalidInput, LabError
from storage.feeds.models import CountedFeed
from storage.library import Library
from storage.redaction import redact_url
from storage.urls import is_url

if TYPE_CHECKING:
    from bot.feeds.discovery import ReadResult
    from bot.feeds.poller import Poll, Poller


_T = TypeVar("_T")
_NO_FEEDS = "You don't follow any feeds yet. Add one with: lab-herald feeds add URL"


@click.group(cls=common.Group)
def feeds() -> None:
    """Manage the feeds that new papers come from, and inspect any feed."""


@feeds.command("list")
@common.json_option
@click.pass_obj
def list_feeds(settings: Settings, *, as_json: bool) -> None:
    """List the feeds you follow, with their checks, failures and entries to review."""
    found = common.run_with_library(settings, lambda library: library.feeds.with_counts())
    if as_json:
        click.echo(common.to_json([feeds_render.feed_json(feed) for feed in found]))
    else:
        click.echo("\n".join(map(feeds_render.feed_lines, found)) or _NO_FEEDS)


@feeds.command()
@click.argument("url")
@click.option("--venue", default="", help="The venue of its papers, if the feed doesn't name one.")
@click.option("--review", is_flag=True, help="Have moderators review each new entry.")
@click.option(
    "--newest",
    type=click.IntRange(0, 10),
    default=0,
    help="How many of its newest papers to announce.",
)
@common.json_option
@click.pass_obj
def add(
    settings: Settings, url: str, *, venue: str, review: bool, newest: int, as_json: bool
) -> None:
    """Follow a feed, or a page's feed. Its existing papers are added without announcing them."""

    async def follow(library: Library, poller: Poller) -> tuple[CountedFeed, int]:
        feed = await poller.follow(url.strip(), common.ACTOR, venue, is_reviewed=review)
        return feed, await library.feeds.announce_newest(feed.id, newest)

    feed, announced = _with_poller(settings, follow)
    if as_json:
        click.echo(common.to_json({**feeds_render.feed_json(feed), "announced": announced}))
    else:
        click.echo(f"Now following this feed:\n{feeds_render.feed_lines(feed)}")


@feeds.command()
@click.argument("feed", type=common.NUMBER, required=False)
@common.json_option
@click.pass_obj
def poll(settings: Settings, feed: int | None, *, as_json: bool) -> None:
    """Check the feeds that are due, or one by its number.

    The bot announces new papers the next time it runs.
    """

    async def check(library: Library, poller: Poller) -> tuple[Poll, ...]:
        if feed is None:
            return await poller.poll_due()
        return (await poller.poll(await library.feeds.get(feed)),)

    with lock_database(settings.database_path):
        polls = _with_poller(settings, check)
    if as_json:
        click.echo(common.to_json([feeds_render.poll_json(one) for one in polls]))
    else:
        click.echo("\n".join(map(feeds_render.poll_lines, polls)) or "No feeds are due.")
    if any(one.error for one in polls):
        sys.exit(1)


@feeds.command()
@click.argument("entry")
@common.json_option
@click.pass_obj
def why(settings: Settings, entry: str, *, as_json: bool) -> None:
    """Explain what happened to an entry. ENTRY is a link, arXiv ID, DOI, number or title."""
    trace = common.run_with_library(
        settings, lambda library: explain.trace(library, settings.lab, entry)
    )
    if as_json:
        click.echo(common.to_json(trace_text.as_json(trace)))
    else:
        click.echo("\n".join(trace_text.sentences(trace, trace_text.PLAIN)))


@feeds.command()
@click.argument("sources", nargs=-1, required=True, metavar="FILE|URL...")
@click.option("--json", "as_json", is_flag=True, help="Print JSON in a terminal, too.")
@click.pass_obj
def read(settings: Settings, sources: tuple[str, ...], *, as_json: bool) -> None:
    """Show what the bot reads from feeds, one JSON object per line. Nothing is saved.

    In a terminal, the output is plain text. If a source can't be read, the others still are, but
    the exit code is 1.
    """
    from bot.feeds.discovery import read_feed_files  # noqa: PLC0415 - see above

    logging.getLogger("bot").addHandler(logging.NullHandler())  # each line has its own error
    now = settings.clock()
    render = (
        feeds_render.reading_json_line
        if as_json or not sys.stdout.isatty()
        else feeds_render.reading_lines
    )
    urls = [one for one in sources if is_url(one)]
    fetched = iter(_read_urls(settings, urls, now) if urls else ())
    names = [one for one in sources if not is_url(one)]
    failed = 0
    with read_feed_files(names, now, settings.feed_max_bytes) as files:
        for source in sources:
            reading = next(fetched if is_url(source) else files)
            failed += reading.feed is None
            click.echo(render(reading))
    if failed:
        raise LabError(f"{failed:,} of {count(len(sources), 'source')} can't be read.")


@feeds.command("export")
@common.output_option
@click.pass_obj
def export_feeds(settings: Settings, output: TextIO) -> None:
    """Export the feeds you follow as OPML, with whole URLs: they may contain secrets.

    The exit code is 1 if there are none.
    """
    from bot.formats.opml import write_opml  # noqa: PLC0415 - see above

    found = common.run_with_library(settings, lambda library: library.feeds.all())
    output.write(write_opml(found, settings.clock()))
    if not found:
        raise LabError(_NO_FEEDS)


@feeds.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@common.json_option
@click.pass_obj
def import_feeds(settings: Settings, file: Path, *, as_json: bool) -> None:
    """Follow the feeds in an OPML file, up to 50 at a time.

    The exit code is 1 if not all of them are followed afterwards.
    """
    from bot.formats.opml import MAX_BYTES, read_opml  # noqa: PLC0415 - see above

    try:
        with file.open("rb") as opened:
            outlines = read_opml(opened.read(MAX_BYTES + 1))
    except OSError as error:
        raise InvalidInput(f"Can't read {file}: {error.strerror}.") from None
    results = _with_poller(
        settings, lambda library, poller: follow_all(library, poller, outlines, common.ACTOR)
    )
    if as_json:
        click.echo(common.to_json([feeds_render.follow_json(one) for one in results]))
    else:
        click.echo("\n".join(f"{redact_url(one.outline.url)}: {one.sentence}" for one in results))
    missing = [one for one in results if not one.is_followed]
    if missing:
        verb = "wasn't" if len(missing) == 1 else "weren't"
        total = count(len(results), "feed")
        raise LabError(f"{len(missing):,} of {total} {verb} followed.")


def _with_poller(settings: Settings, function: Callable[[Library, Poller], Awaitable[_T]]) -> _T:
    """Opens the library and the network, awaits ``function`` with both and closes them."""
    from bot.feeds.parser import open_parser  # noqa: PLC0415 - see above
    from bot.feeds.poller import Poller  # noqa: PLC0415 - see above

    async def run(library: Library) -> _T:
        async with (
            common.open_http_client(settings, allow_private=settings.feed_allow_private) as http,
            open_parser() as parser,
        ):
            moderators = Moderators(library, settings)
            await moderators.load()
            poller = Poller(
                library, http, parser, settings.clock, settings.poll_interval, moderators
            )
            return await function(library, poller)

    return common.run_with_library(settings, run)


def _read_urls(settings: Settings, urls: list[str], now: datetime) -> tuple[ReadResult, ...]:
    from bot.feeds.discovery import read_feed_urls  # noqa: PLC0415 - see above

    async def read_all() -> tuple[ReadResult, ...]:
        allow_private = settings.feed_allow_private
        async with common.open_http_client(settings, allow_private=allow_private) as http:
            return await read_feed_urls(http, urls, now)

    return asyncio.run(read_all())
