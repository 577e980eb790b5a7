"""Papers that were found for the lab's people: cards in a channel, lists and pages of cards."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

from discord import ButtonStyle, SelectOption
from discord.ui import ActionRow, Button, Container, Item, Label, Select, Separator, TextDisplay

from bot.interactions import Interaction
from bot.markdown import clip, count, escape, split_messages
from bot.ui import buttons, cards
from bot.ui.cards import Layout
from bot.ui.forms import LabForm, Typed
from bot.ui.lab_button import LabButton
from storage.announcements.message_keys import joined_keys, text_key
from storage.announcements.models import Post
from storage.errors import InvalidInput
from storage.models import Outcome
from storage.people.evidence import Evidence, Grade
from storage.people.models import Person
from storage.people.witnesses import FoundPaper
from storage.review.found_cards import Card
from storage.review.found_papers import ABOUT_PERSON, RADAR, CardDecision

_MAX_PEOPLE = 5  # of a card whom it names
_MAX_MENUS = 5  # of a form
_MAX_OPTIONS = 25  # of a menu
_MAX_LABEL = 80  # characters of a name in a menu
_MAX_OPTION = 100  # characters of an option's description
PAGE_SIZE = 4  # cards on a page: each takes up to eight of a message's 40 components
DECISIONS = tuple(CardDecision)  # a button's custom id has the index
_MAX_TEXTS = 3600  # characters of a page's cards, of the 4,000 of a message


@dataclass(frozen=True, slots=True)
class _Limits:
    """How long the parts of a card on a page may be."""

    title: int
    authors: int
    venue: int
    people: int
    name: int
    reason: int


# The longest that fit are used.
_LIMITS = (
    _Limits(title=240, authors=120, venue=60, people=_MAX_PEOPLE, name=60, reason=300),
    _Limits(title=170, authors=80, venue=40, people=_MAX_PEOPLE, name=45, reason=150),
    _Limits(title=140, authors=60, venue=40, people=3, name=35, reason=100),
)
_LABELS = {
    CardDecision.ADD: "Add",
    CardDecision.SAME: "Same paper",
    CardDecision.NOT_OURS: "Not ours",
    CardDecision.NOT_THIS_PERSON: "Not this person",
    CardDecision.LEFT_THE_LAB: "Left the lab",
}
_QUESTIONS = {
    CardDecision.NOT_THIS_PERSON: "Who isn't an author of it?",
    CardDecision.LEFT_THE_LAB: "Who had left the lab by then?",
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


class FoundChoiceButton(LabButton):
    """Decides about a card, or about a person on it; if ``person`` is 0, it asks which person."""

    found_paper_id: int
    person: int
    decision: int

    @property
    def choice(self) -> CardDecision:
        """What a press decides."""
        return DECISIONS[self.decision]


class FoundDecisionButton(
    FoundChoiceButton,
    template="judge:{owner_id}:{page}:{found_paper_id}:{person}:{decision:card_decision}",
):
    """Decides on a page of found papers, which is drawn again."""

    def __init__(
        self, owner_id: int, page: int, found_paper_id: int, person: int, decision: int
    ) -> None:
        self.owner_id = owner_id
        self.page = page
        self.found_paper_id = found_paper_id
        self.person = person
        self.decision = decision
        super().__init__(_label(decision, person), style=_style(decision))


class FoundCardButton(
    FoundChoiceButton, template="ours:{found_paper_id}:{person}:{decision:card_decision}"
):
    """Decides on a card in the moderators' channel."""

    def __init__(self, found_paper_id: int, person: int, decision: int, *, keys: str = "") -> None:
        self.found_paper_id = found_paper_id
        self.person = person
        self.decision = decision
        super().__init__(_label(decision, person), style=_style(decision), keys=keys)


class DecidedFoundButton(LabButton, template="ours:{found_paper_id}:-"):
    """Takes the place of `FoundCardButton`s once the paper is decided."""

    def __init__(self, found_paper_id: int) -> None:
        self.found_paper_id = found_paper_id
        super().__init__("Reviewed", disabled=True)


class OpenFoundButton(LabButton, template="findings:{post_id}", needs=()):
    """Shows the papers that were found privately, under a notice about some of them."""

    def __init__(self, post_id: int, *, keys: str = "") -> None:
        self.post_id = post_id
        super().__init__("Review them", style=ButtonStyle.primary, keys=keys)


class FoundUndoButton(LabButton, template="unjudge:{owner_id}:{page}:{change_id}"):
    """Undoes a decision about a found paper, and draws its page again."""

    def __init__(self, owner_id: int, page: int, change_id: int, label: str = "Undo") -> None:
        self.owner_id = owner_id
        self.page = page
        self.change_id = change_id
        super().__init__(label, emoji="↩️")


