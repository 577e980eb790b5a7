"""SQL queries that fetch the name variants a name may refer to; clustering them is separate.

Each query runs in bounded time. None reads a whole family or prefix: names are visited by `level`,
which puts those with the most papers first, and every scan has a limit.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from rapidfuzz import process
from rapidfuzz.distance import OSA

from storage.authors.clustering import NameVariant
from storage.connection import Connection, Row
from storage.names.parser import Name, search_words

MAX_SMALL_FAMILY = 8  # names in a family that suggestions still cluster into people
_MAX_SCANNED = 3000  # rows of name_words that one query may visit
_MAX_SORTED = 120  # names found by level that are then sorted by exact paper count
_MAX_WORDS = 8  # of a query; the rest is ignored
_MAX_SPELLINGS = 800  # words of similar length that one spelling query may fetch
_SIMILAR, _SOMEWHAT_SIMILAR = 0.75, 0.6  # minimum similarity of two words' spelling
_LAST = "\U0010ffff"

_COLUMNS = """names.id, names.name, names.papers, aliases.name_id IS NOT NULL AS decided,
    aliases.is_former, known.name AS person, EXISTS (
        SELECT 1 FROM people WHERE people.name_id IN (names.id, aliases.person_id)
        AND NOT people.is_removed) AS is_registered"""
_DECISIONS = """LEFT JOIN aliases ON aliases.name_id = names.id
    LEFT JOIN names AS known ON known.id = aliases.person_id"""
_IS_KNOWN = "(names.papers > 0 OR aliases.person_id IS NOT NULL)"
_LEVELS = """levels (level) AS (SELECT max(level) FROM name_words
    UNION ALL SELECT level - 1 FROM levels WHERE level > 0)"""


async def with_name(db: Connection, name: str) -> list[NameVariant]:
    """Returns the variant with exactly this spelling, if there is one."""
    rows = await db.all(f"SELECT {_COLUMNS} FROM names {_DECISIONS} WHERE names.name = ?", [name])  # noqa: S608
    return _variants(rows)


async def with_same_letters(db: Connection, names: Iterable[Name]) -> list[NameVariant]:
    """Returns full names with the same letters as one of ``names``."""
    letters = {spelling.letters for name in names for spelling in name.spellings}
    rows = await db.all(
        f"""SELECT {_COLUMNS} FROM names {_DECISIONS}
            WHERE names.letters IN (SELECT value FROM json_each(?)) AND names.is_full
            AND {_IS_KNOWN} LIMIT 200""",  # noqa: S608 - constants
        [json.dumps(sorted(letters))],
    )
    return _variants(rows)


async def for_people(db: Connection, display_names: Iterable[str]) -> list[NameVariant]:
    """Returns all variants that moderators assigned to people with these display names."""
    names = sorted(set(display_names))
    if not names:
        return []
    rows = await db.all(
        f"""SELECT {_COLUMNS} FROM names AS person
            JOIN aliases ON aliases.person_id = person.id JOIN names ON names.id = aliases.name_id
            JOIN names AS known ON known.id = person.id
            WHERE person.name IN (SELECT value FROM json_each(?))""",  # noqa: S608 - constants
        [json.dumps(names)],
    )
    return _variants(rows)


async def short_variants(
    db: Connection, family_key: str, initial: str, limit: int
) -> list[NameVariant]:
    """Returns a family's bare surnames, and its initials-only names that start with ``initial``."""
    rows = await db.all(
        f"""SELECT {_COLUMNS} FROM names {_DECISIONS}
            WHERE names.family_key = ? AND names.is_full = 0 AND names.initial IN ('', ?)
            AND {_IS_KNOWN} LIMIT ?""",  # noqa: S608 - constants
        [family_key, initial, limit],
    )
    return _variants(rows)


