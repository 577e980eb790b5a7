"""SQL of finding name forms near a question, each in bounded time; who is who is in `identities`.

No question reads a family or a prefix as a whole: names are walked by `level`, those of the most
papers first, and every walk has an end.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from rapidfuzz import process
from rapidfuzz.distance import OSA

from storage.authors.clustering import NameVariant
from storage.database import Connection, Row
from storage.names.parser import Name, search_words

SMALL_FAMILY = 8  # names in a family that suggestions still sort into people
_WALK = 3000  # rows of words that one question may look at
_SORTED = 120  # names found by level that are put in their exact order
_NEAR, _FAR = 0.75, 0.6  # of two words' letters that agree, surely and perhaps
_LAST = "\U0010ffff"

_FORM = """names.id, names.name, names.papers, aliases.name_id IS NOT NULL AS decided,
    aliases.is_former, known.name AS person"""
_JOINED = """LEFT JOIN aliases ON aliases.name_id = names.id
    LEFT JOIN names AS known ON known.id = aliases.person_id"""
_PRESENT = "(names.papers > 0 OR aliases.person_id IS NOT NULL)"
_LEVELS = """levels (level) AS (SELECT max(level) FROM name_words
    UNION ALL SELECT level - 1 FROM levels WHERE level > 0)"""


async def named(db: Connection, name: str) -> list[NameVariant]:
    """The form that is written exactly so."""
    rows = await db.all(f"SELECT {_FORM} FROM names {_JOINED} WHERE names.name = ?", [name])  # noqa: S608
    return _forms(rows)


async def same_letters(db: Connection, names: Iterable[Name]) -> list[NameVariant]:
    """Written-out forms with the letters of one of these names."""
    letters = {spelling.letters for name in names for spelling in name.spellings}
    rows = await db.all(
        f"""SELECT {_FORM} FROM names {_JOINED}
            WHERE names.letters IN (SELECT value FROM json_each(?)) AND names.is_full
            AND {_PRESENT} LIMIT 200""",  # noqa: S608 - constants
        [json.dumps(sorted(letters))],
    )
    return _forms(rows)


async def persons_forms(db: Connection, people: Iterable[str]) -> list[NameVariant]:
    """Every form that moderators gave to the people who are shown by these names."""
    wanted = sorted(set(people))
    if not wanted:
        return []
    rows = await db.all(
        f"""SELECT {_FORM} FROM names AS person
            JOIN aliases ON aliases.person_id = person.id JOIN names ON names.id = aliases.name_id
            JOIN names AS known ON known.id = person.id
            WHERE person.name IN (SELECT value FROM json_each(?))""",  # noqa: S608 - constants
        [json.dumps(wanted)],
    )
    return _forms(rows)


async def short_forms(
    db: Connection, family_key: str, initial: str, limit: int
) -> list[NameVariant]:
    """Bare surnames of a family, and its initials that begin so."""
    rows = await db.all(
        f"""SELECT {_FORM} FROM names {_JOINED}
            WHERE names.family_key = ? AND names.is_full = 0 AND names.initial IN ('', ?)
            AND {_PRESENT} LIMIT ?""",  # noqa: S608 - constants
        [family_key, initial, limit],
    )
    return _forms(rows)


async def full_forms(
    db: Connection, family_key: str, initial: str, limit: int
) -> list[NameVariant]:
    """Written-out names of a family that begin with a letter, or (none) all of them."""
    rows = await db.all(
        f"""SELECT {_FORM} FROM names {_JOINED}
            WHERE names.family_key = ? AND names.is_full = 1
            AND names.initial >= ? AND names.initial < ? || '{_LAST}'
            AND {_PRESENT} LIMIT ?""",  # noqa: S608 - constants
        [family_key, initial, initial, limit],
    )
    return _forms(rows)


async def small_families(db: Connection, name_ids: Sequence[int]) -> list[NameVariant]:
    """All forms in the families of these names, large families left out."""
    rows = await db.all(
        f"""WITH families (family_key) AS (
                SELECT DISTINCT family_key FROM names
                WHERE id IN (SELECT value FROM json_each(?)))
            SELECT {_FORM} FROM families
            CROSS JOIN names ON names.family_key = families.family_key {_JOINED}
            WHERE (SELECT COUNT(*) FROM (SELECT 1 FROM names AS other
                   WHERE other.family_key = families.family_key LIMIT {SMALL_FAMILY + 1}))
                <= {SMALL_FAMILY} AND {_PRESENT}""",  # noqa: S608 - constants
        [json.dumps(list(name_ids))],
    )
    return _forms(rows)


async def with_word(
    db: Connection, words: Sequence[str], given: str, limit: int
) -> list[NameVariant]:
    """Forms that have one of these words, most papers first; ``given`` or its initial too."""
    rows = await db.all(
        f"""WITH RECURSIVE {_LEVELS}, found (name_id) AS (
                SELECT name_id FROM (
                    SELECT name_id, words FROM levels CROSS JOIN name_words
                    ON name_words.level = levels.level
                    AND name_words.word IN (SELECT value FROM json_each(?)) LIMIT {_WALK})
                WHERE ? = '' OR instr(words, ' ' || ?) OR instr(words, ?) LIMIT ?)
            SELECT {_FORM} FROM found JOIN names ON names.id = found.name_id {_JOINED}
            WHERE {_PRESENT}""",  # noqa: S608 - constants
        [json.dumps(list(words)), given, given, f" {given[:1]} ", limit],
    )
    return _forms(rows)


async def beginning(db: Connection, words: Sequence[str], limit: int) -> list[NameVariant]:
    """Forms of which every typed word begins a word, most papers first; any for no words."""
    driving = await _most_selective(db, words) if len(words) > 1 else "".join(words)
    others = [word for word in dict.fromkeys(words) if word != driving][:8]
    all_others = "".join(" AND instr(words, ?)" for _ in others)
    rows = await db.all(
        f"""WITH RECURSIVE {_LEVELS}, found (name_id) AS (
                SELECT DISTINCT name_id FROM (
                    SELECT name_id, words FROM levels CROSS JOIN name_words
                    ON name_words.level = levels.level
                    AND name_words.word >= ? AND name_words.word < ? || '{_LAST}' LIMIT {_WALK})
                WHERE 1 {all_others} LIMIT {_SORTED})
            SELECT {_FORM} FROM found JOIN names ON names.id = found.name_id {_JOINED}
            WHERE {_PRESENT} ORDER BY names.papers DESC LIMIT ?""",  # noqa: S608 - constants
        [driving, driving, *(f" {word}" for word in others), limit],
    )
    return _forms(rows)


async def spelled_nearly(db: Connection, text: str, limit: int = 60) -> list[NameVariant]:
    """Forms with words like those of a text, the ones that share more of them first."""
    words = search_words(text)[:8]
    near = {word: None for asked in words for word in await _nearest_words(db, asked)}
    shared = " + ".join(["0", *("(instr(words, ?) > 0)" for _ in words)])
    rows = await db.all(
        f"""WITH RECURSIVE {_LEVELS}, found (name_id) AS (
                SELECT name_id FROM (
                    SELECT name_id, words FROM levels CROSS JOIN name_words
                    ON name_words.level = levels.level
                    AND name_words.word IN (SELECT value FROM json_each(?)) LIMIT {_WALK // 2})
                ORDER BY {shared} DESC LIMIT ?)
            SELECT DISTINCT {_FORM} FROM found JOIN names ON names.id = found.name_id {_JOINED}
            WHERE {_PRESENT}""",  # noqa: S608 - constants
        [json.dumps(list(near)), *(f" {word[:2]}" for word in words), limit],
    )
    return _forms(rows)


async def _most_selective(db: Connection, words: Sequence[str]) -> str:
    """The typed word that fewest names have, as far as a short look tells; else the longest."""
    rows = await db.all(
        f"""WITH RECURSIVE {_LEVELS}
            SELECT asked.value AS word, (SELECT COUNT(*) FROM (
                SELECT 1 FROM levels CROSS JOIN name_words ON name_words.level = levels.level
                AND word >= asked.value AND word < asked.value || '{_LAST}' LIMIT 1000)) AS names
            FROM json_each(?) AS asked""",  # noqa: S608 - constants
        [json.dumps(list(words))],
    )
    fewest = min(rows, key=lambda row: (row["names"], -len(row["word"])))
    return str(fewest["word"])


async def _nearest_words(db: Connection, word: str, limit: int = 6) -> list[str]:
    """The words of names that are nearest to a word in spelling, itself first.

    A word with a mistake keeps its first or its second half (https://norvig.com/spell-correct.html:
    most mistakes are one edit), so only those with the same beginning or end are compared; where
    none of them is near, those of the same two letters to begin with.
    """
    kept = max(2, min(4, (len(word) - 1) // 2))
    rows = await db.all(
        """SELECT * FROM (SELECT word FROM name_spellings WHERE word >= ?1 AND word < ?1 || ?4
               AND length(word) BETWEEN ?3 - 1 AND ?3 + 1 LIMIT 800)
           UNION ALL SELECT * FROM (SELECT word FROM name_spellings
               WHERE backwards >= ?2 AND backwards < ?2 || ?4
               AND length(word) BETWEEN ?3 - 1 AND ?3 + 1 LIMIT 800)""",
        [word[:kept], word[::-1][:kept], len(word), _LAST],
    )
    near = _nearest(word, rows, _NEAR, limit)
    if not near:
        rows = await db.all(
            """SELECT word FROM name_spellings WHERE word >= ?1 AND word < ?1 || ?3
                   AND length(word) BETWEEN ?2 - 2 AND ?2 + 2 LIMIT 800""",
            [word[:2], len(word), _LAST],
        )
        near = _nearest(word, rows, _FAR, limit)
    return list(dict.fromkeys([word, *near]))


def _nearest(word: str, rows: Iterable[Row], least: float, limit: int) -> list[str]:
    found = process.extract(
        word,
        list(dict.fromkeys(row["word"] for row in rows)),
        scorer=OSA.normalized_similarity,
        score_cutoff=least,
        limit=limit,
    )
    return [near for near, _score, _place in found]


def _forms(rows: Iterable[Row]) -> list[NameVariant]:
    return [
        NameVariant(
            id=row["id"],
            name=row["name"],
            papers=row["papers"],
            person=row["person"],
            is_apart=bool(row["decided"]) and row["person"] is None,
            is_former=bool(row["is_former"]),
        )
        for row in rows
    ]
