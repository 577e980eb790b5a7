"""`lab-herald people poll`: asks the sources of papers that are due, without the bot."""

from __future__ import annotations

import click

from bot.cli import common, queue_render
from bot.markdown import count
from bot.net.sandbox import fork_worker
from bot.settings import Settings
from bot.sources.poller import TIME_LIMIT
from bot.sources.radar import RadarPoll, open_radar
from storage.database_lock import lock_database
from storage.library import Library


@click.command()
@common.json_option
@click.pass_obj
def poll(settings: Settings, *, as_json: bool) -> None:
    """Ask the sources that are due for new papers, while the bot isn't running.

    Shows the papers that are announced without a review. To see the others, run: lab-herald queue
    list.
    Sources that fail are reported, and asked again later.
    """

    async def run(library: Library) -> RadarPoll:
        async with open_radar(library, settings, settings.clock, workers=workers) as radar:
            return await radar.poll()

    with fork_worker(TIME_LIMIT) as workers, lock_database(settings.database_path):
        result = common.run_with_library(settings, run)
    if as_json:
        click.echo(common.to_json(_poll_json(result)))
    else:
        click.echo(_poll_text(result))


def _poll_json(poll: RadarPoll) -> dict[str, object]:
    """Returns the results of a poll, for programs."""
    return {
        "added": [queue_render.item_json(card) for card in poll.announced],
        "sources": [
            {"source": one.source, "requests": one.requests, "works": one.works, "error": one.error}
            for one in poll.sources
        ],
        "failures": [
            {"source": one.source, "error": one.error} for one in poll.sources if one.error
        ],
    }


def _poll_text(poll: RadarPoll) -> str:
    """Returns the results of a poll."""
    lines = [f"Announced “{card.draft.title}”: {card.reason}" for card in poll.announced]
    for one in poll.sources:
        asked = f"{count(one.requests, 'request')}, {count(one.works, 'work')}"
        lines.append(f"{one.title}: {asked}{f'. {one.error}' if one.error else ''}")
    return "\n".join(lines) or "No sources are due."
