"""Papers that services name for the lab's people, from witnesses to decisions."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from storage import timestamps
from storage.audit.models import Recorded, ReviewKind
from storage.connection import Connection
from storage.curation import intake
from storage.curation.catalogue import StoredCatalogue, Submission
from storage.curation.classify import Verdict, classify
from storage.database import Database
from storage.errors import LabError
from storage.models import Actor, Origin, Outcome, Paper, PaperDraft, UpsertResult
from storage.papers import queries as paper_queries
from storage.papers.combine import normalize
from storage.papers.titles import is_bare_reference
from storage.people import claims, records, witnesses
from storage.people.claims import ClaimVerdict, KnownPeople
from storage.people.evidence import Lab, first_public
from storage.people.matching import find_claims, with_index
from storage.people.models import Person, Witness
from storage.people.witnesses import FoundPaper, is_same_paper
from storage.review import resolutions
from storage.review.errors import AlreadyResolved, NeedsTitle, NotWaiting, describe_decision
from storage.review.found_cards import SHOWN, Card, load_card, load_cards
from storage.timestamps import Clock

RADAR = Actor("radar", "the radar")
_BATCH_SIZE = 100  # witnesses per transaction, so that nothing else waits long for the database


class CardDecision(enum.StrEnum):
    """What a moderator decides about a card, as it is typed in the shell.

    ``SAME`` is the paper in the list that it resembles. ``NOT_THIS_PERSON`` and ``LEFT_THE_LAB``
    are about one person; the card stays if it has others.
    """

    ADD = "add"
    NOT_OURS = "not-ours"
    NOT_THIS_PERSON = "not-this-person"
    LEFT_THE_LAB = "left-the-lab"
    SAME = "same"


ABOUT_PERSON = frozenset({CardDecision.NOT_THIS_PERSON, CardDecision.LEFT_THE_LAB})


class FoundPapers:
    """Papers that were found for the lab's people."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def ingest(
        self, said: Iterable[Witness], lab: Lab, *, is_first: bool = False
    ) -> tuple[Card, ...]:
        """Takes in what a source says; returns the papers that are announced without asking.

        Papers in the list are completed, and papers removed from it stay removed. Others wait for a
        moderator, unless they are certain, of somebody with a clean record, and that is trusted.
        What is found when a source is asked for the first time is never announced. ``lab`` says how
        the lab's affiliations are recognised.
        """
        announced: dict[int, Card] = {}
        every = list(said)
        for start in range(0, len(every), _BATCH_SIZE):
            batch = every[start : start + _BATCH_SIZE]
            take_in = partial(_ingest, said=batch, lab=lab, now=self._clock(), is_first=is_first)
            announced |= await self._database.write(take_in)
        return tuple(announced.values())

    async def count(self) -> int:
        """Counts the cards that wait, those of the weekly list too."""
        async with self._database.reading() as db:
            return int(
                await db.value(
                    """SELECT COUNT(*) FROM found_papers
                       WHERE outcome = 'review' AND grade IN ('A', 'B', 'C')"""
                )
            )

    async def cards(self, lab: Lab) -> tuple[Card, ...]:
        """Returns the cards that wait, those of the weekly list too, the most certain first."""
        cards = await self._database.read(partial(_waiting, lab=lab))
        shown = (card for card in cards.values() if card.is_listed)
        return tuple(sorted(shown, key=lambda card: (card.grade, card.id)))

    async def find(self, card_id: int, lab: Lab) -> Card | None:
        """Returns the card of a found paper, whatever became of it, or None."""

        async def find(db: Connection) -> Card | None:
            for found in await witnesses.load(db, [card_id]):
                return await load_card(db, found, await records.load(db), lab, KnownPeople(db))
            return None

        return await self._database.read(find)

    async def get_waiting(self, card_id: int, actor: Actor, lab: Lab) -> Card:
        """Returns the card of a found paper that waits for a moderator, who is the actor.

        Raises `NotWaiting` if it is decided or gone.
        """
        return await self._database.read(
            partial(_get_waiting_card, card_id=card_id, actor=actor, lab=lab)
        )

    async def find_named(self, text: str, lab: Lab) -> Card | None:
        """Returns the card of the found paper with an identifier or a title, or None."""
        async with self._database.reading() as db:
            found_id = await witnesses.find_named(db, text)
        return await self.find(found_id, lab) if found_id is not None else None

    async def decide(
        self,
        card_id: int,
        decision: CardDecision,
        actor: Actor,
        lab: Lab,
        *,
        person_id: int | None = None,
    ) -> Recorded[UpsertResult]:
        """Decides about a card, or about one of its people; the first one if none is given.

        A new paper is announced, unless it is backlog. The outcome is ``REVIEW`` if the card stays
        for other people. Raises `NotWaiting` if it is decided or gone, `NeedsTitle`, and `LabError`
        if the decision doesn't fit the card.
        """
        now = self._clock()
        submission = Submission(Origin.FEED, actor, now, lock_fields=False)

        async def decide(db: Connection) -> Recorded[UpsertResult]:
            card = await _get_waiting_card(db, card_id, actor, lab)
            catalogue = StoredCatalogue(db, submission)
            before = await resolutions.load(db, ReviewKind.FOUND, card_id)
            if decision in ABOUT_PERSON:
                result = await _dismiss(db, card, decision, person_id, now)
            else:
                result = await _decide(catalogue, card, decision)
            await _resolve(db, card_id, result, actor, now)
            if result.outcome is Outcome.ADDED and result.paper and not card.is_backlog:
                await _enqueue(db, result.paper, now)
            return await resolutions.record(
                catalogue.change_set, ReviewKind.FOUND, card_id, card.draft.title, before, result
            )

        return await self._database.write(decide, in_reply=True)


