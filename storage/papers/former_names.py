"""SQL of former names: which credited names are replaced by a person's current name.

Moderators decide which names are former (see `storage.authors.decisions`). Other spellings of these
are former names too: if Jane Old becomes Jane New, “J. Old” is hidden as well, unless it may be
somebody else's.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from storage.concurrency import run_in_thread
from storage.database import Connection, Row
from storage.models import PaperDraft
from storage.names.matching import are_compatible, is_same_name
from storage.names.parser import Name, parse_name


async def current_names(db: Connection, names: Iterable[str]) -> dict[str, str]:
    """Returns the current name for those of ``names`` that are former ones, credited or not."""
    if not await _any_former(db):
        return {}
    names = list(dict.fromkeys(names))
    rows = await db.all(
        """SELECT names.name, known.name AS current FROM names
           LEFT JOIN aliases ON aliases.name_id = names.id AND is_former
           LEFT JOIN names AS known ON known.id = person_id
           WHERE names.name IN (SELECT value FROM json_each(?))""",
        [json.dumps(names)],
    )
    found = {row["name"]: row["current"] for row in rows}
    if uncredited := [name for name in names if name not in found]:
        matches = await _match_former_names(db, uncredited)
        found |= {name: row["current"] for name, row in matches.items()}
    return {name: current for name, current in found.items() if current is not None}


async def with_current_names(db: Connection, drafts: Sequence[PaperDraft]) -> list[PaperDraft]:
    """Returns the drafts with every former name replaced by its person's current one."""
    names = {name for draft in drafts for name in (*draft.authors, draft.posted_by)}
    current = await current_names(db, names)
    if not current:
        return [*drafts]
    return [
        replace(
            draft,
            authors=tuple(current.get(name, name) for name in draft.authors),
            posted_by=current.get(draft.posted_by, draft.posted_by),
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
    matches = await _match_former_names(db, [row["name"] for row in rows])
    return {name: row["current"] for name, row in matches.items()}


async def hide_new_names(db: Connection, names_by_id: Mapping[int, str]) -> None:
    """Marks newly credited names as former if they are other spellings of former names."""
    if not await _any_former(db):
        return
    matches = await _match_former_names(db, [*names_by_id.values()])
    await db.run_many(
        "INSERT INTO aliases (name_id, person_id, is_former) VALUES (?, ?, 1)",
        [
            (name_id, matches[name]["person_id"])
            for name_id, name in names_by_id.items()
            if name in matches
        ],
    )


async def _any_former(db: Connection) -> bool:
    return await db.value("SELECT 1 FROM aliases WHERE is_former LIMIT 1") is not None


async def _match_former_names(db: Connection, names: Sequence[str]) -> dict[str, Row]:
    """Returns, by undecided name, the former name that it is another spelling of.

    Names that may be several people's are left out. A row has the former ``name``, its
    ``person_id`` and that person's ``current`` name.
    """
    former_by_family: dict[str, list[Row]] = {}
    for row in await db.all(
        """SELECT names.name, names.family_key, person_id, known.name AS current
           FROM aliases JOIN names ON names.id = name_id
           JOIN names AS known ON known.id = person_id WHERE is_former"""
    ):
        former_by_family.setdefault(row["family_key"], []).append(row)
    parsed = await run_in_thread(partial(_parse_in_families, families=former_by_family), names)
    matches: dict[str, Row] = {}
    for text, name in parsed.items():
        rows = [
            row
            for key in name.family_keys
            for row in former_by_family.get(key, ())
            if row["name"] != text and _is_spelling(name, row)
        ]
        if len({row["person_id"] for row in rows}) == 1:
            matches[text] = rows[0]
    short = {text: parsed[text] for text in matches if not parsed[text].is_full}
    full_names = await _load_full_names(db, short.values()) if short else []
    for text, name in short.items():
        is_ambiguous = partial(
            _fits_another_person, name=name, own=matches[text]["person_id"], matches=matches
        )
        if await run_in_thread(is_ambiguous, full_names):
            del matches[text]
    return matches


async def _load_full_names(db: Connection, names: Iterable[Name]) -> list[Row]:
    """Returns the full names in the families of ``names``, except for former ones."""
    families = {key for name in names for key in name.family_keys}
    return await db.all(
        """SELECT name, initial, person_id FROM names LEFT JOIN aliases ON name_id = id
           WHERE family_key IN (SELECT value FROM json_each(?)) AND is_full
           AND is_former IS NOT TRUE""",
        [json.dumps(sorted(families))],
    )


def _parse_in_families(names: Sequence[str], families: Collection[str]) -> dict[str, Name]:
    """Parses names and returns those that belong to one of the families."""
    parsed = {name: parse_name(name) for name in names}
    return {
        text: name for text, name in parsed.items() if not name.family_keys.isdisjoint(families)
    }


def _is_spelling(name: Name, row: Row) -> bool:
    """Returns whether a name may be another spelling of a former name.

    A full name must be the same, and a short one compatible. A short name that also fits the
    person's current name reveals nothing, so it isn't a former name.
    """
    former = parse_name(row["name"])
    if name.is_full:
        return former.is_full and is_same_name(former, name)
    fits = are_compatible(former, name) if former.is_full else former.words == name.words
    return fits and not are_compatible(parse_name(row["current"]), name)


def _fits_another_person(
    full_names: Sequence[Row], name: Name, own: int, matches: Mapping[str, Row]
) -> bool:
    """Returns whether a short name fits the full name of a person other than ``own``.

    A full name among ``matches`` belongs to the person that it was matched to.
    """
    initials = tuple(spelling.initial for spelling in name.spellings)
    return any(
        matches.get(row["name"], row)["person_id"] != own
        and are_compatible(parse_name(row["name"]), name)
        for row in full_names
        if row["initial"].startswith(initials)
    )