@dataclass(frozen=True, slots=True)
class FoundPage:
    """A page of found papers, counted from 0, for a moderator; the most certain first."""

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
            card.add_item(TextDisplay("📡 No papers by the lab's people need review."))
            return Layout(card)
        heading = f"{count(len(self.cards), 'paper')} by the lab's people to review"
        card.add_item(TextDisplay(f"### 📡 {heading}"))
        start = self.page * PAGE_SIZE
        page = self.cards[start : start + PAGE_SIZE]
        for index, (one, text) in enumerate(zip(page, _texts(page), strict=True)):
            if index:
                card.add_item(Separator(visible=True))
            card.add_item(TextDisplay(text))
            card.add_item(ActionRow(*self._buttons(one)))
        if self.pages > 1:
            make = partial(FoundPapersButton, self.owner)
            card.add_item(ActionRow(*buttons.page_buttons(make, self.page, self.pages)))
        return Layout(card)

    def _buttons(self, card: Card) -> list[Button[Any]]:
        make = partial(FoundDecisionButton, self.owner, self.page, card.id)
        return [make(*one) for one in _decisions(card)]


Choose: TypeAlias = Callable[[Interaction, int], Awaitable[None]]


class PersonForm(LabForm):
    """Asks which of a card's people a decision is about; ``on_person`` gets the number.

    ``page`` is the one of the queue that the form was opened from, or None.
    """

    def __init__(
        self,
        card: Card,
        decision: CardDecision,
        on_person: Choose,
        page: int | None = None,
        chosen: str = "",
    ) -> None:
        numbers = (card.id, DECISIONS.index(decision))
        super().__init__(
            _LABELS[decision],
            "whose",
            numbers if page is None else (*numbers, page),
            [person.id for person in card.people],
        )
        self._again_with = partial(PersonForm, card, decision, on_person, page)
        self._on_person = on_person
        options = [
            SelectOption(
                label=f"{clip(person.name, _MAX_LABEL)}{_number(card, person)}",
                value=str(person.id),
                description=clip(evidence.reason, _MAX_OPTION),
                default=str(person.id) == chosen,
            )
            for person, evidence in _people(card)
        ]
        menus = [
            options[start : start + _MAX_OPTIONS] for start in range(0, len(options), _MAX_OPTIONS)
        ]
        for index, menu_options in enumerate(menus[:_MAX_MENUS]):
            menu = Select[Any](
                custom_id=f"person{index or ''}",
                placeholder="Choose a person",
                options=menu_options,
                required=len(menus) == 1,
            )
            text = _QUESTIONS[decision] if index == 0 else "Or one of these?"
            self.add_item(Label(text=text, component=menu))

    async def submit(self, interaction: Interaction, typed: Typed) -> None:
        """Passes the person's number on."""
        chosen = [number for number in typed.values() if number]
        if len(chosen) != 1 or not chosen[0].isdecimal():
            raise InvalidInput("Choose one person.")
        await self._on_person(interaction, int(chosen[0]))

    def filled_in(self, typed: Typed) -> PersonForm:
        """Returns the form with the same choice."""
        return self._again_with(next(filter(None, typed.values()), ""))


def review(found: FoundPaper, card: Card | None) -> Layout:
    """Returns the card of a found paper in the moderators' channel; once decided, how and by whom.

    Its ``card`` is None if nobody of the lab is credited any more.
    """
    if found.outcome is not Outcome.REVIEW:
        return _decided(found, _decision(found))
    if card is None or not card.is_listed:
        return _decided(found, "🤷 There's too little left that says it's by the lab's people.")
    lines = _reasons(card, card.people, _LIMITS[0])
    keys = joined_keys(card.draft)
    return Layout(
        cards.paper_card(
            card.draft,
            heading=f"-# 📡 Ours?\n### {cards.title_link(card.draft, 500)}",
            max_abstract=500,
            below="\n".join([*lines, *_notes(card)]),
        ),
        ActionRow(*(FoundCardButton(card.id, *one, keys=keys) for one in _decisions(card))),
    )


def notice(post: Post) -> Layout:
    """Returns a notice about found papers, with a button that opens them."""
    button = OpenFoundButton(post.id, keys=text_key(post.notice))
    return cards.notice(post.notice, ActionRow(button))


def others_text(others: int) -> str:
    """Returns the notice that counts papers without cards of their own."""
    waits = "is" if others == 1 else "are"
    return f"📡 {count(others, 'more paper')} by the lab's people {waits} waiting: `/curate queue`"


