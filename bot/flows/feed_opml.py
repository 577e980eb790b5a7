"""Lists of feeds in Discord: the file that goes out, and what is told of one that comes in."""

from __future__ import annotations

import asyncio
import io

import discord

from bot.feeds.manage import SubscribeOutcome, SubscribeResult, watch_all
from bot.formats.opml import MAX_BYTES, read_opml, write_opml
from bot.interactions import Interaction
from bot.markdown import count, escape, link, split_messages
from bot.permissions import actor
from bot.ui import cards
from storage.errors import InvalidInput, LabError

_MARKS = {
    SubscribeOutcome.WATCHED: "📡",
    SubscribeOutcome.KNOWN: "👌",
    SubscribeOutcome.FAILED: "⚠️",
    SubscribeOutcome.LEFT: "⏳",
}


async def send_list(interaction: Interaction) -> None:
    """Give somebody the watched feeds as a file; raises `LabError` where there are none."""
    feeds = await interaction.client.library.feeds.all()
    if not feeds:
        raise LabError("I watch no feed yet, so there is nothing to export.")
    text = write_opml(feeds, interaction.client.clock())
    await interaction.response.send_message(
        f"{count(len(feeds), 'feed')} as OPML. The addresses may hold secrets of yours.",
        file=discord.File(io.BytesIO(text.encode()), "feeds.opml"),
        ephemeral=True,
    )


async def take_list(interaction: Interaction, file: discord.Attachment) -> None:
    """Watch the feeds of somebody's file, and tell line by line what became of each.

    Raises `InvalidInput` for what is no list of feeds.
    """
    if file.size > MAX_BYTES:
        raise InvalidInput("That file is larger than 1 MiB, so it is no list of feeds.")
    await interaction.response.defer(ephemeral=True, thinking=True)
    bot = interaction.client
    outlines = await asyncio.to_thread(read_opml, await file.read())
    tried = await watch_all(bot.library, bot.poller, outlines, actor(interaction))
    for text in split_messages([_line(one) for one in tried]):
        await interaction.followup.send(view=cards.notice(text), ephemeral=True)


def _line(one: SubscribeResult) -> str:
    title = one.feed.title if one.feed else one.outline.title
    named = link(title or one.outline.url, one.outline.url, 200)
    return f"{_MARKS[one.outcome]} **{named}**: {escape(one.words, 300)}"
