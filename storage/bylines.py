"""SQL of credits: which names a paper credits, in order; who those names are is in `authors`."""

from __future__ import annotations

from collections.abc import Sequence

from storage.database import Connection
from storage.fulltext import fold
from storage.names import parse_name


async def insert(db: Connection, paper_id: int, names: Sequence[str]) -> None:
    """Credit a paper to these names, as they are written, in this order."""
    for position, name in enumerate(names):
        await db.run(
            "INSERT INTO credits (paper_id, position, name_id) VALUES (?, ?, ?)",
            [paper_id, position, await _name_id(db, name)],
        )


async def _name_id(db: Connection, name: str) -> int:
    known = await db.value("SELECT id FROM names WHERE name = ?", [name])
    if known is not None:
        return int(known)
    name_id = await db.insert(
        "INSERT INTO names (name, family_key) VALUES (?, ?)", [name, parse_name(name).family_key]
    )
    await db.run_many(
        "INSERT INTO name_words (word, name_id) VALUES (?, ?)",
        [(word, name_id) for word in set(fold(name).split())],
    )
    return name_id
