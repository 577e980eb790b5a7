"""Deciding papers that were found for the lab's people, on cards and on pages of them."""

from __future__ import annotations

from bot.flows.replies import reply, undoable
from bot.flows.undo import undo_change
from bot.interactions import Interaction
from bot.markdown import escape, join_and
from bot.permissions import actor, require_moderator
from bot.ui import forms, review_cards
from bot.ui.found_cards import (
    DECISIONS,
    PAGE_SIZE,
    FoundCardButton,
    FoundChoiceButton,
    FoundDecisionButton,
    FoundPage,
    FoundPapersButton,
    FoundUndoButton,
    OpenFoundButton,
    PersonForm,
)
from storage.models import Outcome, UpsertResult
from storage.review.errors import NotWaiting
from storage.review.found_cards import Card
from storage.review.found_papers import CardDecision


@FoundPapersButton.on_press
async def show_page(interaction: Interaction, button: FoundPapersButton) -> None:
    """Shows a page of found papers in place of the message."""
    require_moderator(interaction)
    await interaction.response.defer()
    page = await _page(interaction, button.page)
    await reply(interaction, page.layout())


@OpenFoundButton.on_press
async def open_found(interaction: Interaction, _button: OpenFoundButton) -> None:
    """Shows the first page of found papers privately."""
    require_moderator(interaction)
    await interaction.response.defer(ephemeral=True, thinking=True)
    page = await _page(interaction, 0)
    await reply(interaction, page.layout())


@FoundCardButton.on_press
async def decide_on_card(interaction: Interaction, button: FoundCardButton) -> None:
    """Decides a card in the moderators' channel, which is updated."""
    await _press(interaction, button)


@FoundDecisionButton.on_press
async def decide_in_queue(interaction: Interaction, button: FoundDecisionButton) -> None:
    """Decides about a card, and draws the page again."""
    await _press(interaction, button, button.page)


@FoundUndoButton.on_press
async def undo(interaction: Interaction, button: FoundUndoButton) -> None:
    """Undoes a decision, and draws the page again."""
    require_moderator(interaction)
    undone = await undo_change(interaction, button.change_id)
    await _show(interaction, undone.text, undone.change_id, button.page, undone.label)


async def _press(
    interaction: Interaction, button: FoundChoiceButton, page: int | None = None
) -> None:
    """Decides about a card, after asking which person is meant if that isn't known.

    ``page`` is the one of the queue to draw again, or None for a card in a channel.
    """
    require_moderator(interaction)
    if button.person:
        await _decide(interaction, button.found_paper_id, button.choice, button.person, page)
        return
    try:
        card = await _get_waiting(interaction, button.found_paper_id)
    except NotWaiting as error:
        await _show_not_waiting(interaction, error, page)
        return
    await interaction.response.send_modal(_form(card, button.choice, page))


async def _decide(
    interaction: Interaction, card_id: int, choice: CardDecision, person: int, page: int | None
) -> None:
    require_moderator(interaction)
    client = interaction.client
    try:
        card = await _get_waiting(interaction, card_id)
        recorded = await client.library.found_papers.decide(
            card_id, choice, actor(interaction), client.settings.lab, person_id=person
        )
    except NotWaiting as error:
        await _show_not_waiting(interaction, error, page)
        return
    text = _describe(card, person, recorded.value, choice)
    if page is None:
        await reply(interaction, undoable(text, recorded.change_id))
    else:
        await _show(interaction, text, recorded.change_id, page)
    client.dispatcher.deliver_soon()


async def _get_waiting(interaction: Interaction, card_id: int) -> Card:
    client = interaction.client
    return await client.library.found_papers.get_waiting(
        card_id, actor(interaction), client.settings.lab
    )


def _form(card: Card, choice: CardDecision, page: int | None) -> PersonForm:
    """Returns the form that asks which of a card's people a decision is about."""

    async def submit(interaction: Interaction, person: int) -> None:
        await _decide(interaction, card.id, choice, person, page)

    return PersonForm(card, choice, submit, page)


@forms.opener("whose")
async def _open_again(
    interaction: Interaction, card_id: int, decision: int, page: int | None = None
) -> PersonForm:
    require_moderator(interaction)
    return _form(await _get_waiting(interaction, card_id), DECISIONS[decision], page)


async def _show_not_waiting(interaction: Interaction, error: NotWaiting, page: int | None) -> None:
    """Draws a page of the queue again; a public card shows the decision anyway."""
    if page is None:
        raise error
    await _show(interaction, f"⚖️ {error}", None, page)


async def _show(
    interaction: Interaction, text: str, change_id: int | None, page: int, label: str = "Undo"
) -> None:
    if not interaction.response.is_done():
        await interaction.response.defer()
    shown = await _page(interaction, page)
    undo_button = (
        None
        if change_id is None
        else FoundUndoButton(interaction.user.id, shown.page, change_id, label)
    )
    await reply(interaction, shown.layout(review_cards.status(text, undo_button)))


async def _page(interaction: Interaction, page: int) -> FoundPage:
    """Returns a page of found papers; the last one if there are fewer.

    Deferred by its callers: after a first look there may be thousands, which takes seconds.
    """
    client = interaction.client
    found = await client.library.found_papers.cards(client.settings.lab)
    page = max(min(page, (len(found) - 1) // PAGE_SIZE), 0)
    return FoundPage(found, page, interaction.user.id)


def _describe(card: Card, person_id: int, result: UpsertResult, decision: CardDecision) -> str:
    """Returns what a moderator's decision did."""
    title = f"**{escape(card.draft.title, 100)}**"
    names = [escape(one.name, 60) for one in card.people if one.id == person_id]
    declined = {
        CardDecision.NOT_THIS_PERSON: "I'll remember that the author is somebody else.",
        CardDecision.LEFT_THE_LAB: "Their membership now ends before it.",
    }.get(decision, "It won't come up again.")
    paper = f"**{escape(result.paper.title, 100)}** (#{result.paper.id})" if result.paper else ""
    return {
        Outcome.REVIEW: f"👋 You took {join_and(names)} off {title}, which stays for the others.",
        Outcome.DECLINED: f"👋 You declined {title}. {declined}",
        Outcome.REMOVED: f"👌 {title} was removed from the list on purpose, so I didn't add it.",
        Outcome.ADDED: f"✅ You added {paper}.",
    }.get(result.outcome, f"🔗 You marked it as the same paper as {paper}.")
