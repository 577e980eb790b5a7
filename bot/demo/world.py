"""The demo's simulated Discord: a lab's server with two channels, two members and the bot."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import discord
import simcord
from simcord.backend.cdn import CDN_BASE

from bot.app import App, open_app
from bot.demo.fake_services import PATHS, FakeServices
from bot.demo.research import Research
from bot.demo.site import Site, open_site
from bot.settings import Settings
from bot.starter import load_starter
from storage.models import Actor, Origin
from storage.people.models import PersonDraft
from storage.timestamps import Clock, utc_now

GUILD_ID = 1_000_000_000_000_000_001
_AVATAR = "herald"  # the hash of the bot's picture
_LONGEST_ACTION = timedelta(minutes=2)  # SimCord then gives up on a command
_LONGEST_WAIT = 60  # minutes until the bot tries again, however long an outage lasts
_MORNING = time(8, tzinfo=UTC)


class WorldClock:
    """The only clock of the demo: the time of ``now``, plus the waits that were skipped.

    The bot calls it. The simulated Discord reads ``now`` and ``elapsed`` in place of its own clock,
    which stands still.
    """

    def __init__(self, now: Clock = utc_now) -> None:
        self._now = now
        self._start = now()
        self._skipped = timedelta()

    def __call__(self) -> datetime:
        """Returns the time in the demo."""
        return self._now() + self._skipped

    def now(self) -> datetime:
        """Returns the time in the demo."""
        return self()

    @property
    def elapsed(self) -> float:
        """The seconds since the demo started."""
        return (self() - self._start).total_seconds()

    def advance(self, seconds: float) -> None:
        """Moves the clock forward."""
        self._skipped += timedelta(seconds=seconds)


@dataclass(frozen=True, slots=True)
class World:
    """Everything that the demo shows and controls."""

    app: App
    clock: WorldClock
    env: simcord.Env
    site: Site
    research: Research
    papers: Any
    moderators: Any
    member: Any
    moderator: Any

    @property
    def avatar_url(self) -> str:
        """Where the simulated Discord looks for the bot's picture."""
        return f"{CDN_BASE}/avatars/{self.env.backend.bot_user.id}/{_AVATAR}.png"

    @property
    def has_outage(self) -> bool:
        """Whether Discord refuses the bot's messages."""
        return bool(self.env.backend.faults)

    async def poll(self) -> int:
        """Checks every feed now and announces new papers; returns how many messages were sent."""
        for feed in await self.app.library.feeds.all():
            await self.app.poller.poll(feed)
        return await self.app.deliver()

    async def pass_day(self) -> None:
        """Moves the clock to the morning of the next working day, and does what was due by then."""
        now = self.clock()
        morning = next_morning(now)
        self.clock.advance((morning - now).total_seconds())
        self.research.begin_day(morning.date())
        await self.app.poll_sources()
        await self.app.complete_papers()
        await self.poll()

    def start_outage(self) -> None:
        """Makes Discord refuse all messages that the bot sends to channels."""
        self.env.inject_error("POST", "/channels/*/messages", status=503, times=None)

    async def end_outage(self) -> int:
        """Ends the outage; returns how many messages are sent then.

        The clock skips the wait until the bot tries again, a minute at a time.
        """
        self.env.backend.faults.clear()
        sent = await self.app.deliver()
        for _ in range(_LONGEST_WAIT):
            if not await self.count_waiting():
                break
            self.clock.advance(60)
            sent += await self.app.deliver()
        return sent

    async def count_found(self) -> int:
        """Counts the papers of the lab's people that wait for a moderator."""
        return await self.app.library.found_papers.count()

    async def count_waiting(self) -> int:
        """Counts the announcements that should have been sent already."""
        subscriptions = await self.app.library.subscriptions.all()
        return sum(
            one.waiting for one in subscriptions if not one.is_paused and not one.next_digest_at
        )


@asynccontextmanager
async def open_world(site_port: int = 0, clock: WorldClock | None = None) -> AsyncGenerator[World]:
    """Runs the real bot in a simulated server with the starter papers, a feed and a channel."""
    clock = clock or WorldClock()
    with tempfile.TemporaryDirectory(prefix="lab-herald-demo-") as folder:
        settings = Settings(
            home_guild_ids=(GUILD_ID,),
            database_path=Path(folder) / "demo.db",
            feed_allow_private=True,
            poll_interval=timedelta(minutes=1),
            lab_affiliations=("Open Lab",),
            lab_herald_speedup=1_000_000,  # its services mind no haste
        )
        research = Research(clock().date())
        async with (
            open_site(site_port, FakeServices(research), clock) as site,
            open_app(_with_fake_services(settings, site), clock) as app,
        ):
            await app.library.papers.upsert_many(
                reversed(load_starter()), Origin.STARTER, Actor("starter", "the starter list")
            )
            async with simcord.run(
                app.client,
                settle_timeout=_LONGEST_ACTION.total_seconds(),
                strict_sync=False,
                check_errors=False,
            ) as env:
                world = await _set_up_server(app, clock, env, site, research)
                await _add_people(world)
                yield world


def next_morning(now: datetime) -> datetime:
    """Returns the next morning on which arXiv announces papers."""
    day = now.date() + timedelta(days=1)
    while day.weekday() > 4:
        day += timedelta(days=1)
    return datetime.combine(day, _MORNING)


def _with_fake_services(settings: Settings, site: Site) -> Settings:
    """Returns settings that ask the site's fakes of all services."""
    urls: dict[str, Any] = {name: f"{site.home}{path}" for name, path in PATHS.items()}
    return replace(settings, **urls)


async def _add_people(world: World) -> None:
    """Adds the lab's people as the moderator, and asks the services about them a first time."""
    moderator = world.moderator
    actor = Actor(f"discord:{moderator.id}", moderator.user.global_name)
    for one in world.research.people:
        if one.is_of_the_lab:
            account = moderator.id if one.name.startswith("Noor ") else None
            draft = PersonDraft(
                one.name, ids=one.ids, categories=one.categories, discord_id=account
            )
            await world.app.library.people.add(draft, actor)
    await world.app.poll_sources()


async def _set_up_server(
    app: App, clock: WorldClock, env: simcord.Env, site: Site, research: Research
) -> World:
    backend: Any = env.backend
    backend.clock = clock
    backend.bot_user.avatar = _AVATAR
    bot_user: Any = app.client.user
    await bot_user.edit(username="Lab Herald")
    guild = env.create_guild("Open Lab", id=GUILD_ID)
    role = guild.create_role("Moderators", permissions=discord.Permissions(manage_guild=True))
    member = guild.add_member(env.create_user("mika", global_name="Mika (member)"))
    moderator = guild.add_member(
        env.create_user("noor", global_name="Noor (moderator)"), roles=[role]
    )
    papers = guild.create_text_channel("papers")
    visible = discord.PermissionOverwrite(view_channel=True)
    moderators = guild.create_text_channel(
        "moderators",
        overwrites={
            guild.default_role: discord.PermissionOverwrite(view_channel=False),
            role: visible,
            bot_user: visible,
        },
    )
    await moderator.slash(moderators, "setup channel", channel=moderators)
    await moderator.slash(papers, "announce here")
    await moderator.slash(papers, "feed add", url=site.home)
    return World(
        app=app,
        clock=clock,
        env=env,
        site=site,
        research=research,
        papers=papers,
        moderators=moderators,
        member=member,
        moderator=moderator,
    )
