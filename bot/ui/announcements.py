"""The messages that the bot posts by itself: announcements, digests and notices; pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from discord.ui import ActionRow, Button, Container, Item, Section, TextDisplay

from bot.markdown import count, escape
from bot.ui import buttons, cards, found_cards
from bot.ui.cards import Layout
from storage.announcements.message_keys import event_key, joined_keys
from storage.announcements.models import Post
from storage.announcements.outbox import MAX_DIGEST
from storage.models import Paper, PaperDetails, PaperDraft
from storage.papers.combine import is_preprint
from storage.text import fold

_HEADING = "-# 📄 New paper"
_MAX_ABSTRACT = 700
_MAX_DIGEST = 8  # papers of a digest that its message lists
_MAX_SECTION = 400
_DIGEST_KEYS = 2  # of each paper in a digest; a custom id has room for the keys of five papers


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
        buttons.AnnouncedPaperButton(paper.id, keys=joined_keys(paper)),
        buttons.CiteButton(paper.id),
        buttons.ReportButton(paper.id),
    ]
    return Layout(*_mention(role_id), _card(paper, heading, actions))


def preview(draft: PaperDraft) -> Layout:
    """Returns the message that would announce a draft, with its buttons disabled."""
    labels = ("Details", "Cite", "Report a problem")
    actions = [Button[Any](label=label, disabled=True) for label in labels]
    return Layout(_card(draft, _HEADING, actions))


def digest(
    post_id: int, papers: Sequence[Paper], *, total: int, role_id: int | None = None
) -> Layout:
    """Returns the message that announces several papers: the first ones, and a button for all."""
    card: Container[Any] = Container(accent_colour=cards.NEUTRAL)
    card.add_item(TextDisplay(f"### 📚 {count(total, 'new paper')}"))
    for number, paper in enumerate(papers[:_MAX_DIGEST]):
        is_removed = paper.removed_at is not None
        if is_removed:
            text = f"~~{escape(paper.title, 200)}~~\n-# removed from the list"
        else:
            text = f"**{cards.title_link(paper, 240)}**\n{cards.byline(paper, 90, 40)}"
        # Each button also has keys of papers that aren't shown, so that all are in the message.
        keys = [joined_keys(one, _DIGEST_KEYS) for one in papers[number:MAX_DIGEST:_MAX_DIGEST]]
        button = buttons.AnnouncedPaperButton(
            paper.id, "Open", disabled=is_removed, keys=".".join(keys)
        )
        card.add_item(Section(text[:_MAX_SECTION], accessory=button))
    if total > _MAX_DIGEST:
        card.add_item(TextDisplay(f"-# and {total - _MAX_DIGEST:,} more"))
        card.add_item(ActionRow(buttons.DigestButton(post_id, total)))
    return Layout(*_mention(role_id), card)


def notice(post: Post) -> Layout:
    """Returns a notice to moderators, whose text is already escaped."""
    if post.is_about_found:
        return found_cards.notice(post)
    return cards.notice(post.notice, ActionRow(*_notice_buttons(post)))


def _notice_buttons(post: Post) -> list[Button[Any]]:
    held = [] if post.held_feed_id is None else buttons.held_buttons(post.held_feed_id)
    retry = [] if post.refused_post_id is None else [buttons.RetryPostButton(post.refused_post_id)]
    keys = event_key(post.notice, post.created_at)
    return [*held, *retry, buttons.FeedsButton(post.id, keys=keys)]


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
    button = buttons.AnnouncedPaperButton(
        paper.id, "Removed", disabled=True, keys=joined_keys(paper)
    )
    text = f"-# 🗑️ Removed from the list\n### ~~{escape(paper.title, 700)}~~"
    return cards.text_card(text, ActionRow(button), colour=cards.GREY)


def _mention(role_id: int | None) -> list[Item[Any]]:
    return [TextDisplay(f"<@&{role_id}>")] if role_id else []
