"""Entries that wait for a moderator: the card that shows one, and the button that decides it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from discord.ui import ActionRow

from bot.announce.messages import draft_post
from bot.permissions import actor, require_curator
from bot.ui import buttons, cards, posts
from bot.ui.buttons import LabButton
from bot.ui.text import escape
from storage.feed_records import PendingEntry
from storage.library import Library
from storage.records import Outcome

if TYPE_CHECKING:
    from bot.client import Interaction


class SettleButton(LabButton, template=r"(?:settle|review):(?P<entry>\d+):(?P<add>[01])"):
    """Decides an entry that waits: a possible duplicate, or one of a reviewed feed."""

    async def press(self, interaction: Interaction) -> None:
        """Add the entry as a paper of its own, or leave it with the one it resembles, or out."""
        require_curator(interaction)
        result = await interaction.client.library.arrivals.settle(
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


async def question(library: Library, entry: PendingEntry) -> cards.Layout:
    """The card that asks what an entry is: ours or not, or the paper that it resembles."""
    if entry.paper_id is None:
        feed = await library.feeds.get(entry.feed_id)
        return posts.review(draft_post(entry), entry, feed.title)
    paper = await library.papers.listed(entry.paper_id)
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
