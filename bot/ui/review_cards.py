"""Members' suggestions and the review queue as layouts and text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from discord.ui import ActionRow, Button, Container, Separator, TextDisplay

from bot.markdown import count, escape, timestamp
from bot.ui import buttons, cards
from bot.ui.cards import Layout
from storage.feeds.models import PendingEntry
from storage.models import Outcome, Paper
from storage.review.models import Suggestion

PAGE_SIZE = 5  # suggestions and entries on a page of the queue


def suggestion_review(suggestion: Suggestion, paper: Paper | None) -> Layout:
    """Returns the card of a suggestion in the moderators' channel; once decided, how and by whom.

    ``paper`` is the one that it resembles.
    """
    if not suggestion.is_pending:
        return _decided(suggestion)
    draft = suggestion.draft
    if paper is None:
        question = "Is this one of ours?"
    else:
        question = f"Is it the same paper as #{paper.id}, {escape(paper.title, 200)}?"
    heading = f"-# 💡 Suggested by {escape(suggestion.member_name, 80)}. {question}"
    card = cards.paper_card(
        draft,
        heading=f"{heading}\n### {cards.title_link(draft, 700)}",
        max_abstract=700,
        actions=_decision_buttons(suggestion),
        below=f"💬 {escape(suggestion.note, 600)}" if suggestion.note else "",
    )
    return Layout(card)


def _decided(suggestion: Suggestion) -> Layout:
    text = (
        f"💡 **{escape(suggestion.draft.title, 300)}**, suggested by "
        f"{escape(suggestion.member_name, 80)}.\n"
    )
    text += {
        Outcome.ADDED: "✅ Added",
        Outcome.RESTORED: "✅ Restored",
        Outcome.DECLINED: "👋 Declined",
    }.get(suggestion.outcome, "✅ Marked as already in the list")
    if suggestion.decided_by is not None:
        text += f" by {escape(suggestion.decided_by.name, 80)}"
    text += f" (#{suggestion.paper_id})." if suggestion.paper_id is not None else "."
    return cards.notice(text, ActionRow(buttons.DecidedSuggestionButton(suggestion.id)))


def suggestion_outcome(post_id: int, suggestion: Suggestion, paper: Paper | None) -> Layout:
    """Returns the message that tells a member what became of their suggestion."""
    text = f"💡 You suggested **{escape(suggestion.draft.title, 300)}**.\n{_status(suggestion)}"
    row = ActionRow[Any](buttons.MySuggestionsButton(post_id))
    if paper is not None and paper.removed_at is None:
        row.add_item(buttons.PaperButton(paper.id))
    return cards.notice(text, row)


def member_suggestions(suggestions: Sequence[Suggestion]) -> str:
    """Returns a member's latest suggestions and what became of each."""
    if not suggestions:
        return (
            "You haven't suggested any papers yet. Run `/suggest` with an arXiv ID, a DOI, a link "
            "or a title."
        )
    lines = ["### Your suggestions"]
    for one in suggestions:
        lines.append(f"**{escape(one.draft.title, 200)}** · {timestamp(one.suggested_at)}")
        lines.append(f"-# {_status(one)}")
    return "\n".join(lines)


def _status(suggestion: Suggestion) -> str:
    number = f" as #{suggestion.paper_id}" if suggestion.paper_id is not None else ""
    return {
        Outcome.REVIEW: "⏳ Waiting for review.",
        Outcome.ADDED: f"✅ Added to the list{number}. Thanks!",
        Outcome.RESTORED: f"✅ Restored to the list{number}. Thanks!",
        Outcome.DECLINED: "👋 The moderators decided not to add it. Thanks anyway!",
    }.get(suggestion.outcome, f"✅ It's already in the list{number}. Thanks!")


def queue(
    pending: Sequence[PendingEntry | Suggestion],
    feeds: Mapping[int, str],
    *,
    page: int,
    total: int,
    owner: int,
) -> Layout:
    """Returns a page of the review queue, with buttons to decide each item.

    ``feeds`` are the feeds' titles by number; ``page`` is counted from 0.
    """
    card: Container[Any] = Container(accent_colour=cards.NEUTRAL)
    card.add_item(TextDisplay(f"### 🔎 {count(total, 'paper')} to review"))
    for item in pending:
        card.add_item(Separator(visible=True))
        card.add_item(TextDisplay(_queue_item(item, feeds)))
        card.add_item(ActionRow(*_decision_buttons(item)))
    pages = -(-total // PAGE_SIZE)
    if pages > 1:
        page_buttons = buttons.page_buttons(partial(buttons.QueuePageButton, owner), page, pages)
        card.add_item(ActionRow(*page_buttons))
    return Layout(card)


def _queue_item(item: PendingEntry | Suggestion, feeds: Mapping[int, str]) -> str:
    if isinstance(item, PendingEntry):
        source = f"-# 📡 {escape(feeds.get(item.feed_id, ''), 80)}"
    else:
        source = f"-# 💡 {escape(item.member_name, 60)} {timestamp(item.suggested_at)}"
        source += f" · {escape(item.note, 150)}" if item.note else ""
    if item.paper_id is not None:
        source += f" · ⚖️ may be a duplicate of #{item.paper_id}"
    title = f"**{cards.title_link(item.draft, 200)}**"
    return "\n".join(filter(None, [title, cards.byline(item.draft, 100, 40), source]))


def _decision_buttons(item: PendingEntry | Suggestion) -> list[Button[Any]]:
    """Returns “Add” and “Not ours”, or for a possible duplicate “Add as new” and “Same paper”."""
    is_duplicate = item.paper_id is not None
    if isinstance(item, Suggestion):
        return [
            buttons.SuggestionButton(item.id, add=add, is_duplicate=is_duplicate)
            for add in (True, False)
        ]
    button_class = buttons.DuplicateButton if is_duplicate else buttons.ReviewButton
    return [button_class(item.id, add=add) for add in (True, False)]
