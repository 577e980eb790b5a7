"""Deciding what waits for review: in the queue, and on cards in channels and private replies."""

from __future__ import annotations

from dataclasses import replace

from bot.flows import found_papers  # noqa: F401 - handles a button of the queue
from bot.flows.replies import reply, undoable
from bot.flows.undo import undo_change
from bot.interactions import Interaction
from bot.markdown import count, escape
from bot.permissions import actor, require_moderator
from bot.ui import cards, forms, paper_form, review_cards
from bot.ui.buttons import HeldEntriesButton, OpenQueueButton
from bot.ui.paper_form import FormValues, PaperForm
from bot.ui.review_buttons import (
    DecisionButton,
    OldDuplicateButton,
    OpenEntryButton,
    OpenReviewButton,
    OpenSuggestionButton,
    QueueDecisionButton,
    QueueEntryButton,
    QueuePageButton,
    QueueSuggestionButton,
    QueueUndoButton,
    ReviewButton,
    SuggestionButton,
)
from storage.audit.models import Recorded, ReviewKind
from storage.feeds.models import PendingEntry
from storage.library import Library
from storage.models import Outcome, PaperDraft, UpsertResult
from storage.papers.titles import is_bare_reference
from storage.review.errors import NotWaiting
from storage.review.models import Decision, Suggestion


@OldDuplicateButton.on_press
@ReviewButton.on_press
@SuggestionButton.on_press
async def decide_on_card(interaction: Interaction, button: DecisionButton) -> None:
    """Decides an item from its card, which is updated if it is public and else replaced."""
    await _decide(interaction, button.kind, button.item_id, button.decision)


@QueueEntryButton.on_press
@QueueSuggestionButton.on_press
async def decide_in_queue(interaction: Interaction, button: QueueDecisionButton) -> None:
    """Decides an item of the queue, and draws the page again."""
    await _decide(interaction, button.kind, button.item_id, button.decision, button.page)


@QueueUndoButton.on_press
async def undo_in_queue(interaction: Interaction, button: QueueUndoButton) -> None:
    """Undoes a decision that was made in the queue, and draws the page again."""
    require_moderator(interaction)
    undone = await undo_change(interaction, button.change_id)
    await show_queue(interaction, undone.text, undone.change_id, button.page, undone.label)


@OpenEntryButton.on_press
@OpenSuggestionButton.on_press
async def open_card(interaction: Interaction, button: OpenReviewButton) -> None:
    """Shows the card of an item of the queue in a new message."""
    require_moderator(interaction)
    library = interaction.client.library
    item = await library.review.get_pending(button.kind, button.item_id, actor(interaction))
    await reply(interaction, await review_card(library, item), new_message=True)


@HeldEntriesButton.on_press
async def resolve_held(interaction: Interaction, button: HeldEntriesButton) -> None:
    """Adds or declines all entries that are held of a feed."""
    require_moderator(interaction)
    await interaction.response.defer(ephemeral=True, thinking=True)
    library = interaction.client.library
    resolved = await library.review.resolve_held(button.feed_id, actor(interaction), add=button.add)
    text = f"👋 Declined {count(resolved.value.total(), 'entry')}."
    if button.add:
        added, untitled = resolved.value[Outcome.ADDED], resolved.value[Outcome.REVIEW]
        text = f"✅ Added {count(added, 'paper')}."
        if rest := resolved.value.total() - added - untitled:
            text += f" {count(rest, 'other entry')} had been added or removed in the meantime."
        if untitled:
            waits = "waits" if untitled == 1 else "wait"
            text += f" {count(untitled, 'entry')} without a title still {waits} in `/curate queue`."
    view = undoable(text, resolved.change_id)
    await interaction.followup.send(view=view, ephemeral=True)
    interaction.client.dispatcher.deliver_soon()


@OpenQueueButton.on_press
async def open_queue(interaction: Interaction, _button: OpenQueueButton) -> None:
    """Shows what needs review privately."""
    require_moderator(interaction)
    page = await queue_page(interaction.client.library, interaction.user.id)
    await interaction.response.send_message(view=page.layout(), ephemeral=True)


@QueuePageButton.on_press
async def show_page(interaction: Interaction, button: QueuePageButton) -> None:
    """Replaces the message by another page of what needs review now."""
    require_moderator(interaction)
    page = await queue_page(interaction.client.library, interaction.user.id, button.page)
    await interaction.response.edit_message(view=page.layout())


