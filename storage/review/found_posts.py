"""SQL of telling the moderators of found papers: by cards, and by one weekly list of weak ones.

Each found paper is told of once, unless its grade rises after it was in the list. Backlog isn't
told of at all.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from storage import bot_state, timestamps
from storage.announcements.enqueue import enqueue_found_notice, enqueue_found_papers
from storage.connection import Connection
from storage.database import Database
from storage.people import records, witnesses
from storage.people.claims import KnownPeople
from storage.people.evidence import Grade, Lab
from storage.people.witnesses import FoundPaper
from storage.review.found_cards import Card, load_cards
from storage.timestamps import Clock

_WEEK = timedelta(days=7)
_LISTED_AT = "weekly list of found papers"  # in the bot's state: when it was last posted

_CARDS_DUE = "told_by IS NOT 'card' AND grade IN ('A', 'B')"
_LINES_DUE = "told_by IS NULL AND grade IN ('A', 'B', 'C')"


class FoundPosts:
    """What the moderators' channel shows about found papers."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def cards_to_post(self, lab: Lab) -> tuple[Card, ...]:
        """Returns strong cards that the moderators weren't told of, the most certain first."""
        cards = await self._untold(_CARDS_DUE, lab)
        return tuple(card for card in cards if card.grade in {Grade.A, Grade.B})

    async def enqueue_cards(
        self, channel_id: int, cards: Sequence[Card], others: Sequence[Card], notice: str
    ) -> None:
        """Queues cards for the moderators' channel, and one notice that counts the others.

        What was decided or told meanwhile is left out.
        """
        now = self._clock()
        async with self._database.transaction() as db:
            told = await _mark(db, cards, "card", _CARDS_DUE)
            await enqueue_found_papers(db, channel_id, told, now)
            if await _mark(db, others, "card", _CARDS_DUE):
                await enqueue_found_notice(db, channel_id, notice, now)

    async def lines_to_list(self, lab: Lab) -> tuple[Card, ...]:
        """Returns cards for the weekly list if it's due: those that moderators weren't told of."""
        now = self._clock()
        async with self._database.reading() as db:
            if not await _is_list_due(db, timestamps.to_text(now), timestamps.to_text(now - _WEEK)):
                return ()
        return await self._untold(_LINES_DUE, lab)

    async def enqueue_list(self, channel_id: int, cards: Sequence[Card], notice: str) -> None:
        """Queues the weekly list, a notice about these cards, for the moderators' channel.

        Nothing is queued if all of them were decided or told meanwhile.
        """
        now = self._clock()
        async with self._database.transaction() as db:
            if await _mark(db, cards, "list", _LINES_DUE):
                await enqueue_found_notice(db, channel_id, notice, now)
                await bot_state.set_value(db, _LISTED_AT, timestamps.to_text(now))

    async def posted(
        self, found_ids: Sequence[int], lab: Lab
    ) -> dict[int, tuple[FoundPaper, Card | None]]:
        """Returns found papers by id, each with its card or, if nobody of the lab is left, None."""

        async def load(db: Connection) -> dict[int, tuple[FoundPaper, Card | None]]:
            found = await witnesses.load(db, found_ids)
            cards = await load_cards(db, found, await records.load(db), lab, KnownPeople(db))
            return {one.id: (one, cards.get(one.id)) for one in found}

        return await self._database.read(load)

    async def _untold(self, condition: str, lab: Lab) -> tuple[Card, ...]:
        cards = await self._database.read(partial(_load_waiting, condition=condition, lab=lab))
        shown = (card for card in cards.values() if card.is_listed)
        return tuple(sorted(shown, key=lambda card: (card.grade, card.id)))


async def _load_waiting(db: Connection, condition: str, lab: Lab) -> dict[int, Card]:
    rows = await db.all(
        f"""SELECT id FROM found_papers
            WHERE outcome = 'review' AND NOT is_backlog AND {condition}"""  # noqa: S608 - constants
    )
    if not rows:
        return {}
    found = await witnesses.load(db, [row["id"] for row in rows])
    return await load_cards(db, found, await records.load(db), lab, KnownPeople(db))


async def _mark(db: Connection, cards: Sequence[Card], told_by: str, condition: str) -> list[int]:
    """Records how the moderators are told of cards; returns those that they weren't told of."""
    rows = await db.all(
        f"""UPDATE found_papers SET told_by = ?
            WHERE outcome = 'review' AND {condition}
            AND id IN (SELECT value FROM json_each(?)) RETURNING id""",  # noqa: S608 - constants
        [told_by, json.dumps([card.id for card in cards])],
    )
    told = {row["id"] for row in rows}
    return [card.id for card in cards if card.id in told]


async def _is_list_due(db: Connection, now: str, week_ago: str) -> bool:
    """Returns whether the last list is a week old, or dated by a clock that was wrong."""
    listed_at = await bot_state.find_value(db, _LISTED_AT)
    return listed_at is None or not week_ago < listed_at <= now
