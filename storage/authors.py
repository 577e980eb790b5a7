"""SQL of authors: a name somebody typed → a person and their papers; comparing is in `names`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from storage import papers
from storage.database import Connection, Database
from storage.errors import AuthorAmbiguous, AuthorNotFound, InvalidInput
from storage.fulltext import fold
from storage.names import Name, answers_to, compatible, parse_name
from storage.records import Paper, Person

_SIMILAR = 75  # a similarity of 0 to 100 from which a name is worth offering


@dataclass(frozen=True, slots=True)
class _Credited:
    """One credited form of a name, and the papers it stands on."""

    name: str
    parsed: Name
    paper_ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class _Identity:
    """The forms that count for one person; the first is the one to show."""

    forms: tuple[_Credited, ...]

    @property
    def shown(self) -> _Credited:
        return self.forms[0]

    @property
    def paper_ids(self) -> frozenset[int]:
        return frozenset().union(*(form.paper_ids for form in self.forms))


class Authors:
    """Looking people up by name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, text: str) -> Person:
        """The person whom a name means, with their papers, newest first.

        Raises `AuthorNotFound`, or `AuthorAmbiguous` where it could be several people.
        """
        asked = parse_name(text)
        if not asked.family:
            raise InvalidInput("Give a name to look for, such as “Biderman” or “Stella Biderman”.")
        async with self._database.reading() as db:
            matching = [
                identity
                for identity in _identities(await _sharing_word(db, [asked.family_key]))
                if any(answers_to(form.parsed, asked) for form in identity.forms)
            ]
            if not matching:
                raise AuthorNotFound(text, await _similar(db, text))
            chosen = _choose(matching, asked)
            if len(chosen) > 1:
                raise AuthorAmbiguous(text, sorted(identity.shown.name for identity in chosen))
            found = await papers.load(db, sorted(chosen[0].paper_ids))
        return _person(chosen[0], found)

    async def suggest(self, text: str, limit: int = 25) -> tuple[tuple[str, int], ...]:
        """Names for what is being typed, by any part of the name, with how many papers each."""
        words = fold(text).split()
        async with self._database.reading() as db:
            rows = await db.all(
                """SELECT names.family_key, COUNT(*) AS papers
                   FROM name_words JOIN names ON names.id = name_words.name_id
                   JOIN credits ON credits.name_id = names.id
                   WHERE word >= ? AND word < ? || char(1114111)
                   GROUP BY names.family_key ORDER BY papers DESC LIMIT 100""",
                [words[-1], words[-1]] if words else ["", ""],
            )
            identities = _identities(await _in_families(db, [row["family_key"] for row in rows]))
        ranked = sorted(
            (
                (identity.shown.name, len(identity.paper_ids))
                for identity in identities
                if any(_begins_with(form.name, words) for form in identity.forms)
            ),
            key=lambda item: (-item[1], item[0].casefold()),
        )
        return tuple(ranked[:limit])


def _choose(matching: Sequence[_Identity], asked: Name) -> list[_Identity]:
    """The people meant: an exact name first, then written-out names, then what else is credited."""
    full = [identity for identity in matching if identity.shown.parsed.is_full]
    for tier in (full, list(matching)):
        exact = [identity for identity in tier if identity.shown.parsed == asked]
        if len(exact) == 1:
            return exact
        if tier:
            return tier
    return []


def _identities(credited: Iterable[_Credited]) -> list[_Identity]:
    """Group credited forms into people.

    Written-out names are one person's only when all their words agree. A bare surname or initials
    count for a person while that is the one compatible written-out name, and else stand alone.
    """
    written: dict[Name, list[_Credited]] = {}
    short: list[_Credited] = []
    for form in credited:
        if form.parsed.is_full:
            written.setdefault(form.parsed, []).append(form)
        else:
            short.append(form)
    alone: dict[Name, list[_Credited]] = {}
    for form in short:
        candidates = [name for name in written if compatible(name, form.parsed)]
        group = (
            written[candidates[0]] if len(candidates) == 1 else alone.setdefault(form.parsed, [])
        )
        group.append(form)
    return [
        _Identity(tuple(sorted(forms, key=_shown_first)))
        for forms in (*written.values(), *alone.values())
    ]


def _shown_first(form: _Credited) -> tuple[bool, int, str]:
    return (not form.parsed.is_full, -len(form.paper_ids), form.name)


def _person(identity: _Identity, found: Sequence[Paper]) -> Person:
    own = {form.name for form in identity.forms}
    coauthors = Counter(name for paper in found for name in paper.authors if name not in own)
    return Person(
        name=identity.shown.name,
        forms=tuple(form.name for form in identity.forms),
        papers=tuple(
            sorted(found, key=lambda paper: (str(paper.date or ""), paper.id), reverse=True)
        ),
        coauthors=tuple(sorted(coauthors.items(), key=lambda item: (-item[1], item[0]))),
    )


def _begins_with(name: str, words: Sequence[str]) -> bool:
    """Whether every typed word begins a word of the name."""
    parts = fold(name).split()
    return all(any(part.startswith(word) for part in parts) for word in words)


async def _sharing_word(db: Connection, words: Sequence[str]) -> list[_Credited]:
    """Every credited form in the families that one of these words points to."""
    rows = await db.all(
        """SELECT DISTINCT family_key FROM name_words JOIN names ON names.id = name_id
           WHERE word IN (SELECT value FROM json_each(?))""",
        [json.dumps(list(words))],
    )
    return await _in_families(db, [row["family_key"] for row in rows])


async def _in_families(db: Connection, family_keys: Sequence[str]) -> list[_Credited]:
    rows = await db.all(
        """SELECT names.name, json_group_array(papers.id) AS paper_ids
           FROM names JOIN credits ON credits.name_id = names.id
           JOIN papers ON papers.id = credits.paper_id AND papers.removed_at IS NULL
           WHERE names.family_key IN (SELECT value FROM json_each(?)) GROUP BY names.id""",
        [json.dumps(list(family_keys))],
    )
    return [
        _Credited(row["name"], parse_name(row["name"]), frozenset(json.loads(row["paper_ids"])))
        for row in rows
    ]


async def _similar(db: Connection, text: str) -> list[str]:
    """Up to three credited names that are spelled nearly so."""
    rows = await db.all(
        """SELECT DISTINCT names.name FROM names JOIN credits ON credits.name_id = names.id
           JOIN papers ON papers.id = credits.paper_id AND papers.removed_at IS NULL"""
    )
    found = process.extract(
        text,
        [row["name"] for row in rows],
        scorer=fuzz.token_set_ratio,
        processor=fold,
        score_cutoff=_SIMILAR,
        limit=3,
    )
    return [name for name, _score, _place in found]
