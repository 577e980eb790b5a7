"""What waits for review, the queue of it, and members' suggestions as layouts and text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from discord.ui import ActionRow, Button, Container, Item, Section, Separator, TextDisplay

from bot.markdown import count, escape, timestamp
from bot.ui import buttons, cards, claim_cards, completion_cards, report_cards, review_buttons
from bot.ui.cards import Layout
from bot.ui.found_cards import FoundPapersButton
from storage.announcements.message_keys import event_key, joined_keys
from storage.feeds.models import EntryRecord, PendingEntry
from storage.models import LinkKind, Origin, Outcome, Paper, PaperDetails
from storage.papers.titles import is_bare_reference
from storage.redaction import has_secret_path, redact_url
from storage.review.models import AccountClaim, Decision, Proposal, Report, Suggestion
from storage.review.queue import QueueItem

PAGE_SIZE = 4  # items on a page of the queue: each takes up to eight of a message's 40 components
_MIN_IDENTIFIER = 20  # characters; less of one says nothing
_MAX_ITEMS_TEXT = 3400  # characters of the 4,000 of a message, without the last decision's


@dataclass(frozen=True, slots=True)
class _Limits:
    """How long the parts of an item in the queue may be."""

    title: int
    authors: int
    venue: int
    identifiers: int
    note: int
    changes: int


# The longest that fit are used. A page of usual papers, each a possible duplicate of another, fits
# with whole titles and identifiers.
_LIMITS = (
    _Limits(title=400, authors=150, venue=80, identifiers=220, note=300, changes=600),
    _Limits(title=240, authors=80, venue=60, identifiers=160, note=150, changes=400),
    _Limits(title=150, authors=60, venue=40, identifiers=110, note=80, changes=250),
    _Limits(title=90, authors=50, venue=30, identifiers=60, note=60, changes=150),
)


def entry_review(entry: PendingEntry, feed_title: str, similar: Paper | None) -> Layout:
    """Returns the card of a feed's entry that waits; ``similar`` is the paper that it resembles."""
    return _review(entry, f"-# 🔎 New in {escape(feed_title, 100)}.", similar)


def suggestion_review(suggestion: Suggestion, similar: Paper | None) -> Layout:
    """Returns the card of a suggestion; once decided, how and by whom.

    ``similar`` is the paper that it resembles.
    """
    if suggestion.is_pending:
        heading = f"-# 💡 Suggested by {escape(suggestion.member_name, 80)}."
        return _review(suggestion, heading, similar)
    text = (
        f"💡 **{escape(suggestion.draft.title, 300)}**, suggested by "
        f"{escape(suggestion.member_name, 80)}.\n{_decision(suggestion)}"
    )
    return _decided(text, review_buttons.ReviewedSuggestionButton(suggestion.id))


def entry_decided(entry: EntryRecord | None, entry_id: int) -> Layout:
    """Returns what became of a feed's entry; it is gone if None."""
    text = "🔎 This entry is gone, because its feed was unfollowed."
    return _decided(_decision(entry) if entry else text, review_buttons.ReviewedButton(entry_id))


def needs_form(item: PendingEntry | Suggestion) -> bool:
    """Returns whether an item can only be added with the details that a moderator gives.

    It has no title, or is a title that a member typed, which nobody has looked up.
    """
    draft = item.draft
    is_typed = isinstance(item, Suggestion) and not (draft.identifiers or draft.authors)
    return is_typed or is_bare_reference(draft.title)


def _review(item: PendingEntry | Suggestion, heading: str, similar: Paper | None) -> Layout:
    draft = item.draft
    question = "Is this one of ours?"
    if item.paper_id is not None:
        question = "⚖️ Is it the same paper as the one below?"
    if needs_form(item):
        reason = "has no title" if is_bare_reference(draft.title) else "hasn't been looked up"
        question += f" It {reason}, so adding it opens a form."
    note = item.note if isinstance(item, Suggestion) else ""
    max_abstract = 700 if similar is None else 400
    card = cards.paper_card(
        draft,
        heading=f"{heading} {question}\n### {cards.title_link(draft, 500)}",
        max_abstract=max_abstract,
        below="\n".join(
            filter(
                None,
                [
                    f"💬 {escape(note, 400)}" if note else "",
                    _identifiers(draft),
                    _link_warning(draft),
                ],
            )
        ),
    )
    parts: list[Item[Any]] = [card]
    if item.paper_id is not None:
        parts.append(_similar_card(item.paper_id, similar))
    return Layout(*parts, ActionRow(*_decision_buttons(item)))


