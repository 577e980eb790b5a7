"""Runs the real bot in processes that may be killed at any point.

Everything is imported once, also for the bot's own worker processes. Then each line of JSON on
standard input starts a life of the bot in a forked process. The process id and, at its end, the
exit status (-9 if killed) are printed.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import re
import resource
import signal
import sqlite3
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from importlib import import_module
from multiprocessing import forkserver
from pathlib import Path
from typing import Any, BinaryIO

from bot.app import App, open_app
from bot.client import ShardedLabHerald, cog_modules
from bot.settings import Settings
from storage.audit.models import ReviewKind
from storage.database_lock import lock_database
from storage.errors import DatabaseUnavailable
from storage.library import Library
from storage.models import PaperDraft
from storage.papers.combine import as_draft
from storage.review.found_papers import CardDecision
from storage.review.models import Decision
from tests.faults import discord_standin
from tests.support.library import MODERATOR

THEIRS = "of a namesake"  # in the title of a paper that nobody of the lab wrote
SYNCED = "synced-"  # the folders, beside the database, with what the disk is sure to have
_FULL = 2  # of PRAGMA synchronous
_TIME_LIMIT = 120  # seconds of a life, also on a busy machine

# The statements that identify what a transaction does.
_DOES = {
    "intake": re.compile("INSERT INTO entries"),
    "post": re.compile("INSERT INTO posts"),
    "claim": re.compile("SET state = 'claimed'"),
    "record": re.compile("SET state = 'sent'"),
    "follow-up": re.compile("SET thread_due = thread_due"),
    "found": re.compile("INSERT INTO witnesses"),
    "told": re.compile("SET told_by"),
    "answer": re.compile("UPDATE sources SET last_success_at"),
    "decision": re.compile("UPDATE found_papers SET outcome = \\?, paper_id"),
    "completion": re.compile("UPDATE papers SET title"),
    "completed": re.compile(r"INSERT INTO completions .*failures"),
}


class Watch:
    """Counts database operations, and runs an action at one of them.

    A point is ``[when, what, nth]``: before or after the nth statement, or the nth COMMIT of a
    kind of transaction.
    """

    def __init__(self, point: Sequence[Any], act: Callable[[], None]) -> None:
        self._point = tuple(point)
        self._act = act
        self._times: dict[tuple[str, str], int] = {}

    def at(self, when: str, what: str) -> None:
        times = self._times[when, what] = self._times.get((when, what), 0) + 1
        if (when, what, times) == self._point:
            self._act()


def kill() -> None:
    """Ends the process as a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)
    signal.pause()


def fill(database: str) -> None:
    """Makes the disk full: the database's log can't grow any more."""
    size = Path(f"{database}-wal").stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def make_room() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


class Disk:
    """Keeps a copy of what the disk is sure to have of a database: its last synced commit.

    The files stay open, because closing one would give up SQLite's locks on it.
    """

    def __init__(self, database: str) -> None:
        self._paths = [Path(database), Path(f"{database}-wal")]
        self._files: list[BinaryIO] = []
        self._copies = 0

    def keep(self) -> None:
        """Copies the files into a new folder, which gets its name once it is complete."""
        self._files = self._files or [path.open("rb") for path in self._paths]
        self._copies += 1
        folder = self._paths[0].with_name(f"{SYNCED}{self._copies:05}")
        new = folder.with_name("incomplete")
        new.mkdir()
        for path, file in zip(self._paths, self._files, strict=True):
            file.seek(0)
            (new / path.name).write_bytes(file.read())
        new.rename(folder)


class WatchedConnection(sqlite3.Connection):
    """A connection that reports each statement to its `watch`."""

    watch: Watch
    disk: Disk | None = None
    _doing: set[str] = set()  # noqa: RUF012 - replaced for each connection that begins something

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        if sql.startswith("BEGIN"):
            self._doing = set()
        self._doing |= {what for what, known in _DOES.items() if known.search(sql)}
        done = {"statement", *self._doing} if sql == "COMMIT" else {"statement"}
        for what in sorted(done):
            self.watch.at("before", what)
        cursor = super().execute(sql, *values)
        if sql == "COMMIT" and self.disk and self._is_synced():
            self.disk.keep()
        for what in sorted(done):
            self.watch.at("after", what)
        return cursor

    def _is_synced(self) -> bool:
        """Whether SQLite syncs each commit of this connection: from FULL on."""
        (level,) = super().execute("PRAGMA synchronous").fetchone()
        return int(level) >= _FULL

    def executemany(self, sql: str, rows: Iterable[Any]) -> sqlite3.Cursor:
        self._doing |= {what for what, known in _DOES.items() if known.search(sql)}
        self.watch.at("before", "statement")
        cursor = super().executemany(sql, rows)
        self.watch.at("after", "statement")
        return cursor


class Clock:
    """A clock that starts at a time the parent chooses, and that can be moved."""

    def __init__(self, now: datetime) -> None:
        self._from = now - timedelta(seconds=time.monotonic())

    def __call__(self) -> datetime:
        return self._from + timedelta(seconds=time.monotonic())

    def advance(self, time: timedelta) -> None:
        self._from += time


