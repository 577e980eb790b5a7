"""Review cards of found papers: who of the lab may have written each, with the evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from storage.connection import Connection
from storage.models import Outcome, PaperDraft
from storage.people import claims
from storage.people.claims import KnownPeople
from storage.people.evidence import Evidence, Grade, Lab, grade_paper
from storage.people.matching import find_claims, with_index
from storage.people.models import Person, Witness
from storage.people.witnesses import FoundPaper

SHOWN = (Grade.A, Grade.B, Grade.C)  # worth asking a moderator


@dataclass(frozen=True, slots=True)
class Card:
    """A found paper with the people in the lab who may have written it.

    ``people`` are those with evidence, the best first, and ``evidence`` is theirs. ``paper_id`` is
    the paper in the list that it became, or resembles. Its ``outcome`` is ``REVIEW`` while it
    waits.
    """

    id: int
    draft: PaperDraft
    people: tuple[Person, ...]
    evidence: tuple[Evidence, ...]
    witnesses: tuple[Witness, ...]
    is_backlog: bool
    paper_id: int | None = None
    outcome: Outcome = Outcome.REVIEW

    @property
    def is_listed(self) -> bool:
        """Whether it is worth asking a moderator."""
        return self.grade in SHOWN

    @property
    def by_person(self) -> dict[int, Evidence]:
        """The evidence by the people's numbers."""
        people = (person.id for person in self.people)
        return dict(zip(people, self.evidence, strict=True))

    @property
    def person(self) -> Person:
        """The person whose paper it most certainly is."""
        return self.people[0]

    @property
    def also(self) -> tuple[Person, ...]:
        """The others who were members when the paper was first public."""
        rest = zip(self.people[1:], self.evidence[1:], strict=True)
        return tuple(person for person, evidence in rest if evidence.is_within_membership)

    def has_namesake(self, person: Person) -> bool:
        """Returns whether somebody else on the card has a person's name."""
        return any(one.name == person.name and one.id != person.id for one in self.people)

    @property
    def grade(self) -> Grade:
        """The best grade."""
        return self.evidence[0].grade

    @property
    def reason(self) -> str:
        """The reason of the best grade, a sentence."""
        return self.evidence[0].reason


async def load_card(
    db: Connection, found: FoundPaper, people: Sequence[Person], lab: Lab, known: KnownPeople
) -> Card | None:
    """Returns the card of a found paper with the present evidence, or None if there is none."""
    return (await load_cards(db, [found], people, lab, known)).get(found.id)


async def load_cards(
    db: Connection,
    every: Sequence[FoundPaper],
    people: Sequence[Person],
    lab: Lab,
    known: KnownPeople,
) -> dict[int, Card]:
    """Returns the cards of found papers with the present evidence, by id.

    People about whom something was decided aren't on a card that waits.
    """
    people = with_index(people)
    meant = {
        claim.person.id: claim.person
        for found in every
        for claim in find_claims(people, found.witnesses)
    }
    lab = replace(lab, known=await known.load(meant.values()))
    decided = await claims.decided_people(db, [found.id for found in every])
    cards = {}
    for found in every:
        evidence = grade_paper(people, found.witnesses, lab)
        if found.outcome is Outcome.REVIEW:
            for number in decided.get(found.id, ()):
                evidence.pop(number, None)
        if evidence:
            cards[found.id] = _make_card(found, people, evidence)
    return cards


def _make_card(
    found: FoundPaper, people: Sequence[Person], evidence: Mapping[int, Evidence]
) -> Card:
    """Returns a card with its people, the most certain ones and members first."""
    ranked = sorted(
        ((one, evidence[one.id]) for one in people if one.id in evidence),
        key=lambda pair: (
            pair[1].grade,
            not pair[1].is_within_membership,
            pair[1].position,
            pair[0].id,
        ),
    )
    shown = [pair for pair in ranked if pair[1].grade in SHOWN] or ranked[:1]
    return Card(
        id=found.id,
        draft=found.draft,
        people=tuple(person for person, _ in shown),
        evidence=tuple(one for _, one in shown),
        witnesses=found.witnesses,
        is_backlog=found.is_backlog,
        paper_id=found.paper_id,
        outcome=found.outcome,
    )