def _similar_card(paper_id: int, similar: Paper | None) -> Container[Any]:
    """Returns the card of the paper that an item resembles, with a button that opens it."""
    if similar is None:
        return cards.text_card(f"#{paper_id} is no longer in the list.", colour=cards.GREY)
    removed = " It was removed on purpose." if similar.removed_at is not None else ""
    lines = [
        f"-# In the list as #{similar.id}.{removed}",
        f"### {cards.title_link(similar, 400)}",
        cards.byline(similar, 300),
        f"-# {_origin(similar)}",
        _identifiers(similar),
    ]
    rows = [] if removed else [ActionRow[Any](buttons.PaperButton(paper_id, f"Open #{paper_id}"))]
    return cards.text_card("\n".join(filter(None, lines)), *rows)


def _identifiers(paper: PaperDetails, limit: int = 200) -> str:
    """Returns a paper's arXiv id, DOI and address on a line of small text."""
    names = [f"arXiv {paper.arxiv}"] if paper.arxiv else []
    names += [f"DOI {paper.doi}"] if paper.doi else []
    names += [redact_url(one.url) for one in paper.links if one.kind is LinkKind.PAGE][:1]
    parts: list[str] = []
    for name in names:
        room = limit - len(" · ".join(parts))
        if room > _MIN_IDENTIFIER:
            parts.append(escape(name, room - len(" · ")))
    return f"-# {' · '.join(parts)}" if parts else ""


def _link_warning(paper: PaperDetails) -> str:
    """Returns a warning on a line of small text if a link may be meant for few people."""
    if not any(has_secret_path(link.url) for link in paper.links):
        return ""
    return "-# ⚠️ The link may be private. Check who can open it before you add the paper."


def _origin(paper: Paper) -> str:
    """Returns where a paper in the list came from, and when."""
    by = escape(paper.provenance.created_by.name, 60)
    came = {
        Origin.FEED: f"from the feed {by}",
        Origin.IMPORT: f"imported by {by}",
        Origin.STARTER: "from the starter list",
    }.get(paper.provenance.origin, f"added by {by}")
    return f"{came} {timestamp(paper.provenance.created_at, 'D')}"


def _decided(text: str, button: Button[Any]) -> Layout:
    return Layout(cards.text_card(text, ActionRow(button), colour=cards.GREY))


def _decision(item: EntryRecord | Suggestion) -> str:
    """Returns how an item was decided and by whom."""
    number = f"#{item.paper_id}" if item.paper_id is not None else "a paper in the list"
    by = f" by {escape(item.decided_by.name, 80)}" if item.decided_by else ""
    return {
        Outcome.ADDED: f"✅ Added{by} as {number}.",
        Outcome.RESTORED: f"✅ Restored{by} as {number}.",
        Outcome.DECLINED: f"👋 Declined{by}.",
    }.get(item.outcome, f"🔗 Marked{by} as the same paper as {number}.")


def suggestion_outcome(post_id: int, suggestion: Suggestion, paper: Paper | None) -> Layout:
    """Returns the message that tells a member what became of their suggestion."""
    text = f"💡 You suggested **{escape(suggestion.draft.title, 300)}**.\n{_status(suggestion)}"
    row = ActionRow[Any](buttons.MySuggestionsButton(post_id, keys=_key(suggestion)))
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


