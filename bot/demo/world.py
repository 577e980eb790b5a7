"""The simulated Discord of the demo: a lab's server with its channel, its people and the bot."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import discord
import simcord

from bot.app import App, open_app, utc_now
from bot.demo.site import Site, open_site
from bot.settings import Settings
from bot.starter import load_starter
from storage.models import Actor, Origin

GUILD_ID = 1_000_000_000_000_000_001


class WorldClock:
    """The real time, and a little more after each outage."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def __call__(self) -> datetime:
        """The time in the demo."""
        return utc_now() + self._ahead

    def skip(self, time: timedelta) -> None:
        """Let time pass at once."""
        self._ahead += time


@dataclass(frozen=True, slots=True)
class World:
    """Everything that the demo shows."""

    app: App
    clock: WorldClock
    env: simcord.Env
    site: Site
    papers: Any
    member: Any
    moderator: Any

    async def poll(self) -> int:
        """Read every feed now and announce what is new; gives how many messages were sent."""
        for feed in await self.app.library.feeds.all():
            await self.app.poller.poll(feed)
        return await self.app.deliver()

    def let_discord_fail(self) -> None:
        """Let Discord take no message of the bot's own, until it comes back."""
        self.env.inject_error("POST", "/channels/*/messages", status=503, times=None)

    async def let_discord_come_back(self) -> int:
        """End the outage, an hour later; gives how many messages were sent then."""
        self.env.backend.faults.clear()
        self.clock.skip(timedelta(hours=1))
        return await self.app.deliver()


@asynccontextmanager
async def open_world(site_port: int = 0) -> AsyncGenerator[World]:
    """The real bot in a simulated server, with the starter catalogue, one feed and one channel."""
    with tempfile.TemporaryDirectory(prefix="lab-herald-demo-") as folder:
        settings = Settings(
            home_guild_ids=(GUILD_ID,),
            database_path=Path(folder) / "demo.db",
            feed_allow_private=True,
            poll_interval=timedelta(minutes=1),
        )
        clock = WorldClock()
        async with (
            open_site(site_port) as site,
            open_app(_looking_up_at(site, settings), clock) as app,
        ):
            await app.library.papers.upsert_many(
                reversed(load_starter()), Origin.STARTER, Actor("starter", "the starter list")
            )
            async with simcord.run(app.client, strict_sync=False, check_errors=False) as env:
                yield await _furnish(app, clock, env, site)


def _looking_up_at(site: Site, settings: Settings) -> Settings:
    """The settings with the site's stand-ins for the services that papers are looked up at."""
    registry = f"{site.home}doi"
    return replace(
        settings,
        arxiv_api_url=f"{site.home}arxiv",
        crossref_url=registry,
        datacite_url=registry,
    )


async def _furnish(app: App, clock: WorldClock, env: simcord.Env, site: Site) -> World:
    await env.advance_time((utc_now() - env.now()).total_seconds())
    if app.client.user is not None:
        await app.client.user.edit(username="Lab Herald")
    guild = env.create_guild("Open Lab", id=GUILD_ID)
    papers = guild.create_text_channel("papers")
    moderators = guild.create_role("Moderators", permissions=discord.Permissions(manage_guild=True))
    member = guild.add_member(env.create_user("mika", global_name="Mika (member)"))
    moderator = guild.add_member(
        env.create_user("noor", global_name="Noor (moderator)"), roles=[moderators]
    )
    await moderator.slash(papers, "announce here")
    await moderator.slash(papers, "feed add", url=site.home)
    return World(app, clock, env, site, papers, member, moderator)
