"""`/feed`: the feeds that bring new papers, in the lab's own servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from discord import app_commands
from discord.app_commands import Range, Transform
from discord.ui import ActionRow

from bot.feeds.poller import Poll
from bot.home import HomeCog
from bot.options import FeedOption
from bot.permissions import actor, require_curator
from bot.ui import buttons, cards, watched
from bot.ui.buttons import LabButton
from bot.ui.text import count, escape, moment
from storage.errors import PaperNotFound
from storage.records import Feed as FeedRecord
from storage.records import Outcome, PendingDuplicate

if TYPE_CHECKING:
    from bot.client import Interaction, LabHerald

_DECIDED_AT_ONCE = 5  # possible duplicates shown in one message


class SettleButton(LabButton, template=r"settle:(?P<entry>\d+):(?P<add>[01])"):
    """Decides a feed's possible duplicate."""

    async def press(self, interaction: Interaction) -> None:
        """Add the entry as a paper of its own, or leave it with the one it resembles."""
        require_curator(interaction)
        result = await interaction.client.library.settle_duplicate(
            self.numbers["entry"], actor(interaction), add=bool(self.numbers["add"])
        )
        text = "👌 That paper was removed from the list on purpose, so I left it out."
        if result.paper:
            known = "Added" if result.outcome is Outcome.ADDED else "It is the paper"
            text = f"✅ {known} {escape(result.paper.title, 300)} (#{result.paper.id})."
        await interaction.response.send_message(view=cards.notice(text), ephemeral=True)
        await interaction.client.courier.deliver()


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
        feeds = await interaction.client.library.feeds.all()
        text = (
            f"### {count(len(feeds), 'feed')}\n{watched.feeds(feeds)}"
            if feeds
            else "I watch no feed yet. `/feed add` begins with one."
        )
        await interaction.response.send_message(view=cards.notice(text), ephemeral=True)

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
        pending = [two for one in feeds for two in await bot.library.feeds.duplicates(one.id)]
        for duplicate in pending[:_DECIDED_AT_ONCE]:
            await interaction.followup.send(
                view=await _decision(interaction, duplicate), ephemeral=True
            )
        await bot.courier.deliver()


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
    if poll.intake.removed:
        parts.append(f"{poll.intake.removed:,} left out, since they were removed from the list")
    problems = "".join(f"\n-# ⚠️ {escape(problem, 200)}" for problem in poll.problems[:3])
    return f"✅ **{title}**: {', '.join(parts)}.{problems}"


async def _decision(interaction: Interaction, duplicate: PendingDuplicate) -> cards.Layout:
    try:
        paper = await interaction.client.library.papers.get(duplicate.paper_id)
    except PaperNotFound:
        paper = None
    row = ActionRow(
        buttons.settle_button(duplicate.id, add=True),
        buttons.settle_button(duplicate.id, add=False),
    )
    draft = duplicate.draft
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
    bot.add_dynamic_items(SettleButton)
    await Feed().offer(bot)
