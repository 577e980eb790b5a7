"""Sends the outbox's posts to Discord, each once; nothing else sends messages that aren't replies.

A post is claimed, sent with its nonce, and recorded. If a claimed post isn't recorded, nobody knows
whether it was delivered, so the channel's history is read before it is sent again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

import aiohttp
import discord

from bot.announce import channels, errors
from bot.announce.channels import AnyChannel
from bot.announce.errors import ChannelClosed, MessageRefused
from bot.announce.render import (
    Message,
    RenderContext,
    destination_post,
    load_context,
    notice_post,
    render_notice,
)
from bot.command_mentions import mention_commands_in
from bot.interactions import LabBot
from bot.markdown import clip, escape
from bot.moderators import Moderators
from bot.retry import DatabaseBackoff
from bot.shutdown import DELIVERY_GRACE
from storage.announcements.found_messages import FoundMessage
from storage.announcements.models import Post, PostKind, PostState
from storage.announcements.refused_posts import MAX_REFUSALS
from storage.errors import DatabaseUnavailable
from storage.library import Library
from storage.timestamps import Clock

_log = logging.getLogger(__name__)

_BATCH_SIZE = 40  # posts that are claimed and recorded together
_MAX_CONCURRENCY = 8  # requests to Discord at the same time
_FIRST_RETRY = timedelta(seconds=30)
_MAX_RETRY = timedelta(hours=1)
_SEND_TIMEOUT = timedelta(minutes=2)  # including the waits of rate limits
_TEMPORARY_ERRORS = (discord.HTTPException, aiohttp.ClientError, OSError, TimeoutError)

_UNEXPECTED = "an unexpected error, which is in the bot's log"

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _PreparedMessage:
    """A post with the message to send, and the channel to send it to."""

    post: Post
    channel: AnyChannel
    message: Message


class OutboxDispatcher:
    """Delivers posts to their channels, and updates the messages of those that were delivered."""

    def __init__(
        self,
        library: Library,
        client: LabBot,
        clock: Clock,
        moderators: Moderators,
    ) -> None:
        self._library = library
        self._client = client
        self._clock = clock
        self._moderators = moderators
        self._delivering = asyncio.Lock()
        self._slots = asyncio.Semaphore(_MAX_CONCURRENCY)
        self._database_backoff = DatabaseBackoff("Announcements are on hold", clock)
        self._is_requested = False
        self._task: asyncio.Task[None] | None = None
        self._sending: dict[int, asyncio.Task[tuple[Post, int] | None]] = {}  # by channel

    def deliver_soon(self) -> None:
        """Starts delivering what is due in the background; errors are logged."""
        self._is_requested = True
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._deliver_requested())

    async def _deliver_requested(self) -> None:
        while self._is_requested:
            self._is_requested = False
            try:
                await self.deliver_due()
            except Exception:  # noqa: BLE001 - the timer tries again
                _log.exception("A delivery failed")

    def cancel_send(self, channel_id: int) -> None:
        """Cancels what is being sent to a channel that was paused or removed.

        A send may wait for minutes because of rate limits. Its post stays claimed, so that it is
        looked for in the channel before it is sent again.
        """
        if channel_id in self._sending:
            self._sending[channel_id].cancel()

    async def retry_stopped(self, guild: discord.Guild) -> None:
        """Tries the stopped channels of a server again, because its permissions changed."""
        channel_ids = [channel.id for channel in (*guild.channels, *guild.threads)]
        try:
            is_stopped = await self._library.outbox.retry_stopped(guild.id, channel_ids)
        except DatabaseUnavailable as error:
            _log.info("Stopped channels of server %s wait for a day: %s", guild.id, error)
            return
        if is_stopped and self._client.is_ready():
            self.deliver_soon()

    async def close(self) -> None:
        """Gives a delivery in the background a moment to finish; the rest stays queued."""
        if self._task is not None and not self._task.done():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(DELIVERY_GRACE.total_seconds()):
                    await self._task

    async def deliver_due(self) -> int:
        """Delivers what is due, oldest first in each channel; returns how many posts.

        If Discord fails, a post is tried again later. A channel that is gone or closed to the bot
        is stopped for a day, and its moderators are told why. A message that is refused three times
        is set aside, and the rest of its channel continues. Then delivered posts that lack
        something get it: their thread, their publishing, or their latest revision.

        While the database is unavailable, nothing is sent, and that is logged once. A message that
        was sent but not recorded is found by the next call.
        """
        return await self._database_backoff.run(self._deliver_all) or 0

    async def send_alert(self, channel_id: int, text: str) -> None:
        """Sends a notice without the outbox, for when the database can't be used.

        ``text`` is escaped already. Raises the errors of discord.py.
        """
        post = notice_post(channel_id, text, self._clock())
        async with asyncio.timeout(_SEND_TIMEOUT.total_seconds()):
            channel = await self._channel(post)
            message = render_notice(post)
            self._mention_commands(post, message, channel)
            await channels.send(channel, message, self._nonce(post))

    async def _deliver_all(self) -> int:
        delivered = 0
        outbox = self._library.outbox
        async with self._delivering:
            await self._check_histories()
            while due := await outbox.enqueue_and_fetch_due():
                context = await load_context(self._library, due, self._client.settings.lab)
                before = delivered
                for start in range(0, len(due), _BATCH_SIZE):
                    batch = due[start : start + _BATCH_SIZE]
                    delivered += await self._deliver_batch(batch, context)
                await self._check_histories()
                if delivered == before and due == await outbox.enqueue_and_fetch_due():
                    break
            if incomplete := await outbox.needing_follow_up():
                lab = self._client.settings.lab
                context = await load_context(self._library, incomplete, lab)
                await outbox.claim_follow_ups(incomplete)
                for post in incomplete:
                    await self._follow_up(post, context)
        return delivered

    async def _check_histories(self) -> None:
        """Finds out what was sent, before a restore, to the destinations that something is due for.

        Until that is known, nothing is sent there.
        """
        if not self._library.generation.lost_times:
            return
        unchecked = await self._library.outbox.unchecked_destinations()
        await _gather(
            self._guarded(post, partial(self._check_history, post, one.generation_number))
            for one in unchecked
            for post in [destination_post(one.id, is_user=one.is_user, now=self._clock())]
        )

    async def _check_history(self, post: Post, generation_number: int) -> None:
        generation = self._library.generation
        found: dict[int, FoundMessage] = {}
        try:
            channel = await self._channel(post)
            for lost_time in generation.lost_times[generation_number:]:
                for message in await channels.find_lost_messages(
                    channel, lost_time, self._client.user, generation
                ):
                    found[message.message_id] = message
        except discord.HTTPException as error:
            if not (post.is_direct_message and errors.is_closed_user(error)):
                raise
        await self._library.outbox.record_history(post.destination_id, [*found.values()])

    async def _deliver_batch(self, posts: Sequence[Post], context: RenderContext) -> int:
        """Delivers posts, each to another channel; returns how many are in their channels now."""
        claimed_before = [post for post in posts if post.state is PostState.CLAIMED]
        searched = await _gather(
            self._guarded(post, partial(self._find_message, post)) for post in claimed_before
        )
        missing = [post for post, message_id in searched if message_id is None]
        new = [post for post in posts if post.state is not PostState.CLAIMED]
        # Nearly every channel is cached, so there is nothing to gain from concurrency.
        prepared = [
            await self._guarded(post, partial(self._prepare, post, context))
            for post in [*missing, *new]
        ]
        ready = [one for one in prepared if one is not None]
        claimed = await self._library.outbox.claim([one.post for one in ready])
        self._sending = {
            one.post.destination_id: asyncio.create_task(
                self._guarded(one.post, partial(self._send, one))
            )
            for one in ready
            if one.post.id in claimed
        }
        sent = await _gather(self._sending.values())
        self._sending = {}
        sent += [(post, message_id) for post, message_id in searched if message_id is not None]
        await self._library.outbox.record_sent(sent)
        return len(sent)

    async def _find_message(self, post: Post) -> tuple[Post, int | None]:
        """Finds the message of a claimed post in its channel, if it was delivered."""
        channel = await self._channel(post)
        async for message_id in channels.search_deliveries(
            channel, post, self._client.user, self._library.generation
        ):
            if not await self._library.outbox.is_known_message(message_id):
                return post, message_id
        return post, None

    async def _prepare(self, post: Post, context: RenderContext) -> _PreparedMessage | None:
        """Renders a post, or releases it if all its papers were removed."""
        channel = await self._channel(post)
        try:
            message = context.render(post)
        except Exception as error:
            _log.exception("Rendering post %s failed", post.id)
            raise MessageRefused(_UNEXPECTED, is_undelivered=False) from error
        if message is None:
            await self._library.outbox.release(post)
            return None
        self._mention_commands(post, message, channel)
        return _PreparedMessage(post, channel, message)

    def _mention_commands(self, post: Post, message: Message, channel: AnyChannel) -> None:
        """Lets people click the commands that a notice names."""
        if post.kind is PostKind.NOTICE and channel.guild is not None:
            mention_commands_in(message.layout, self._client.command_ids, channel.guild.id)

    async def _send(self, prepared: _PreparedMessage) -> tuple[Post, int]:
        """Sends a claimed post; if Discord doesn't take the message, the claim is released.

        After any other failure nobody knows whether it was delivered, so it stays claimed. Raises
        `MessageRefused` if the message itself is what fails.
        """
        try:
            async with asyncio.timeout(_SEND_TIMEOUT.total_seconds()):
                nonce = self._nonce(prepared.post)
                sent = await channels.send(prepared.channel, prepared.message, nonce)
        except discord.HTTPException as error:
            if errors.is_refusal(error):
                raise MessageRefused(clip(error.text, 300), is_undelivered=True) from error
            if error.status < 500:
                await self._library.outbox.release(prepared.post)
            raise
        except (DatabaseUnavailable, *_TEMPORARY_ERRORS):
            raise
        except Exception as error:
            _log.exception("Sending post %s failed", prepared.post.id)
            raise MessageRefused(_UNEXPECTED, is_undelivered=False) from error
        return prepared.post, sent

    async def _follow_up(self, post: Post, context: RenderContext) -> None:
        """Completes a delivered post, or records when to try again."""
        try:
            message = context.render(post)
            if message is not None:
                channel = await self._channel(post)
                self._mention_commands(post, message, channel)
                await channels.follow_up(channel, post, message)
        except discord.HTTPException as error:
            if not errors.is_final_for_update(error):
                await self._retry_update(post, error)
                return
            _log.info("Message %s of post %s can't be updated: %s", post.message_id, post.id, error)
        except _TEMPORARY_ERRORS as error:
            await self._postpone_follow_up(post, error)
            return
        except Exception as error:  # noqa: BLE001 - one post must not hold up the others
            _log.exception("Updating the message of post %s failed", post.id)
            await self._postpone_follow_up(post, error)
            return
        await self._library.outbox.mark_complete(post)

    async def _retry_update(self, post: Post, error: discord.HTTPException) -> None:
        """Retries an update later; if it's refused a few times, sets it aside and tells of it."""
        reason = clip(error.text, 300)
        is_news = None
        if errors.is_refusal(error):
            is_news = await self._library.outbox.refuse_update(post, reason)
        if is_news is None:
            await self._postpone_follow_up(post, error)
            return
        _log.warning("Set the update of post %s aside: %s", post.id, reason)
        channel_id = self._moderators.channel_id
        if not is_news or channel_id is None or post.kind is PostKind.NOTICE:
            return
        where = "to a member" if post.is_direct_message else f"in <#{post.destination_id}>"
        await self._library.outbox.enqueue_notice(
            channel_id,
            f"⚠️ Gave up updating {await self._describe(post)} {where}, because Discord refused it "
            f"{MAX_REFUSALS} times: {escape(reason.rstrip('.'), 300)}. The message stays as it is.",
            post.id,
        )

    async def _describe(self, post: Post) -> str:
        papers = await self._library.papers.load(post.paper_ids)
        titles = ", ".join(f"“{escape(paper.title, 150)}”" for paper in papers[:3])
        return f"the announcement of {titles}" if papers else "a message"

    async def _postpone_follow_up(self, post: Post, error: Exception) -> None:
        later = self._clock() + _MAX_RETRY
        _log.warning("Post %s will be updated at %s: %s", post.id, later.isoformat(), error)
        await self._library.outbox.postpone_follow_up(post, later)

    def _nonce(self, post: Post) -> str:
        return self._library.generation.nonce(post.id)

    async def _channel(self, post: Post) -> AnyChannel:
        """Returns the channel of a post, from the cache or from Discord."""
        if post.is_direct_message:
            return await self._client.create_dm(discord.Object(post.destination_id))
        channel = self._client.get_channel(post.destination_id)
        channel = channel or await self._client.fetch_channel(post.destination_id)
        return channels.require_messageable(channel)

    async def _guarded(self, post: Post, step: Callable[[], Awaitable[_T | None]]) -> _T | None:
        """Returns the result of a step for a post, or None if it failed; the failure is handled."""
        try:
            async with self._slots:
                return await step()
        except DatabaseUnavailable:
            raise
        except MessageRefused as error:
            await self._handle_refused_message(post, error)
        except ChannelClosed as error:
            await self._stop(post.destination_id, str(error), error)
        except discord.HTTPException as error:
            await self._handle_refusal(post, error)
        except _TEMPORARY_ERRORS as error:
            await self._postpone(post, error)
        except Exception as error:  # noqa: BLE001 - one post must not hold up the others
            _log.exception("Post %s failed", post.id)
            await self._postpone(post, error)
        return None

    async def _handle_refusal(self, post: Post, error: discord.HTTPException) -> None:
        """Stops a closed channel, discards a message that its user can't get, or postpones."""
        reason = errors.closed_reason(error)
        if post.is_direct_message and errors.is_closed_user(error):
            _log.info("User %s can't receive post %s: %s", post.destination_id, post.id, error)
            await self._library.outbox.discard(post)
        elif reason and not post.is_direct_message:
            await self._stop(post.destination_id, reason, error)
        else:
            await self._postpone(post, error)

    async def _handle_refused_message(self, post: Post, error: MessageRefused) -> None:
        """Retries a refused message a few times, then sets it aside and tells the moderators."""
        outbox, channel_id = self._library.outbox, post.destination_id
        reason = str(error)
        if not await outbox.refuse(post, reason, is_undelivered=error.is_undelivered):
            await self._postpone(post, error)
            return
        _log.warning("Set post %s for %s aside: %s", post.id, channel_id, reason)
        moderators_channel = self._moderators.channel_id
        if moderators_channel is None or post.kind is PostKind.NOTICE:
            return
        where = "a member" if post.is_direct_message else f"<#{channel_id}>"
        await outbox.enqueue_notice(
            moderators_channel,
            f"⚠️ Set aside {await self._describe(post)} for {where}, because Discord refused it "
            f"{MAX_REFUSALS} times: {escape(reason.rstrip('.'), 300)}. Other messages continue.",
            post.id,
        )

    async def _stop(self, channel_id: int, reason: str, error: Exception) -> None:
        """Stops sending to a channel for a day, and tells the moderators the first time."""
        if not await self._library.outbox.stop(channel_id, reason):
            _log.info("Channel %s is still closed: %s", channel_id, error)
            return
        _log.warning("Stopped sending to channel %s: %s", channel_id, error)
        moderators_channel = self._moderators.channel_id
        if moderators_channel is not None and moderators_channel != channel_id:
            await self._library.outbox.enqueue_notice(
                moderators_channel,
                f"🔇 Stopped announcing in <#{channel_id}>: {reason}. New papers queue. I'll try "
                "again when the channel's permissions change, and once a day. `/announce resume` "
                "tries right away.",
            )

    async def _postpone(self, post: Post, error: Exception) -> None:
        failures = await self._library.outbox.count_failures(post.destination_id)
        until = retry_at(self._clock(), failures)
        _log.warning("Post %s will be retried at %s: %s", post.id, until.isoformat(), error)
        await self._library.outbox.postpone(post.destination_id, until)


def retry_at(now: datetime, failures: int) -> datetime:
    """Returns when to try a channel again after so many failures before this one."""
    wait: timedelta = _FIRST_RETRY * 2 ** min(failures, 10)
    return now + min(wait, _MAX_RETRY)


async def _gather(steps: Iterable[Awaitable[_T | None]]) -> list[_T]:
    """Returns the results of steps run at the same time, without those that are None or cancelled.

    Waits for all of them before it raises the first error, so that none goes on sending unseen.
    """
    results = await asyncio.gather(*steps, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException) and not isinstance(result, asyncio.CancelledError):
            raise result
    return [
        result for result in results if result is not None and not isinstance(result, BaseException)
    ]
