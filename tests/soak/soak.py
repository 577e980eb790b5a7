"""Runs the bot for a while, with random traffic and faults, and reports what became of it."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.faults.discord_standin import GUILD, MODERATORS, TOKEN
from tests.faults.interactive_discord import CURATORS, GENERAL, MANAGER, InteractiveDiscord
from tests.soak.announced import Comparison, compare, find_feeds_with_held_entries
from tests.soak.bot_process import BotProcess, Sample, read_log
from tests.soak.crowd import Crowd
from tests.soak.faults import FaultInjector
from tests.soak.feed_site import FeedSite
from tests.soak.outcome import Outcome
from tests.soak.program import LOGGER, FastClock
from tests.soak.services import GrowingResearch, Services
from tests.soak.verdict import ANSWER_LIMIT, judge_answers, judge_log, judge_resources
from tests.soak.world import SCRATCH_FEEDS, STABLE_FEEDS, fill_database

SPEED = 288  # a day takes five minutes
_LAG = 0.25  # seconds that this process is late if the machine is too busy
_PART = 0.012  # of a run, between restarts
_RESTARTS = 7
_SETTLES = 120  # seconds for what is still to be announced
_MAX_ACTS = 16  # at the same time


@dataclass(frozen=True)
class Load:
    """How much there is, and happens: seconds between one thing and the next."""

    act: float = 0.4
    publish: float = 4.0
    remove: float = 6.0
    fault: float = 2.5
    sample: float = 3.0
    answer_limit: float = ANSWER_LIMIT
    papers: int = 3_000  # in the list from the start, so that it doesn't grow much


class Soak:
    """The bot, its Discord, its feeds and services, its members, and what disturbs them."""

    def __init__(
        self,
        folder: Path,
        discord: InteractiveDiscord,
        site: FeedSite,
        services: Services,
        research: GrowingResearch,
        crowd: Crowd,
        faults: FaultInjector,
        bot: BotProcess,
        rng: random.Random,
        load: Load,
    ) -> None:
        self._folder = folder
        self._database = folder / "lab.db"
        self._discord = discord
        self._site = site
        self._services = services
        self._research = research
        self._crowd = crowd
        self._faults = faults
        self._bot = bot
        self._rng = rng
        self._load = load
        self._number = 1_000
        self._published: list[int] = []  # by feeds that are always followed
        self._removable: list[tuple[float, str]] = []
        self._stalls: list[tuple[float, float]] = []
        self._connected_at = time.monotonic()
        self._offline = 0.0  # the longest time in seconds
        self._samples: list[Sample] = []
        self._kills = self._restores = 0
        self._forgotten: set[int] = set()  # messages that were deleted before a restore
        self._is_restarting = False
        self._acts: set[asyncio.Task[None]] = set()

    async def run(self, duration: timedelta) -> Outcome:
        """Runs for a time, then lets the bot finish, and stops it.

        It is restarted and its database is restored only in the first sixth and at the end, so
        that the second and the last third are of one process.
        """
        seconds = duration.total_seconds()
        part = max(_PART * seconds, 1)
        await self._start()
        began_at = time.time()
        self._faults.start()
        steps = {
            self._publish: self._load.publish,
            self._act: self._load.act,
            self._remove: self._load.remove,
            self._inject: self._load.fault,
            self._sample: self._load.sample,
            self._watch_machine: 0.1,
            self._watch_connection: 1.0,
        }
        background = [asyncio.create_task(self._every(one, step)) for step, one in steps.items()]
        try:
            await self._wait(part, background)
            backups = [await self._back_up(0)]
            for number in range(_RESTARTS if seconds >= 60 else 2):
                await self._wait(part, background)
                if number > 1 and time.time() > began_at + seconds / 6:
                    break
                await self._restart(
                    signal.SIGTERM if number % 2 else signal.SIGKILL,
                    self._rng.choice(backups) if number % 2 else None,
                )
                if seconds >= 60:
                    backups.append(await self._back_up(number + 1))
            left = began_at + seconds - time.time()
            await self._wait(max(left, seconds / 2), background)
            ended_at = time.time()
            await self._restart(signal.SIGKILL, None)
        finally:
            await _cancel(background)
        try:
            await self._settle()
        finally:
            await _cancel(self._acts)
        status = await self._bot.end(signal.SIGTERM)
        return await self._judge(began_at, ended_at, status)

    # Traffic

    async def _every(self, pause: float, step: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(self._rng.uniform(0.5, 1.5) * pause)
            await step()

    async def _wait(self, seconds: float, background: list[asyncio.Task[None]]) -> None:
        """Lets things go on for a while; raises an error of theirs."""
        done, _ = await asyncio.wait(
            background, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION
        )
        for task in (*done, *(one for one in self._acts if one.done())):
            task.result()

    async def _act(self) -> None:
        for task in [one for one in self._acts if one.done()]:
            self._acts.discard(task)
            task.result()
        if self._discord.is_connected and not self._is_restarting and len(self._acts) < _MAX_ACTS:
            self._acts.add(asyncio.create_task(self._crowd.act()))

    async def _publish(self) -> None:
        if self._discord.is_connected:
            await self._discord.archive_threads(self._discord.idle_threads())
        self._number += 1
        draw = self._rng.random()
        if draw < 0.7:
            name = self._rng.choice([*STABLE_FEEDS])
            title = self._site.publish(name, self._number).title
            self._published.append(self._number)
        elif draw < 0.8:
            title = self._research.publish(self._number).title
        elif draw < 0.9:
            title = self._site.publish(self._rng.choice([*SCRATCH_FEEDS]), self._number).title
        else:
            self._site.correct(self._rng.choice([*STABLE_FEEDS]))
            return
        self._crowd.titles.append(title)
        self._removable.append((time.time(), title))

    async def _remove(self) -> None:
        """Removes an old paper, so that the list stays as long as it is."""
        if len(self._removable) < 30 or self._is_restarting or not self._discord.is_connected:
            return
        at, title = self._removable[0]
        if time.time() - at > 60:
            del self._removable[0]
            option = {"name": "paper", "type": 3, "value": title}
            await self._crowd.command_and_press("curate remove", option, "remove:")

    async def _inject(self) -> None:
        if not self._is_restarting:
            await self._faults.inject()

    async def _sample(self) -> None:
        if self._is_restarting or not self._discord.is_connected:
            return  # its handler of signals may not be there yet
        if sample := self._bot.sample():
            self._samples.append(sample)

    async def _watch_machine(self) -> None:
        """Notes when this process isn't run in time, and so the bot may not be, either."""
        before = time.monotonic()
        await asyncio.sleep(0.1)
        now = time.monotonic()
        if now - before > 0.1 + _LAG:
            self._stalls.append((before - 1, now + 1))

    async def _watch_connection(self) -> None:
        """Notes the longest time without a connection, other than for a restart."""
        now = time.monotonic()
        if self._discord.is_connected or self._is_restarting:
            self._connected_at = now
        self._offline = max(self._offline, now - self._connected_at)

    # Restarts and restores

    async def _start(self) -> None:
        await self._bot.start()
        await self._bot.wait_for(self._discord.connected())
        await asyncio.sleep(1)  # members see the bot come online

    async def _restart(self, how: signal.Signals, backup: Path | None) -> None:
        """Ends the bot, replaces its database by a backup if there is one, and starts it again."""
        self._is_restarting = True
        self._discord.excuse_open("the bot was restarted")
        if how is signal.SIGKILL:
            self._discord.note("kill")
            self._kills += 1
        await self._bot.end(how)
        if backup is not None:
            await self._bot.run("restore", str(backup), "--yes")
            self._discord.note("restore")
            self._forgotten |= self._discord.deleted
            self._restores += 1
        self._discord.excuse_open("the bot was restarted")
        await self._start()
        self._is_restarting = False

    async def _back_up(self, number: int) -> Path:
        path = self._folder / f"backup-{number}.db"
        await self._bot.run("backup", "--to", str(path))
        return path

    # The end

    async def _settle(self) -> None:
        """Ends all faults and traffic, and waits until the bot has announced everything."""
        self._is_restarting = True  # nobody does anything else
        await self._faults.stop()
        await self._bot.wait_for(self._discord.connected())
        if self._acts:
            await asyncio.wait(self._acts, timeout=45)
        await self._crowd.command(MANAGER, GENERAL, "feed check")
        for title in find_feeds_with_held_entries(self._database):
            option = {"name": "feed", "type": 3, "value": title}
            await self._crowd.command_and_press("feed show", option, r"held:\d+:1")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SETTLES):
                while (await self._compare()).announcements.lost:  # noqa: ASYNC110 - nothing tells
                    await asyncio.sleep(1)
        await asyncio.sleep(1)

    async def _compare(self) -> Comparison:
        return await compare(self._database, self._published, self._discord.sent, self._forgotten)

    async def _judge(self, began_at: float, ended_at: float, status: int) -> Outcome:
        compared = await self._compare()
        records = read_log(self._bot.log)
        tasks = [(one["at"], one["tasks"]) for one in records if one["logger"] == LOGGER]
        faults = Counter(fault.what for fault in self._discord.faults)
        return Outcome(
            minutes=round((ended_at - began_at) / 60, 2),
            starts=self._bot.starts,
            kills=self._kills,
            restores=self._restores,
            announcements=compared.announcements,
            messages=len(self._discord.sent),
            required=compared.required,
            excused_papers=compared.excused,
            answers=judge_answers(self._crowd.finished, self._stalls, self._load.answer_limit),
            uses=dict(sorted(self._crowd.uses.items())),
            replies=dict(sorted(self._crowd.answers.items())),
            requests={"feeds": self._site.asked, "services": self._services.asked},
            faults=dict(sorted(faults.items())),
            unexplained=judge_log(records, self._discord.faults),
            unknown_requests=dict(self._discord.unknown_requests),
            double_answers=self._discord.double_answers,
            offline=round(self._offline),
            exit_status=status,
            resources=judge_resources(self._samples, tasks, began_at, ended_at),
            samples=self._samples,
        )


