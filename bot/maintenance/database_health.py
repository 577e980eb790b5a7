"""Watches for a damaged database, and reports it once: to the log and to the moderators."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from datetime import timedelta
from pathlib import Path

import aiohttp
import discord

from bot.announce.dispatcher import OutboxDispatcher
from bot.markdown import escape_sentence
from bot.moderators import Moderators
from bot.net.sandbox import give_way, open_workers
from storage.backups.files import Backups
from storage.connection import DatabaseError
from storage.damage import describe_search_damage, find_damaged_pages
from storage.errors import DatabaseUnavailable, LabError
from storage.library import Library
from storage.timestamps import Clock, from_text, to_text

_log = logging.getLogger(__name__)

# The nightly backup checks its copy, so this is only due if none was made.
_CHECK_AFTER = timedelta(hours=30)
_RETRY_AFTER = timedelta(hours=1)
_TIME_LIMIT = timedelta(hours=6)
_CHECKED_AT = "database was checked at"  # in the bot's state, if no damage was found


class DatabaseHealth:
    """Knows whether the database is damaged, when it was checked, and who has been told."""

    def __init__(
        self,
        library: Library,
        backups: Backups,
        dispatcher: OutboxDispatcher,
        moderators: Moderators,
        clock: Clock,
    ) -> None:
        self._library = library
        self._backups = backups
        self._dispatcher = dispatcher
        self._moderators = moderators
        self._clock = clock
        self._sentence = ""
        self._is_reported = False
        self._is_search_reported = False
        self._reporting = asyncio.Lock()  # timers find damage at the same time
        self._retry_at = clock()

    async def check_if_due(self) -> None:
        """Checks the database if neither it nor a backup of it was checked for a day or so."""
        now = self._clock()
        if self._library.damage or now < self._retry_at <= now + _RETRY_AFTER:
            return
        with contextlib.suppress(DatabaseUnavailable):
            checked_at = await self._library.bot_state.find_value(_CHECKED_AT)
            if checked_at and timedelta() <= now - from_text(checked_at) < _CHECK_AFTER:
                return
        await self.check()

    async def check(self) -> None:
        """Reads the whole database, which takes long if it is large, and reports any damage.

        A process of its own does so, which ends with the bot. The content of the search index
        isn't checked.
        """
        try:
            async with open_workers(_TIME_LIMIT) as workers:
                problem, search_problem = await workers.run(
                    find_damage_in_worker, self._library.path
                )
            self._library.search_damage = self._library.search_damage or search_problem
            if problem:
                self._library.damage = self._library.damage or problem
            elif not self._library.damage:
                await self._remember_check()
        except (DatabaseError, LabError) as error:
            self._retry_at = self._clock() + _RETRY_AFTER
            _log.warning("The database couldn't be checked for damage: %s", error)
        await self.is_damaged()

    async def passed(self, search_damage: str) -> None:
        """Remembers that a backup's copy had no damage, unless in the search index."""
        with contextlib.suppress(DatabaseUnavailable):  # checked once more
            await self._remember_check()
        self._library.search_damage = search_damage
        self._is_search_reported = self._is_search_reported and bool(search_damage)
        await self.is_damaged()

    async def forget_check(self) -> None:
        """Makes a check due now."""
        with contextlib.suppress(DatabaseUnavailable):
            await self._library.bot_state.set_value(_CHECKED_AT, "")

    async def is_damaged(self) -> bool:
        """Returns whether the database is known to be damaged; reports that the first time.

        A damaged search index is reported, but doesn't count. A report that Discord doesn't accept
        is tried again with the next call.
        """
        if self._library.damage and not self._is_reported:
            async with self._reporting:
                await self._report_damage()
        elif self._library.search_damage and not self._is_search_reported:
            async with self._reporting:
                await self._report_search_damage()
        return bool(self._library.damage)

    async def _remember_check(self) -> None:
        await self._library.bot_state.set_value(_CHECKED_AT, to_text(self._clock()))

    async def _report_damage(self) -> None:
        if self._is_reported:
            return
        if not self._sentence:
            self._sentence = await asyncio.to_thread(
                self._backups.describe_damage, self._library.damage
            )
            _log.error("%s Feeds and announcements are on hold.", self._sentence)
        self._is_reported = await self._tell_moderators()

    async def _report_search_damage(self) -> None:
        if self._is_search_reported:
            return
        sentences = describe_search_damage(self._library.search_damage)
        with contextlib.suppress(DatabaseUnavailable):  # reported with the next call
            if (channel_id := self._moderators.channel_id) is not None:
                await self._library.outbox.enqueue_notice(
                    channel_id, f"⚠️ {escape_sentence(sentences)}"
                )
            self._is_search_reported = True
            _log.error("%s", sentences)

    async def _tell_moderators(self) -> bool:
        channel_id = self._moderators.channel_id
        if channel_id is None:
            return True
        try:
            await self._dispatcher.send_alert(
                channel_id,
                f"🛑 {escape_sentence(self._sentence)} Until then I can't check feeds, announce "
                "papers or change the list.",
            )
        except (discord.Forbidden, discord.NotFound) as error:
            _log.warning("The moderators couldn't be told about the damage: %s", error)
        except (discord.HTTPException, aiohttp.ClientError, OSError, TimeoutError) as error:
            _log.info("The moderators will be told about the damage later: %s", error)
            return False
        return True


def find_damage_in_worker(path: Path) -> tuple[str, str]:
    """Does what `find_damaged_pages` does, in a process that lets others come first."""
    give_way()
    return find_damaged_pages(path)
