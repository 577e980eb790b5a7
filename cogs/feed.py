"""`/feed`: manages the feeds that new papers come from, in the home servers."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Range, Transform
from discord.ui import ActionRow

from bot.announce.preview import preview_feed
from bot.feeds.manage import change_feed, current_settings
from bot.flows.feed_opml import export_feeds, import_feeds
from bot.flows.replies import reply, reply_with_notice, undoable
from bot.flows.review_queue import review_card
from bot.interactions import Interaction, LabBot
from bot.markdown import clip, count, escape, split_messages
from bot.options.catalogue import TraceOption
from bot.options.feeds import FeedOption
from bot.permissions import HomeCog, actor, require_moderator
from bot.ui import cards, forms
from bot.ui import feeds as feed_cards
from bot.ui import trace as trace_card
from bot.ui.buttons import FeedsButton, held_buttons
from bot.ui.feed_form import FeedForm
from storage.errors import LabError
from storage.feeds.models import CountedFeed, FeedSettings
from storage.feeds.trace import Trace
from storage.redaction import redact_text, redact_url

_MAX_REVIEWS = 5  # entries to review that one check shows


@FeedsButton.on_press
async def list_feeds(interaction: Interaction, _button: FeedsButton) -> None:
    """Lists the feeds privately."""
    require_moderator(interaction)
    await _show_feeds(interaction)


class Feed(HomeCog, group_name="feed"):
    """Manage the feeds that new papers come from."""

    @app_commands.command()
    @app_commands.describe(
        url="URL of a feed, or of a page that links to one",
        venue="Venue of its papers, if the feed doesn't name one",
        review="Have a moderator review each new entry before it's announced",
        newest="How many of its newest papers to announce now (none by default)",
    )
    async def add(
        self,
        interaction: Interaction,
        url: Range[str, 1, 2000],
        venue: Range[str, 1, 100] = "",
        review: bool = False,
        newest: Range[int, 0, 10] = 0,
    ) -> None:
        """Follow a feed. Adds its existing papers silently, then announces new ones."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        bot = interaction.client
        feed = await bot.poller.follow(url.strip(), actor(interaction), venue, is_reviewed=review)
        announced = await bot.library.feeds.announce_newest(feed.id, newest)
        text = feed_cards.describe_followed(feed, announced)
        await reply(interaction, cards.notice(text))
        bot.dispatcher.deliver_soon()

    @app_commands.command()
    async def list(self, interaction: Interaction) -> None:
        """List the feeds I follow and their status."""
        await _show_feeds(interaction)

    @app_commands.command()
    @app_commands.describe(feed="Which feed")
    async def show(
        self, interaction: Interaction, feed: Transform[CountedFeed, FeedOption]
    ) -> None:
        """Show a feed's settings, its status and what's waiting for review."""
        rows = [ActionRow[Any](*held_buttons(feed.id))] if feed.held else []
        await reply(interaction, cards.notice(feed_cards.format_feed(feed), *rows))

    @app_commands.command()
    @app_commands.describe(
        feed="Which feed",
        title="New title; the feed won't overwrite it",
        url="New URL of the feed, or of a page that links to it",
        venue="Venue of its papers, if the feed doesn't name one",
        review="Have a moderator review each new entry before it's announced",
    )
    async def edit(
        self,
        interaction: Interaction,
        feed: Transform[CountedFeed, FeedOption],
        title: Range[str, 1, 300] | None = None,
        url: Range[str, 1, 2000] | None = None,
        venue: Range[str, 1, 100] | None = None,
        review: bool | None = None,
    ) -> None:
        """Edit a feed's title, URL, venue or review setting, with options or in a form."""
        settings = current_settings(feed)
        if title is None and url is None and venue is None and review is None:
            await interaction.response.send_modal(_edit_form(feed))
            return
        edited = FeedSettings(
            title=settings.title if title is None else clip(title, 300),
            url=settings.url if url is None else url.strip(),
            venue=settings.venue if venue is None else clip(venue, 100),
            is_reviewed=settings.is_reviewed if review is None else review,
        )
        await _edit(feed, interaction, edited)

    @app_commands.command()
    @app_commands.describe(feed="Which feed", reason="The reason, for other moderators to see")
    async def pause(
        self,
        interaction: Interaction,
        feed: Transform[CountedFeed, FeedOption],
        reason: Range[str, 1, 200] = "",
    ) -> None:
        """Stop checking a feed until you resume it."""
        if feed.paused_because:
            title = clip(feed.title, 200)
            raise LabError(f"“{title}” is already paused ({feed.paused_because}).")
        because = f"by {actor(interaction).name}" + (
            f": {clip(redact_text(reason), 200)}" if reason else ""
        )
        paused = await interaction.client.library.feeds.pause(feed.id, because, actor(interaction))
        text = f"⏸️ Paused **{_title(feed)}**. I won't check it until you run `/feed resume`."
        await reply_with_notice(interaction, text, paused.change_id)

    @app_commands.command()
    @app_commands.describe(feed="Which feed")
    async def resume(
        self, interaction: Interaction, feed: Transform[CountedFeed, FeedOption]
    ) -> None:
        """Check a paused feed again. Papers published in the meantime are announced."""
        if not feed.paused_because:
            raise LabError(f"“{clip(feed.title, 200)}” isn't paused.")
        resumed = await interaction.client.library.feeds.resume(feed.id, actor(interaction))
        text = f"▶️ Resumed **{_title(feed)}**. I'll check it within a minute."
        await reply_with_notice(interaction, text, resumed.change_id)

    @app_commands.command()
    @app_commands.describe(feed="Which feed")
    async def remove(
        self, interaction: Interaction, feed: Transform[CountedFeed, FeedOption]
    ) -> None:
        """Unfollow a feed. Its papers stay in the list."""
        unfollowed = await interaction.client.library.feeds.unfollow(feed.id, actor(interaction))
        text = f"🗑️ Unfollowed **{_title(feed)}**."
        if feed.papers:
            stay = "stays" if feed.papers == 1 else "stay"
            text += f" Its {count(unfollowed.value.papers, 'paper')} {stay} in the list."
        await reply_with_notice(interaction, text, unfollowed.change_id)

    @app_commands.command()
    @app_commands.describe(feed="Which feed (by default, all that aren't paused)")
    async def check(
        self, interaction: Interaction, feed: Transform[CountedFeed, FeedOption] | None = None
    ) -> None:
        """Check feeds now, and review the entries that are waiting."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        bot = interaction.client
        feeds = [feed] if feed else [*await bot.library.feeds.all()]
        polls = [await bot.poller.poll(one) for one in feeds if feed or not one.paused_because]
        lines = [
            feed_cards.describe_poll(poll.feed, poll.result, poll.problems, poll.error)
            for poll in polls
        ]
        if not lines:
            lines = ["There's nothing to check: I follow no feeds, or all of them are paused."]
        text = split_messages(lines, max_messages=1)[0]
        await reply(interaction, cards.notice(text))
        pending = [
            entry for one in feeds for entry in await bot.library.review.pending_entries(one.id)
        ]
        for entry in pending[:_MAX_REVIEWS]:
            layout = await review_card(bot.library, entry)
            await interaction.followup.send(view=layout, ephemeral=True)
        bot.dispatcher.deliver_soon()

    @app_commands.command()
    @app_commands.describe(url="URL of a feed, or of a page that links to one")
    async def preview(self, interaction: Interaction, url: Range[str, 1, 2000]) -> None:
        """Preview what a feed would add and announce, without changing anything."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        bot = interaction.client
        fetched, parsed = await bot.poller.discover(url.strip())
        for layout in await preview_feed(bot.library, fetched.permanent_url, parsed):
            await reply(interaction, layout, new_message=True)

    @app_commands.command()
    @app_commands.rename(entry="link")
    @app_commands.describe(entry="A link, arXiv ID, DOI, number such as #42, or title")
    async def why(self, interaction: Interaction, entry: Transform[Trace, TraceOption]) -> None:
        """See what happened to a link: added, announced, filtered out, duplicate or waiting."""
        await reply_with_notice(interaction, trace_card.card(entry, interaction.guild_id))

    @app_commands.command()
    async def export(self, interaction: Interaction) -> None:
        """Download the feeds I follow as an OPML file."""
        await export_feeds(interaction)

    @app_commands.command(name="import")
    @app_commands.describe(file="An OPML file, such as one that you exported from a feed reader")
    async def import_(self, interaction: Interaction, file: discord.Attachment) -> None:
        """Follow the feeds in an OPML file, up to 50 at a time."""
        await import_feeds(interaction, file)