async def full_variants(
    db: Connection, family_key: str, initial: str, limit: int
) -> list[NameVariant]:
    """Returns a family's full names that start with ``initial``, or all of them if it is empty."""
    rows = await db.all(
        f"""SELECT {_COLUMNS} FROM names {_DECISIONS}
            WHERE names.family_key = ? AND names.is_full = 1
            AND names.initial >= ? AND names.initial < ? || '{_LAST}'
            AND {_IS_KNOWN} LIMIT ?""",  # noqa: S608 - constants
        [family_key, initial, initial, limit],
    )
    return _variants(rows)


async def in_small_families(db: Connection, name_ids: Sequence[int]) -> list[NameVariant]:
    """Returns all variants in the families of these names, except for large families."""
    rows = await db.all(
        f"""WITH families (family_key) AS (
                SELECT DISTINCT family_key FROM names
                WHERE id IN (SELECT value FROM json_each(?)))
            SELECT {_COLUMNS} FROM families
            CROSS JOIN names ON names.family_key = families.family_key {_DECISIONS}
            WHERE (SELECT COUNT(*) FROM (SELECT 1 FROM names AS other
                   WHERE other.family_key = families.family_key LIMIT {MAX_SMALL_FAMILY + 1}))
                <= {MAX_SMALL_FAMILY} AND {_IS_KNOWN}""",  # noqa: S608 - constants
        [json.dumps(list(name_ids))],
    )
    return _variants(rows)


async def with_word(
    db: Connection, words: Sequence[str], given: str, limit: int
) -> list[NameVariant]:
    """Returns variants that contain one of ``words``, those with the most papers first.

    If ``given`` isn't empty, they must also contain a word that starts with it, or its initial.
    """
    rows = await db.all(
        f"""WITH RECURSIVE {_LEVELS}, found (name_id) AS (
                SELECT name_id FROM (
                    SELECT name_id, words FROM levels CROSS JOIN name_words
                    ON name_words.level = levels.level
                    AND name_words.word IN (SELECT value FROM json_each(?)) LIMIT {_MAX_SCANNED})
                WHERE ? = '' OR instr(words, ' ' || ?) OR instr(words, ?) LIMIT ?)
            SELECT {_COLUMNS} FROM found JOIN names ON names.id = found.name_id {_DECISIONS}
            WHERE {_IS_KNOWN}""",  # noqa: S608 - constants
        [json.dumps(list(words)), given, given, f" {given[:1]} ", limit],
    )
    return _variants(rows)


async def with_prefixes(db: Connection, prefixes: Sequence[str], limit: int) -> list[NameVariant]:
    """Returns variants in which every one of ``prefixes`` starts a word, most papers first.

    Without any prefix, returns the variants with the most papers.
    """
    rarest = await _rarest_prefix(db, prefixes) if len(prefixes) > 1 else "".join(prefixes)
    others = [prefix for prefix in dict.fromkeys(prefixes) if prefix != rarest][:_MAX_WORDS]
    conditions = "".join(" AND instr(words, ?)" for _ in others)
    rows = await db.all(
        f"""WITH RECURSIVE {_LEVELS}, found (name_id) AS (
                SELECT DISTINCT name_id FROM (
                    SELECT name_id, words FROM levels CROSS JOIN name_words
                    ON name_words.level = levels.level
                    AND name_words.word >= ? AND name_words.word < ? || '{_LAST}'
                    LIMIT {_MAX_SCANNED})
                WHERE 1 {conditions} LIMIT {_MAX_SORTED})
            SELECT {_COLUMNS} FROM found JOIN names ON names.id = found.name_id {_DECISIONS}
            WHERE {_IS_KNOWN} ORDER BY names.papers DESC LIMIT ?""",  # noqa: S608 - constants
        [rarest, rarest, *(f" {prefix}" for prefix in others), limit],
    )
    return _variants(rows)


