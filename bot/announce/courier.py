"""The outbox → Discord: each announcement into its channel once; the only sender of announcements.

Claim, send with the announcement's nonce, record. A claim without a record means that nobody knows
whether the message arrived; then the channel's own history is read before anything is sent again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import aiohttp
import discord

from bot.ui import buttons, cards
from storage.errors import PaperNotFound
from storage.library import Library
from storage.moments import Clock
from storage.records import Announcement, AnnouncementState, Paper

_log = logging.getLogger(__name__)

_AT_ONCE = 8  # channels that are sent to side by side
_FIRST_RETRY = timedelta(seconds=30)
_LAST_RETRY = timedelta(hours=1)
# How far back the history is read for a message that may have arrived. Clocks differ, so it begins
# well before the claim, and never ends before so many messages.
_CLOCKS_DIFFER = timedelta(hours=1)
_ALWAYS_READ = 200

_AnyChannel: TypeAlias = discord.TextChannel | discord.Thread


class Courier:
    """Carries announcements to their channels."""

    def __init__(self, library: Library, client: discord.Client, clock: Clock) -> None:
        self._library = library
        self._client = client
        self._clock = clock
        self._delivering = asyncio.Lock()

    async def deliver(self) -> int:
        """Send all that is due, oldest first in each channel; gives how many were sent.

        What Discord refuses waits and is tried again later; a channel that is gone or closed to
        the bot is stopped, with the reason for its moderators.
        """
        sent = 0
        async with self._delivering:
            while due := await self._library.outbox.next_due():
                outcomes = [
                    await asyncio.gather(*(self._carry(one) for one in batch))
                    for batch in _batches(due)
                ]
                delivered = sum(map(sum, outcomes))
                sent += delivered
                if not delivered and due == await self._library.outbox.next_due():
                    break
        return sent

    async def _carry(self, announcement: Announcement) -> bool:
        """Bring one announcement to its channel; says whether it stands there now."""
        try:
            return await self._attempt(announcement)
        except (discord.Forbidden, discord.NotFound) as error:
            await self._library.outbox.stop_route(announcement.channel_id, _reason(error))
            _log.warning("Stopped announcing in channel %s: %s", announcement.channel_id, error)
        except (discord.HTTPException, aiohttp.ClientError, OSError, TimeoutError) as error:
            await self._wait(announcement, error)
        except Exception as error:  # noqa: BLE001 - one announcement must not hold up the others
            _log.exception("Announcement %s failed", announcement.id)
            await self._wait(announcement, error)
        return False

    async def _attempt(self, announcement: Announcement) -> bool:
        outbox = self._library.outbox
        channel = await self._channel(announcement.channel_id)
        if announcement.state is AnnouncementState.CLAIMED:
            arrived = await self._find_arrived(channel, announcement)
            if arrived is not None:
                await outbox.record_sent(announcement, arrived)
                return True
        try:
            paper = await self._library.papers.get(announcement.paper_id)
        except PaperNotFound:
            return False
        if not await outbox.claim(announcement.id):
            return False
        message = await self._send(channel, announcement, paper)
        await outbox.record_sent(announcement, message.id)
        return True

    async def _send(
        self, channel: _AnyChannel, announcement: Announcement, paper: Paper
    ) -> discord.Message:
        """Send a claimed announcement; a plain refusal of the message itself ends the claim.

        After any other failure nobody knows whether the message arrived, so the claim stays.
        """
        layout = cards.announcement(announcement.id, paper)
        try:
            return await channel.send(view=layout, nonce=announcement.nonce)
        except discord.HTTPException as error:
            if error.status < 500:
                await self._library.outbox.record_refused(announcement)
            raise

    async def _channel(self, channel_id: int) -> _AnyChannel:
        """The channel, from the cache or from Discord; any kind that takes messages."""
        channel: Any = self._client.get_channel(channel_id)
        return channel or await self._client.fetch_channel(channel_id)  # type: ignore[return-value]

    async def _find_arrived(self, channel: _AnyChannel, announcement: Announcement) -> int | None:
        """The message by which this announcement stands in its channel already."""
        marker = buttons.announced_mark(announcement.id)
        begin = (announcement.claimed_at or announcement.created_at) - _CLOCKS_DIFFER
        read = 0
        async for message in channel.history(limit=None):
            read += 1
            if message.author == self._client.user and _is_marked(message, marker):
                return message.id
            if read >= _ALWAYS_READ and message.created_at < begin:
                break
        return None

    async def _wait(self, announcement: Announcement, error: Exception) -> None:
        """Try the channel again later, doubling the time from failure to failure."""
        failures = await self._library.outbox.failures(announcement.channel_id)
        until = retry_at(self._clock(), failures)
        _log.warning(
            "Announcement %s waits until %s: %s", announcement.id, until.isoformat(), error
        )
        await self._library.outbox.postpone(announcement.channel_id, until)


def retry_at(now: datetime, failures: int) -> datetime:
    """When to try a channel again that has failed so often before."""
    wait: timedelta = _FIRST_RETRY * 2 ** min(failures, 10)
    return now + min(wait, _LAST_RETRY)


def _batches(due: tuple[Announcement, ...]) -> Iterable[tuple[Announcement, ...]]:
    return (due[start : start + _AT_ONCE] for start in range(0, len(due), _AT_ONCE))


def _is_marked(message: discord.Message, marker: str) -> bool:
    parts = _walk(message.components)
    return any(str(getattr(part, "custom_id", "")).startswith(marker) for part in parts)


def _walk(components: Iterable[Any]) -> Iterable[Any]:
    for component in components:
        yield component
        yield from _walk(getattr(component, "children", ()))


def _reason(error: discord.HTTPException) -> str:
    if isinstance(error, discord.NotFound):
        return "the channel is gone"
    return "I may not write there; give me View Channel, Send Messages and Read Message History"