async def _ingest(
    db: Connection, said: Sequence[Witness], lab: Lab, now: datetime, *, is_first: bool
) -> dict[int, Card]:
    """Takes in some of what a source says; returns what is announced, by card."""
    new = await witnesses.changed(db, said)
    touched = dict.fromkeys(await witnesses.ungraded(db, said) if is_first else ())
    if not new and not touched:
        return {}
    people = with_index(await records.load(db))
    for witness in new:
        same = await witnesses.find_same(db, witness)
        if same or find_claims(people, [witness]):
            found_id = await witnesses.add(db, witness, same, now, is_backlog=is_first)
            touched[found_id] = None
    announced = {}
    known = KnownPeople(db)
    for found in await witnesses.load(db, [*touched]):
        card = await _settle(db, found, people, lab, now, known)
        if card is not None:
            announced[card.id] = card
    return announced


async def _settle(
    db: Connection,
    found: FoundPaper,
    people: Sequence[Person],
    lab: Lab,
    now: datetime,
    known: KnownPeople,
) -> Card | None:
    """Decides what becomes of a found paper, after something new was said about it.

    Returns its card if it is announced without asking.
    """
    await _redraw(db, found.id)
    catalogue = StoredCatalogue(db, Submission(Origin.FEED, RADAR, now))
    if found.outcome is Outcome.DECLINED and not await claims.is_refused(db, found.id):
        found = replace(found, outcome=Outcome.REVIEW)  # for others than those it was declined for
    if found.outcome is not Outcome.REVIEW:
        if found.paper_id is not None and found.outcome is not Outcome.DECLINED:
            await _complete(catalogue, found.paper_id, found.draft)
            known.forget()
        return None
    card = await load_card(db, found, people, lab, known)
    if card is not None and card.grade in SHOWN:
        await db.run(
            "UPDATE found_papers SET outcome = 'review', decided_at = NULL WHERE id = ?", [found.id]
        )
    await db.run(
        "UPDATE found_papers SET grade = ? WHERE id = ?",
        [card.grade if card else None, found.id],
    )
    draft = normalize(found.draft)
    listed = await classify(catalogue, await catalogue.with_current_names(draft))
    if listed.paper is not None:
        is_same = listed.verdict is Verdict.KNOWN or is_same_paper(listed.paper, draft)
        if listed.verdict in {Verdict.REMOVED, Verdict.POSSIBLY_REMOVED}:
            result = UpsertResult(Outcome.REMOVED, None)
        elif is_same:
            result = await intake.upsert_as(catalogue, listed.paper, draft, same=listed.same)
            known.forget()
        else:
            await _resemble(db, found.id, listed.paper.id)
            return None
        await _resolve(db, found.id, result, RADAR, now)
        return None
    await _resemble(db, found.id, None)
    if card is None or found.is_backlog or found.was_decided or is_bare_reference(draft.title):
        return None
    if not await _is_trusted(db, card):
        return None
    known.forget()
    return await _announce(db, catalogue, card, now)


async def _announce(
    db: Connection, catalogue: StoredCatalogue, card: Card, now: datetime
) -> Card | None:
    """Adds a certain paper to the list, and announces it."""
    before = await resolutions.load(db, ReviewKind.FOUND, card.id)
    result = await intake.upsert(catalogue, card.draft)
    if result.outcome is not Outcome.ADDED or result.paper is None:
        return None
    await _enqueue(db, result.paper, now)
    await claims.decide(db, card.id, ClaimVerdict.ANNOUNCED, card.by_person)
    await _resolve(db, card.id, result, RADAR, now)
    await resolutions.record(
        catalogue.change_set, ReviewKind.FOUND, card.id, card.draft.title, before, result
    )
    return card


async def _enqueue(db: Connection, paper: Paper, now: datetime) -> None:
    """Has a paper announced."""
    from storage.announcements.enqueue import enqueue_paper  # noqa: PLC0415 - much to import, and rarely needed

    await enqueue_paper(db, paper, now)


