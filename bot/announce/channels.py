"""Sending a post to any kind of channel, finding it there again, and updating it.

Text and announcement channels, threads and direct messages take messages. In a forum each post is a
thread, known by the thread's id.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from datetime import timedelta
from typing import Any, TypeAlias

import discord

from bot.announce.render import Message
from bot.ui import buttons
from storage.announcements.models import Post
from storage.errors import LabError

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


async def send(channel: AnyChannel, post: Post, message: Message) -> int:
    """Sends a post; returns the id of its message or, in a forum, of its thread."""
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
    sent = await channel.send(view=message.layout, nonce=post.nonce, allowed_mentions=mentions)
    return sent.id


async def search_deliveries(
    channel: AnyChannel, post: Post, me: discord.ClientUser | None
) -> AsyncIterator[int]:
    """Yields the ids that `send` may have returned for a claimed post, from a channel's history."""
    earliest = (post.claimed_at or post.created_at) - _CLOCK_TOLERANCE
    read = 0
    async for sent_id, message in _history(channel):
        read += 1
        if message.author == me and _belongs_to(message, post):
            yield sent_id
        if read >= _MIN_HISTORY and message.created_at < earliest:
            break


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


async def _history(channel: AnyChannel) -> AsyncIterator[tuple[int, discord.Message]]:
    """Yields messages, or the first ones of a forum's threads, newest first, with `send`'s id."""
    if not isinstance(channel, discord.ForumChannel):
        async for message in channel.history(limit=None):
            yield message.id, message
        return
    # Threads are fetched: one that started while the gateway was disconnected isn't cached.
    active = await channel.guild.active_threads()
    threads = [thread for thread in active if thread.parent_id == channel.id]
    threads += [thread async for thread in channel.archived_threads(limit=_MIN_HISTORY)]
    for thread in sorted(threads, key=lambda one: one.id, reverse=True):
        first = await _first_message(thread)
        if first is not None:
            yield thread.id, first


async def _first_message(thread: discord.Thread) -> discord.Message | None:
    """Returns the oldest message of a thread, or None if it has none."""
    async for message in thread.history(limit=1, oldest_first=True):
        return message
    return None


def _belongs_to(message: discord.Message, post: Post) -> bool:
    parts = _walk(message.components)
    return any(buttons.is_marked(str(getattr(part, "custom_id", "")), post) for part in parts)


def _walk(components: Iterable[Any]) -> Iterable[Any]:
    for component in components:
        yield component
        yield from _walk(getattr(component, "children", ()))
        accessory = getattr(component, "accessory", None)
        if accessory is not None:
            yield accessory
