"""Replays a year day by day: polls, and a moderator who decides cards by the truth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, timedelta

from benchmarks.radar.world import Work, World
from storage.library import Library
from storage.models import Actor, Origin, PaperDraft, PartialDate
from storage.people.evidence import Grade, Lab
from storage.people.ids import parse_id
from storage.people.models import IdScheme, Membership, PersonDraft
from storage.review.found_cards import Card
from storage.review.found_papers import CardDecision
from storage.text import fold

MODERATOR = Actor("bench", "the moderator")
_SCHEMES = tuple(IdScheme)
# Services have works days or weeks late, so those of the last weeks may still come.
_TAIL = timedelta(days=60)


@dataclass(slots=True)
class Tally:
    """What the days came to; works are counted if they were first public in them."""

    true_works: int = 0
    found: int = 0
    announced: int = 0
    false_announced: list[str] = field(default_factory=list)
    cards: int = 0  # of grade A or B
    true_cards: int = 0
    weekly: Counter[bool] = field(default_factory=Counter)  # of grade C, by whether they were true
    clicks: int = 0
    wrong: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    @property
    def recall(self) -> float:
        """The share of true works that came into the list; 1 if there were none yet."""
        return self.found / self.true_works if self.true_works else 1

    @property
    def precision(self) -> float:
        """The share of true works among those that moderators were asked about at once."""
        return self.true_cards / self.cards if self.cards else 1

    @property
    def clicks_per_work(self) -> float:
        """The number of decisions for each true work that came to a decision or an announcement."""
        true = self.announced - len(self.false_announced) + self.true_cards + self.weekly[True]
        return self.clicks / true if true else 0


Poll = Callable[[], Awaitable[tuple[Card, ...]]]


class Replay:
    """A lab's year; ``poll`` asks all sources that are due, and returns what was announced."""

    def __init__(self, world: World, library: Library, poll: Poll) -> None:
        self._world = world
        self._library = library
        self._poll = poll
        self._lab = Lab(world.affiliations)
        self._start = date.fromisoformat(world.start)
        self._truth = {key: work for work in world.works for key in _keys(work)}
        self._people: list[int] = []
        self._tally = Tally()

    async def register(self) -> None:
        """Registers everybody, adds the papers that the list has, and trusts everybody."""
        for member in self._world.people:
            ids = [
                parse_id(one, getattr(member, one.value))
                for one in _SCHEMES
                if getattr(member, one.value)
            ]
            draft = PersonDraft(
                member.name,
                ids=tuple(ids),
                membership=Membership(_date(member.from_), _date(member.to)),
                categories=tuple(member.categories.split()),
            )
            added = await self._library.people.add(draft, MODERATOR)
            self._people.append(added.value.id)
        listed = [_draft(self._world.works[number]) for number in self._world.listed]
        await self._library.papers.upsert_many(listed, Origin.IMPORT, MODERATOR)
        await self._library.people.set_trust(MODERATOR, is_trusted=True)

    async def day(self, today: date) -> None:
        """Polls, and has the moderator decide all cards; the weekly list on Mondays only."""
        for card in await self._poll():
            self._count_announced(card)
        for card in await self._library.found_papers.cards(self._lab):
            if card.grade is not Grade.C or today.weekday() == 0:
                await self._decide(card)

    async def finish(self, until: date) -> Tally:
        """Returns what the days before ``until`` came to."""
        titles = {fold(paper.title) for paper in await self._all_papers()}
        for work in self._world.works:
            if work.ours and self._start <= date.fromisoformat(work.date) < until - _TAIL:
                self._tally.true_works += 1
                if fold(work.title) in titles:
                    self._tally.found += 1
                else:
                    self._tally.missed.append(f"{work.title} {sorted(work.available)}")
        return self._tally

    async def _all_papers(self) -> list[PaperDraft]:
        papers: list[PaperDraft] = []
        after = 0
        while batch := await self._library.papers.batch(after=after):
            papers += [PaperDraft(one.title) for one in batch]
            after = batch[-1].id
        return papers

    async def _decide(self, card: Card) -> None:
        work = self._find(card)
        is_counted = work is not None and date.fromisoformat(work.date) >= self._start
        is_true = work is not None and bool(work.ours)
        numbers = {self._people[index] for index in work.authors} if work else set()
        ours = {self._people[index] for index in work.ours} if work else set()
        if is_counted:
            self._tally.clicks += 1
            if card.grade is Grade.C:
                self._tally.weekly[is_true] += 1
            else:
                self._tally.cards += 1
                self._tally.true_cards += is_true
                if not is_true:
                    self._tally.wrong.append(f"{card.grade} {card.reason}")
        if is_true:
            for person in (card.person, *card.also):
                if person.id not in ours and len(card.people) > 1:
                    self._tally.clicks += is_counted
                    decision = CardDecision.NOT_THIS_PERSON
                    if person.id in numbers:
                        decision = CardDecision.LEFT_THE_LAB
                    await self._library.found_papers.decide(
                        card.id, decision, MODERATOR, self._lab, person_id=person.id
                    )
            decision = CardDecision.ADD
        elif card.person.id in numbers:
            decision = CardDecision.LEFT_THE_LAB
        else:
            decision = CardDecision.NOT_OURS
        await self._library.found_papers.decide(card.id, decision, MODERATOR, self._lab)

    def _count_announced(self, card: Card) -> None:
        work = self._find(card)
        self._tally.announced += 1
        if work is None or not work.ours:
            self._tally.false_announced.append(f"{card.draft.title}: {card.reason}")

    def _find(self, card: Card) -> Work | None:
        keys = [*card.draft.identifiers, fold(card.draft.title)]
        return next((self._truth[key] for key in keys if key in self._truth), None)


def _keys(work: Work) -> list[str]:
    keys = [fold(work.title)]
    keys += [f"arxiv:{work.arxiv}"] if work.arxiv else []
    return keys + ([f"doi:{work.doi}"] if work.doi else [])


def _draft(work: Work) -> PaperDraft:
    return PaperDraft(
        work.title,
        tuple(one.name for one in work.credits),
        date=PartialDate.parse(work.date),
        identifiers=tuple(key for key in _keys(work) if ":" in key),
    )


def _date(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