async def _waiting(db: Connection, lab: Lab) -> dict[int, Card]:
    """Returns the cards of all found papers that wait, apart from mere initials, by id."""
    rows = await db.all(
        """SELECT id FROM found_papers
           WHERE outcome = 'review' AND grade IN ('A', 'B', 'C') ORDER BY id"""
    )
    found = await witnesses.load(db, [row["id"] for row in rows])
    return await load_cards(db, found, await records.load(db), lab, KnownPeople(db))


async def _is_trusted(db: Connection, card: Card) -> bool:
    """Returns whether a card is certain for somebody whose certain papers need no review."""
    certain = [
        person
        for person, evidence in zip(card.people, card.evidence, strict=True)
        if evidence.is_certain and person.is_trusted
    ]
    return any([(await claims.track_record(db, one.id)).is_clean for one in certain])


async def _get_waiting_card(db: Connection, card_id: int, actor: Actor, lab: Lab) -> Card:
    for found in await witnesses.load(db, [card_id]):
        if found.outcome is Outcome.REVIEW:
            card = await load_card(db, found, await records.load(db), lab, KnownPeople(db))
            if card is None:
                raise NotWaiting(
                    "That card is gone, because nobody from the lab is credited any more."
                )
            return card
        what = describe_decision(found.outcome, found.paper_id)
        raise AlreadyResolved(found.decided_by, actor, what)
    raise NotWaiting("I couldn't find that card.")


async def _decide(catalogue: StoredCatalogue, card: Card, decision: CardDecision) -> UpsertResult:
    """Adds a card's paper, completes the paper that it is the same as, or declines it."""
    db = catalogue.change_set.db
    evidence = card.by_person
    if decision is CardDecision.NOT_OURS:
        for number, one in evidence.items():
            if not one.has_own_id:
                await claims.teach(db, number, foreign_ids=one.other_ids)
        await claims.decide(db, card.id, ClaimVerdict.REFUSED, evidence)
        return UpsertResult(Outcome.DECLINED, None)
    await claims.decide(db, card.id, ClaimVerdict.ACCEPTED, evidence)
    if decision is CardDecision.ADD:
        if is_bare_reference(card.draft.title):
            raise NeedsTitle
        return await intake.upsert(catalogue, card.draft, allow_duplicate=True)
    if card.paper_id is None:
        raise LabError("This card doesn't resemble any paper in the list. Add it, or decline it.")
    return await _complete(catalogue, card.paper_id, card.draft)


async def _dismiss(
    db: Connection, card: Card, decision: CardDecision, person_id: int | None, now: datetime
) -> UpsertResult:
    """Removes a person from a card, and remembers why; declines the card if nobody is left."""
    evidence = card.by_person
    number = card.person.id if person_id is None else person_id
    if number not in evidence:
        raise LabError("That person isn't on the card, or isn't any more.")
    one = evidence.pop(number)
    if decision is CardDecision.NOT_THIS_PERSON:
        await claims.teach(db, number, foreign_ids=one.other_ids)
        await claims.decide(db, card.id, ClaimVerdict.WRONG, {number: one})
    else:
        date = first_public(card.witnesses)
        day = date.first_day if date else now.date()
        await claims.teach(db, number, last_day=day - timedelta(days=1))
        await claims.decide(db, card.id, ClaimVerdict.LEFT, {number: one})
    stays = any(other.grade in SHOWN for other in evidence.values())
    return UpsertResult(Outcome.REVIEW if stays else Outcome.DECLINED, None)


async def _complete(catalogue: StoredCatalogue, paper_id: int, draft: PaperDraft) -> UpsertResult:
    """Completes a paper in the list by what services say; one that was removed stays removed."""
    db = catalogue.change_set.db
    (paper,) = await paper_queries.load(db, [await paper_queries.current_id(db, paper_id)])
    return await intake.upsert_as(catalogue, paper, normalize(draft))


async def _redraw(db: Connection, found_id: int) -> None:
    """Has the card of a found paper in the moderators' channel updated."""
    await db.run("UPDATE posts SET revision = revision + 1 WHERE found_paper_id = ?", [found_id])


async def _resemble(db: Connection, found_id: int, paper_id: int | None) -> None:
    await db.run("UPDATE found_papers SET paper_id = ? WHERE id = ?", [paper_id, found_id])


async def _resolve(
    db: Connection, found_id: int, result: UpsertResult, actor: Actor, at: datetime
) -> None:
    """Records what was decided about a found paper; one that stays is only marked as decided."""
    await _redraw(db, found_id)
    await db.run("UPDATE found_papers SET was_decided = 1 WHERE id = ?", [found_id])
    if result.outcome is not Outcome.REVIEW:
        await db.run(
            """UPDATE found_papers SET outcome = ?, paper_id = ?, decided_by = ?,
                   decided_by_name = ?, decided_at = ? WHERE id = ?""",
            [
                result.outcome,
                result.paper.id if result.paper else None,
                actor.key,
                actor.name,
                timestamps.to_text(at),
                found_id,
            ],
        )