def list_text(found: Sequence[Card]) -> str:
    """Returns the weekly list of papers that may be by somebody in the lab."""
    heading = (
        f"### 📡 {count(len(found), 'paper')} that may be ours\n"
        "There's little evidence that the authors are the lab's people and not others of the same "
        "name. Open `/curate queue` to add what's ours, and to tell me what isn't."
    )
    lines = [
        f"- **{escape(card.draft.title, 110)}** · {_name(card, card.person, 50)}: "
        f"{escape(card.reason, 120)}"
        for card in found
    ]
    (text,) = split_messages([heading, *lines], max_messages=1, noun="paper")
    return text


def _people(card: Card) -> list[tuple[Person, Evidence]]:
    return [*zip(card.people, card.evidence, strict=True)]


def _decisions(card: Card) -> list[tuple[int, int]]:
    """Returns the decisions that a card offers: a person's number, or 0 to ask, and the index."""
    decisions = [
        CardDecision.ADD,
        *([CardDecision.SAME] if card.paper_id is not None else []),
        CardDecision.NOT_OURS,
        CardDecision.NOT_THIS_PERSON,
        CardDecision.LEFT_THE_LAB,
    ]
    has_several = len(card.people) > 1
    return [
        (0 if has_several and one in ABOUT_PERSON else card.person.id, DECISIONS.index(one))
        for one in decisions
    ]


def _label(decision: int, person: int) -> str:
    return _LABELS[DECISIONS[decision]] + ("" if person else "…")


def _style(decision: int) -> ButtonStyle:
    is_add = DECISIONS[decision] is CardDecision.ADD
    return ButtonStyle.success if is_add else ButtonStyle.secondary


def _name(card: Card, person: Person, limit: int) -> str:
    """Returns a person's escaped name, with their number if others on the card have that name."""
    return f"{escape(person.name, limit)}{_number(card, person)}"


def _number(card: Card, person: Person) -> str:
    return f" (number {person.id})" if card.has_namesake(person) else ""


def _reasons(card: Card, people: Sequence[Person], limits: _Limits) -> list[str]:
    """Returns a line for each of some people on a card, with the reason to think it's theirs."""
    lines = []
    for person in people[: limits.people]:
        evidence = card.by_person[person.id]
        name = _name(card, person, limits.name)
        lines.append(
            f"{_GRADES[evidence.grade]} **{name}**: {escape(evidence.reason, limits.reason)}"
        )
    if more := len(people) - len(lines):
        lines.append(f"-# and {count(more, 'other person')}")
    return lines


def _decided(found: FoundPaper, text: str) -> Layout:
    return cards.notice(
        f"📡 **{escape(found.draft.title, 300)}**\n{text}",
        ActionRow(DecidedFoundButton(found.id)),
        colour=cards.GREY,
    )


def _decision(found: FoundPaper) -> str:
    """Returns how a found paper was decided and by whom."""
    number = f"#{found.paper_id}" if found.paper_id is not None else "a paper in the list"
    decided_by = None if found.decided_by == RADAR else found.decided_by
    by = f" by {escape(decided_by.name, 80)}" if decided_by else ""
    return {
        Outcome.ADDED: f"✅ Added{by} as {number}.",
        Outcome.RESTORED: f"✅ Restored{by} as {number}.",
        Outcome.DECLINED: f"👋 Declined{by}.",
        Outcome.REMOVED: "👌 It was removed from the list on purpose.",
    }.get(found.outcome, f"🔗 It's in the list as {number}.")


def _texts(page: Sequence[Card]) -> list[str]:
    """Returns the texts of a page's cards, shortened as far as needed for all of them to fit."""
    texts: list[str] = []
    for limits in _LIMITS:
        texts = [_text(card, limits) for card in page]
        if sum(map(len, texts)) <= _MAX_TEXTS:
            break
    return texts


def _text(card: Card, limits: _Limits) -> str:
    """Returns a card's title and authors, and its people with the reasons."""
    lines = [
        f"**{cards.title_link(card.draft, limits.title)}**",
        cards.byline(card.draft, limits.authors, limits.venue).replace("\n", " · "),
        *_reasons(card, (card.person, *card.also), limits),
    ]
    return "\n".join(filter(None, [*lines, *_notes(card)]))


def _notes(card: Card) -> list[str]:
    """Returns what else to know about a card."""
    notes = []
    if card.paper_id is not None:
        notes.append(f"⚖️ May be a duplicate of #{card.paper_id}.")
    if card.is_backlog:
        notes.append("-# From before you followed this person, so it won't be announced.")
    return notes
