"""SQL that finds papers related to a paper: by shared authors and shared rare title words."""

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

_MAX_AUTHORS = 12  # whose other papers are considered
_MAX_PER_AUTHOR = 20  # newest papers of one author
_MAX_WORDS = 4  # rarest words of the title that are considered
_MAX_WITH_WORDS = 50  # newest papers with one of these words in the title
_MAX_WORD_SHARE = 0.05  # of all papers; a more common word says little
_AUTHOR_WEIGHT = 3  # of a shared author, compared with a shared word


@dataclass(frozen=True, slots=True)
class Related:
    """A paper, with the authors (as credited) and the title words that it shares with another."""

    paper: Paper
    authors: tuple[str, ...]
    words: tuple[str, ...]


async def related(database: Database, paper: Paper, limit: int = 3) -> tuple[Related, ...]:
    """Returns the papers that have most in common with a paper, the newer first if equal."""
    async with database.reading() as db:
        by_author = await _by_shared_authors(db, paper)
        words = await _distinctive_words(db, paper)
        by_word = await _by_shared_words(db, paper, words)
        scores = {
            paper_id: _AUTHOR_WEIGHT * len(by_author.get(paper_id, ()))
            + len(by_word.get(paper_id, ()))
            for paper_id in {*by_author, *by_word}
        }
        best = sorted(scores, key=lambda paper_id: (-scores[paper_id], -paper_id))[:limit]
        papers = await paper_queries.load(db, best)
    return tuple(
        Related(other, tuple(by_author.get(other.id, ())), tuple(by_word.get(other.id, ())))
        for other in papers
    )


async def _by_shared_authors(db: Connection, paper: Paper) -> dict[int, list[str]]:
    """Returns the names that other papers share with a paper, by the other paper's id."""
    rows = await db.all(
        """SELECT shared.name_id, COALESCE(known.name, names.name) AS name FROM credits AS shared
           JOIN names ON names.id = shared.name_id
           LEFT JOIN aliases ON aliases.name_id = names.id AND is_former
           LEFT JOIN names AS known ON known.id = person_id
           WHERE shared.paper_id = ? AND instr(names.name, ' ') ORDER BY position LIMIT ?""",
        [paper.id, _MAX_AUTHORS],
    )
    names: dict[int, list[str]] = {}
    for row in rows:
        for other in await db.all(
            """SELECT paper_id FROM credits JOIN papers ON papers.id = paper_id
               WHERE name_id = ? AND paper_id <> ? AND removed_at IS NULL
               ORDER BY paper_id DESC LIMIT ?""",
            [row["name_id"], paper.id, _MAX_PER_AUTHOR],
        ):
            names.setdefault(other["paper_id"], []).append(row["name"])
    return names


async def _distinctive_words(db: Connection, paper: Paper) -> list[str]:
    """Returns the rarest words of a paper's title that other papers contain too."""
    counts = await term_counts.load_counts(
        db, [word for word in fold(paper.title).split() if len(word) > 2]
    )
    max_papers = max(await paper_queries.last_id(db) * _MAX_WORD_SHARE, 3)
    distinctive = [word for word, papers in counts.items() if 2 <= papers <= max_papers]
    return sorted(distinctive, key=lambda word: (counts[word], word))[:_MAX_WORDS]


async def _by_shared_words(
    db: Connection, paper: Paper, words: Sequence[str]
) -> dict[int, list[str]]:
    """Returns those of ``words`` that other papers have in the title, by the other paper's id."""
    if not words:
        return {}
    any_word = " OR ".join(json.dumps(word) for word in words)
    rows = await db.all(
        f"""SELECT papers.id, title_key FROM (
                SELECT rowid AS sort_key FROM paper_heads WHERE paper_heads MATCH ?
                ORDER BY rowid DESC LIMIT ?) AS found
            JOIN papers ON papers.id = found.sort_key & {search_index.ID_MASK}
            WHERE papers.id <> ?""",  # noqa: S608
        [f"{{title}} : ({any_word})", _MAX_WITH_WORDS, paper.id],
    )
    return {row["id"]: [word for word in words if word in row["title_key"].split()] for row in rows}
