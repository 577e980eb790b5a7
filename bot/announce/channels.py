"""Channels of every kind: sending a post there, finding it again, keeping it right.

Text and announcement channels, threads and direct messages take messages; in a forum each post is
a thread.
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

# How far back the history is read for a message that may have arrived. Clocks differ and are set
# right, so it begins well before the claim, and never ends before so many messages.
_CLOCKS_DIFFER = timedelta(days=1)
_ALWAYS_READ = 200
# The message has a thread; it is published; its thread is locked.
_NOTHING_TO_DO = {160004, 40033, 160005}

AnyChannel: TypeAlias = (
    discord.TextChannel | discord.Thread | discord.ForumChannel | discord.DMChannel
)


def writable(channel: object) -> AnyChannel:
    """The channel, where it is of a kind that takes posts; raises `LabError`."""
    if isinstance(channel, AnyChannel):
        return channel
    raise LabError("That channel is of a kind that I can't write into.")


async def send(channel: AnyChannel, post: Post, message: Message) -> int:
    """Send a post; gives the message's id, or in a forum that of the thread which it begins."""
    roles = [discord.Object(message.role_id)] if message.role_id else False
    mentions = discord.AllowedMentions(everyone=False, users=False, roles=roles)
    if isinstance(channel, discord.ForumChannel):
        made = await channel.create_thread(
            name=message.thread_name, view=message.layout, allowed_mentions=mentions
        )
        return made.thread.id
    sent = await channel.send(view=message.layout, nonce=post.nonce, allowed_mentions=mentions)
    return sent.id


async def marked(
    channel: AnyChannel, post: Post, me: discord.ClientUser | None
) -> AsyncIterator[int]:
    """What `send` may have given for a claimed post, of all that stands in a channel already."""
    begin = (post.claimed_at or post.created_at) - _CLOCKS_DIFFER
    read = 0
    async for number, message in _newest_first(channel):
        read += 1
        if message.author == me and _is_marked(message, post):
            yield number
        if read >= _ALWAYS_READ and message.created_at < begin:
            break


async def follow_up(channel: AnyChannel, post: Post, message: Message) -> None:
    """Give a sent message what it lacks: what changed, its thread, its being published.

    What stands in a locked thread stays as it is.
    """
    if isinstance(channel, discord.ForumChannel):
        thread = await _opened(channel.guild, post.message_id or 0)
        if thread and (first := await _first_of(thread)):
            await _unless_settled(first.edit(view=message.layout))
        return
    sent = channel.get_partial_message(post.message_id or 0)
    if post.is_outdated and await _takes_edits(channel):
        quietly = discord.AllowedMentions.none()
        await _unless_settled(sent.edit(view=message.layout, allowed_mentions=quietly))
    if post.thread_due and isinstance(channel, discord.TextChannel):
        await _unless_settled(sent.create_thread(name=message.thread_name))
    if post.publish_due and isinstance(channel, discord.TextChannel) and channel.is_news():
        await _unless_settled(sent.publish())


async def _takes_edits(channel: AnyChannel) -> bool:
    if isinstance(channel, discord.Thread):
        return await _opened(channel.guild, channel.id) is not None
    return True


async def _opened(guild: discord.Guild, thread_id: int) -> discord.Thread | None:
    """A thread, open again where it was archived, since that takes no edits; none if locked so.

    Discord is asked, since the cache may be behind.
    """
    thread = await guild.fetch_channel(thread_id)
    if not isinstance(thread, discord.Thread) or (thread.archived and thread.locked):
        return None
    if thread.archived:
        await thread.edit(archived=False)
    return thread


async def _unless_settled(step: Any) -> None:  # noqa: ANN401 - a coroutine of any outcome
    """Take a step; a run that was cut short may have taken it, or a lock may forbid it."""
    try:
        await step
    except discord.HTTPException as error:
        if error.code not in _NOTHING_TO_DO:
            raise


async def _newest_first(channel: AnyChannel) -> AsyncIterator[tuple[int, discord.Message]]:
    """Messages, or those that begin a forum's threads, each with what `send` would have given."""
    if not isinstance(channel, discord.ForumChannel):
        async for message in channel.history(limit=None):
            yield message.id, message
        return
    # Discord is asked: a thread that began while the gateway was closed is not in the cache.
    active = await channel.guild.active_threads()
    threads = [thread for thread in active if thread.parent_id == channel.id]
    threads += [thread async for thread in channel.archived_threads(limit=_ALWAYS_READ)]
    for thread in sorted(threads, key=lambda one: one.id, reverse=True):
        first = await _first_of(thread)
        if first is not None:
            yield thread.id, first


async def _first_of(thread: discord.Thread) -> discord.Message | None:
    """The message that began a thread, unless somebody deleted it."""
    async for message in thread.history(limit=1, oldest_first=True):
        return message
    return None


def _is_marked(message: discord.Message, post: Post) -> bool:
    parts = _walk(message.components)
    return any(buttons.is_marked(str(getattr(part, "custom_id", "")), post) for part in parts)


def _walk(components: Iterable[Any]) -> Iterable[Any]:
    for component in components:
        yield component
        yield from _walk(getattr(component, "children", ()))
        accessory = getattr(component, "accessory", None)
        if accessory is not None:
            yield accessory
