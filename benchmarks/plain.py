"""The query that search is compared with: every match ranked by the full-text index alone."""

from __future__ import annotations

from collections.abc import Iterable

from storage.database import Database
from storage.text import fold

TABLE = "paper_text"  # the full-text table with every column


class Plain:
    """The plain query, through the same kind of connection as the library's own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def search(self, text: str) -> list[int]:
        """The rows of the ten best matches of all the words."""
        async with self._database.reading() as db:
            rows = await db.all(
                f"SELECT rowid FROM {TABLE} WHERE {TABLE} MATCH ? ORDER BY rank LIMIT 10",  # noqa: S608
                [_expression(text.split())],
            )
        return [row["rowid"] for row in rows]

    async def best_title(self, text: str) -> str:
        """The indexed title of the best match; empty where nothing matches."""
        found = await self.search(" ".join(fold(text).split()))
        async with self._database.reading() as db:
            title = await db.value(f"SELECT title FROM {TABLE} WHERE rowid = ?", found[:1] or [0])  # noqa: S608
        return str(title or "")

    async def papers_with(self, word: str) -> int:
        """In how many papers a word stands."""
        async with self._database.reading() as db:
            sql = f"SELECT COUNT(*) FROM {TABLE} WHERE {TABLE} MATCH ?"  # noqa: S608
            return int(await db.value(sql, [_expression([word])]))


def _expression(words: Iterable[str]) -> str:
    return " ".join(f'"{word}"' for word in words)
