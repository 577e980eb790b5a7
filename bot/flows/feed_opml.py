"""Exporting the followed feeds as an OPML file, and following the feeds of one."""

from __future__ import annotations

import asyncio
import io

import discord

from bot.feeds.manage import FollowOutcome, FollowResult, follow_all
from bot.formats.opml import MAX_BYTES, read_opml, write_opml
from bot.interactions import Interaction
from bot.markdown import count, escape, split_messages
from bot.permissions import actor
from bot.ui import cards
from bot.ui.feeds import feed_link
from storage.errors import InvalidInput, LabError

_EMOJI = {
    FollowOutcome.FOLLOWED: "📡",
    FollowOutcome.ALREADY_FOLLOWED: "👌",
    FollowOutcome.FAILED: "⚠️",
    FollowOutcome.SKIPPED: "⏳",
}


async def export_feeds(interaction: Interaction) -> None:
    """Answers `/feed export` with a file; raises `LabError` if no feed is followed."""
    feeds = await interaction.client.library.feeds.all()
    if not feeds:
        raise LabError("I don't follow any feeds yet, so there's nothing to export.")
    text = write_opml(feeds, interaction.client.clock())
    await interaction.response.send_message(
        f"Here's the list of {count(len(feeds), 'feed')}. Feed URLs can contain secrets, so "
        "be careful who you share it with.",
        file=discord.File(io.BytesIO(text.encode()), "feeds.opml"),
        ephemeral=True,
    )


async def import_feeds(interaction: Interaction, file: discord.Attachment) -> None:
    """Answers `/feed import`: follows the feeds of a file and reports on each.

    Raises `InvalidInput` if the file is not a list of feeds.
    """
    if file.size > MAX_BYTES:
        raise InvalidInput(
            f"That file is larger than {MAX_BYTES // 2**20} MiB, which is too large for a feed "
            "list."
        )
    await interaction.response.defer(ephemeral=True, thinking=True)
    bot = interaction.client
    outlines = await asyncio.to_thread(read_opml, await file.read())
    results = await follow_all(bot.library, bot.poller, outlines, actor(interaction))
    for text in split_messages([_describe(result) for result in results]):
        await interaction.followup.send(view=cards.notice(text), ephemeral=True)


def _describe(result: FollowResult) -> str:
    title = result.feed.title if result.feed else result.outline.title
    name = feed_link(title, result.outline.url, 200)
    return f"{_EMOJI[result.outcome]} **{name}**: {escape(result.sentence, 300)}"
