"""The bot with several connections to Discord, each of which has some of the servers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable

import discord
import pytest

from bot.app import open_app
from bot.operations.health_server import serve_health
from bot.settings import Settings
from tests.faults import discord_standin
from tests.faults.discord_standin import GUILD, OTHER_GUILD, TOKEN, Fault, StandIn
from tests.faults.station import HastyLabHerald, Station
from tests.support.health import fetch, value_of
from tests.support.lab import FakeClock


@pytest.fixture
async def stand_in(clock: FakeClock) -> AsyncIterator[StandIn]:
    async with discord_standin.open_stand_in(clock=clock, shards=2) as stand_in:
        with discord_standin.redirected(stand_in.address):
            yield stand_in


def note(noted: asyncio.Queue[str], moment: str) -> Callable[[str], Awaitable[None]]:
    """Returns a watch that notes a moment whenever it comes."""

    async def watch(now: str) -> None:
        if now == moment:
            noted.put_nowait(now)

    return watch


async def test_each_shard_has_its_servers_and_answers_there(station: Station) -> None:
    client, discord = station.app.client, station.discord
    shards = {guild.id: guild.shard_id for guild in client.guilds}
    assert shards == {one: discord.shard_of(one) for one in (GUILD, OTHER_GUILD)}
    assert sorted(shards.values()) == [0, 1]
    answered = asyncio.Queue[str]()
    discord.watch = note(answered, "kept callback")
    for guild_id in shards:
        await discord.use_command("random", guild_id=guild_id)
        await asyncio.wait_for(answered.get(), 10)
    callbacks = [asked for asked in discord.asked if asked.endswith("/callback")]
    assert len(callbacks) == len(set(callbacks)) == 2
    assert station.warnings == []


async def test_a_shard_without_connection_makes_the_bot_not_ready(station: Station) -> None:
    await station.app.poll()
    asked = asyncio.Queue[str]()
    station.discord.watch = note(asked, "received gateway")
    async with serve_health(station.app.monitor, 0) as port:
        assert (await fetch(port, "readyz"))[0] == 200
        station.discord.fail("gateway", Fault(None))
        await station.discord.close_gateway(shard=1)
        await asyncio.wait_for(asked.get(), 10)  # it tries to come back, in vain
        status, text = await fetch(port, "readyz")
        problems = ["1 of 2 shards isn't connected to Discord: 1."]
        assert (status, json.loads(text)["problems"]) == (503, problems)
        _, text = await fetch(port, "metrics")
        assert value_of(text, "lab_herald_shards") == 2
        assert value_of(text, "lab_herald_shards_connected") == 1
        assert value_of(text, "lab_herald_gateway_connected") == 0
        assert 0 < value_of(text, "lab_herald_gateway_latency_seconds", shard="0") < 60
        back = asyncio.ensure_future(station.app.client.wait_for("shard_ready"))
        station.discord.heal()
        assert await asyncio.wait_for(back, 30) == 1
        assert (await fetch(port, "readyz"))[0] == 200
    (warning,) = [one for one in station.log.records if one.name == "discord.shard"]
    assert warning.levelname == "WARNING"
    assert warning.exc_info is None
    assert "No connection to Discord" in warning.getMessage()


async def test_the_bot_ends_when_it_needs_more_shards(
    settings: Settings, stand_in: StandIn
) -> None:
    """Whoever keeps it running starts it again, and it asks for their number then."""
    stand_in.shards = 1
    async with open_app(settings, client_class=HastyLabHerald) as app:
        await app.client.login(TOKEN)
        connection = asyncio.create_task(app.client.connect())
        await stand_in.connected()
        stand_in.shards = 2
        stand_in.forget_sessions()
        await stand_in.close_gateway()
        with pytest.raises(discord.ConnectionClosed) as raised:
            await asyncio.wait_for(connection, 10)
    assert raised.value.code == 4011  # sharding required


async def test_a_shard_that_cannot_connect_at_first_tries_again(
    settings: Settings, stand_in: StandIn, caplog: pytest.LogCaptureFixture
) -> None:
    """discord.py waits five seconds before that."""
    stand_in.fail("gateway", Fault(503))
    async with open_app(settings, client_class=HastyLabHerald) as app:
        await app.client.login(TOKEN)
        connection = asyncio.create_task(app.client.connect())
        await asyncio.wait_for(stand_in.connected(), 30)
        await app.client.close()
        await connection
    (warning,) = [one for one in caplog.records if one.levelname == "WARNING"]
    assert "No connection to Discord" in warning.getMessage()
    assert "Failed to connect for shard_id: 0. Retrying" in warning.getMessage()
    assert warning.exc_info is None


async def test_a_shard_that_often_failed_reconnects_within_minutes(station: Station) -> None:
    """discord.py would wait up to 17 minutes, however short Discord's outages are."""
    for shard in station.app.client.shards.values():
        delays = [shard._parent._backoff.delay() for _ in range(200)]  # noqa: SLF001
        assert 60 < max(delays) < 270
