"""The outbox → Discord: each post into its channel once; the only sender of what is not an answer.

Claim, send with the post's nonce, record. A claim without a record means that nobody knows whether
the message arrived; then the channel's own history is read before anything is sent again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

import aiohttp
import discord

from bot.announce import channels
from bot.announce.channels import AnyChannel
from bot.announce.render import Message, RenderContext, prepare
from bot.moderators import Moderators
from bot.retry import DatabaseBackoff
from storage.announcements.models import Post, PostState
from storage.errors import DatabaseUnavailable
from storage.library import Library
from storage.timestamps import Clock

_log = logging.getLogger(__name__)

_BATCH_SIZE = 40  # posts that are claimed and recorded together
_MAX_CONCURRENCY = 8  # of these, how many are sent side by side
_FIRST_RETRY = timedelta(seconds=30)
_LAST_RETRY = timedelta(hours=1)
_PATIENCE = timedelta(minutes=2)  # with Discord, rate limits included
_SHUTDOWN_GRACE = timedelta(seconds=10)  # for what is under way when everything ends
_GONE = (discord.Forbidden, discord.NotFound)
_UNSURE = (discord.HTTPException, aiohttp.ClientError, OSError, TimeoutError)

_Done = TypeVar("_Done")


@dataclass(frozen=True, slots=True)
class _PreparedMessage:
    """A post that can go: what is sent and where to."""

    post: Post
    channel: AnyChannel
    message: Message


class OutboxDispatcher:
    """Carries posts to their channels, and keeps them as they should be."""

    def __init__(
        self,
        library: Library,
        client: discord.Client,
        clock: Clock,
        moderators: Moderators,
    ) -> None:
        self._library = library
        self._client = client
        self._clock = clock
        self._moderation = moderators
        self._delivering = asyncio.Lock()
        self._slots = asyncio.Semaphore(_MAX_CONCURRENCY)
        self._database_backoff = DatabaseBackoff("Announcements wait", clock)
        self._is_asked = False
        self._asked: asyncio.Task[None] | None = None

    def deliver_soon(self) -> None:
        """Have all that is due sent: who asks neither waits for it nor hears of trouble."""
        self._is_asked = True
        if self._asked is None or self._asked.done():
            self._asked = asyncio.create_task(self._deliver_asked())

    async def _deliver_asked(self) -> None:
        while self._is_asked:
            self._is_asked = False
            try:
                await self.deliver_due()
            except Exception:  # noqa: BLE001 - told to nobody, and tried again by the timer
                _log.exception("A delivery failed")

    async def close(self) -> None:
        """Give what was asked for ten seconds to be sent; what is not waits in the outbox."""
        if self._asked is not None and not self._asked.done():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_SHUTDOWN_GRACE.total_seconds()):
                    await self._asked

    async def deliver_due(self) -> int:
        """Send all that is due, oldest first in each channel; gives how many were sent.

        What Discord refuses waits and is tried again later; a channel that is gone or closed to
        the bot is stopped, with the reason for its moderators. Then what was sent before and lacks
        something gets it: its thread, its being published, what changed since.

        While the database can't be used, nothing is sent, and that is logged once; what was sent
        and not written down is found the next time.
        """
        return await self._database_backoff(self._deliver_all) or 0

    async def _deliver_all(self) -> int:
        sent = 0
        async with self._delivering:
            while due := await self._library.outbox.enqueue_and_fetch_due():
                context = await prepare(self._library, due)
                delivered = 0
                for start in range(0, len(due), _BATCH_SIZE):
                    delivered += await self._deliver_batch(
                        due[start : start + _BATCH_SIZE], context
                    )
                sent += delivered
                if not delivered and due == await self._library.outbox.enqueue_and_fetch_due():
                    break
            if unfinished := await self._library.outbox.needing_follow_up():
                context = await prepare(self._library, unfinished)
                for post in unfinished:
                    await self._follow_up(post, context)
        return sent

    async def _deliver_batch(self, posts: Sequence[Post], context: RenderContext) -> int:
        """Bring posts, each to another channel; gives how many stand there now."""
        unsure = [post for post in posts if post.state is PostState.CLAIMED]
        looked = await _all(self._guarded(post, self._look_for(post)) for post in unsure)
        missing = [post for post, message_id in looked if message_id is None]
        fresh = [post for post in posts if post.state is not PostState.CLAIMED]
        # Nearly every channel is in the cache, so there is nothing to wait for side by side.
        packed = [
            await self._guarded(post, self._prepare_messages(post, context))
            for post in [*missing, *fresh]
        ]
        prepared_messages = [prepared for prepared in packed if prepared is not None]
        claimed = await self._library.outbox.claim(
            [prepared.post for prepared in prepared_messages]
        )
        sent = await _all(
            self._guarded(prepared.post, self._send(prepared))
            for prepared in prepared_messages
            if prepared.post.id in claimed
        )
        sent += [(post, message_id) for post, message_id in looked if message_id is not None]
        await self._library.outbox.record_sent(sent)
        return len(sent)

    async def _look_for(self, post: Post) -> tuple[Post, int | None]:
        """A claimed post with the message by which it stands in its channel, if it does."""
        channel = await self._channel(post)
        async for message_id in channels.marked(channel, post, self._client.user):
            if not await self._library.outbox.is_known_message(message_id):
                return post, message_id
        return post, None

    async def _prepare_messages(
        self, post: Post, context: RenderContext
    ) -> _PreparedMessage | None:
        """What is to be sent; none where nothing is left of a post to speak of."""
        channel = await self._channel(post)
        message = context.message(post)
        if message is None:
            await self._library.outbox.release(post)
            return None
        return _PreparedMessage(post, channel, message)

    async def _send(self, prepared: _PreparedMessage) -> tuple[Post, int]:
        """Send a claimed post; a plain refusal of the message itself ends the claim.

        After any other failure nobody knows whether the message arrived, so the claim stays.
        """
        try:
            async with asyncio.timeout(_PATIENCE.total_seconds()):
                sent = await channels.send(prepared.channel, prepared.post, prepared.message)
        except discord.HTTPException as error:
            if error.status < 500:
                await self._library.outbox.release(prepared.post)
            raise
        return prepared.post, sent

    async def _follow_up(self, post: Post, context: RenderContext) -> None:
        """Give a sent post what it lacks, or write down when to try again."""
        try:
            message = context.message(post)
            if message is not None:
                channel = await self._channel(post)
                await channels.follow_up(channel, post, message)
        except _GONE as error:
            _log.info("Message %s of post %s stays as it is: %s", post.message_id, post.id, error)
        except _UNSURE as error:
            await self._follow_up_later(post, error)
            return
        except Exception as error:  # noqa: BLE001 - one post must not hold up the others
            _log.exception("What post %s lacks failed", post.id)
            await self._follow_up_later(post, error)
            return
        await self._library.outbox.mark_complete(post)

    async def _follow_up_later(self, post: Post, error: Exception) -> None:
        later = self._clock() + _LAST_RETRY
        _log.warning("Post %s is followed up at %s: %s", post.id, later.isoformat(), error)
        await self._library.outbox.postpone_follow_up(post, later)

    async def _channel(self, post: Post) -> AnyChannel:
        """The channel, from the cache or from Discord; any kind that takes messages."""
        if post.is_direct_message:
            return await self._client.create_dm(discord.Object(post.destination_id))
        channel = self._client.get_channel(post.destination_id)
        channel = channel or await self._client.fetch_channel(post.destination_id)
        return channels.writable(channel)

    async def _guarded(self, post: Post, step: Awaitable[_Done | None]) -> _Done | None:
        """The outcome of a step for a post; none where it failed, which is seen to."""
        try:
            async with self._slots:
                return await step
        except DatabaseUnavailable:
            raise
        except _GONE as error:
            await self._stop(post, error)
        except _UNSURE as error:
            await self._wait(post, error)
        except Exception as error:  # noqa: BLE001 - one post must not hold up the others
            _log.exception("Post %s failed", post.id)
            await self._wait(post, error)
        return None

    async def _stop(self, post: Post, error: discord.HTTPException) -> None:
        """Send nothing more to a channel, and tell the moderators once.

        People may close their direct messages; that is no trouble of anybody's.
        """
        if post.is_direct_message:
            _log.info("Post %s is not told to person %s: %s", post.id, post.destination_id, error)
            await self._library.outbox.discard(post)
            return
        reason, channel_id = _reason(error), post.destination_id
        _log.warning("Stopped sending into channel %s: %s", channel_id, error)
        stopped = await self._library.outbox.stop(channel_id, reason)
        channel = self._moderation.channel_id
        if stopped and channel is not None and channel != channel_id:
            await self._library.outbox.enqueue_notice(
                channel,
                f"🔇 I stopped announcing in <#{channel_id}>: {reason}. What is new waits; "
                "`/announce here` in that channel, or `/announce resume`, goes on with it.",
            )

    async def _wait(self, post: Post, error: Exception) -> None:
        """Try the channel again later, doubling the time from failure to failure."""
        failures = await self._library.outbox.count_failures(post.destination_id)
        until = retry_at(self._clock(), failures)
        _log.warning("Post %s waits until %s: %s", post.id, until.isoformat(), error)
        await self._library.outbox.postpone(post.destination_id, until)


def retry_at(now: datetime, failures: int) -> datetime:
    """When to try a channel again that has failed so often before."""
    wait: timedelta = _FIRST_RETRY * 2 ** min(failures, 10)
    return now + min(wait, _LAST_RETRY)


async def _all(steps: Iterable[Awaitable[_Done | None]]) -> list[_Done]:
    """What steps taken side by side came to, without those that came to nothing.

    All have ended before one that failed is told of: none may go on sending unseen.
    """
    ended = await asyncio.gather(*steps, return_exceptions=True)
    for done in ended:
        if isinstance(done, BaseException):
            raise done
    return [done for done in ended if done is not None and not isinstance(done, BaseException)]


def _reason(error: discord.HTTPException) -> str:
    if isinstance(error, discord.NotFound):
        return "the channel is gone"
    return "I may not write there; give me View Channel, Send Messages and Read Message History"