def _edit_form(feed: CountedFeed) -> FeedForm:
    settings = current_settings(feed)
    shown = replace(settings, url=redact_url(settings.url))
    return FeedForm(feed.id, shown, partial(_edit, feed))


@forms.opener("feed")
async def _open_again(interaction: Interaction, feed_id: int) -> FeedForm:
    require_moderator(interaction)
    return _edit_form(await interaction.client.library.feeds.get(feed_id))


async def _edit(feed: CountedFeed, interaction: Interaction, settings: FeedSettings) -> None:
    require_moderator(interaction)
    await interaction.response.defer(ephemeral=True, thinking=True)
    bot = interaction.client
    edited = await change_feed(bot.library, bot.poller, feed, settings, actor(interaction))
    view = undoable(f"✏️ Saved.\n{feed_cards.format_feed(edited.value)}", edited.change_id)
    await reply(interaction, view, new_message=True)


async def _show_feeds(interaction: Interaction) -> None:
    feeds = await interaction.client.library.feeds.with_counts()
    text = (
        f"### {count(len(feeds), 'feed')}\n{feed_cards.format_feed_list(feeds)}"
        if feeds
        else "I don't follow any feeds yet. Add one with `/feed add`."
    )
    await reply_with_notice(interaction, text)


def _title(feed: CountedFeed) -> str:
    return escape(feed.title, 200)


async def setup(bot: LabBot) -> None:
    """Adds the cog to the home servers."""
    await Feed().register(bot)