async def queue_page(library: Library, owner: int, page: int = 0) -> review_cards.QueuePage:
    """Returns a page of the queue, counted from 0; the last one if there are fewer pages."""
    total = await library.review.count()
    page = max(min(page, (total - 1) // review_cards.PAGE_SIZE), 0)
    items = await library.review.page(page * review_cards.PAGE_SIZE, review_cards.PAGE_SIZE)
    similar = await library.papers.load(
        [
            one.paper_id
            for one in items
            if isinstance(one, PendingEntry | Suggestion) and one.paper_id is not None
        ]
    )
    return review_cards.QueuePage(
        items=items,
        total=total,
        page=page,
        owner=owner,
        feeds={feed.id: feed.title for feed in await library.feeds.all()},
        similar={paper.id: paper for paper in similar},
        found=await library.found_papers.count(),
        claims=await library.review.count_claims(),
    )


async def review_card(library: Library, item: PendingEntry | Suggestion) -> cards.Layout:
    """Returns the card that asks whether to add an item, or whether it is a known paper."""
    similar = await library.papers.load([item.paper_id] if item.paper_id is not None else [])
    paper = similar[0] if similar else None
    if isinstance(item, Suggestion):
        return review_cards.suggestion_review(item, paper)
    feed = await library.feeds.get(item.feed_id)
    return review_cards.entry_review(item, feed.title, paper)


async def _decide(
    interaction: Interaction,
    kind: ReviewKind,
    item_id: int,
    decision: Decision,
    page: int | None = None,
) -> None:
    """Resolves an item, after asking for details if adding it needs some.

    ``page`` is the one of the queue to draw again, or None for a card.
    """
    require_moderator(interaction)
    review = interaction.client.library.review
    try:
        item = await review.get_pending(kind, item_id, actor(interaction))
        if decision is Decision.ADD and review_cards.needs_form(item):
            await interaction.response.send_modal(_form(kind, item, page))
            return
        await _resolve(interaction, kind, item, decision, page)
    except NotWaiting as error:
        await show_not_waiting(interaction, error, page)


async def _resolve(
    interaction: Interaction,
    kind: ReviewKind,
    item: PendingEntry | Suggestion,
    decision: Decision,
    page: int | None,
    details: PaperDraft | None = None,
) -> None:
    resolved = await interaction.client.library.review.resolve(
        kind, item.id, actor(interaction), decision, details=details
    )
    await _show_result(interaction, _describe(item, resolved), resolved.change_id, page)
    interaction.client.dispatcher.deliver_soon()


def _form(kind: ReviewKind, item: PendingEntry | Suggestion, page: int | None) -> PaperForm:
    """Returns the form that adds an item with the details that a moderator fills in."""

    async def submit(interaction: Interaction, values: FormValues) -> None:
        require_moderator(interaction)
        details = paper_form.from_form(values, item.draft)
        try:
            await _resolve(interaction, kind, item, Decision.ADD, page, details)
        except NotWaiting as error:
            await show_not_waiting(interaction, error, page)

    values = paper_form.to_form(item.draft)
    if is_bare_reference(item.draft.title):
        values = replace(values, title="")
    numbers = (int(kind is ReviewKind.SUGGESTION), item.id)
    return PaperForm(
        "Add a paper",
        values,
        submit,
        kind="review",
        numbers=numbers if page is None else (*numbers, page),
        base=item.draft,
    )


@forms.opener("review")
async def _open_again(
    interaction: Interaction, is_suggestion: int, item_id: int, page: int | None = None
) -> PaperForm:
    require_moderator(interaction)
    kind = ReviewKind.SUGGESTION if is_suggestion else ReviewKind.ENTRY
    item = await interaction.client.library.review.get_pending(kind, item_id, actor(interaction))
    return _form(kind, item, page)


def _describe(item: PendingEntry | Suggestion, resolved: Recorded[UpsertResult]) -> str:
    """Returns what a moderator's decision did."""
    result = resolved.value
    if result.outcome is Outcome.DECLINED:
        text = f"👋 You declined **{escape(item.draft.title, 100)}**."
        if isinstance(item, Suggestion):
            told = f" I'll let {escape(item.member_name, 40)} know." if item.has_member else ""
            return f"{text}{told}"
        return f"{text} The feed won't bring it up again."
    if result.paper is None:
        title = f"**{escape(item.draft.title, 100)}**"
        return f"👌 {title} was removed from the list on purpose, so I didn't add it."
    paper = f"**{escape(result.paper.title, 100)}** (#{result.paper.id})"
    return {
        Outcome.ADDED: f"✅ You added {paper}.",
        Outcome.RESTORED: f"✅ You restored {paper}, which had been removed.",
    }.get(result.outcome, f"🔗 You marked it as the same paper as {paper}.")


async def _show_result(
    interaction: Interaction, text: str, change_id: int | None, page: int | None
) -> None:
    if page is None:
        await reply(interaction, undoable(text, change_id))
    else:
        await show_queue(interaction, text, change_id, page)


async def show_not_waiting(interaction: Interaction, error: NotWaiting, page: int | None) -> None:
    """Replaces a private card or page of the queue; a public card shows the decision anyway."""
    if interaction.message is None or not interaction.message.flags.ephemeral:
        raise error
    await _show_result(interaction, f"⚖️ {error}", None, page)


async def show_queue(
    interaction: Interaction, text: str, change_id: int | None, page: int, label: str = "Undo"
) -> None:
    """Draws a page of the queue again, below what the user has just done and its Undo."""
    owner = interaction.user.id
    shown = await queue_page(interaction.client.library, owner, page)
    undo = None if change_id is None else QueueUndoButton(owner, shown.page, change_id, label)
    await reply(interaction, shown.layout(review_cards.status(text, undo)))
