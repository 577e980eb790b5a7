"""Runs the bot for a while, with random traffic and faults, and reports what became of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import re
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.app import open_app
from bot.settings import Settings
from storage.announcements.digest_schedule import DigestSchedule, Frequency
from storage.announcements.message_keys import are_same, message_keys, split_keys
from storage.announcements.models import SubscriptionOptions
from storage.library import open_library
from storage.models import Origin, PaperDraft
from storage.people.models import Credit, PersonDraft, Witness
from storage.review.found_papers import CardDecision
from tests.faults.discord_standin import (
    FORUM,
    GUILD,
    MODERATORS,
    NEWS,
    PAPERS,
    TOKEN,
    Fault,
    too_many,
)
from tests.faults.interactive_discord import (
    CURATORS,
    DIGEST,
    GENERAL,
    MANAGER,
    OTHER_GUILD,
    OTHER_PAPERS,
    SCRATCH,
    InteractiveDiscord,
    SentMessage,
)
from tests.soak.bot_process import BotProcess, Sample, read_log
from tests.soak.crowd import Crowd
from tests.soak.feed_site import FeedSite, make_title, mark
from tests.soak.program import LOGGER, FastClock
from tests.soak.services import GrowingResearch, Services
from tests.soak.verdict import (
    ANSWER_LIMIT,
    OUTAGE,
    Announced,
    Announcements,
    Answers,
    Resources,
    judge_announcements,
    judge_answers,
    judge_log,
    judge_resources,
)
from tests.support.library import MODERATOR

SPEED = 288  # a day takes five minutes
_STABLE = {PAPERS: GUILD, NEWS: GUILD, FORUM: GUILD, DIGEST: GUILD, OTHER_PAPERS: OTHER_GUILD}
_OPTIONS = {
    PAPERS: SubscriptionOptions(has_thread=True),
    NEWS: SubscriptionOptions(publishes=True),
    DIGEST: SubscriptionOptions(digest=DigestSchedule(frequency=Frequency.DAILY)),
}
_FEEDS = {f"Stable-{number}": kind for number, kind in enumerate(("rss", "atom", "json") * 2)}
_SCRATCH_FEEDS = {f"Scratch-{number}": "rss" for number in range(1, 7)}
_ACCEPTED = 20  # papers of each person, whose next ones may be announced without a review
_MARK = re.compile(r"\bS\d{5}\b")
_KEYS = re.compile(r"announced:\d+(?:@[0-9a-f]+)?~([\w.-]+)")
_LAG = 0.25  # seconds that this process is late if the machine is too busy
_WARM = 25.0  # minutes; what a shorter run compares is the time in which caches fill
_PART = 0.012  # of a run, between restarts
_RESTARTS = 7
_FAULT_RATE = 0.2  # of requests to feeds and services
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


@dataclass(frozen=True)
class Outcome:
    """The outcome of a soak."""

    minutes: float
    starts: int
    kills: int
    restores: int
    announcements: Announcements
    messages: int
    required: int
    excused_papers: int
    answers: Answers
    uses: dict[str, int]
    replies: dict[str, int]
    requests: dict[str, int]
    faults: dict[str, int]
    unexplained: list[Any]
    unknown_requests: dict[str, int]
    double_answers: list[str]
    exit_status: int
    resources: Resources
    samples: list[Sample]

    @property
    def problems(self) -> list[str]:
        """Everything that is wrong, as sentences."""
        found = [f"Paper {m} wasn't announced in {c}." for c, m in self.announcements.lost]
        found += [f"Paper {m} was announced twice in {c}." for c, m in self.announcements.twice]
        found += [f"No answer to {one}." for one in self.answers.failed]
        found += [f"A late answer to {one}." for one in self.answers.late]
        found += [f"Only “thinking” in answer to {one}." for one in self.answers.unfinished]
        found += [f"Answered twice: {one}." for one in self.double_answers]
        found += [f"The stand-in doesn't know {one}." for one in self.unknown_requests]
        found += [
            f"Logged, but not injected: {one['level']} {one['logger']}: {one['message']}\n"
            f"{one.get('traceback', '')}"
            for one in self.unexplained
        ]
        if self.minutes >= _WARM:
            found += [f"The bot's {one} grew." for one in self.resources.grown]
        if self.exit_status:
            found.append(f"The bot ended with status {self.exit_status}.")
        return found


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
        bot: BotProcess,
        rng: random.Random,
        load: Load,
    ) -> None:
        self._folder = folder
        self._discord = discord
        self._site = site
        self._services = services
        self._research = research
        self._crowd = crowd
        self._bot = bot
        self._rng = rng
        self._load = load
        self._number = 1_000
        self._published: list[int] = []  # by feeds that are always followed
        self._removable: list[tuple[float, str]] = []
        self._stalls: list[tuple[float, float]] = []
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
        self._set_fault_rates(_FAULT_RATE)
        steps = {
            self._publish: self._load.publish,
            self._act: self._load.act,
            self._remove: self._load.remove,
            self._inject: self._load.fault,
            self._sample: self._load.sample,
            self._watch_machine: 0.1,
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

    # What goes on

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
            name = self._rng.choice([*_FEEDS])
            title = self._site.publish(name, self._number).title
            self._published.append(self._number)
        elif draw < 0.8:
            title = self._research.publish(self._number).title
        elif draw < 0.9:
            title = self._site.publish(self._rng.choice([*_SCRATCH_FEEDS]), self._number).title
        else:
            self._site.correct(self._rng.choice([*_FEEDS]))
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

    # Faults

    def _set_fault_rates(self, rate: float) -> None:
        self._site.fault_rate = self._services.fault_rate = rate

    async def _inject(self) -> None:
        if self._is_restarting:
            return
        faults: dict[Callable[[], Awaitable[None]], int] = {
            self._fail_send: 40,
            self._fail_answer: 8,
            self._close_gateway: 5,
            self._close_channel: 6,
            self._delete_message: 4,
            self._archive_thread: 4,
            self._go_down: 1,
            self._heal: 10,
        }
        await self._rng.choices([*faults], [*faults.values()])[0]()

    async def _fail_send(self) -> None:
        what = self._rng.choice(("send", "send", "thread", "edit", "history", "begin", "publish"))
        self._discord.fail(
            what,
            self._rng.choice(
                (
                    Fault(500, kept=True),
                    Fault(502),
                    Fault(503, kept=True),
                    Fault(None, kept=self._rng.random() < 0.5),
                    too_many(0.4),
                    too_many(0.4, by_discord=False),
                )
            ),
        )

    async def _fail_answer(self) -> None:
        what = self._rng.choice(("callback", "followup", "change_reply"))
        self._discord.fail(
            what, self._rng.choice((Fault(500), Fault(502, kept=True), too_many(0.3)))
        )

    async def _close_gateway(self) -> None:
        kind = self._rng.choice(("resumed", "identified again", "asked to reconnect"))
        self._discord.excuse_open(f"the gateway was {kind}")
        self._discord.note("gateway", kind)
        if kind == "asked to reconnect":
            await self._discord.reconnect_gateway()
            return
        if kind == "identified again":
            self._discord.forget_sessions()
        await self._discord.close_gateway()

    async def _close_channel(self) -> None:
        channel_id = self._rng.choice([*_STABLE, SCRATCH])
        if channel_id in self._discord.closed:
            await self._discord.close_channel(channel_id, is_closed=False)
        else:
            await self._discord.close_channel(channel_id)
            await asyncio.sleep(self._rng.uniform(1, 6))
            await self._discord.close_channel(channel_id, is_closed=False)

    async def _delete_message(self) -> None:
        """Deletes an old announcement; a new one may still be searched for."""
        channel_id = self._rng.choice((PAPERS, NEWS, OTHER_PAPERS, SCRATCH))
        old = {one.message_id for one in self._discord.sent if time.time() - one.at > 60}
        messages = [one for one in self._discord.messages[channel_id] if int(one["id"]) in old]
        if messages:
            await self._discord.delete(channel_id, self._rng.choice(messages))

    async def _archive_thread(self) -> None:
        if self._discord.threads:
            thread_id = self._rng.choice([*self._discord.threads])
            is_locked = self._rng.random() < 0.2
            await self._discord.archive_threads([thread_id], locked=is_locked)

    async def _go_down(self) -> None:
        self._discord.excuse_open("Discord was down")
        self._discord.note(OUTAGE)
        await self._discord.go_down()
        await asyncio.sleep(self._rng.uniform(0.5, 3))
        await self._discord.come_up()

    async def _heal(self) -> None:
        self._discord.heal()

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
        self._set_fault_rates(0)
        self._is_restarting = True  # nobody does anything else
        self._discord.heal()
        for channel_id in [*self._discord.closed]:
            await self._discord.close_channel(channel_id, is_closed=False)
        await self._bot.wait_for(self._discord.connected())
        if self._acts:
            await asyncio.wait(self._acts, timeout=45)
        await self._crowd.command(MANAGER, GENERAL, "feed check")
        for title in self._feeds_with_held_entries():
            option = {"name": "feed", "type": 3, "value": title}
            await self._crowd.command_and_press("feed show", option, r"held:\d+:1")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SETTLES):
                while (await self._compare())[0].lost:  # noqa: ASYNC110 - nothing tells
                    await asyncio.sleep(1)
        await asyncio.sleep(1)

    def _feeds_with_held_entries(self) -> list[str]:
        with closing(self._open_database()) as database:
            rows = database.execute(
                """SELECT DISTINCT feeds.title FROM feeds JOIN entries ON feed_id = feeds.id
                   WHERE is_held AND outcome = 'review' AND removed_at IS NULL"""
            )
            return [row[0] for row in rows]

    def _open_database(self) -> sqlite3.Connection:
        return sqlite3.connect(f"file:{self._folder / 'lab.db'}?mode=ro", uri=True)

    async def _compare(self) -> tuple[Announcements, int, int]:
        """Compares what has to be announced with the messages.

        Returns that, how many papers there are to announce in any channel, and how many papers of
        feeds needn't be announced because somebody removed or merged them.
        """
        with closing(self._open_database()) as database:
            rows = database.execute("SELECT id, title, removed_at IS NULL FROM papers").fetchall()
            waiting = database.execute(
                """SELECT channel_id, paper_id, post_id IS NULL, is_filtered_out
                   FROM announcements"""
            ).fetchall()
        marks = {
            paper_id: found[0] for paper_id, title, _ in rows if (found := _MARK.search(title))
        }
        removed = Counter(
            marks[paper_id] for paper_id, _, is_kept in rows if not is_kept and paper_id in marks
        )
        kept = {marks[paper_id] for paper_id, _, is_kept in rows if is_kept and paper_id in marks}
        known = {*marks.values()}
        expected = {mark(number) for number in self._published}
        required = {
            channel_id: {one for one in expected if one in kept or one not in known}
            for channel_id in _STABLE
        }
        for channel_id, paper_id, is_waiting, is_filtered_out in waiting:
            if channel_id not in required or paper_id not in marks:
                continue
            if is_filtered_out or (is_waiting and channel_id == DIGEST):
                required[channel_id].discard(marks[paper_id])
            elif marks[paper_id] in kept:
                required[channel_id].add(marks[paper_id])
        sent = await self._sent_marks()
        return (
            judge_announcements(
                required,
                sent,
                self._forgotten,
                {name: count + (name in kept) for name, count in removed.items()},
            ),
            len(set().union(*required.values())),
            len(expected & (known - kept)),
        )

    async def _sent_marks(self) -> list[Announced]:
        """Returns the papers of each message, also those that a digest doesn't show."""
        messages = [one for one in self._discord.sent if _is_announcement(one)]
        hidden = [
            (one, [split_keys(group) for group in groups])
            for one in messages
            if (groups := _hidden_keys(one))
        ]
        keys: dict[str, tuple[str, ...]] = {}
        if hidden:
            async with open_library(self._folder / "lab.db", lambda: datetime.now(UTC)) as library:
                after = 0
                while batch := await library.papers.batch(after=after):
                    after = batch[-1].id
                    for paper in batch:
                        if found := _MARK.search(paper.title):
                            keys[found[0]] = message_keys(paper, 100)
        by_message = {
            one.message_id: {
                name for group in groups for name, known in keys.items() if are_same(group, known)
            }
            for one, groups in hidden
        }
        return [
            Announced(
                one.channel_id,
                one.message_id,
                frozenset(_shown_marks(one) | by_message.get(one.message_id, set())),
            )
            for one in messages
        ]

    async def _judge(self, began_at: float, ended_at: float, status: int) -> Outcome:
        announcements, required, excused = await self._compare()
        records = read_log(self._bot.log)
        tasks = [(one["at"], one["tasks"]) for one in records if one["logger"] == LOGGER]
        faults: dict[str, int] = {}
        for fault in self._discord.faults:
            faults[fault.what] = faults.get(fault.what, 0) + 1
        return Outcome(
            minutes=round((ended_at - began_at) / 60, 2),
            starts=self._bot.starts,
            kills=self._kills,
            restores=self._restores,
            announcements=announcements,
            messages=len(self._discord.sent),
            required=required,
            excused_papers=excused,
            answers=judge_answers(self._crowd.finished, self._stalls, self._load.answer_limit),
            uses=dict(sorted(self._crowd.uses.items())),
            replies=dict(sorted(self._crowd.answers.items())),
            requests={"feeds": self._site.asked, "services": self._services.asked},
            faults=dict(sorted(faults.items())),
            unexplained=judge_log(records, self._discord.faults),
            unknown_requests=dict(self._discord.unknown_requests),
            double_answers=self._discord.double_answers,
            exit_status=status,
            resources=judge_resources(self._samples, tasks, began_at, ended_at),
            samples=self._samples,
        )


