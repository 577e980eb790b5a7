"""What the bot sends by itself, as layouts: announcements, digests, reviews, notices; pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import discord
from discord.ui import ActionRow, Button, Container, Item, Section, TextDisplay

from bot.markdown import count, escape
from bot.ui import buttons, cards
from bot.ui.cards import Layout
from storage.announcements.models import Post
from storage.feeds.models import PendingEntry, SeenEntry
from storage.models import Outcome, Paper, PaperDetails
from storage.papers.combine import is_preprint
from storage.text import fold

_HEADING = "-# 📄 New paper"
_LISTED = 8  # papers of a digest that its message shows
_GONE = discord.Colour(0x747F8D)


def announcement(
    paper: Paper, *, venue_then: str | None = None, role_id: int | None = None
) -> Layout:
    """The message that tells a channel of a new paper, as the paper is now.

    ``venue_then`` is what it named when it was announced; ``role_id`` a role to mention.
    """
    if paper.removed_at is not None:
        return Layout(*_mention(role_id), _withdrawn(paper))
    heading = _HEADING
    if venue_then is not None and is_published_now(paper, venue_then):
        heading += f" · 🎉 now published at **{escape(paper.venue, 120)}**"
    pressed: list[Button[Any]] = [
        buttons.AnnouncedPaperButton(paper.id),
        buttons.CiteButton(paper.id),
        buttons.EditPaperButton(paper.id),
    ]
    return Layout(*_mention(role_id), _card(paper, heading, pressed))


def preview(paper: PaperDetails) -> Layout:
    """The message that would announce a paper, with buttons that can't be used."""
    pressed = [Button[Any](label=label, disabled=True) for label in ("Details", "Cite", "Edit")]
    return Layout(_card(paper, _HEADING, pressed))


def digest(
    post_id: int, papers: Sequence[Paper], *, total: int, role_id: int | None = None
) -> Layout:
    """The message that tells of several papers at once: the first ones, and a way to all."""
    card: Container[Any] = Container(accent_colour=cards.NEUTRAL)
    card.add_item(TextDisplay(f"### 📚 {count(total, 'new paper')}"))
    for paper in papers[:_LISTED]:
        if paper.removed_at is not None:
            text = f"~~{escape(paper.title, 200)}~~\n-# withdrawn from the list"
        else:
            text = f"**{cards.title_link(paper, 240)}**\n{cards.byline(paper, 90, 40)}"
        opened = buttons.AnnouncedPaperButton(
            paper.id, "Open", disabled=paper.removed_at is not None
        )
        card.add_item(Section(text[:400], accessory=opened))
    if total > _LISTED:
        card.add_item(TextDisplay(f"-# and {total - _LISTED:,} more"))
        card.add_item(ActionRow(buttons.DigestButton(post_id, total)))
    return Layout(*_mention(role_id), card)


def review(post: Post, entry: PendingEntry | SeenEntry | None, feed_title: str) -> Layout:
    """The card of an entry that a moderator is to decide; once decided, by whom and how."""
    if isinstance(entry, PendingEntry):
        card = cards.paper_card(
            entry.draft,
            heading=f"-# 🔎 {escape(feed_title, 100)}: is this ours?\n"
            f"### {cards.title_link(entry.draft, 700)}",
            abstract=700,
            pressed=[buttons.ReviewButton(entry.id, add=add) for add in (True, False)],
        )
        return Layout(card)
    text = "🔎 That entry is gone, since its feed is watched no longer."
    if entry is not None:
        how = "✅ Added" if entry.outcome is not Outcome.DECLINED else "👋 Not ours"
        by = f" by {escape(entry.decided_by.name, 80)}" if entry.decided_by else ""
        text = f"{how}, decided{by}."
        if entry.paper_id:
            text += f" It is #{entry.paper_id} in the list."
    decided = ActionRow[Any](buttons.ReviewedButton(post.entry_id or 0))
    return Layout(cards.note(text, decided, colour=_GONE.value))


def notice(post: Post) -> Layout:
    """A sentence for moderators, already fit for Discord."""
    return cards.notice(post.notice, ActionRow(buttons.FeedsButton(post.id)))


def is_published_now(paper: Paper, venue_then: str) -> bool:
    """Whether a paper that was announced as a preprint has a venue by now."""
    then, now = (bool(fold(one)) and not is_preprint(one) for one in (venue_then, paper.venue))
    return now and not then


def _card(paper: PaperDetails, heading: str, pressed: Sequence[Button[Any]]) -> Container[Any]:
    return cards.paper_card(
        paper,
        heading=f"{heading}\n### {cards.title_link(paper, 700)}",
        abstract=700,
        pressed=pressed,
    )


def _withdrawn(paper: Paper) -> Container[Any]:
    gone = buttons.AnnouncedPaperButton(paper.id, "Withdrawn", disabled=True)
    text = f"-# 🗑️ Withdrawn from the list\n### ~~{escape(paper.title, 700)}~~"
    return cards.note(text, ActionRow(gone), colour=_GONE.value)


def _mention(role_id: int | None) -> list[Item[Any]]:
    return [TextDisplay(f"<@&{role_id}>")] if role_id else []
