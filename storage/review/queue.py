"""SQL of everything that waits for a moderator: suggestions, and what feeds brought."""

from __future__ import annotations

from storage.database import Database
from storage.feeds import entries
from storage.feeds.models import PendingEntry
from storage.review import suggestions
from storage.review.models import Suggestion

_ALL = """SELECT 'entry' AS kind, entries.id, seen_at AS at
          FROM entries JOIN feeds ON feeds.id = feed_id
          WHERE draft IS NOT NULL AND removed_at IS NULL
          UNION ALL SELECT 'suggestion', id, suggested_at FROM suggestions
          WHERE decided_at IS NULL"""


class ReviewQueue:
    """The moderators' review queue."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def count(self) -> int:
        """How many decisions wait."""
        async with self._database.reading() as db:
            return int(await db.value(f"SELECT COUNT(*) FROM ({_ALL})"))  # noqa: S608 - a constant

    async def page(self, offset: int, limit: int) -> tuple[PendingEntry | Suggestion, ...]:
        """Some of what waits, oldest first."""
        async with self._database.reading() as db:
            rows = await db.all(
                f"SELECT * FROM ({_ALL}) ORDER BY at, kind, id LIMIT ? OFFSET ?",  # noqa: S608
                [limit, offset],
            )
            found = [
                await entries.undecided(db, row["id"])
                if row["kind"] == "entry"
                else await suggestions.find(db, row["id"])
                for row in rows
            ]
        return tuple(one for one in found if one is not None)