async def _cancel(tasks: Collection[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _is_announcement(message: SentMessage) -> bool:
    return "announced:" in json.dumps(message.components)


def _shown_marks(message: SentMessage) -> set[str]:
    return set(_MARK.findall(json.dumps(message.components)))


def _hidden_keys(message: SentMessage) -> list[str]:
    """Returns the keys of the papers that a digest doesn't show."""
    found = _KEYS.findall(json.dumps(message.components))
    return [group for keys in found for group in keys.split(".")[1:]]


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
    for name, kind in {**_FEEDS, **_SCRATCH_FEEDS}.items():
        site.add_feed(name, kind)
        for number in range(3):
            site.publish(name, 100 + 10 * len(site.feeds) + number)
    async with AsyncExitStack() as stack:
        await discord.come_up()
        stack.push_async_callback(discord.go_down)
        server = await stack.enter_async_context(TestServer(app))
        home = str(server.make_url("")).rstrip("/")
        await _furnish(folder, home, research, clock, load.papers)
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
        soak = Soak(folder, discord, site, services, research, crowd, bot, rng, load)
        try:
            yield soak
        finally:
            if bot.is_running:
                await bot.end(signal.SIGKILL)


async def _furnish(
    folder: Path,
    home: str,
    research: GrowingResearch,
    clock: Callable[[], datetime],
    papers: int,
) -> None:
    """Fills a database with papers and people, follows feeds, and subscribes channels."""
    addresses: Any = {name.lower(): url for name, url in Services.environment(home).items()}
    settings = Settings(
        home_guild_ids=(GUILD,),
        database_path=folder / "lab.db",
        feed_allow_private=True,
        lab_herald_speedup=1_000_000.0,
        **addresses,
    )
    rng = random.Random(0)
    async with open_app(settings, clock) as app:
        library = app.library
        drafts = [
            PaperDraft(make_title(rng, number), ("Ada Nightjar", "Bo Tanaka"))
            for number in range(10_000, 10_000 + papers)
        ]
        await library.papers.upsert_many(drafts, Origin.IMPORT, MODERATOR)
        for name in (*_FEEDS, *_SCRATCH_FEEDS):
            await app.poller.follow(f"{home}/feeds/{name}", MODERATOR)
        for channel_id, guild_id in _STABLE.items():
            options = _OPTIONS.get(channel_id)
            await library.subscriptions.subscribe(guild_id, channel_id, MODERATOR, options)
        for person in research.people:
            if not person.is_of_the_lab:
                continue
            await library.people.add(PersonDraft(person.name, ids=person.ids), MODERATOR)
            for number in range(_ACCEPTED):
                draft = PaperDraft(f"An accepted paper {person.name} {number}", (person.name,))
                witness = Witness(
                    "openalex", draft.title, draft, (Credit(person.name, person.ids),)
                )
                await library.found_papers.ingest([witness], settings.lab, is_first=True)
        for card in await library.found_papers.cards(settings.lab):
            await library.found_papers.decide(card.id, CardDecision.ADD, MODERATOR, settings.lab)
        await library.people.set_trust(MODERATOR, is_trusted=True)
