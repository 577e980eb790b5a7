"""`/feed`: the feeds that bring new papers, in the lab's own servers."""

from __future__ import annotations

from functools import partial

import discord
from discord import app_commands
from discord.app_commands import Range, Transform

from bot.announce.preview import previews
from bot.feeds.manage import change, terms_of
from bot.flows.feed_opml import send_list, take_list
from bot.flows.replies import undoable
from bot.flows.review_queue import question
from bot.interactions import Interaction, LabBot
from bot.markdown import clip, count, escape
from bot.options.catalogue import TraceOption
from bot.options.feeds import FeedOption
from bot.permissions import HomeCog, actor, require_moderator
from bot.ui import cards
from bot.ui import feeds as feed_cards
from bot.ui import trace as trace_card
from bot.ui.buttons import FeedsButton
from bot.ui.feed_form import FeedForm
from storage.errors import LabError
from storage.feeds.models import Feed as FeedRecord
from storage.feeds.models import FeedTerms
from storage.feeds.trace import Trace

_DECIDED_AT_ONCE = 5  # entries that wait, shown after one check


@FeedsButton.on_press
async def list_feeds(interaction: Interaction, _button: FeedsButton) -> None:
    """Lists the feeds privately."""
    require_moderator(interaction)
    await _show_feeds(interaction)


