"""Watches for a damaged database, and reports it once: to the log and to the moderators."""

from __future__ import annotations

import asyncio
import logging

import aiohttp
import discord

from bot.announce.dispatcher import OutboxDispatcher
from bot.markdown import escape
from bot.moderators import Moderators
from storage import damage
from storage.errors import DatabaseUnavailable
from storage.library import Library

_log = logging.getLogger(__name__)


class DatabaseHealth:
    """Knows whether the database is damaged, and who has been told."""

    def __init__(
        self, library: Library, dispatcher: OutboxDispatcher, moderators: Moderators
    ) -> None:
        self._library = library
        self._dispatcher = dispatcher
        self._moderators = moderators
        self._sentence = ""
        self._is_reported = False

    async def check(self) -> None:
        """Reads the whole database, which takes long if it is large, and reports any damage."""
        try:
            await self._library.find_damage()
        except DatabaseUnavailable as error:
            _log.warning("The database couldn't be checked for damage: %s", error.cause)
        await self.is_damaged()

    async def is_damaged(self) -> bool:
        """Returns whether the database is known to be damaged; reports that the first time.

        A report that Discord doesn't accept is tried again with the next call.
        """
        problem = self._library.damage
        if not problem:
            return False
        if not self._sentence:
            self._sentence = await asyncio.to_thread(
                damage.describe_damage, self._library.path, problem
            )
            _log.error("%s Feeds and announcements are on hold.", self._sentence)
        if not self._is_reported:
            self._is_reported = await self._tell_moderators()
        return True

    async def _tell_moderators(self) -> bool:
        channel_id = self._moderators.channel_id
        if channel_id is None:
            return True
        try:
            await self._dispatcher.send_alert(
                channel_id,
                f"🛑 {escape(self._sentence, 1000)} Until then I can't check feeds, announce "
                "papers or change the list.",
            )
        except (discord.Forbidden, discord.NotFound) as error:
            _log.warning("The moderators couldn't be told about the damage: %s", error)
        except (discord.HTTPException, aiohttp.ClientError, OSError, TimeoutError) as error:
            _log.info("The moderators will be told about the damage later: %s", error)
            return False
        return True
