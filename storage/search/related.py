"""SQL that finds papers related to a paper: by shared authors, rare title words and rare tags."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from storage.connection import Connection
from storage.database import Database
from storage.models import Paper
from storage.names.affixes import without_author_id
from storage.papers import queries as paper_queries
from storage.papers import search_index
from storage.search import term_counts
from storage.search.query import any_of
from storage.search.stop_words import GENERIC_WORDS, STOP_WORDS
from storage.stems import stem, stem_all
from storage.text import fold

_MAX_AUTHORS = 12  # whose other papers are considered
_MAX_PER_AUTHOR = 20  # newest papers of one author
_MAX_WORDS = 4  # rarest words of the title that are considered
_MAX_WITH_WORDS = 50  # newest papers with one of these words in the title, or with one of the tags
_MAX_SHARE = 0.05  # of all papers that have a word or a tag; a more common one says little
_MIN_SHARING = 2  # papers that may have a word in a small list, where two are more than a twentieth
_MIN_TAGGED = 5  # papers that may have a tag in a small list, since people choose tags
_AUTHOR_WEIGHT, _TAG_WEIGHT = 3, 2  # compared with a shared word
_WORD = re.compile(r"\w+")
_SAYS_LITTLE = frozenset(stem_all([*GENERIC_WORDS, *STOP_WORDS]))


@dataclass(frozen=True, slots=True)
class Related:
    """A paper, with the authors (as credited), title words and tags that it shares with another."""

    paper: Paper
    authors: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


async def related(database: Database, paper: Paper, limit: int = 3) -> tuple[Related, ...]:
    """Returns the papers that have most in common with a paper, the newer first if equal.

    Papers that share neither an author nor a tag must share two words, or a name such as “BERT”.
    """
    async with database.reading() as db:
        total = await _count_papers(db)
        by_author = await _by_shared_authors(db, paper)
        by_tag = await _by_shared_tags(db, paper, total)
        by_word = await _by_shared_words(db, paper, total)
        scores = {
            paper_id: _AUTHOR_WEIGHT * len(by_author.get(paper_id, ()))
            + _TAG_WEIGHT * len(by_tag.get(paper_id, ()))
            + len(by_word.get(paper_id, ()))
            for paper_id in {*by_author, *by_tag, *by_word}
        }
        best = sorted(scores, key=lambda paper_id: (-scores[paper_id], -paper_id))[:limit]
        papers = await paper_queries.load(db, best)
    return tuple(
        Related(other, *(tuple(found.get(other.id, ())) for found in (by_author, by_word, by_tag)))
        for other in papers
    )


async def _count_papers(db: Connection) -> int:
    """Returns the number of papers in the list, without reading them all."""
    removed = await db.value(
        "SELECT COUNT(*) FROM papers INDEXED BY removed_by_title WHERE removed_at IS NOT NULL"
    )
    return await paper_queries.last_id(db) - int(removed)


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
            names.setdefault(other["paper_id"], []).append(without_author_id(row["name"]))
    return names


async def _by_shared_tags(db: Connection, paper: Paper, total: int) -> dict[int, list[str]]:
    """Returns the rare tags that other papers share with a paper, by the other paper's id."""
    rows = await db.all(
        """SELECT tag FROM tag_counts WHERE tag IN (SELECT value FROM json_each(?))
           AND papers BETWEEN 2 AND ? ORDER BY papers, tag""",
        [json.dumps(paper.tags), max(total * _MAX_SHARE, _MIN_TAGGED)],
    )
    tags: dict[int, list[str]] = {}
    for row in rows:
        for other in await db.all(
            """SELECT paper_id FROM tags JOIN papers ON papers.id = paper_id
               WHERE tag = ? AND paper_id <> ? AND removed_at IS NULL
               ORDER BY paper_id DESC LIMIT ?""",
            [row["tag"], paper.id, _MAX_WITH_WORDS],
        ):
            tags.setdefault(other["paper_id"], []).append(row["tag"])
    return tags


async def _by_shared_words(db: Connection, paper: Paper, total: int) -> dict[int, list[str]]:
    """Returns the distinctive words that other titles share, in any form, by their paper's id."""
    forms = await _distinctive_words(db, paper, total)
    if not forms:
        return {}
    stems = {word: stem(word) for word in forms}
    names = _names(paper.title)
    shown = {word: names.get(stems[word], word) for word in forms}
    rows = await db.all(
        f"""SELECT papers.id, title, title_key FROM (
                SELECT rowid AS sort_key FROM paper_heads WHERE paper_heads MATCH ?
                ORDER BY rowid DESC LIMIT ?) AS found
            JOIN papers ON papers.id = found.sort_key & {search_index.ID_MASK}
            WHERE papers.id <> ?""",  # noqa: S608
        [
            any_of([form for found in forms.values() for form in found], "title"),
            _MAX_WITH_WORDS,
            paper.id,
        ],
    )
    shared = {}
    for row in rows:
        in_title = {*stem_all(row["title_key"].split())}
        words = [word for word in forms if stems[word] in in_title]
        if len(words) > 1 or (words and stems[words[0]] in names.keys() & _names(row["title"])):
            shared[row["id"]] = [shown[word] for word in words]
    return shared


def _names(title: str) -> dict[str, str]:
    """Returns words with capitals inside, such as “BERT”, by their stems.

    Returns none if all letters of the title are capitals.
    """
    words = _WORD.findall("" if title.isupper() else title)
    return {stem(fold(word)): word for word in words if any(map(str.isupper, word[1:]))}


async def _distinctive_words(
    db: Connection, paper: Paper, total: int
) -> dict[str, Mapping[str, int]]:
    """Returns the rarest words of a paper's title that other papers have too, rarest first.

    Each comes with its forms and how many papers contain them.
    """
    words: Sequence[str] = [
        word
        for word in dict.fromkeys(fold(paper.title).split())
        if len(word) > 2 and not word.isdecimal() and stem(word) not in _SAYS_LITTLE
    ]
    forms = await term_counts.load_forms(db, words)
    papers = {word: sum(found.values()) for word, found in forms.items()}
    by_stem = {stem(word): word for word in reversed(words)}  # “model” and “models” are one
    most = max(total * _MAX_SHARE, _MIN_SHARING)
    distinctive = [word for word in by_stem.values() if _MIN_SHARING <= papers[word] <= most]
    rarest = sorted(distinctive, key=lambda word: (papers[word], word))[:_MAX_WORDS]
    return {word: forms[word] for word in rarest}
