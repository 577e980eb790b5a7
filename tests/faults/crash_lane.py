"""A lane of the crash matrix: a Discord, a feed, and a bot that is killed and restarted."""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from aiohttp import web

from bot.app import open_app
from bot.settings import Settings
from storage.announcements.models import SubscriptionOptions
from tests.faults import discord_standin
from tests.faults.child import SYNCED
from tests.faults.discord_standin import (
    DIRECT,
    FORUM,
    GUILD,
    MODERATORS,
    NEWS,
    PAPERS,
    KeptLate,
    StandIn,
    announced,
    customs,
    is_published,
)
from tests.support.library import MODERATOR
from tests.support.paths import ROOT

_LOOK = timedelta(hours=1)
_CHANNELS = (PAPERS, NEWS, FORUM)

# Where the bot is killed: the first by Discord or the feed's server as they are asked, the
# others by what it does with its database. Their number is odd, so that every point meets both
# kinds of run, with Discord's memory for nonces and without.
ASKED = {
    "feed asked, not answered": "feed",
    "send received, not kept": "received send",
    "message kept, not answered": "kept send",
    "message kept late, after the restart": "received send",
    "history asked": "received history",
    "forum post received, not kept": "received thread",
    "forum post kept, not answered": "kept thread",
    "thread begun, not answered": "kept begin",
    "message published, not answered": "kept publish",
    "correction shown, not answered": "kept edit",
    "member's message received, not kept": "received tell",
    "member's message kept, not answered": "kept tell",
}
DONE = {
    "feed read, before the intake's COMMIT": ("before", "intake"),
    "after the intake's COMMIT": ("after", "intake"),
    "before the post's COMMIT": ("before", "post"),
    "after the post's COMMIT": ("after", "post"),
    "before the claim's COMMIT": ("before", "claim"),
    "after the claim's COMMIT": ("after", "claim"),
    "message answered, before its record's COMMIT": ("before", "record"),
    "after its record's COMMIT": ("after", "record"),
    "followed up, before that record's COMMIT": ("before", "follow-up"),
    "before any statement": ("before", "statement"),
    "after any statement": ("after", "statement"),
}
POINTS = (*ASKED, *DONE)
LATE = "message kept late, after the restart"
_STATEMENTS = 200  # fewer than any life has
_CORRECTED = ", corrected"
_DECIDED = re.compile("suggestion:[0-9]+:-")
_OPTIONS = {PAPERS: SubscriptionOptions(has_thread=True), NEWS: SubscriptionOptions(publishes=True)}


LaneT = TypeVar("LaneT", bound="Lane")


@dataclass
class Site:
    """A feed that has more entries each time it is polled."""

    batches: list[list[str]] = field(default_factory=list)
    asked: int = 0
    lane: Lane | None = None

    async def answer(self, _request: web.Request) -> web.Response:
        self.asked += 1
        if self.lane:
            await self.lane.reach("feed")
        titles = [title for batch in self.batches[: self.asked] for title in batch]
        items = "".join(
            f"<item><title>{title}</title><guid>{title}</guid></item>" for title in titles[::-1]
        )
        feed = f"<rss version='2.0'><channel><title>News</title>{items}</channel></rss>"
        return web.Response(body=feed.encode(), content_type="application/rss+xml")


@dataclass(frozen=True)
class Outcome:
    """The outcome of one run: papers lost or announced twice in any channel, and the order.

    The message to a member and the moderators' card count as a paper each, with their channel's id.

    ``unsent`` counts posts that the bot believes unsent, or sent though there is no message.
    ``unfinished`` counts messages without their thread, not published, or not corrected.
    """

    point: str
    has_window: bool
    loses_writes: bool
    kills: int
    lost: list[int]
    twice: list[int]
    in_order: bool
    unsent: int
    unfinished: int

    @property
    def is_good(self) -> bool:
        return self.in_order and not (self.lost or self.twice or self.unsent or self.unfinished)