async def _cancel(tasks: Collection[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def open_soak(folder: Path, seed: int, load: Load) -> AsyncIterator[Soak]:
    """Opens a world with a bot that follows feeds, announces in channels and knows people."""
    rng = random.Random(seed)
    began_at = datetime.now(UTC)
    clock = FastClock(began_at, SPEED)
    discord = InteractiveDiscord(clock=clock, nonce_window=timedelta(minutes=5) / SPEED)
    site = FeedSite(random.Random(seed + 1), discord.note)
    research = GrowingResearch(random.Random(seed + 2), lambda: clock().date())
    services = Services(random.Random(seed + 3), research, discord.note)
    app = web.Application(middlewares=[services.fail])
    app.add_routes([*site.routes(), *services.routes()])
    for name, kind in {**STABLE_FEEDS, **SCRATCH_FEEDS}.items():
        site.add_feed(name, kind)
        for number in range(3):
            site.publish(name, 100 + 10 * len(site.feeds) + number)
    async with AsyncExitStack() as stack:
        await discord.come_up()
        stack.push_async_callback(discord.go_down)
        server = await stack.enter_async_context(TestServer(app))
        home = str(server.make_url("")).rstrip("/")
        await fill_database(folder, home, research, clock, load.papers)
        environment = {
            "DISCORD_TOKEN": TOKEN,
            "HOME_GUILD_IDS": str(GUILD),
            "MODERATOR_ROLE_IDS": str(CURATORS),
            "MODERATORS_CHANNEL_ID": str(MODERATORS),
            "DATABASE_PATH": "lab.db",
            "FEED_ALLOW_PRIVATE": "yes",
            "FEED_TIMEOUT": "4s",
            "LOG_FORMAT": "json",
            "MALLOC_ARENA_MAX": "2",  # these three as in deploy/
            "MALLOC_MMAP_THRESHOLD_": "131072",
            "MALLOC_TRIM_THRESHOLD_": "131072",
            **Services.environment(home),
        }
        bot = BotProcess(folder, (discord.address, began_at.isoformat(), str(SPEED)), environment)
        crowd = Crowd(discord, random.Random(seed + 4), home)
        faults = FaultInjector(discord, site, services, rng)
        soak = Soak(folder, discord, site, services, research, crowd, faults, bot, rng, load)
        try:
            yield soak
        finally:
            if bot.is_running:
                await bot.end(signal.SIGKILL)
