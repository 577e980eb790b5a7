"""What moderators decide that an abbreviation stands for; every decision is recorded."""

from __future__ import annotations

from datetime import datetime

from storage import timestamps
from storage.audit import log as audit_log
from storage.audit.models import ChangeAction, ChangeKind, Recorded, Settings
from storage.connection import Connection
from storage.database import Database
from storage.errors import InvalidInput
from storage.models import Actor
from storage.stems import stem_phrase
from storage.text import fold

_MAX_LONG_WORDS = 8
_MAX_SUGGESTED = 25


class Abbreviations:
    """The abbreviations that search knows: learned from the papers, or chosen by moderators."""

    def __init__(self, database: Database, clock: timestamps.Clock) -> None:
        self._database = database
        self._clock = clock

    async def decide(self, short: str, long: str, actor: Actor) -> Recorded[str]:
        """Decides what an abbreviation stands for; an empty long form means that it's none.

        Returns the folded abbreviation. The change's id is None if that was decided already.
        Raises `InvalidInput` for an abbreviation of several words or a long form that isn't longer.
        """
        short, long = fold(short), fold(long)
        if not short or " " in short:
            raise InvalidInput("An abbreviation is one word, such as LLM.")
        if long and (len(long) <= len(short) or long.count(" ") >= _MAX_LONG_WORDS):
            raise InvalidInput(
                f"The long form must be longer than “{short}”, and have at most "
                f"{_MAX_LONG_WORDS} words."
            )
        async with self._database.transaction(in_reply=True) as db:
            await db.run(
                """INSERT INTO abbreviation_decisions (short, long, stems) VALUES (?, NULL, '')
                   ON CONFLICT DO NOTHING""",
                [short],
            )
            decision_id = await db.value(
                "SELECT id FROM abbreviation_decisions WHERE short = ?", [short]
            )
            before = await load(db, decision_id)
            if before["long"] == long:
                return Recorded(short, None)
            await apply(db, decision_id, {"long": long}, self._clock())
            change_id = await audit_log.record_settings_change(
                db,
                self._clock(),
                actor,
                ChangeAction.EDIT,
                ChangeKind.ABBREVIATION,
                before,
                await load(db, decision_id),
                abbreviation_id=decision_id,
            )
        return Recorded(short, change_id)

    async def suggest(self, text: str) -> tuple[tuple[str, str], ...]:
        """Returns abbreviations that start with a text, most papers first, with a long form."""
        words = fold(text)
        async with self._database.reading() as db:
            rows = await db.all(
                """SELECT short, long FROM abbreviations
                   WHERE short >= ?1 AND short < ?1 || char(1114111)
                   ORDER BY papers DESC, short LIMIT ?2""",
                [words, 4 * _MAX_SUGGESTED],
            )
        most_frequent: dict[str, str] = {}
        for row in rows:
            most_frequent.setdefault(row["short"], row["long"])
        return tuple(most_frequent.items())[:_MAX_SUGGESTED]


async def load(db: Connection, decision_id: int) -> Settings:
    """Returns an abbreviation and its long form: empty if it's none, None if nobody decided."""
    row = await db.one("SELECT short, long FROM abbreviation_decisions WHERE id = ?", [decision_id])
    return {"short": row["short"], "long": row["long"]} if row else {"short": "", "long": None}


async def apply(db: Connection, decision_id: int, settings: Settings, _at: datetime) -> None:
    """Changes what an abbreviation stands for."""
    long = settings["long"]
    await db.run(
        "UPDATE abbreviation_decisions SET long = ?, stems = ? WHERE id = ?",
        [long, stem_phrase(long) if long else "", decision_id],
    )
