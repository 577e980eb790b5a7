"""Former names: which credited names are replaced by a person's current name.

Moderators decide which names are former (see `storage.authors.decisions`). Other spellings of these
are former names too: if Jane Old becomes Jane New, “J. Old” is hidden as well, unless it may be
somebody else's.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from storage.concurrency import run_in_thread
from storage.connection import Connection, Row
from storage.models import PaperDetails
from storage.names.initials_index import InitialsIndex
from storage.names.matching import abbreviate, are_compatible, are_told_apart, identity_keys
from storage.names.parser import Name, parse_name

_Details = TypeVar("_Details", bound=PaperDetails)


@dataclass(frozen=True, slots=True)
class FormerName:
    """A former name, and the person whose name it was: their id and current name."""

    name: Name
    person_id: int
    current: str


class FormerNames:
    """Tells former names from others, and decides which names become former as they are credited.

    What it reads it keeps, since imports ask about many names of few families. So it serves one
    submission, and has to be told of every name that is credited in the meantime.
    """

    def __init__(self) -> None:
        self._is_loaded = False
        self._former: dict[str, _FormerFamily] = {}  # by family key
        self._hidden: set[str] = set()  # the former names as credited
        self._full: dict[tuple[str, bool], _FullNames] = {}  # by family key, exact or not

    async def current(self, db: Connection, names: Iterable[str]) -> dict[str, str]:
        """Returns the current name for those of ``names`` that are former, credited or not."""
        asked = list(dict.fromkeys(name for name in names if name))
        if not asked or not await self.exist(db):
            return {}
        found = await self._find_credited(db, asked)
        uncredited = [name for name in asked if name not in found]
        matches = await self._match(db, await run_in_thread(parse_names, uncredited))
        found |= {name: former.current for name, former in matches.items()}
        return {name: current for name, current in found.items() if current is not None}

    async def exist(self, db: Connection) -> bool:
        """Returns whether there are any former names."""
        if not self._is_loaded:
            rows = await db.all(
                """SELECT names.name, person_id, known.name AS current
                   FROM aliases JOIN names ON names.id = name_id
                   JOIN names AS known ON known.id = person_id WHERE is_former"""
            )
            for text, former in await run_in_thread(_parse_former, rows):
                self._add_former(text, former)
            self._is_loaded = True
        return self._former != {}

    async def credit(self, db: Connection, names: Mapping[str, Name]) -> None:
        """Stores which of the names, just credited for the first time, are former."""
        if names and await self.exist(db):
            await self._store(db, await self.decide(db, names))

    async def decide(self, db: Connection, names: Mapping[str, Name]) -> dict[str, FormerName]:
        """Decides which undecided names are other spellings of former names, and of which.

        Full names are decided first, because the others depend on them.
        """
        decided: dict[str, FormerName] = {}
        for is_full in (True, False):
            group = {text: name for text, name in names.items() if name.is_full is is_full}
            matches = await self._match(db, group)
            for text, name in group.items():
                if text in matches:
                    self._add_former(text, replace(matches[text], name=name))
                elif is_full:
                    self._add_full(name)
            decided |= matches
        return decided

    async def _find_credited(self, db: Connection, names: Collection[str]) -> dict[str, str | None]:
        """Returns the current name, or None, for those of ``names`` that are credited."""
        rows = await db.all(
            """SELECT names.name, known.name AS current FROM names
               LEFT JOIN aliases ON aliases.name_id = names.id AND is_former
               LEFT JOIN names AS known ON known.id = person_id
               WHERE names.name IN (SELECT value FROM json_each(?))""",
            [json.dumps([*names])],
        )
        return {row["name"]: row["current"] for row in rows}

    async def _read_full_names(self, db: Connection, family_key: str) -> list[Row]:
        """Returns a family's credited full names, with the person that each is decided to be."""
        return await db.all(
            """SELECT name, person_id FROM names LEFT JOIN aliases ON name_id = id
               WHERE family_key = ? AND is_full""",
            [family_key],
        )

    async def _store(self, db: Connection, former: Mapping[str, FormerName]) -> None:
        """Stores which newly credited names are former."""
        await db.run_many(
            """INSERT INTO aliases (name_id, person_id, is_former)
               SELECT id, ?, 1 FROM names WHERE name = ?""",
            [(match.person_id, name) for name, match in former.items()],
        )

    async def _match(self, db: Connection, names: Mapping[str, Name]) -> dict[str, FormerName]:
        """Returns, by undecided name, the former name that it is another spelling of.

        Names that may be several people's are left out.
        """
        await self.exist(db)
        matches = await run_in_thread(
            partial(_find_spellings, families=self._former), [*names.items()]
        )
        short = {text: names[text] for text in matches if not names[text].is_full}
        for name in short.values():
            await self._load_full_names(db, name)
        ambiguous = await run_in_thread(
            partial(self._find_ambiguous, matches=matches), [*short.items()]
        )
        for text, former in matches.items():
            if former.name.author_id and not names[text].author_id and names[text].is_full:
                ambiguous |= {text} if await self._has_namesake(db, former) else set()
        return {text: former for text, former in matches.items() if text not in ambiguous}

    async def _has_namesake(self, db: Connection, former: FormerName) -> bool:
        """Returns whether an id tells somebody else of the same name apart."""
        rows = await self._read_full_names(db, former.name.family_key)
        return any(
            row["person_id"] != former.person_id
            and are_told_apart(parse_name(row["name"]), former.name)
            for row in rows
        )

    async def _load_full_names(self, db: Connection, name: Name) -> None:
        """Loads the full names of the families that a short name may belong to."""
        is_exact = _needs_exact_names(name)
        for family_key in name.family_keys:
            if (family_key, is_exact) not in self._full:
                rows = await self._read_full_names(db, family_key)
                shown = [row for row in rows if row["name"] not in self._hidden]
                self._full[family_key, is_exact] = await run_in_thread(
                    partial(_FullNames, is_exact=is_exact), shown
                )

    def _find_ambiguous(
        self, short_names: Sequence[tuple[str, Name]], matches: Mapping[str, FormerName]
    ) -> set[str]:
        """Returns the short names that also fit a full name of somebody else than their match."""
        return {
            text
            for text, name in short_names
            if any(
                self._full[family_key, _needs_exact_names(name)].fit_another(
                    name, matches[text].person_id
                )
                for family_key in name.family_keys
            )
        }

    def _add_former(self, text: str, former: FormerName) -> None:
        self._hidden.add(text)
        self._former.setdefault(former.name.family_key, _FormerFamily()).add(former)

    def _add_full(self, name: Name) -> None:
        """Adds a full name that is nobody's former one to the families loaded so far."""
        for is_exact in (True, False):
            if (name.family_key, is_exact) in self._full:
                self._full[name.family_key, is_exact].add(name, None)


