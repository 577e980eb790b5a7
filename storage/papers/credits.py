"""SQL of credits: the names that papers credit, in order, and the index that finds the names."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from storage.concurrency import run_in_thread
from storage.connection import Connection
from storage.names.parser import Name, search_words
from storage.papers.former_names import FormerNames, parse_names


async def insert(
    db: Connection,
    credits: Sequence[tuple[int, Sequence[str]]],
    former: FormerNames | None = None,
) -> None:
    """Adds the credits of new papers, given as paper ids with names as credited, in order.

    The number of statements doesn't depend on the number of papers. ``former`` are the former names
    as the submission knows them.
    """
    names = list(dict.fromkeys(name for _paper_id, names in credits for name in names))
    ids, added = await _ensure_names(db, names, former or FormerNames())
    await db.run_many(
        "INSERT INTO credits (paper_id, position, name_id) VALUES (?, ?, ?)",
        [
            (paper_id, position, ids[name])
            for paper_id, names in credits
            for position, name in enumerate(names)
        ],
    )
    await _index(db, added)


async def replace(
    db: Connection,
    paper_id: int,
    names: Sequence[str],
    credited: Mapping[str, str],
    former: FormerNames | None = None,
) -> None:
    """Replaces a paper's credits; ``credited`` are the names to credit in place of others."""
    await db.run("DELETE FROM credits WHERE paper_id = ?", [paper_id])
    await insert(db, [(paper_id, [credited.get(name, name) for name in names])], former)


async def name_id(db: Connection, name: str) -> int:
    """Returns the id of a name, which is added if it is new."""
    ids, added = await _ensure_names(db, [name], FormerNames())
    await _index(db, added)
    return ids[name]


async def _ensure_names(
    db: Connection, names: Sequence[str], former: FormerNames
) -> tuple[dict[str, int], dict[int, str]]:
    """Adds names that are new; returns the ids of all, and the new ones by id."""
    rows = await db.all(
        "SELECT id, name FROM names WHERE name IN (SELECT value FROM json_each(?))",
        [json.dumps(list(names))],
    )
    ids: dict[str, int] = {row["name"]: row["id"] for row in rows}
    new = [name for name in names if name not in ids]
    if not new:
        return ids, {}
    first_id = int(await db.value("SELECT COALESCE(MAX(id), 0) + 1 FROM names"))
    added = dict(enumerate(new, first_id))
    ids |= {name: name_id for name_id, name in added.items()}
    parsed = await run_in_thread(parse_names, new)
    await db.run_many(
        """INSERT INTO names (id, name, letters, family_key, initial, is_full)
           VALUES (?, ?, ?, ?, ?, ?)""",
        await run_in_thread(
            _name_rows, [(number, name, parsed[name]) for number, name in added.items()]
        ),
    )
    await former.credit(db, parsed)
    return ids, added


async def _index(db: Connection, added: Mapping[int, str]) -> None:
    """Indexes the words of new names; must follow their credits, which determine their level."""
    if not added:
        return
    words_by_name = await run_in_thread(_search_words, list(added.items()))
    await db.run_many(
        """INSERT INTO name_words (level, word, name_id, words)
           SELECT level, ?, id, ? FROM names WHERE id = ?""",
        [
            (word, f" {' '.join(words)} ", name_id)
            for name_id, words in words_by_name
            for word in words
        ],
    )
    spellings = {word for _name_id, words in words_by_name for word in words}
    await db.run_many(
        "INSERT OR IGNORE INTO name_spellings (word, backwards) VALUES (?, ?)",
        [(word, word[::-1]) for word in sorted(spellings)],
    )


def _name_rows(names: Sequence[tuple[int, str, Name]]) -> list[tuple[str | int, ...]]:
    return [
        (number, text, name.letters, name.family_key, name.initial, name.is_full)
        for number, text, name in names
    ]


def _search_words(names: Sequence[tuple[int, str]]) -> list[tuple[int, Sequence[str]]]:
    return [(name_id, search_words(text)) for name_id, text in names]
