"""The demo's simulated Discord: a lab's server with a channel, two members and the bot."""

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

from bot.app import App, open_app
from bot.demo.site import Site, open_site
from bot.settings import Settings
from bot.starter import load_starter
from storage.models import Actor, Origin
from storage.timestamps import utc_now

GUILD_ID = 1_000_000_000_000_000_001


class WorldClock:
    """The real time, plus an hour for each outage that ended."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def __call__(self) -> datetime:
        """Returns the time in the demo."""
        return utc_now() + self._ahead

    def advance(self, time: timedelta) -> None:
        """Moves the clock forward."""
        self._ahead += time


@dataclass(frozen=True, slots=True)
class World:
    """Everything that the demo shows and controls."""

    app: App
    clock: WorldClock
    env: simcord.Env
    site: Site
    papers: Any
    member: Any
    moderator: Any

    async def poll(self) -> int:
        """Checks every feed now and announces new papers; returns how many messages were sent."""
        for feed in await self.app.library.feeds.all():
            await self.app.poller.poll(feed)
        return await self.app.deliver()

    def start_outage(self) -> None:
        """Makes Discord refuse all messages that the bot sends to channels."""
        self.env.inject_error("POST", "/channels/*/messages", status=503, times=None)

    async def end_outage(self) -> int:
        """Ends the outage an hour later; returns how many messages are sent then."""
        self.env.backend.faults.clear()
        self.clock.advance(timedelta(hours=1))
        return await self.app.deliver()


@asynccontextmanager
async def open_world(site_port: int = 0) -> AsyncGenerator[World]:
    """Runs the real bot in a simulated server with the starter papers, a feed and a channel."""
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
            open_app(_with_fake_services(settings, site), clock) as app,
        ):
            await app.library.papers.upsert_many(
                reversed(load_starter()), Origin.STARTER, Actor("starter", "the starter list")
            )
            async with simcord.run(app.client, strict_sync=False, check_errors=False) as env:
                yield await _set_up_server(app, clock, env, site)


def _with_fake_services(settings: Settings, site: Site) -> Settings:
    """Returns settings that look papers up at the site's fakes of arXiv and the registries."""
    registry = f"{site.home}doi"
    return replace(
        settings,
        arxiv_api_url=f"{site.home}arxiv",
        crossref_url=registry,
        datacite_url=registry,
    )


async def _set_up_server(app: App, clock: WorldClock, env: simcord.Env, site: Site) -> World:
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
    return World(
        app=app,
        clock=clock,
        env=env,
        site=site,
        papers=papers,
        member=member,
        moderator=moderator,
    )
