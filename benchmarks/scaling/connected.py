"""The bot of `lab-herald run`, connected to the stand-in; also a process that measures itself."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from time import perf_counter, process_time

import discord
import discord.gateway
import discord.http
import psutil
import yarl

from bot.app import App, open_app
from bot.client import ShardedLabHerald
from bot.settings import Settings


@asynccontextmanager
async def open_connected(address: str, database: Path, token: str) -> AsyncGenerator[App]:
    """Runs the bot, which knows its servers, inside the block. It logs only errors."""
    socket = discord.gateway.DiscordWebSocket
    before = discord.http.Route.BASE, socket.DEFAULT_GATEWAY
    discord.http.Route.BASE = address
    socket.DEFAULT_GATEWAY = yarl.URL(address.replace("http:", "ws:")) / "gateway"
    logging.disable(logging.WARNING)
    try:
        settings = Settings(database_path=database, feed_allow_private=True)
        async with open_app(settings, client_class=ShardedLabHerald) as app:
            await app.client.login(token)
            connection = asyncio.create_task(app.client.connect())
            await app.client.wait_until_ready()
            yield app
            await app.client.close()
            with suppress(asyncio.CancelledError):
                await connection
    finally:
        logging.disable(logging.NOTSET)
        discord.http.Route.BASE, socket.DEFAULT_GATEWAY = before


async def _measure(address: str, database: Path, token: str) -> None:
    """Prints what the bot needs to know its servers, as JSON."""
    start, ran = perf_counter(), process_time()
    async with open_connected(address, database, token) as app:
        found = {
            "servers": len(app.client.guilds),
            "seconds": perf_counter() - start,
            "processor_seconds": process_time() - ran,
            "bytes": psutil.Process().memory_info().rss,
        }
        sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    asyncio.run(_measure(sys.argv[1], Path(sys.argv[2]), sys.argv[3]))
