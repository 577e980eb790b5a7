"""`/feed`: the feeds that bring new papers, in the lab's own servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from discord import app_commands
from discord.app_commands import Range, Transform
from discord.ui import ActionRow

from bot.announce.messages import draft_post
from bot.feeds.poller import Poll
from bot.home import HomeCog
from bot.options import FeedOption
from bot.permissions import actor, require_curator
from bot.ui import buttons, cards, posts, watched
from bot.ui.buttons import LabButton
from bot.ui.text import count, escape, moment
from storage.errors import PaperNotFound
from storage.feed_records import Feed as FeedRecord
from storage.feed_records import PendingEntry
from storage.records import Outcome

if TYPE_CHECKING:
    from bot.client import Interaction, LabHerald

_DECIDED_AT_ONCE = 5  # possible duplicates shown in one message


class SettleButton(LabButton, template=r"(?:settle|review):(?P<entry>\d+):(?P<add>[01])"):
    """Decides an entry that waits: a possible duplicate, or one of a reviewed feed."""

    async def press(self, interaction: Interaction) -> None:
        """Add the entry as a paper of its own, or leave it with the one it resembles, or out."""
        require_curator(interaction)
        result = await interaction.client.library.settle(
            self.numbers["entry"], actor(interaction), add=bool(self.numbers["add"])
        )
        text = "👌 That paper was removed from the list on purpose, so I left it out."
        if result.outcome is Outcome.DECLINED:
            text = "👋 Left out; it does not come again."
        elif result.paper:
            known = "Added" if result.outcome is Outcome.ADDED else "It is the paper"
            text = f"✅ {known} {escape(result.paper.title, 300)} (#{result.paper.id})."
        await interaction.response.send_message(view=cards.notice(text), ephemeral=True)
        await interaction.client.courier.deliver()


class FeedsButton(LabButton, template=r"feeds:(?P<post>\d+)"):
    """Shows how the feeds do, under a notice of the bot's."""

    async def press(self, interaction: Interaction) -> None:
        """Answer privately."""
        require_curator(interaction)
        await _show_feeds(interaction)


class Feed(HomeCog, group_name="feed"):
    """Keep the feeds that bring new papers."""

    @app_commands.command()
    @app_commands.describe(
        url="The address of a feed, or of a page that has one",
        venue="The venue of its papers, where the feed itself gives none",
    )
    async def add(
        self,
        interaction: Interaction,
        url: Range[str, 1, 2000],
        venue: Range[str, 1, 100] = "",
    ) -> None:
        """Watch a feed; what it has today is taken in silently, what comes is announced."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        feed = await interaction.client.poller.watch(url.strip(), actor(interaction), venue)
        text = (
            f"📡 I watch **{escape(feed.title or feed.url, 200)}** from now on. "
            f"{count(feed.papers, 'paper')} of today {'is' if feed.papers == 1 else 'are'} in the "
            f"list, unannounced; what comes next is announced. The next look is "
            f"{moment(feed.next_poll_at)}."
        )
        if feed.duplicates:
            text += f"\n{_duplicates_hint(feed)}"
        await interaction.followup.send(view=cards.notice(text), ephemeral=True)

    @app_commands.command()
    async def list(self, interaction: Interaction) -> None:
        """Show the feeds I watch and how they do."""
        await _show_feeds(interaction)

    @app_commands.command()
    @app_commands.describe(feed="Which feed")
    async def remove(
        self, interaction: Interaction, feed: Transform[FeedRecord, FeedOption]
    ) -> None:
        """Watch a feed no longer; its papers stay in the list."""
        await interaction.client.library.feeds.remove(feed.id)
        await interaction.response.send_message(
            view=cards.notice(
                f"🗑️ I watch **{escape(feed.title or feed.url, 200)}** no longer. Its "
                f"{count(feed.papers, 'paper')} stay in the list."
            ),
            ephemeral=True,
        )

    @app_commands.command()
    @app_commands.describe(feed="Which feed; all of them unless you say")
    async def check(
        self, interaction: Interaction, feed: Transform[FeedRecord, FeedOption] | None = None
    ) -> None:
        """Look into a feed now, and decide its possible duplicates."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        bot = interaction.client
        feeds = [feed] if feed else list(await bot.library.feeds.all())
        polls = [await bot.poller.poll(one) for one in feeds]
        lines = [_report(poll) for poll in polls] or ["I watch no feed yet."]
        await interaction.followup.send(view=cards.notice("\n".join(lines)[:3900]), ephemeral=True)
        pending = [two for one in feeds for two in await bot.library.feeds.pending(one.id)]
        for entry in pending[:_DECIDED_AT_ONCE]:
            await interaction.followup.send(
                view=await _decision(interaction, entry), ephemeral=True
            )
        await bot.courier.deliver()


async def _show_feeds(interaction: Interaction) -> None:
    feeds = await interaction.client.library.feeds.all()
    text = (
        f"### {count(len(feeds), 'feed')}\n{watched.feeds(feeds)}"
        if feeds
        else "I watch no feed yet. `/feed add` begins with one."
    )
    await interaction.response.send_message(view=cards.notice(text), ephemeral=True)


def _report(poll: Poll) -> str:
    title = escape(poll.feed.title or poll.feed.url, 150)
    if poll.error:
        return f"⚠️ **{title}**: {escape(poll.error, 300)}"
    if poll.intake is None:
        return f"✅ **{title}**: nothing new since the last look."
    parts = [f"{count(len(poll.intake.added), 'new paper')}"]
    if poll.intake.completed:
        parts.append(f"{len(poll.intake.completed):,} completed")
    if poll.intake.duplicates:
        parts.append(f"{count(len(poll.intake.duplicates), 'possible duplicate')}")
    if poll.intake.reviews:
        parts.append(f"{count(poll.intake.reviews, 'entry')} to review")
    if poll.intake.removed:
        parts.append(f"{poll.intake.removed:,} left out, since they were removed from the list")
    problems = "".join(f"\n-# ⚠️ {escape(problem, 200)}" for problem in poll.problems[:3])
    return f"✅ **{title}**: {', '.join(parts)}.{problems}"


async def _decision(interaction: Interaction, entry: PendingEntry) -> cards.Layout:
    if entry.paper_id is None:
        feed = await interaction.client.library.feeds.get(entry.feed_id)
        return posts.review(draft_post(entry), entry, feed.title)
    try:
        paper = await interaction.client.library.papers.get(entry.paper_id)
    except PaperNotFound:
        paper = None
    row = ActionRow(
        buttons.settle_button(entry.id, add=True),
        buttons.settle_button(entry.id, add=False),
    )
    draft = entry.draft
    by = f" by {escape(', '.join(draft.authors), 200)}" if draft.authors else ""
    text = f"⚖️ A feed brought **{escape(draft.title, 300)}**{by}. Is it "
    if paper is None:
        return cards.notice(f"{text}the paper of that title that was removed?", row)
    return cards.Layout(*cards.paper_with(paper, f"{text}this paper?"), row)


def _duplicates_hint(feed: FeedRecord) -> str:
    return (
        f"⚖️ {count(feed.duplicates, 'entry')} may be papers that the list has already; "
        "`/feed check` lets you decide."
    )


async def setup(bot: LabHerald) -> None:
    """Add the cog to the lab's own servers, and its button."""
    bot.add_dynamic_items(SettleButton, FeedsButton)
    await Feed().offer(bot)
