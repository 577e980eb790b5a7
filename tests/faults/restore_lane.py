"""A lane on which backups are made at any moment, and restored again and again."""

from __future__ import annotations

import json
import random
import re
import shutil
import sqlite3
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from storage.announcements.message_keys import are_same, message_keys, split_keys
from storage.announcements.outbox import MAX_DIGEST
from storage.backups.files import BackupKind, Backups
from storage.library import open_library
from tests.faults.child import suggest
from tests.faults.crash_lane import LATE, POINTS, Lane
from tests.faults.discord_standin import DIRECT, FORUM, NEWS, PAPERS, Payload, customs
from tests.support.library import MODERATOR

_SIZES = (1, 1, 2, 2, 7, 13)
_MOMENTS = 40  # of a life in which it sends; others have fewer
_DIGEST = re.compile(r"(\d+) new papers")
_TITLE = re.compile(r"Paper \d+ (?:\d+ \d+|suggested)")


@dataclass(frozen=True)
class History:
    """The outcome of a run with several restores: titles lost or announced twice, by channel.

    ``unknown`` counts the messages that the backups didn't know when they were restored.
    """

    restores: int
    kills: int
    unknown: int
    papers: int
    lost: list[tuple[int, str]]
    twice: list[tuple[int, str]]
    unsent: int
    unfinished: int

    @property
    def is_good(self) -> bool:
        return not (self.lost or self.twice or self.unsent or self.unfinished)


class RestoreLane(Lane):
    """Runs the bot, and replaces its database by backups."""

    _backups: list[Path]
    _until_backup: int | None = None

    async def run_history(self, number: int, restores: int) -> History:
        """Restores so many backups, each made before or during any life of the bot until then.

        Some lives end by a kill. The last two are undisturbed.
        """
        rng = random.Random(number)
        shutil.rmtree(self._folder / "backups", ignore_errors=True)
        self._backups = []
        sizes = [rng.choice(_SIZES) for _ in range(2 * restores)]
        self._loses_writes = False
        self._begin(number, tuple(sizes), timedelta(minutes=5))
        async with open_library(self._database, self._discord.clock) as library:
            await suggest(library, self._suggested)
        self._back_up()
        kills = unknown = 0
        for life in range(restores):
            self._until_backup = rng.randrange(_MOMENTS) if rng.random() < 0.8 else None
            points = [one for one in POINTS if one not in (LATE, "history asked")]
            point = rng.choice(points) if rng.random() < 0.5 else ""
            kills += await self._live(life, point, rng)
            if rng.random() < 0.2:
                self._back_up()
            unknown += self._restore(rng.choice(self._backups))
        self._until_backup = None
        self._site.asked = len(sizes)
        assert await self._live(restores, "", rng) == 0
        await self._release_held()
        assert await self._live(restores + 1, "", rng) == 0
        lost, twice = await self._look_back(sum(sizes) + 1)
        return History(
            restores,
            kills,
            unknown,
            sum(sizes) + 1,
            lost,
            twice,
            unsent=self._count_unsent(),
            unfinished=self._count_unfinished(),
        )

    async def reach(self, moment: str) -> None:
        """Makes a backup if it is time, and kills the bot if this is the point."""
        if self._until_backup is not None:
            self._until_backup -= 1
            if self._until_backup < 0:
                self._until_backup = None
                self._back_up()
        await super().reach(moment)

    @property
    def _database(self) -> Path:
        return self._folder / "lab.db"

    def _back_up(self) -> None:
        backups = Backups.of(self._database)
        backup = backups.make(BackupKind.MANUAL, self._discord.clock())
        self._backups.append(backup.path)

    def _restore(self, backup: Path) -> int:
        """Replaces the database; returns how many messages the backup doesn't know."""
        for left in self._folder.glob("lab.db*"):
            left.unlink()
        shutil.copy(backup, self._database)
        with closing(sqlite3.connect(self._database)) as database:
            known = {row[0] for row in database.execute("SELECT message_id FROM posts")}
        return sum(
            int(message["id"]) not in known
            for channel_id in (PAPERS, NEWS, FORUM, DIRECT)
            for message in self._discord.standing(channel_id)
        )

    async def _release_held(self) -> None:
        """Adds what was held because the feed brought far more than usual, as a moderator does."""
        async with open_library(self._database, self._discord.clock) as library:
            for feed in await library.feeds.with_counts():
                if feed.held:
                    await library.review.resolve_held(feed.id, MODERATOR, add=True)

    async def _look_back(self, papers: int) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
        """Returns which titles are in no message of a channel, and which are in several."""
        async with open_library(self._database, self._discord.clock) as library:
            batch = await library.papers.batch()
        keys = {
            title[0]: message_keys(paper, 2)
            for paper in batch
            if (title := _TITLE.match(paper.title))
        }
        lost, twice = [], []
        for channel_id in (PAPERS, NEWS, FORUM):
            there: Counter[str] = Counter()
            for message in self._discord.standing(channel_id):
                there.update(_titles(message, keys))
            lost += [(channel_id, title) for title in keys if not there[title]]
            twice += [(channel_id, title) for title in there if there[title] > 1]
        told = len(self._discord.standing(DIRECT))
        lost += [(DIRECT, self._suggested)] * (told < 1)
        twice += [(DIRECT, self._suggested)] * (told > 1)
        lost += [(0, "a paper that isn't in the list")] * (papers - len(keys))
        return lost, twice


def _titles(message: Payload, papers: Mapping[str, tuple[str, ...]]) -> set[str]:
    """Returns the titles of the papers that a message announces, also of those it doesn't show."""
    shown: set[Any] = {*_TITLE.findall(json.dumps(message["components"]))}
    groups = [custom.partition("~")[2].split(".") for custom in customs(message)]
    hidden = [split_keys(group) for _, *others in groups for group in others]
    if total := _DIGEST.search(json.dumps(message["components"])):
        assert len(shown) + len(hidden) == int(total[1]) <= MAX_DIGEST
    return shown | {
        title for title, keys in papers.items() if any(are_same(one, keys) for one in hidden)
    }
