"""Papers that were found for the lab's people, as pages of cards with buttons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from discord import ButtonStyle
from discord.ui import ActionRow, Button, Container, Item, Separator, TextDisplay

from bot.markdown import count, escape
from bot.ui import buttons, cards
from bot.ui.cards import Layout
from bot.ui.lab_button import LabButton
from storage.people.evidence import Grade
from storage.review.found_papers import Card, CardDecision

PAGE_SIZE = 4  # cards on a page: each takes up to eight of a message's 40 components
DECISIONS = tuple(CardDecision)  # a button's custom id has the index
_LABELS = {
    CardDecision.ADD: "Add",
    CardDecision.SAME: "Same paper",
    CardDecision.NOT_OURS: "Not ours",
    CardDecision.NOT_THIS_PERSON: "Not this person",
    CardDecision.LEFT_THE_LAB: "Left the lab",
}
_GRADES = {Grade.A: "🟢", Grade.B: "🟡", Grade.C: "⚪", Grade.D: "⚪"}


class FoundPapersButton(LabButton, template="found:{owner_id}:{page}"):
    """Shows a page, counted from 0, of the papers that were found for the lab's people."""

    def __init__(
        self, owner_id: int, page: int, label: str = "", *, disabled: bool = False
    ) -> None:
        self.owner_id = owner_id
        self.page = max(page, 0)
        super().__init__(label, disabled=disabled)


class FoundDecisionButton(
    LabButton,
    template="judge:{owner_id}:{page}:{found_paper_id}:{person}:{decision:card_decision}",
):
    """Decides about a card, or about a person on it, by the index in `DECISIONS`."""

    def __init__(
        self, owner_id: int, page: int, found_paper_id: int, person: int, decision: int
    ) -> None:
        self.owner_id = owner_id
        self.page = page
        self.found_paper_id = found_paper_id
        self.person = person
        self.decision = decision
        style = ButtonStyle.success if self.choice is CardDecision.ADD else ButtonStyle.secondary
        super().__init__(_LABELS[self.choice], style=style)

    @property
    def choice(self) -> CardDecision:
        """What a press decides."""
        return DECISIONS[self.decision]


class FoundUndoButton(LabButton, template="unjudge:{owner_id}:{page}:{change_id}"):
    """Undoes a decision about a found paper, and draws its page again."""

    def __init__(self, owner_id: int, page: int, change_id: int, label: str = "Undo") -> None:
        self.owner_id = owner_id
        self.page = page
        self.change_id = change_id
        super().__init__(label, emoji="↩️")


@dataclass(frozen=True, slots=True)
class FoundPage:
    """A page of found papers, counted from 0, for the moderator ``owner``; the surest first."""

    cards: Sequence[Card]
    page: int
    owner: int

    @property
    def pages(self) -> int:
        """The number of pages."""
        return max(1, -(-len(self.cards) // PAGE_SIZE))

    def layout(self, *status: Item[Any]) -> Layout:
        """Returns the page as a message, below the ``status`` of the last decision."""
        card: Container[Any] = Container(*status, accent_colour=cards.NEUTRAL)
        if not self.cards:
            card.add_item(TextDisplay("📡 No papers of the lab's people need review."))
            return Layout(card)
        heading = f"{count(len(self.cards), 'paper')} of the lab's people to review"
        card.add_item(TextDisplay(f"### 📡 {heading}"))
        start = self.page * PAGE_SIZE
        for index, one in enumerate(self.cards[start : start + PAGE_SIZE]):
            if index:
                card.add_item(Separator(visible=True))
            card.add_item(TextDisplay(_text(one)))
            card.add_item(ActionRow(*self._buttons(one)))
        if self.pages > 1:
            make = partial(FoundPapersButton, self.owner)
            card.add_item(ActionRow(*buttons.page_buttons(make, self.page, self.pages)))
        return Layout(card)

    def _buttons(self, card: Card) -> list[Button[Any]]:
        decisions = [CardDecision.ADD, CardDecision.NOT_OURS, CardDecision.NOT_THIS_PERSON]
        if card.paper_id is not None:
            decisions.insert(1, CardDecision.SAME)
        make = partial(FoundDecisionButton, self.owner, self.page, card.id, card.person.id)
        return [make(DECISIONS.index(one)) for one in (*decisions, CardDecision.LEFT_THE_LAB)]


def _text(card: Card) -> str:
    """Returns a card's title, authors, people and reason."""
    people = ", ".join(escape(one.name, 60) for one in (card.person, *card.also)[:5])
    lines = [
        f"**{cards.title_link(card.draft, 240)}**",
        cards.byline(card.draft, 120, 60).replace("\n", " · "),
        f"{_GRADES[card.grade]} **{people}**: {escape(card.reason, 300)}",
    ]
    if card.paper_id is not None:
        lines.append(f"⚖️ May be a duplicate of #{card.paper_id}.")
    if card.is_backlog:
        lines.append("-# From before you followed this person, so it won't be announced.")
    return "\n".join(filter(None, lines))
