"""What members suggest and what waits for moderators, as layouts; pure."""

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

PAGE_SIZE = 5  # decisions of one page


def review(suggestion: Suggestion, paper: Paper | None) -> Layout:
    """The card that a moderator is to decide; once decided, by whom and how.

    ``paper`` is the one that it resembles, and then the one that it became.
    """
    if not suggestion.waits:
        return _decided(suggestion)
    draft = suggestion.draft
    asked = f"-# 💡 {escape(suggestion.member_name, 80)} suggests a paper: {_question(paper)}"
    card = cards.paper_card(
        draft,
        heading=f"{asked}\n### {cards.title_link(draft, 700)}",
        abstract=700,
        pressed=_choices(suggestion),
        below=f"💬 {escape(suggestion.note, 600)}" if suggestion.note else "",
    )
    return Layout(card)


def outcome(post_id: int, suggestion: Suggestion, paper: Paper | None) -> Layout:
    """What a member is told of their suggestion, once it is decided."""
    text = f"💡 You suggested **{escape(suggestion.draft.title, 300)}**.\n{_became(suggestion)}"
    row = ActionRow[Any](buttons.MySuggestionsButton(post_id))
    if paper is not None and paper.removed_at is None:
        row.add_item(buttons.PaperButton(paper.id))
    return cards.notice(text, row)


def of_member(suggestions: Sequence[Suggestion]) -> str:
    """The newest suggestions of a member, newest first, fit for Discord."""
    if not suggestions:
        return (
            "You have suggested no paper yet. `/suggest source:` takes an arXiv id, a DOI, a link "
            "or a title."
        )
    lines = ["### Your suggestions"]
    for one in suggestions:
        lines.append(f"**{escape(one.draft.title, 200)}** · {timestamp(one.suggested_at)}")
        lines.append(f"-# {_became(one)}")
    return "\n".join(lines)


def queue(
    waiting: Sequence[PendingEntry | Suggestion],
    feeds: Mapping[int, str],
    *,
    page: int,
    total: int,
    owner: int,
) -> Layout:
    """A page of what waits for the moderators, each with the buttons that decide it.

    ``feeds`` are the feeds' titles by number.
    """
    card: Container[Any] = Container(accent_colour=cards.NEUTRAL)
    card.add_item(TextDisplay(f"### 🔎 {count(total, 'decision')} to make"))
    for one in waiting:
        card.add_item(Separator(visible=True))
        card.add_item(TextDisplay(_in_brief(one, feeds)))
        card.add_item(ActionRow(*_choices(one)))
    pages = -(-total // PAGE_SIZE)
    if pages > 1:
        turning = buttons.page_buttons(partial(buttons.QueuePageButton, owner), page, pages)
        card.add_item(ActionRow(*turning))
    return Layout(card)


def _in_brief(one: PendingEntry | Suggestion, feeds: Mapping[int, str]) -> str:
    draft = one.draft
    if isinstance(one, PendingEntry):
        about = f"-# 📡 {escape(feeds.get(one.feed_id, ''), 80)}"
    else:
        about = f"-# 💡 {escape(one.member_name, 60)} {timestamp(one.suggested_at)}"
        about += f" · {escape(one.note, 150)}" if one.note else ""
    if one.paper_id is not None:
        about += f" · ⚖️ may be #{one.paper_id}"
    lines = [f"**{cards.title_link(draft, 200)}**", cards.byline(draft, 100, 40), about]
    return "\n".join(filter(None, lines))


def _choices(one: PendingEntry | Suggestion) -> list[Button[Any]]:
    """Add or not; of what resembles a paper, whether it is another one."""
    is_duplicate = one.paper_id is not None
    if isinstance(one, Suggestion):
        return [
            buttons.SuggestionButton(one.id, add=add, is_duplicate=is_duplicate)
            for add in (True, False)
        ]
    decide = buttons.DuplicateButton if is_duplicate else buttons.ReviewButton
    return [decide(one.id, add=add) for add in (True, False)]


def _question(paper: Paper | None) -> str:
    if paper is None:
        return "is this ours?"
    return f"is it #{paper.id}, {escape(paper.title, 200)}?"


def _decided(suggestion: Suggestion) -> Layout:
    by = escape(suggestion.decided_by.name, 80) if suggestion.decided_by else ""
    how = {
        Outcome.ADDED: "✅ Added",
        Outcome.RESTORED: "✅ Back in the list",
        Outcome.DECLINED: "👋 Not ours",
    }.get(suggestion.outcome, "✅ The list had it")
    text = f"💡 **{escape(suggestion.draft.title, 300)}**, suggested by "
    text += f"{escape(suggestion.member_name, 80)}.\n{how}, decided by {by}."
    if suggestion.paper_id:
        text += f" It is #{suggestion.paper_id} in the list."
    return cards.notice(text, ActionRow(buttons.DecidedSuggestionButton(suggestion.id)))


def _became(suggestion: Suggestion) -> str:
    """What became of a suggestion, for who made it."""
    number = f"#{suggestion.paper_id}"
    return {
        Outcome.REVIEW: "⏳ It waits for the moderators.",
        Outcome.ADDED: f"✅ The moderators added it: it is {number} in the list. Thank you!",
        Outcome.RESTORED: f"✅ The moderators took it back into the list, as {number}. Thank you!",
        Outcome.DECLINED: "👋 The moderators found that it is no paper for this list. Thank you!",
    }.get(suggestion.outcome, f"✅ It is a paper that the list had already: {number}. Thank you!")