class Lane:
    """Makes one run after the other."""

    asked = ASKED
    done = DONE
    between_lives = 12 * _LOOK

    def __init__(
        self, discord: StandIn, site: Site, child: asyncio.subprocess.Process, folder: Path
    ) -> None:
        self._discord = discord
        self._site = site
        self._child = child
        self._folder = folder
        self._pid: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._point: tuple[str, int] | None = None
        self._first = ""
        self._suggested = ""
        self._late = False
        self._loses_writes = False
        site.lane = self

    async def run(
        self, number: int, *, has_window: bool | None = None, loses_writes: bool | None = None
    ) -> Outcome:
        """Kills the bot at a point, perhaps at another one too, then lets it finish undisturbed.

        With ``loses_writes``, a kill is a power failure: what wasn't synced by then is lost.
        """
        rng = random.Random(number)
        point = POINTS[number % len(POINTS)]
        has_window = number % 2 == 0 if has_window is None else has_window
        has_window |= point == LATE
        self._loses_writes = number % 4 >= 2 if loses_writes is None else loses_writes
        sizes = rng.choice([(1, 2, 1), (2, 1, 2), (1, 1, 1), (3, 2), (1, 7)])
        self._begin(number, sizes, timedelta(minutes=5 if has_window else 0))
        kills = await self._live(0, point, rng)
        if rng.random() < 0.5 or point == "history asked":
            others = [one for one in POINTS if one != LATE or has_window]
            kills += await self._live(1, rng.choice(others), rng)
        assert await self._live(2, "", rng) == 0, "the last life did not end well"
        return self._look(sum(sizes), point=point, has_window=has_window, kills=kills)

    async def run_full(self, number: int, what: str) -> Outcome:
        """Makes the disk full from a COMMIT on, for a few hours of one life."""
        sizes = (2, 1, 2)
        self._loses_writes = False
        self._begin(number, sizes, timedelta())
        status = await self._run_bot(0, {"full": ["before", what, 1], "full_rounds": 3})
        assert status == 0, "the life did not end well"
        return self._look(sum(sizes), point=what, has_window=False, kills=0)

    @property
    def log(self) -> str:
        """The log of all lives of the bot."""
        return (self._folder / "log").read_text(encoding="utf-8")

    def _begin(self, number: int, sizes: tuple[int, ...], nonce_window: timedelta) -> None:
        """Resets the database, Discord and the feed."""
        for left in self._folder.glob("lab.db*"):
            left.unlink()
        shutil.copy(self._folder / "before.db", self._folder / "lab.db")
        self._discord.forget()
        self._discord.watch = self.reach
        self._discord.nonce_window = nonce_window
        self._site.batches = [
            [f"Paper {number} {batch} {place}" for place in range(size)]
            for batch, size in enumerate(sizes)
        ]
        self._site.asked = 0
        self._first = self._site.batches[0][0]
        self._suggested = f"Paper {number} suggested"
        self._point = None
        self._settle_disk(is_killed=False)

    async def _live(self, life: int, point: str, rng: random.Random) -> int:
        """Runs the bot until it ends or is killed at the point; returns whether it was killed."""
        told: dict[str, Any] = {}
        self._late = point == LATE
        self._point = None
        if point in self.asked:
            is_once = point == "history asked" or self.asked[point].endswith(" tell")
            self._point = (self.asked[point], 1 if is_once else rng.randint(1, 2))
            if point == "history asked":
                self._discord.fail("send", discord_standin.Fault(503, kept=rng.random() < 0.5))
        elif point:
            when, what = self.done[point]
            most = _STATEMENTS if what == "statement" else 2
            told["point"] = [when, what, rng.randint(1, most)]
        status = await self._run_bot(life, told)
        assert status in {0, -signal.SIGKILL}, f"a life ended with status {status}; see its log"
        return int(status != 0)

    async def _run_bot(self, life: int, told: dict[str, Any]) -> int:
        """Runs the bot, some time after its last life; returns its exit status."""
        now = datetime.now(UTC) + life * self.between_lives
        self._discord.clock = lambda: now
        told |= {
            "database": str(self._folder / "lab.db"),
            "discord": self._discord.address,
            "now": now.isoformat(),
            "log": str(self._folder / "log"),
            "wrong": self._first,
            "right": self._first + _CORRECTED,
            "suggested": self._suggested,
            "rounds": 5,
            "loses_writes": self._loses_writes,
        }
        self._pid = asyncio.get_running_loop().create_future()
        assert self._child.stdin
        assert self._child.stdout
        self._child.stdin.write(json.dumps(told).encode() + b"\n")
        self._pid.set_result(int(await self._child.stdout.readline()))
        status = int(await self._child.stdout.readline())
        self._settle_disk(is_killed=status != 0)
        return status

    def _settle_disk(self, *, is_killed: bool) -> None:
        """Puts back what a killed life had synced, or what it began with, if writes get lost."""
        synced = sorted(self._folder.glob(f"{SYNCED}*"))
        if is_killed and synced:
            for left in self._folder.glob("lab.db*"):
                left.unlink()
            shutil.copytree(synced[-1], self._folder, dirs_exist_ok=True)
        for folder in [*synced, self._folder / "incomplete"]:
            shutil.rmtree(folder, ignore_errors=True)
        if self._loses_writes:
            begin = self._folder / f"{SYNCED}{0:05}"
            begin.mkdir()
            for path in self._folder.glob("lab.db*"):
                shutil.copy(path, begin)

    async def reach(self, moment: str) -> None:
        """Kills the bot if this is the point."""
        if self._point is None or self._point[0] != moment:
            return
        times = self._point[1] - 1
        self._point = (moment, times) if times else None
        if not times:
            os.kill(await self._pid, signal.SIGKILL)
            raise KeptLate if self._late else web.HTTPServiceUnavailable

    def _look(self, papers: int, *, point: str, has_window: bool, kills: int) -> Outcome:
        with closing(sqlite3.connect(self._folder / "lab.db")) as database:
            rows = database.execute(
                "SELECT id FROM papers WHERE title LIKE 'Paper %' ORDER BY id"
            ).fetchall()
        wanted = [paper_id for (paper_id,) in rows]
        lost, twice, in_order = [-1] * (papers + 1 - len(wanted)), [], True
        for channel_id in (DIRECT, MODERATORS):
            messages = self._discord.standing(channel_id)
            lost += [channel_id] * (not messages)
            twice += [channel_id] * (len(messages) > 1)
        for channel_id in _CHANNELS:
            messages = self._discord.standing(channel_id)
            there = announced(messages)
            lost += [one for one in wanted if one not in there]
            twice += [one for one in wanted if there.count(one) > 1]
            in_order &= there == wanted
        return Outcome(
            point,
            has_window,
            self._loses_writes,
            kills,
            lost,
            twice,
            in_order,
            unsent=self._count_unsent(),
            unfinished=self._count_unfinished(),
        )

    def _count_unsent(self) -> int:
        with closing(sqlite3.connect(self._folder / "lab.db")) as database:
            (unsent,) = database.execute(
                """SELECT (SELECT COUNT(*) FROM posts WHERE state <> 'sent')
                        + (SELECT COUNT(*) FROM announcements WHERE post_id IS NULL)"""
            ).fetchone()
            recorded = {row[0] for row in database.execute("SELECT message_id FROM posts")}
        for channel_id in (*_CHANNELS, DIRECT, MODERATORS):
            recorded -= {int(message["id"]) for message in self._discord.standing(channel_id)}
        return int(unsent) + len(recorded)

    def _count_unfinished(self) -> int:
        standing = {channel_id: self._discord.standing(channel_id) for channel_id in _CHANNELS}
        without = sum(int(one["id"]) not in self._discord.threads for one in standing[PAPERS])
        without += sum(not is_published(one) for one in standing[NEWS])
        without += not any(
            _DECIDED.match(custom)
            for message in self._discord.standing(MODERATORS)
            for custom in customs(message)
        )
        for messages in standing.values():
            shown = json.dumps([message["components"] for message in messages])
            without += shown.count(self._first) != shown.count(self._first + _CORRECTED)
        return without


