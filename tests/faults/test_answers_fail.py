"""Members aren't left waiting if Discord fails while a command is answered."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator

import pytest

from bot.settings import Settings
from tests.faults import discord_standin
from tests.faults.discord_standin import GUILD, Fault, refusal
from tests.faults.interactive_discord import GENERAL, MANAGER, Interaction, InteractiveDiscord
from tests.faults.station import open_station
from tests.support.lab import FakeClock


@pytest.fixture
async def discord(clock: FakeClock) -> AsyncIterator[InteractiveDiscord]:
    discord = InteractiveDiscord(clock=clock)
    await discord.come_up()
    with discord_standin.redirected(discord.address):
        yield discord
    await discord.go_down()


@pytest.fixture
def records(caplog: pytest.LogCaptureFixture) -> Iterator[asyncio.Queue[logging.LogRecord]]:
    """The log's records, which a test can wait for."""
    queue: asyncio.Queue[logging.LogRecord] = asyncio.Queue()

    def put(record: logging.LogRecord) -> bool:
        if record.levelno >= logging.WARNING:
            queue.put_nowait(record)
        return True

    caplog.handler.addFilter(put)
    yield queue
    caplog.handler.removeFilter(put)


async def use(discord: InteractiveDiscord, group: str, name: str) -> Interaction:
    """Uses a command without options, and waits for its answer."""
    (command,) = [one for one in discord.commands[GUILD] if one["name"] == group]
    subcommand = {"type": 1, "name": name, "options": []}
    data = {**command, "options": [subcommand]}
    used = await discord.use(2, f"/{group} {name}", MANAGER, GENERAL, data)
    async with asyncio.timeout(30):
        await used.completed.wait()
    return used


async def test_who_used_a_command_isnt_left_waiting_if_only_the_news_of_its_answer_was_lost(
    settings: Settings,
    clock: FakeClock,
    discord: InteractiveDiscord,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    async with open_station(settings, clock, discord, caplog):
        discord.fail("callback", Fault(500, kept=True))
        used = await use(discord, "feed", "check")  # which asks for time before it answers
        assert "If anything is missing, please try again" in used.replies[0]["content"]
        assert "doesn't take this answer to /feed check any more" in caplog.text
        assert [one for one in caplog.records if one.levelno >= logging.ERROR] == []


async def test_suggestions_that_discord_doesnt_take_are_no_error(
    settings: Settings,
    clock: FakeClock,
    discord: InteractiveDiscord,
    caplog: pytest.LogCaptureFixture,
    records: asyncio.Queue[logging.LogRecord],
) -> None:
    async with open_station(settings, clock, discord, caplog):
        discord.fail("callback", refusal(10062, 404))
        (command,) = [one for one in discord.commands[None] if one["name"] == "paper"]
        typed = {"name": "paper", "type": 3, "value": "fern", "focused": True}
        await discord.use(4, "typing", MANAGER, GENERAL, {**command, "options": [typed]})
        async with asyncio.timeout(30):
            record = await records.get()
        assert (record.levelname, record.exc_info) == ("WARNING", None)
        assert "Suggestions weren't shown (404 Not Found (error code: 10062)" in record.getMessage()