async def live(life: dict[str, Any]) -> None:
    """Starts the bot, lets it poll and announce a few times, an hour apart, and stops it."""
    discord_standin.redirect(life["discord"])
    clock = Clock(datetime.fromisoformat(life["now"]))
    settings = Settings(
        home_guild_ids=(discord_standin.GUILD,),
        database_path=Path(life["database"]),
        feed_allow_private=True,
        feed_timeout=timedelta(seconds=30),
        moderators_channel_id=discord_standin.MODERATORS,
        **life.get("settings", {}),
    )
    with lock_database(settings.database_path):
        async with open_app(
            settings,
            clock,
            guild_ready_timeout=discord_standin.GUILD_READY_TIMEOUT,
            client_class=ShardedLabHerald,
        ) as app:
            await come_online(app)
            if "days" in life:
                await watch_people(app, clock, life["days"])
                return
            for number in range(life["rounds"]):
                if number == life.get("full_rounds"):
                    make_room()
                if number and "wrong" in life:
                    await correct(app.library, life["wrong"], life["right"])
                with contextlib.suppress(DatabaseUnavailable):  # the next round tries it again
                    if number:
                        await suggest_and_resolve(app.library, life["suggested"])
                await app.poll()
                clock.advance(timedelta(hours=1))


async def watch_people(app: App, clock: Clock, days: int) -> None:
    """Lets it ask sources and complete papers each day, and decides what was found."""
    for _ in range(days):
        await app.poll_sources()
        for card in await app.library.found_papers.cards(app.settings.lab):
            decision = CardDecision.NOT_OURS if THEIRS in card.draft.title else CardDecision.ADD
            await app.library.found_papers.decide(card.id, decision, MODERATOR, app.settings.lab)
        await app.complete_papers()
        await app.deliver()
        clock.advance(timedelta(days=1))


async def correct(library: Library, wrong: str, right: str) -> None:
    """Corrects the title of papers, unless a former life has done so."""
    for paper in await library.papers.batch():
        if paper.title == wrong:
            corrected = replace(as_draft(paper), title=right)
            with contextlib.suppress(DatabaseUnavailable):  # the next round tries it again
                await library.papers.edit(paper.id, corrected, MODERATOR)


async def suggest(library: Library, title: str) -> int:
    """Suggests a paper as a member; returns the suggestion's id."""
    result = await library.review.suggest(
        PaperDraft(title=title),
        "",
        (discord_standin.MEMBER, "A member"),
        daily_limit=1,
        channel_id=discord_standin.MODERATORS,
    )
    assert result.suggestion is not None
    return result.suggestion.id


async def suggest_and_resolve(library: Library, title: str) -> None:
    """Suggests a paper as a member or, if that was done before, adds it as a moderator."""
    suggestions = await library.review.suggestions_by(discord_standin.MEMBER, 1)
    if not suggestions:
        await suggest(library, title)
    for suggestion in suggestions:
        if suggestion.is_pending:
            await library.review.resolve(
                ReviewKind.SUGGESTION, suggestion.id, MODERATOR, Decision.ADD
            )


async def come_online(app: App) -> None:
    """Logs in and connects as `run` does, and waits until the servers are known."""
    await app.client.login(discord_standin.TOKEN)
    connection = asyncio.create_task(app.client.connect())
    ready = asyncio.create_task(app.client.wait_until_ready())
    await asyncio.wait({connection, ready}, return_when=asyncio.FIRST_COMPLETED)
    if connection.done():
        await connection


def fork_off(life: dict[str, Any]) -> int:
    """Starts a life in a forked process; returns its id."""
    if pid := os.fork():
        return pid
    status = 1
    try:
        logging.basicConfig(
            filename=life["log"],
            level="INFO",
            format="%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s",
        )
        if "full" in life:
            WatchedConnection.watch = Watch(life["full"], partial(fill, life["database"]))
        else:
            WatchedConnection.watch = Watch(life.get("point", ()), kill)
        if life.get("loses_writes"):
            WatchedConnection.disk = Disk(life["database"])
        sqlite3.connect = partial(sqlite3.connect, factory=WatchedConnection)  # type: ignore[assignment]
        asyncio.run(asyncio.wait_for(live(life), life.get("seconds", _TIME_LIMIT)))
        status = 0
    except BaseException:
        logging.getLogger(__name__).exception("The life ended")
        raise
    finally:
        logging.shutdown()
        os._exit(status)


def share_fork_server() -> None:
    """Starts the server of worker processes, which all lives then use instead of their own."""
    forkserver.set_forkserver_preload(["bot.app"])
    forkserver.ensure_running()
    # A life can't check a process that isn't its child.
    server = forkserver.connect_to_new_process.__self__  # type: ignore[attr-defined]
    server.ensure_running = lambda: None


def main() -> None:
    for name in cog_modules():
        import_module(name)
    share_fork_server()
    for line in sys.stdin:
        pid = fork_off(json.loads(line))
        print(pid, flush=True)  # noqa: T201 - the parent reads it
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
