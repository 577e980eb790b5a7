"""SQL of what is related to a paper: shared authors and shared rare words, and which."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from storage.database import Connection, Database
from storage.models import Paper
from storage.papers import queries as paper_queries
from storage.papers import search_index
from storage.search import term_counts
from storage.text import fold

_NAMES = 12  # credited names that are followed
_EACH = 20  # newest papers of one name
_WORDS = 4  # rarest words of the title that are followed
_WITH_WORDS = 50  # newest papers that have one of them in the title
_RARE = 0.05  # of all papers, in which a word says something
_BY_AUTHOR = 3  # times as much as a word


@dataclass(frozen=True, slots=True)
class Related:
    """A paper with what it shares with another: authors as credited, words of both titles."""

    paper: Paper
    authors: tuple[str, ...]
    words: tuple[str, ...]


async def related(database: Database, paper: Paper, limit: int = 3) -> tuple[Related, ...]:
    """The papers that have most in common with this one; of equals the newer."""
    async with database.reading() as db:
        by_author = await _by_authors(db, paper)
        words = await _telling_words(db, paper)
        by_word = await _by_words(db, paper, words)
        rank_key = {
            number: _BY_AUTHOR * len(by_author.get(number, ())) + len(by_word.get(number, ()))
            for number in {*by_author, *by_word}
        }
        best = sorted(rank_key, key=lambda number: (-rank_key[number], -number))[:limit]
        found = await paper_queries.load(db, best)
    return tuple(
        Related(one, tuple(by_author.get(one.id, ())), tuple(by_word.get(one.id, ())))
        for one in found
    )


async def _by_authors(db: Connection, paper: Paper) -> dict[int, list[str]]:
    """Other papers that credit the same names, with those names."""
    rows = await db.all(
        """SELECT shared.name_id, COALESCE(known.name, names.name) AS name FROM credits AS shared
           JOIN names ON names.id = shared.name_id
           LEFT JOIN aliases ON aliases.name_id = names.id AND is_former
           LEFT JOIN names AS known ON known.id = person_id
           WHERE shared.paper_id = ? AND instr(names.name, ' ') ORDER BY position LIMIT ?""",
        [paper.id, _NAMES],
    )
    found: dict[int, list[str]] = {}
    for row in rows:
        for other in await db.all(
            """SELECT paper_id FROM credits JOIN papers ON papers.id = paper_id
               WHERE name_id = ? AND paper_id <> ? AND removed_at IS NULL
               ORDER BY paper_id DESC LIMIT ?""",
            [row["name_id"], paper.id, _EACH],
        ):
            found.setdefault(other["paper_id"], []).append(row["name"])
    return found


async def _telling_words(db: Connection, paper: Paper) -> list[str]:
    """The rarest words of the title that other papers have too."""
    counts = await term_counts.counts(
        db, [word for word in fold(paper.title).split() if len(word) > 2]
    )
    most = max(await paper_queries.last_number(db) * _RARE, 3)
    telling = [word for word, number in counts.items() if 2 <= number <= most]
    return sorted(telling, key=lambda word: (counts[word], word))[:_WORDS]


async def _by_words(db: Connection, paper: Paper, words: Sequence[str]) -> dict[int, list[str]]:
    """Other papers with one of these words in the title, with those words."""
    if not words:
        return {}
    rows = await db.all(
        f"""SELECT papers.id, title_key FROM (
                SELECT rowid AS sort_key FROM paper_heads WHERE paper_heads MATCH ?
                ORDER BY rowid DESC LIMIT ?) AS found
            JOIN papers ON papers.id = found.sort_key & {search_index.ID_MASK}
            WHERE papers.id <> ?""",  # noqa: S608
        [f"{{title}} : ({' OR '.join(json.dumps(word) for word in words)})", _WITH_WORDS, paper.id],
    )
    return {row["id"]: [word for word in words if word in row["title_key"].split()] for row in rows}