@asynccontextmanager
async def open_site(site: Site) -> AsyncIterator[str]:
    """Serves a feed inside the block, and yields its URL."""
    pages = web.Application()
    pages.router.add_get("/feed", site.answer)
    runner = web.AppRunner(pages, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/feed"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def open_lane(folder: Path, lane_class: type[LaneT] = Lane) -> AsyncIterator[LaneT]:  # type: ignore[assignment]
    """Opens a lane whose database follows a feed and has subscribed channels."""
    site = Site(batches=[["The paper that was there before"]])
    async with discord_standin.open_stand_in() as discord, open_site(site) as feed:
        await _furnish(folder, feed)
        (folder / "log").touch()
        # Apart from the log, because workers that lose their parent at startup print a traceback.
        with (folder / "errors").open("wb") as errors:
            child = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.faults.child"),
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
            )
        try:
            yield lane_class(discord, site, child, folder)
        finally:
            assert child.stdin
            child.stdin.close()
            await asyncio.wait_for(child.wait(), 150)


async def _furnish(folder: Path, feed: str) -> None:
    settings: Any = Settings(
        home_guild_ids=(GUILD,), database_path=folder / "before.db", feed_allow_private=True
    )
    async with open_app(settings, lambda: datetime.now(UTC) - 2 * _LOOK) as app:
        await app.poller.follow(feed, MODERATOR)
        for channel_id in _CHANNELS:
            options = _OPTIONS.get(channel_id)
            await app.library.subscriptions.subscribe(GUILD, channel_id, MODERATOR, options)