async def with_similar_spelling(db: Connection, text: str, limit: int = 60) -> list[NameVariant]:
    """Returns variants with words spelled like those of ``text``, the closest matches first."""
    words = search_words(text)[:_MAX_WORDS]
    similar = {near: None for word in words for near in await _similar_words(db, word)}
    shared_words = " + ".join(["0", *("(instr(words, ?) > 0)" for _ in words)])
    rows = await db.all(
        f"""WITH RECURSIVE {_LEVELS}, found (name_id) AS (
                SELECT name_id FROM (
                    SELECT name_id, words FROM levels CROSS JOIN name_words
                    ON name_words.level = levels.level
                    AND name_words.word IN (SELECT value FROM json_each(?))
                    LIMIT {_MAX_SCANNED // 2})
                ORDER BY {shared_words} DESC LIMIT ?)
            SELECT DISTINCT {_COLUMNS} FROM found
            JOIN names ON names.id = found.name_id {_DECISIONS}
            WHERE {_IS_KNOWN}""",  # noqa: S608 - constants
        [json.dumps(list(similar)), *(f" {word[:2]}" for word in words), limit],
    )
    return _variants(rows)


async def _rarest_prefix(db: Connection, prefixes: Sequence[str]) -> str:
    """Returns the prefix that starts words in the fewest names (counted up to 1,000)."""
    rows = await db.all(
        f"""WITH RECURSIVE {_LEVELS}
            SELECT typed.value AS prefix, (SELECT COUNT(*) FROM (
                SELECT 1 FROM levels CROSS JOIN name_words ON name_words.level = levels.level
                AND word >= typed.value AND word < typed.value || '{_LAST}' LIMIT 1000)) AS names
            FROM json_each(?) AS typed""",  # noqa: S608 - constants
        [json.dumps(list(prefixes))],
    )
    rarest = min(rows, key=lambda row: (row["names"], -len(row["prefix"])))
    return str(rarest["prefix"])


async def _similar_words(db: Connection, word: str, limit: int = 6) -> list[str]:
    """Returns ``word`` and the words of names that are spelled most like it.

    Most mistakes are a single edit (https://norvig.com/spell-correct.html), which leaves the first
    or the second half of a word intact. So only words with the same start or end are compared; if
    none of them is similar, words with the same first two letters.
    """
    half = max(2, min(4, (len(word) - 1) // 2))
    rows = await db.all(
        f"""SELECT * FROM (SELECT word FROM name_spellings WHERE word >= ?1 AND word < ?1 || ?4
               AND length(word) BETWEEN ?3 - 1 AND ?3 + 1 LIMIT {_MAX_SPELLINGS})
           UNION ALL SELECT * FROM (SELECT word FROM name_spellings
               WHERE backwards >= ?2 AND backwards < ?2 || ?4
               AND length(word) BETWEEN ?3 - 1 AND ?3 + 1 LIMIT {_MAX_SPELLINGS})""",  # noqa: S608 - constants
        [word[:half], word[::-1][:half], len(word), _LAST],
    )
    similar = _most_similar(word, rows, _SIMILAR, limit)
    if not similar:
        rows = await db.all(
            f"""SELECT word FROM name_spellings WHERE word >= ?1 AND word < ?1 || ?3
                   AND length(word) BETWEEN ?2 - 2 AND ?2 + 2 LIMIT {_MAX_SPELLINGS}""",  # noqa: S608 - constants
            [word[:2], len(word), _LAST],
        )
        similar = _most_similar(word, rows, _SOMEWHAT_SIMILAR, limit)
    return list(dict.fromkeys([word, *similar]))


def _most_similar(word: str, rows: Iterable[Row], min_similarity: float, limit: int) -> list[str]:
    found = process.extract(
        word,
        list(dict.fromkeys(row["word"] for row in rows)),
        scorer=OSA.normalized_similarity,
        score_cutoff=min_similarity,
        limit=limit,
    )
    return [match for match, _score, _index in found]


def _variants(rows: Iterable[Row]) -> list[NameVariant]:
    return [
        NameVariant(
            id=row["id"],
            name=row["name"],
            paper_count=row["papers"],
            person=row["person"],
            is_split=bool(row["decided"]) and row["person"] is None,
            is_former=bool(row["is_former"]),
            is_registered=bool(row["is_registered"]),
        )
        for row in rows
    ]
