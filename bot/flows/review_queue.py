"""What waits for a moderator: the cards that show it, and the buttons that decide it."""

from __future__ import annotations

from typing import Any

from discord.ui import ActionRow

from bot.announce.render import draft_post
from bot.flows.replies import undoable
from bot.interactions import Interaction
from bot.markdown import escape
from bot.permissions import actor, require_moderator
from bot.ui import announcements as announcement_cards
from bot.ui import cards, review_cards
from bot.ui.buttons import (
    DuplicateButton,
    QueuePageButton,
    ReviewButton,
    SuggestionButton,
)
from storage.audit.models import Recorded
from storage.feeds.models import PendingEntry
from storage.library import Library
from storage.models import Outcome, UpsertResult

_BECAME = {Outcome.ADDED: "Added", Outcome.RESTORED: "It had been removed, and is back:"}


@DuplicateButton.on_press
@ReviewButton.on_press
async def resolve_entry(interaction: Interaction, button: ReviewButton | DuplicateButton) -> None:
    """Adds the entry as a new paper, declines it, or merges it into the paper it resembles."""
    require_moderator(interaction)
    result = await interaction.client.library.review.resolve_entry(
        button.entry_id, actor(interaction), add=button.add
    )
    left_out = "👋 Left out; the feed does not bring it again."
    await _tell(interaction, result, left_out=left_out)


@SuggestionButton.on_press
async def resolve_suggestion(interaction: Interaction, button: SuggestionButton) -> None:
    """Adds the suggestion as a new paper, declines it, or merges it into the one it resembles."""
    require_moderator(interaction)
    result = await interaction.client.library.review.resolve_suggestion(
        button.suggestion_id, actor(interaction), add=button.add
    )
    await _tell(interaction, result, left_out="👋 Left out; the member hears of it.")


@QueuePageButton.on_press
async def show_page(interaction: Interaction, button: QueuePageButton) -> None:
    """Replaces the message by another page of what awaits review now."""
    require_moderator(interaction)
    shown = await queue(interaction.client.library, interaction.user.id, button.page)
    await interaction.response.edit_message(view=shown)


async def queue(library: Library, owner: int, page: int = 0) -> cards.Layout:
    """A page of what waits, counted from 0; the last one where there are no more."""
    total = await library.review.count()
    if not total:
        return cards.notice("🔎 Nothing waits for a decision.")
    page = min(page, (total - 1) // review_cards.PAGE_SIZE)
    waiting = await library.review.page(page * review_cards.PAGE_SIZE, review_cards.PAGE_SIZE)
    feeds = {feed.id: feed.title for feed in await library.feeds.all()}
    return review_cards.queue(waiting, feeds, page=page, total=total, owner=owner)


async def _tell(
    interaction: Interaction, resolved: Recorded[UpsertResult], *, left_out: str
) -> None:
    """Say what became of a decision, then let it be told and announced."""
    result = resolved.value
    text = "👌 That paper was removed from the list on purpose, so I left it out."
    if result.outcome is Outcome.DECLINED:
        text = left_out
    elif result.paper:
        became = _BECAME.get(result.outcome, "It is the paper")
        text = f"✅ {became} {escape(result.paper.title, 300)} (#{result.paper.id})."
    await interaction.response.send_message(view=undoable(text, resolved.change_id), ephemeral=True)
    interaction.client.dispatcher.deliver_soon()


async def question(library: Library, entry: PendingEntry) -> cards.Layout:
    """The card that asks what an entry is: ours or not, or the paper that it resembles."""
    if entry.paper_id is None:
        feed = await library.feeds.get(entry.feed_id)
        return announcement_cards.review(draft_post(entry), entry, feed.title)
    paper = await library.papers.find(entry.paper_id)
    row = ActionRow[Any](*(DuplicateButton(entry.id, add=add) for add in (True, False)))
    draft = entry.draft
    by = f" by {escape(', '.join(draft.authors), 200)}" if draft.authors else ""
    text = f"⚖️ A feed brought **{escape(draft.title, 300)}**{by}. Is it "
    if paper is None:
        return cards.notice(f"{text}the paper of that title that was removed?", row)
    return cards.Layout(*cards.paper_with(paper, f"{text}this paper?"), row)