async def current_names(db: Connection, names: Iterable[str]) -> dict[str, str]:
    """Returns the current name for those of ``names`` that are former ones, credited or not."""
    return await FormerNames().current(db, names)


async def with_current_names(
    db: Connection, drafts: Sequence[_Details], former: FormerNames | None = None
) -> list[_Details]:
    """Returns drafts or papers with every former name replaced by its person's current one."""
    names = {name for draft in drafts for name in (*draft.authors, draft.posted_by)}
    current = await (former or FormerNames()).current(db, names)
    if not current:
        return [*drafts]
    return [
        replace(
            draft,
            authors=tuple(current.get(name, name) for name in draft.authors),
            posted_by=current.get(draft.posted_by, draft.posted_by),
            collectives=tuple(current.get(name, name) for name in draft.collectives),
        )
        for draft in drafts
    ]


async def former_by_current(db: Connection, paper_id: int) -> dict[str, str]:
    """Returns the former names that a paper credits, by the current name that is displayed."""
    rows = await db.all(
        """SELECT names.name, known.name AS current FROM credits
           JOIN names ON names.id = credits.name_id
           JOIN aliases ON aliases.name_id = names.id AND aliases.is_former
           JOIN names AS known ON known.id = aliases.person_id
           WHERE credits.paper_id = ?""",
        [paper_id],
    )
    return {row["current"]: row["name"] for row in rows}


async def searchable_names(db: Connection, paper_ids: Sequence[int]) -> dict[int, list[str]]:
    """Returns the former names that papers credit, with the current ones, by paper id."""
    rows = await db.all(
        """SELECT credits.paper_id, names.name, known.name AS current
           FROM aliases JOIN names ON names.id = aliases.name_id
           JOIN names AS known ON known.id = aliases.person_id
           JOIN credits ON credits.name_id = aliases.name_id
           WHERE aliases.is_former AND credits.paper_id IN (SELECT value FROM json_each(?))
           ORDER BY credits.position""",
        [json.dumps(list(paper_ids))],
    )
    found: dict[int, list[str]] = {}
    for row in rows:
        found.setdefault(row["paper_id"], []).extend((row["name"], row["current"]))
    return found


