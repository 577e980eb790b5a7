"""Sending a post to any kind of channel, finding it there again, and updating it.

Text and announcement channels, threads and direct messages take messages. In a forum each post is a
thread, known by the thread's id.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import discord

from bot.announce.errors import NO_HISTORY, ChannelClosed
from bot.announce.render import Message
from bot.ui.message_marks import find_parts, is_marked
from storage.announcements.found_messages import FoundMessage
from storage.announcements.models import Post
from storage.errors import LabError
from storage.generation import Generation, LostTime

# How far back the history is read for a message that may have been delivered: until well before the
# claim, because clocks differ and get corrected, but at least this many messages.
_CLOCK_TOLERANCE = timedelta(days=1)
_MIN_HISTORY = 200
# Discord's errors for: the message has a thread, it is published, its thread is locked.
_HARMLESS_CODES = {160004, 40033, 160005}

AnyChannel: TypeAlias = (
    discord.TextChannel | discord.Thread | discord.ForumChannel | discord.DMChannel
)


def require_messageable(channel: object) -> AnyChannel:
    """Returns the channel if its kind takes posts; raises `LabError`."""
    if isinstance(channel, AnyChannel):
        return channel
    raise LabError("I can't send messages to that kind of channel.")


async def send(channel: AnyChannel, message: Message, nonce: str) -> int:
    """Sends a message; returns its id or, in a forum, that of its thread.

    Discord doesn't send a second message with the same nonce within a few minutes; a forum's
    threads have none.
    """
    roles = [discord.Object(message.role_id)] if message.role_id else False
    mentions = discord.AllowedMentions(everyone=False, users=False, roles=roles)
    if isinstance(channel, discord.ForumChannel):
        tag = channel.get_tag(message.tag_id or 0)
        created = await channel.create_thread(
            name=message.thread_name,
            view=message.layout,
            allowed_mentions=mentions,
            applied_tags=[tag] if tag else [],
        )
        return created.thread.id
    sent = await channel.send(view=message.layout, nonce=nonce, allowed_mentions=mentions)
    return sent.id


async def search_deliveries(
    channel: AnyChannel, post: Post, me: discord.ClientUser | None, generation: Generation
) -> AsyncIterator[int]:
    """Yields the ids that `send` may have returned for a claimed post, from a channel's history.

    Raises `ChannelClosed` if the history can't be read.
    """
    earliest = (post.claimed_at or post.created_at) - _CLOCK_TOLERANCE
    async for sent_id, message in _history(channel, earliest):
        if message.author == me and any(
            is_marked(custom_id, post, generation) for custom_id in _custom_ids(message)
        ):
            yield sent_id


async def find_lost_messages(
    channel: AnyChannel,
    lost_time: LostTime,
    me: discord.ClientUser | None,
    generation: Generation,
) -> list[FoundMessage]:
    """Returns the bot's own messages of the time between a backup and its restore.

    Raises `ChannelClosed` if the history can't be read.
    """
    found = []
    earliest = lost_time.copied_at - _CLOCK_TOLERANCE
    latest = lost_time.started_at + _CLOCK_TOLERANCE
    async for sent_id, message in _history(channel, earliest, latest):
        if message.author == me:
            kind, parts = find_parts(_custom_ids(message), generation)
            if kind is not None and parts:
                found.append(FoundMessage(sent_id, kind, parts))
    return found


async def follow_up(channel: AnyChannel, post: Post, message: Message) -> None:
    """Updates the message of a post to its latest revision, starts its thread, and publishes it.

    A message in a locked thread is left as it is.
    """
    if isinstance(channel, discord.ForumChannel):
        thread = await _reopen_thread(channel.guild, post.message_id or 0)
        if thread and (first := await _first_message(thread)):
            await _ignore_harmless(first.edit(view=message.layout))
        return
    sent = channel.get_partial_message(post.message_id or 0)
    if post.is_outdated and await _allows_edits(channel):
        no_mentions = discord.AllowedMentions.none()
        await _ignore_harmless(sent.edit(view=message.layout, allowed_mentions=no_mentions))
    if post.thread_due and isinstance(channel, discord.TextChannel):
        await _ignore_harmless(sent.create_thread(name=message.thread_name))
    if post.publish_due and isinstance(channel, discord.TextChannel) and channel.is_news():
        await _ignore_harmless(sent.publish())


async def _allows_edits(channel: AnyChannel) -> bool:
    if isinstance(channel, discord.Thread):
        return await _reopen_thread(channel.guild, channel.id) is not None
    return True


async def _reopen_thread(guild: discord.Guild, thread_id: int) -> discord.Thread | None:
    """Returns a thread, unarchived so that its messages can be edited, or None if it is locked.

    The thread is fetched, because the cache may be outdated.
    """
    thread = await guild.fetch_channel(thread_id)
    if not isinstance(thread, discord.Thread) or (thread.archived and thread.locked):
        return None
    if thread.archived:
        await thread.edit(archived=False)
    return thread


async def _ignore_harmless(request: Any) -> None:  # noqa: ANN401 - a coroutine of any result
    """Awaits a request; ignores errors that say it was done already or that a lock forbids it."""
    try:
        await request
    except discord.HTTPException as error:
        if error.code not in _HARMLESS_CODES:
            raise


async def _history(
    channel: AnyChannel, earliest: datetime, before: datetime | None = None
) -> AsyncIterator[tuple[int, discord.Message]]:
    """Yields messages, or the first ones of a forum's threads, newest first, with `send`'s id.

    Goes back to a time, and then a bit further. Raises `ChannelClosed`.
    """
    _require_history(channel)
    messages = (
        _first_messages(channel, earliest, before)
        if isinstance(channel, discord.ForumChannel)
        else channel.history(limit=None, before=before)
    )
    read = 0
    async for message in messages:
        read += 1
        is_post = isinstance(channel, discord.ForumChannel)
        yield message.channel.id if is_post else message.id, message
        if read >= _MIN_HISTORY and message.created_at < earliest:
            return


async def _first_messages(
    forum: discord.ForumChannel, earliest: datetime, before: datetime | None
) -> AsyncIterator[discord.Message]:
    # Threads are fetched: one that started while the gateway was disconnected isn't cached.
    active = await forum.guild.active_threads()
    threads = [thread for thread in active if thread.parent_id == forum.id]
    archived = 0
    async for thread in forum.archived_threads(limit=None):
        threads.append(thread)
        archived += 1
        if archived >= _MIN_HISTORY and thread.archive_timestamp < earliest:
            break
    for thread in sorted(threads, key=lambda one: one.id, reverse=True):
        is_later = before is not None and discord.utils.snowflake_time(thread.id) >= before
        if not is_later and (first := await _first_message(thread)):
            yield first


def _require_history(channel: AnyChannel) -> None:
    """Raises `ChannelClosed` without the permission for a channel's history.

    Discord would answer as if there were no messages.
    """
    if isinstance(channel, discord.DMChannel) or (me := channel.guild.me) is None:
        return
    if isinstance(channel, discord.Thread) and channel.parent is None:
        return  # whose permissions aren't known
    if not channel.permissions_for(me).read_message_history:
        raise ChannelClosed(NO_HISTORY)


async def _first_message(thread: discord.Thread) -> discord.Message | None:
    """Returns the oldest message of a thread, or None if it has none."""
    async for message in thread.history(limit=1, oldest_first=True):
        return message
    return None


def _custom_ids(message: discord.Message) -> list[str]:
    """Returns the custom ids in a message, from top to bottom."""
    ids = (getattr(part, "custom_id", None) for part in _walk(message.components))
    return [custom_id for custom_id in ids if custom_id]


def _walk(components: Iterable[Any]) -> Iterable[Any]:
    for component in components:
        yield component
        yield from _walk(getattr(component, "children", ()))
        accessory = getattr(component, "accessory", None)
        if accessory is not None:
            yield accessory
