"""The review queue: its pages, the card of a feed's entry, and the buttons that decide."""

from __future__ import annotations

from typing import Any

from discord.ui import ActionRow

from bot.announce.render import review_post
from bot.flows.replies import reply_with_notice
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


@DuplicateButton.on_press
@ReviewButton.on_press
async def resolve_entry(interaction: Interaction, button: ReviewButton | DuplicateButton) -> None:
    """Adds the entry as a new paper, declines it, or merges it into the paper it resembles."""
    require_moderator(interaction)
    resolved = await interaction.client.library.review.resolve_entry(
        button.entry_id, actor(interaction), add=button.add
    )
    await _reply(interaction, resolved, declined="👋 Declined. The feed won't bring it up again.")


@SuggestionButton.on_press
async def resolve_suggestion(interaction: Interaction, button: SuggestionButton) -> None:
    """Adds the suggestion as a new paper, declines it, or merges it into the one it resembles."""
    require_moderator(interaction)
    resolved = await interaction.client.library.review.resolve_suggestion(
        button.suggestion_id, actor(interaction), add=button.add
    )
    await _reply(interaction, resolved, declined="👋 Declined. I'll let the member know.")


async def _reply(
    interaction: Interaction, resolved: Recorded[UpsertResult], *, declined: str
) -> None:
    """Tells the moderator the result of their decision, then sends the messages it caused."""
    result = resolved.value
    text = "👌 That paper was removed from the list on purpose, so I didn't add it."
    if result.outcome is Outcome.DECLINED:
        text = declined
    elif result.paper is not None:
        paper = cards.title_with_id(result.paper)
        text = {
            Outcome.ADDED: f"✅ Added {paper}.",
            Outcome.RESTORED: f"✅ Restored {paper}, which had been removed.",
        }.get(result.outcome, f"✅ Marked as the same paper as {paper}.")
    await reply_with_notice(interaction, text, resolved.change_id)
    interaction.client.dispatcher.deliver_soon()


@QueuePageButton.on_press
async def show_page(interaction: Interaction, button: QueuePageButton) -> None:
    """Replaces the message by another page of what needs review now."""
    require_moderator(interaction)
    page = await queue_page(interaction.client.library, interaction.user.id, button.page)
    await interaction.response.edit_message(view=page)


async def queue_page(library: Library, owner: int, page: int = 0) -> cards.Layout:
    """Returns a page of the queue, counted from 0; the last one if there are fewer pages."""
    total = await library.review.count()
    if not total:
        return cards.notice("🔎 Nothing needs review.")
    page = min(page, (total - 1) // review_cards.PAGE_SIZE)
    pending = await library.review.page(page * review_cards.PAGE_SIZE, review_cards.PAGE_SIZE)
    feeds = {feed.id: feed.title for feed in await library.feeds.all()}
    return review_cards.queue(pending, feeds, page=page, total=total, owner=owner)


async def entry_card(library: Library, entry: PendingEntry) -> cards.Layout:
    """Returns the card that asks whether to add an entry, or whether it is a known paper."""
    if entry.paper_id is None:
        feed = await library.feeds.get(entry.feed_id)
        return announcement_cards.review(review_post(entry), entry, feed.title)
    row = ActionRow[Any](*(DuplicateButton(entry.id, add=add) for add in (True, False)))
    draft = entry.draft
    by = f" by {escape(', '.join(draft.authors), 200)}" if draft.authors else ""
    text = f"⚖️ New from a feed: **{escape(draft.title, 300)}**{by}. Is it the same as "
    paper = await library.papers.find(entry.paper_id)
    if paper is None:
        return cards.notice(f"{text}the removed paper with that title?", row)
    return cards.Layout(*cards.paper_with(paper, f"{text}this paper?"), row)