async def implied_former_names(db: Connection, names: Iterable[str]) -> dict[str, str]:
    """Returns the current name for undecided names that are former because ``names`` are."""
    rows = await db.all(
        """SELECT DISTINCT other.name FROM names AS hidden
           JOIN aliases AS decided ON decided.name_id = hidden.id AND decided.is_former
           JOIN names AS other ON other.family_key = hidden.family_key
               AND (NOT other.is_full OR other.letters = hidden.letters)
           LEFT JOIN aliases ON aliases.name_id = other.id
           WHERE hidden.name IN (SELECT value FROM json_each(?)) AND aliases.name_id IS NULL""",
        [json.dumps([*names])],
    )
    parsed = await run_in_thread(parse_names, [row["name"] for row in rows])
    matches = await FormerNames().decide(db, parsed)
    return {name: former.current for name, former in matches.items()}


def parse_names(names: Sequence[str]) -> dict[str, Name]:
    """Returns names parsed, by the names as credited."""
    return {name: parse_name(name) for name in names}


class _FormerFamily:
    """The former names of a family, each spelling once."""

    def __init__(self) -> None:
        self._full: dict[tuple[int, tuple[Name, ...]], FormerName] = {}
        self._full_by_key: dict[str, dict[int, list[FormerName]]] = {}  # and by person
        self._short_by_words: dict[tuple[str, ...], dict[int, FormerName]] = {}

    def add(self, former: FormerName) -> None:
        name, person_id = former.name, former.person_id
        if name.is_full:
            self._full[person_id, name.spellings] = former
            for key in identity_keys(name):
                self._full_by_key.setdefault(key, {}).setdefault(person_id, []).append(former)
        else:
            self._short_by_words.setdefault(name.words, {})[person_id] = former

    def spelled_as(self, name: Name) -> Iterable[FormerName]:
        """Yields the former names that a name may be another spelling of.

        A full name must be the same, and a short one compatible. A short name that also fits the
        person's current name reveals nothing, so it isn't a former name.
        """
        if name.is_full:
            for key in identity_keys(name):
                yield from self._with_id(key, name.author_id)
            return
        for former in self._full.values():
            if are_compatible(former.name, name) and not _fits_current(former, name):
                yield former
        for former in self._short_by_words.get(name.words, {}).values():
            if not _fits_current(former, name):
                yield former

    def _with_id(self, key: str, author_id: str) -> Iterable[FormerName]:
        """Yields a former name for each person of that name whom no id tells apart."""
        for spellings in self._full_by_key.get(key, {}).values():
            author_ids = {former.name.author_id for former in spellings} - {""}
            if not (author_id and author_ids) or author_id in author_ids:
                yield max(spellings, key=lambda former: former.name.author_id)


class _FullNames:
    """The full names of a family that aren't former, with the people who have them.

    Given names are abbreviated unless ``is_exact``, so that a big family has few different ones.
    """

    def __init__(self, rows: Sequence[Row], *, is_exact: bool) -> None:
        self._is_exact = is_exact
        self._people: dict[tuple[Name, ...], set[int | None]] = {}  # by spellings
        self._index = InitialsIndex()
        for row in rows:
            self.add(parse_name(row["name"]), row["person_id"])

    def add(self, name: Name, person_id: int | None) -> None:
        """Adds a name, whose person is None unless a moderator decided it."""
        spellings = (name if self._is_exact else abbreviate(name)).spellings
        if spellings not in self._people:
            self._people[spellings] = set()
            self._index.add(spellings)
        self._people[spellings].add(person_id)

    def fit_another(self, short: Name, person_id: int) -> bool:
        """Returns whether a short name fits the full name of a person other than this one."""
        return any(
            self._people[spellings] != {person_id} and are_compatible(spellings[0], short)
            for spellings in self._index.find(short)
        )


def _parse_former(rows: Sequence[Row]) -> list[tuple[str, FormerName]]:
    return [
        (row["name"], FormerName(parse_name(row["name"]), row["person_id"], row["current"]))
        for row in rows
    ]


def _find_spellings(
    names: Sequence[tuple[str, Name]], families: Mapping[str, _FormerFamily]
) -> dict[str, FormerName]:
    """Returns the former names that names are other spellings of, unless it is several people's."""
    found: dict[str, FormerName] = {}
    for text, name in names:
        people = {
            former.person_id: former
            for key in name.family_keys
            if key in families
            for former in families[key].spelled_as(name)
        }
        if len(people) == 1:
            (found[text],) = people.values()
    return found


def _fits_current(former: FormerName, name: Name) -> bool:
    return are_compatible(parse_name(former.current), name)


def _needs_exact_names(short: Name) -> bool:
    """Returns whether abbreviated names aren't enough to find those that a short name fits.

    “Kassa Woldu, A.” is “Abebe Kassa Woldu”, whose given names may include “Kassa”.
    """
    return any(len(spelling.family) > 1 for spelling in short.spellings)
