"""The messages that the bot posts by itself: announcements, digests, reviews, notices; pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import discord
from discord.ui import ActionRow, Button, Container, Item, Section, TextDisplay

from bot.markdown import count, escape
from bot.ui import buttons, cards
from bot.ui.cards import Layout
from storage.announcements.models import Post
from storage.feeds.models import EntryRecord, PendingEntry
from storage.models import Outcome, Paper, PaperDetails, PaperDraft
from storage.papers.combine import is_preprint
from storage.text import fold

_HEADING = "-# 📄 New paper"
_MAX_ABSTRACT = 700
_MAX_DIGEST = 8  # papers of a digest that its message lists
_MAX_SECTION = 400
_GREY = discord.Colour(0x747F8D)


def announcement(
    paper: Paper, *, announced_venue: str | None = None, role_id: int | None = None
) -> Layout:
    """Returns the message that announces a paper, as the paper is now.

    ``announced_venue`` is the venue when it was announced, ``role_id`` a role to mention.
    """
    if paper.removed_at is not None:
        return Layout(*_mention(role_id), _removed_card(paper))
    heading = _HEADING
    if announced_venue is not None and _is_published_now(paper, announced_venue):
        heading += f" · 🎉 now published at **{escape(paper.venue, 120)}**"
    actions: list[Button[Any]] = [
        buttons.AnnouncedPaperButton(paper.id),
        buttons.CiteButton(paper.id),
        buttons.EditPaperButton(paper.id),
    ]
    return Layout(*_mention(role_id), _card(paper, heading, actions))


def preview(draft: PaperDraft) -> Layout:
    """Returns the message that would announce a draft, with its buttons disabled."""
    actions = [Button[Any](label=label, disabled=True) for label in ("Details", "Cite", "Edit")]
    return Layout(_card(draft, _HEADING, actions))


def digest(
    post_id: int, papers: Sequence[Paper], *, total: int, role_id: int | None = None
) -> Layout:
    """Returns the message that announces several papers: the first ones, and a button for all."""
    card: Container[Any] = Container(accent_colour=cards.NEUTRAL)
    card.add_item(TextDisplay(f"### 📚 {count(total, 'new paper')}"))
    for paper in papers[:_MAX_DIGEST]:
        is_removed = paper.removed_at is not None
        if is_removed:
            text = f"~~{escape(paper.title, 200)}~~\n-# removed from the list"
        else:
            text = f"**{cards.title_link(paper, 240)}**\n{cards.byline(paper, 90, 40)}"
        button = buttons.AnnouncedPaperButton(paper.id, "Open", disabled=is_removed)
        card.add_item(Section(text[:_MAX_SECTION], accessory=button))
    if total > _MAX_DIGEST:
        card.add_item(TextDisplay(f"-# and {total - _MAX_DIGEST:,} more"))
        card.add_item(ActionRow(buttons.DigestButton(post_id, total)))
    return Layout(*_mention(role_id), card)


def review(post: Post, entry: PendingEntry | EntryRecord | None, feed_title: str) -> Layout:
    """Returns the card with which a moderator reviews an entry or, once decided, the decision."""
    if isinstance(entry, PendingEntry):
        heading = f"-# 🔎 New in {escape(feed_title, 100)}. Is this one of ours?"
        actions = [buttons.ReviewButton(entry.id, add=add) for add in (True, False)]
        return Layout(_card(entry.draft, heading, actions))
    text = "🔎 This entry is gone, because its feed was unfollowed."
    if entry is not None:
        decision = "👋 Declined" if entry.outcome is Outcome.DECLINED else "✅ Added"
        by = f" by {escape(entry.decided_by.name, 80)}" if entry.decided_by else ""
        text = f"{decision}{by}."
        if entry.paper_id:
            text += f" It's #{entry.paper_id} in the list."
    decided = ActionRow[Any](buttons.ReviewedButton(post.entry_id or 0))
    return Layout(cards.text_card(text, decided, colour=_GREY.value))


def notice(post: Post) -> Layout:
    """Returns a notice to moderators, whose text is already escaped."""
    return cards.notice(post.notice, ActionRow(buttons.FeedsButton(post.id)))


def _is_published_now(paper: Paper, announced_venue: str) -> bool:
    """Returns whether a paper that was announced as a preprint has been published since."""
    before, now = (
        bool(fold(venue)) and not is_preprint(venue) for venue in (announced_venue, paper.venue)
    )
    return now and not before


def _card(paper: PaperDetails, heading: str, actions: Sequence[Button[Any]]) -> Container[Any]:
    return cards.paper_card(
        paper,
        heading=f"{heading}\n### {cards.title_link(paper, 700)}",
        max_abstract=_MAX_ABSTRACT,
        actions=actions,
    )


def _removed_card(paper: Paper) -> Container[Any]:
    button = buttons.AnnouncedPaperButton(paper.id, "Removed", disabled=True)
    text = f"-# 🗑️ Removed from the list\n### ~~{escape(paper.title, 700)}~~"
    return cards.text_card(text, ActionRow(button), colour=_GREY.value)


def _mention(role_id: int | None) -> list[Item[Any]]:
    return [TextDisplay(f"<@&{role_id}>")] if role_id else []