@dataclass(frozen=True, slots=True)
class QueuePage:
    """A page of the review queue, counted from 0, for the moderator ``owner``.

    ``feeds`` are the feeds' titles by number, and ``similar`` the papers that items resemble.
    ``found`` counts the papers that were found for the lab's people, which have their own pages,
    and ``claims`` those in the ``total`` that are members' claims.
    """

    items: Sequence[QueueItem]
    total: int
    page: int
    owner: int
    feeds: Mapping[int, str]
    similar: Mapping[int, Paper]
    found: int = 0
    claims: int = 0

    def layout(self, *status: Item[Any]) -> Layout:
        """Returns the page as a message, below the ``status`` of the last decision."""
        card: Container[Any] = Container(*status, accent_colour=cards.NEUTRAL)
        if self.found:
            label = f"📡 {count(self.found, 'paper')} by the lab's people"
            card.add_item(ActionRow(FoundPapersButton(self.owner, 0, label)))
        if not self.total and self.found:
            return Layout(card)
        if not self.total:
            card.add_item(TextDisplay("🔎 Nothing needs review."))
            return Layout(card)
        card.add_item(TextDisplay(f"### 🔎 {self._heading()} to review"))
        for index, (item, text) in enumerate(zip(self.items, self._texts(), strict=True)):
            if index:
                card.add_item(Separator(visible=True))
            card.add_item(TextDisplay(text))
            card.add_item(ActionRow(*self._buttons(item)))
        pages = -(-self.total // PAGE_SIZE)
        if pages > 1:
            make = partial(review_buttons.QueuePageButton, self.owner)
            card.add_item(ActionRow(*buttons.page_buttons(make, self.page, pages)))
        return Layout(card)

    def _heading(self) -> str:
        papers, claims = count(self.total - self.claims, "paper"), count(self.claims, "claim")
        if not self.claims:
            return papers
        return f"{papers} and {claims}" if self.claims < self.total else claims

    def _texts(self) -> list[str]:
        """Returns the items' texts, shortened as far as needed for all of them to fit."""
        texts: list[str] = []
        for limits in _LIMITS:
            texts = [self._text(item, limits) for item in self.items]
            if sum(map(len, texts)) <= _MAX_ITEMS_TEXT:
                break
        return texts

    def _text(self, item: QueueItem, limits: _Limits) -> str:
        if isinstance(item, Report):
            return report_cards.queue_item(item)
        if isinstance(item, AccountClaim):
            return claim_cards.queue_item(item)
        if isinstance(item, Proposal):
            return completion_cards.queue_item(item, limits.title, limits.changes)
        if isinstance(item, PendingEntry):
            source = f"📡 {escape(self.feeds.get(item.feed_id, ''), 60)}"
        else:
            source = f"💡 {escape(item.member_name, 40)} {timestamp(item.suggested_at)}"
            source += f" · {escape(item.note, limits.note)}" if item.note else ""
        lines = [*_summary(item.draft, limits), f"-# {source}"]
        lines += filter(None, [_link_warning(item.draft)])
        if item.paper_id is None:
            return "\n".join(lines)
        similar = self.similar.get(item.paper_id)
        lines.append(f"⚖️ May be a duplicate of #{item.paper_id}:")
        if similar is None or similar.removed_at is not None:
            return "\n".join([*lines, "-# a paper that was removed from the list on purpose"])
        return "\n".join([*lines, *_summary(similar, limits), f"-# {_origin(similar)}"])

    def _buttons(self, item: QueueItem) -> list[Button[Any]]:
        at = (self.owner, self.page)
        if isinstance(item, Proposal):
            return completion_cards.queue_buttons(item, *at)
        if isinstance(item, Report):
            return report_cards.decision_buttons(
                item,
                review_buttons.QueueFixButton(*at, item.id),
                partial(review_buttons.QueueReportButton, *at),
            )
        if isinstance(item, AccountClaim):
            return claim_cards.decision_buttons(item, partial(review_buttons.QueueClaimButton, *at))
        opening: list[Button[Any]]
        if isinstance(item, Suggestion):
            decisions = _decisions(item, partial(review_buttons.QueueSuggestionButton, *at))
            opening = [review_buttons.OpenSuggestionButton(item.id)]
        else:
            decisions = _decisions(item, partial(review_buttons.QueueEntryButton, *at))
            opening = [review_buttons.OpenEntryButton(item.id)]
        similar = self.similar.get(item.paper_id or 0)
        if similar is not None and similar.removed_at is None:
            opening.append(buttons.PaperButton(similar.id, f"Open #{similar.id}"))
        return [*decisions, *opening]


def status(text: str, button: Button[Any] | None = None) -> Item[Any]:
    """Returns the line about the last decision on a page of the queue, with its Undo."""
    display = TextDisplay[Any](text)
    return display if button is None else Section(display, accessory=button)


def _summary(paper: PaperDetails, limits: _Limits) -> list[str]:
    """Returns a paper on three lines: title, authors and venue, identifiers."""
    about = cards.byline(paper, limits.authors, limits.venue).replace("\n", " · ")
    title = f"**{cards.title_link(paper, limits.title)}**"
    return [line for line in (title, about, _identifiers(paper, limits.identifiers)) if line]


def _decision_buttons(item: PendingEntry | Suggestion) -> list[Button[Any]]:
    """Returns the buttons of a card, whose keys find it in a channel after a restore."""
    if isinstance(item, Suggestion):
        return _decisions(item, partial(review_buttons.SuggestionButton, keys=_key(item)))
    return _decisions(item, partial(review_buttons.ReviewButton, keys=joined_keys(item.draft)))


def _decisions(
    item: PendingEntry | Suggestion, button: Callable[..., Button[Any]]
) -> list[Button[Any]]:
    """Returns “Add”, “Same paper” for a possible duplicate, and “Not ours”."""
    is_duplicate = item.paper_id is not None
    decisions = [Decision.ADD, *([Decision.SAME] if is_duplicate else []), Decision.DECLINE]
    return [
        button(item.id, one, is_duplicate=is_duplicate, opens_form=needs_form(item))
        for one in decisions
    ]


def _key(suggestion: Suggestion) -> str:
    return event_key(suggestion.member_id, suggestion.suggested_at)