class Feed(HomeCog, group_name="feed"):
    """Keep the feeds that bring new papers."""

    @app_commands.command()
    @app_commands.describe(
        url="The address of a feed, or of a page that has one",
        venue="The venue of its papers, where the feed itself gives none",
        review="Let a moderator decide each new entry before it is announced",
        newest="How many of the newest papers of today to announce; none unless you say",
    )
    async def add(
        self,
        interaction: Interaction,
        url: Range[str, 1, 2000],
        venue: Range[str, 1, 100] = "",
        review: bool = False,
        newest: Range[int, 0, 10] = 0,
    ) -> None:
        """Watch a feed; what it has today is taken in silently, what comes is announced."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        bot = interaction.client
        feed = await bot.poller.watch(url.strip(), actor(interaction), venue, is_reviewed=review)
        announced = await bot.library.feeds.announce_newest(feed.id, newest)
        await interaction.followup.send(
            view=cards.notice(feed_cards.began(feed, announced)), ephemeral=True
        )
        bot.dispatcher.deliver_soon()

    @app_commands.command()
    async def list(self, interaction: Interaction) -> None:
        """Show the feeds I watch and how they do."""
        await _show_feeds(interaction)

    @app_commands.command()
    @app_commands.describe(feed="Which feed")
    async def show(self, interaction: Interaction, feed: Transform[FeedRecord, FeedOption]) -> None:
        """Show everything about one feed: how it does, and what waits."""
        await _say(interaction, feed_cards.feed_in_full(feed))

    @app_commands.command()
    @app_commands.describe(
        feed="Which feed",
        title="Its title from now on, whatever the feed calls itself",
        url="Its new address, or that of a page that names it",
        venue="The venue of its papers, where the feed itself gives none",
        review="Whether a moderator decides each new entry before it is announced",
    )
    async def edit(
        self,
        interaction: Interaction,
        feed: Transform[FeedRecord, FeedOption],
        title: Range[str, 1, 300] | None = None,
        url: Range[str, 1, 2000] | None = None,
        venue: Range[str, 1, 100] | None = None,
        review: bool | None = None,
    ) -> None:
        """Change a feed's title, address, venue or review; by a form unless you say what."""
        terms = terms_of(feed)
        if title is None and url is None and venue is None and review is None:
            await interaction.response.send_modal(FeedForm(feed.id, terms, partial(_change, feed)))
            return
        wanted = FeedTerms(
            title=terms.title if title is None else clip(title, 300),
            url=terms.url if url is None else url.strip(),
            venue=terms.venue if venue is None else clip(venue, 100),
            is_reviewed=terms.is_reviewed if review is None else review,
        )
        await _change(feed, interaction, wanted)

    @app_commands.command()
    @app_commands.describe(feed="Which feed", reason="Why, for the other moderators")
    async def pause(
        self,
        interaction: Interaction,
        feed: Transform[FeedRecord, FeedOption],
        reason: Range[str, 1, 200] = "",
    ) -> None:
        """Read a feed no more, until you resume."""
        title = escape(feed.title or feed.url, 200)
        if feed.paused_because:
            raise LabError(f"“{clip(feed.title, 200)}” is paused already: {feed.paused_because}")
        because = f"by {actor(interaction).name}" + (f": {clip(reason, 200)}" if reason else "")
        paused = await interaction.client.library.feeds.pause(feed.id, because, actor(interaction))
        await _say(
            interaction, f"⏸️ I don't read **{title}** until `/feed resume`.", paused.change_id
        )

    @app_commands.command()
    @app_commands.describe(feed="Which feed")
    async def resume(
        self, interaction: Interaction, feed: Transform[FeedRecord, FeedOption]
    ) -> None:
        """Read a feed again that was paused; what came meanwhile is announced."""
        if not feed.paused_because:
            raise LabError(f"“{clip(feed.title, 200)}” is not paused.")
        resumed = await interaction.client.library.feeds.resume(feed.id, actor(interaction))
        title = escape(feed.title or feed.url, 200)
        await _say(
            interaction, f"▶️ I read **{title}** again, first within a minute.", resumed.change_id
        )

    @app_commands.command()
    @app_commands.describe(feed="Which feed")
    async def remove(
        self, interaction: Interaction, feed: Transform[FeedRecord, FeedOption]
    ) -> None:
        """Watch a feed no longer; its papers stay in the list."""
        unfollowed = await interaction.client.library.feeds.unfollow(feed.id, actor(interaction))
        await _say(
            interaction,
            f"🗑️ I watch **{escape(feed.title or feed.url, 200)}** no longer. Its "
            f"{count(feed.papers, 'paper')} stay in the list.",
            unfollowed.change_id,
        )

    @app_commands.command()
    @app_commands.describe(feed="Which feed; all that are not paused unless you say")
    async def check(
        self, interaction: Interaction, feed: Transform[FeedRecord, FeedOption] | None = None
    ) -> None:
        """Look into a feed now, and decide which of its entries are papers of ours."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        bot = interaction.client
        watching = [feed] if feed else [*await bot.library.feeds.all()]
        polls = [await bot.poller.poll(one) for one in watching if feed or not one.paused_because]
        lines = [
            feed_cards.poll(one.feed, one.intake, one.problems, one.error) for one in polls
        ] or ["I watch no feed yet, or all are paused."]
        await interaction.followup.send(
            view=cards.notice(feed_cards.in_messages(lines, most=1)[0]), ephemeral=True
        )
        pending = [
            two for one in watching for two in await bot.library.review.pending_entries(one.id)
        ]
        for entry in pending[:_DECIDED_AT_ONCE]:
            asked = await question(bot.library, entry)
            await interaction.followup.send(view=asked, ephemeral=True)
        bot.dispatcher.deliver_soon()

    @app_commands.command()
    @app_commands.describe(url="The address of a feed, or of a page that has one")
    async def preview(self, interaction: Interaction, url: Range[str, 1, 2000]) -> None:
        """Show you alone what a feed would bring, as it would be announced; changes nothing."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        bot = interaction.client
        fetched, parsed = await bot.poller.read_address(url.strip())
        for layout in await previews(bot.library, fetched.lasting_url, parsed):
            await interaction.followup.send(view=layout, ephemeral=True)

    @app_commands.command()
    @app_commands.rename(entry="link")
    @app_commands.describe(entry="A link, an arXiv id, a DOI, a number such as #42, or a title")
    async def why(self, interaction: Interaction, entry: Transform[Trace, TraceOption]) -> None:
        """Say what happened to an entry: seen, filtered, a duplicate, waiting, sent."""
        await _say(interaction, trace_card.card(entry, interaction.guild_id))

    @app_commands.command()
    async def export(self, interaction: Interaction) -> None:
        """Get the watched feeds as a file (OPML), which every feed reader takes."""
        await send_list(interaction)

    @app_commands.command(name="import")
    @app_commands.describe(file="A list of feeds as OPML, as feed readers export it")
    async def import_(self, interaction: Interaction, file: discord.Attachment) -> None:
        """Watch the feeds of a list (OPML), at most 50 at once, each as /feed add would."""
        await take_list(interaction, file)


async def _change(feed: FeedRecord, interaction: Interaction, terms: FeedTerms) -> None:
    require_moderator(interaction)
    await interaction.response.defer(ephemeral=True, thinking=True)
    bot = interaction.client
    changed = await change(bot.library, bot.poller, feed, terms, actor(interaction))
    view = undoable(f"✏️ Changed.\n{feed_cards.feed_in_full(changed.value)}", changed.change_id)
    await interaction.followup.send(view=view, ephemeral=True)


async def _show_feeds(interaction: Interaction) -> None:
    feeds = await interaction.client.library.feeds.counted()
    text = (
        f"### {count(len(feeds), 'feed')}\n{feed_cards.feeds(feeds)}"
        if feeds
        else "I watch no feed yet. `/feed add` begins with one."
    )
    await _say(interaction, text)


async def _say(interaction: Interaction, text: str, change_id: int | None = None) -> None:
    await interaction.response.send_message(view=undoable(text, change_id), ephemeral=True)


async def setup(bot: LabBot) -> None:
    """Adds the cog to the home servers."""
    await Feed().register(bot)
