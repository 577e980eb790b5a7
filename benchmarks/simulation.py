"""The bot on a simulated Discord: a server with a channel and a member who runs commands."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import discord
import simcord

from benchmarks.bench import open_bot
from bot.app import App
from bot.ui import cards


@dataclass
class Server:
    """A server of the bot. Its commands include `/nothing`, which looks nothing up."""

    app: App
    guild: simcord.GuildHandle
    channel: simcord.ChannelHandle
    member: simcord.MemberActor
    completed_at: float = 0.0

    async def time(self, command: str, **options: str) -> float:
        """Runs a command; returns the seconds to its completion: the simulator may wait longer."""
        start = perf_counter()
        await self.member.slash(self.channel, command, **options)
        return self.completed_at - start


@asynccontextmanager
async def open_server(database: Path) -> AsyncGenerator[Server]:
    """The bot with this database, in a server."""
    async with open_bot(database) as app, simcord.run(app.client, strict_sync=False) as env:
        guild = env.create_guild("Open Lab")
        member = guild.add_member(env.create_user("mika"))
        server = Server(app, guild, guild.create_text_channel("papers"), member)

        @app.client.tree.command(name="nothing", description="Do nothing.")
        async def send_notice(interaction: discord.Interaction) -> None:
            await interaction.response.send_message(view=cards.notice("Done."))

        async def note(*_: object) -> None:
            server.completed_at = perf_counter()

        app.client.add_listener(note, "on_app_command_completion")
        yield server
