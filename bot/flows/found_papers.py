"""Deciding papers that were found for the lab's people, on pages of cards."""

from __future__ import annotations

from bot.flows.replies import reply
from bot.flows.undo import undo_change
from bot.interactions import Interaction
from bot.markdown import escape
from bot.permissions import actor, require_moderator
from bot.ui import review_cards
from bot.ui.found_cards import (
    PAGE_SIZE,
    FoundDecisionButton,
    FoundPage,
    FoundPapersButton,
    FoundUndoButton,
)
from storage.library import Library
from storage.models import Outcome, UpsertResult
from storage.review.errors import NotWaiting
from storage.review.found_papers import CardDecision


async def count_waiting(library: Library) -> int:
    """Returns how many found papers wait for a moderator."""
    return await library.found_papers.count()


@FoundPapersButton.on_press
async def show_page(interaction: Interaction, button: FoundPapersButton) -> None:
    """Shows a page of found papers in place of the message."""
    require_moderator(interaction)
    page = await _page(interaction, button.page)
    await interaction.response.edit_message(view=page.layout())


@FoundDecisionButton.on_press
async def decide(interaction: Interaction, button: FoundDecisionButton) -> None:
    """Decides about a card, and draws the page again."""
    require_moderator(interaction)
    client = interaction.client
    try:
        recorded = await client.library.found_papers.decide(
            button.found_paper_id,
            button.choice,
            actor(interaction),
            client.settings.lab,
            person_id=button.person,
        )
    except NotWaiting as error:
        await _show(interaction, f"⚖️ {error}", None, button.page)
        return
    text = _describe(recorded.value, button.choice)
    await _show(interaction, text, recorded.change_id, button.page)
    client.dispatcher.deliver_soon()


@FoundUndoButton.on_press
async def undo(interaction: Interaction, button: FoundUndoButton) -> None:
    """Undoes a decision, and draws the page again."""
    require_moderator(interaction)
    undone = await undo_change(interaction, button.change_id)
    await _show(interaction, undone.text, undone.change_id, button.page, undone.label)


async def _show(
    interaction: Interaction, text: str, change_id: int | None, page: int, label: str = "Undo"
) -> None:
    shown = await _page(interaction, page)
    undo_button = (
        None
        if change_id is None
        else FoundUndoButton(interaction.user.id, shown.page, change_id, label)
    )
    await reply(interaction, shown.layout(review_cards.status(text, undo_button)))


async def _page(interaction: Interaction, page: int) -> FoundPage:
    """Returns a page of found papers; the last one if there are fewer."""
    client = interaction.client
    found = await client.library.found_papers.cards(client.settings.lab)
    page = max(min(page, (len(found) - 1) // PAGE_SIZE), 0)
    return FoundPage(found, page, interaction.user.id)


def _describe(result: UpsertResult, decision: CardDecision) -> str:
    """Returns what a moderator's decision did."""
    declined = {
        CardDecision.NOT_THIS_PERSON: "I'll remember that the author is somebody else.",
        CardDecision.LEFT_THE_LAB: "The membership now ends before it.",
    }.get(decision, "No source will bring it up again.")
    paper = f"**{escape(result.paper.title, 100)}** (#{result.paper.id})" if result.paper else ""
    return {
        Outcome.REVIEW: "👋 You took that person off the card. It stays for the others.",
        Outcome.DECLINED: f"👋 You declined that paper. {declined}",
        Outcome.REMOVED: "👌 That paper was removed from the list on purpose, so I didn't add it.",
        Outcome.ADDED: f"✅ You added {paper}.",
    }.get(result.outcome, f"🔗 You marked it as the same paper as {paper}.")
