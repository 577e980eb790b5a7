"""SQL of what the bot remembers for itself: questions behind buttons, and single facts."""

from __future__ import annotations

from datetime import timedelta

from storage import moments
from storage.database import Database

_KEPT = timedelta(days=180)


class Notes:
    """What must outlive a restart and is no part of the catalogue."""

    def __init__(self, database: Database, clock: moments.Clock) -> None:
        self._database = database
        self._clock = clock

    async def remember(self, question: str) -> int:
        """Keep a question, so that a button can ask it again by number; the same has one number."""
        now = self._clock()
        async with self._database.transaction() as db:
            await db.run("DELETE FROM lookups WHERE asked_at < ?", [moments.to_text(now - _KEPT)])
            await db.run(
                """INSERT INTO lookups (question, asked_at) VALUES (?, ?)
                   ON CONFLICT (question) DO UPDATE SET asked_at = excluded.asked_at""",
                [question, moments.to_text(now)],
            )
            return int(await db.value("SELECT id FROM lookups WHERE question = ?", [question]))

    async def recall(self, number: int) -> str | None:
        """The question with this number; none where it was forgotten."""
        async with self._database.reading() as db:
            question = await db.value("SELECT question FROM lookups WHERE id = ?", [number])
        return str(question) if question is not None else None

    async def fact(self, name: str) -> str | None:
        """A fact kept by `keep_fact`."""
        async with self._database.reading() as db:
            value = await db.value("SELECT value FROM facts WHERE name = ?", [name])
        return str(value) if value is not None else None

    async def keep_fact(self, name: str, value: str) -> None:
        """Keep a fact under a name, in place of the one before."""
        async with self._database.transaction() as db:
            await db.run(
                """INSERT INTO facts (name, value) VALUES (?, ?)
                   ON CONFLICT (name) DO UPDATE SET value = excluded.value""",
                [name, value],
            )
