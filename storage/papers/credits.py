"""SQL of credits: which names a paper credits, in order; who those names are is in `authors`."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace as replaced
from functools import partial

from storage.database import Connection, Row
from storage.models import PaperDraft
from storage.names.matching import compatible, is_same_name
from storage.names.parser import Name, parse_name, search_words
from storage.threads import run_in_thread


async def insert(db: Connection, bylines: Sequence[tuple[int, Sequence[str]]]) -> None:
    """Credit papers to names, as they are written, in this order.

    The number of statements does not depend on how many papers there are.
    """
    wanted = list(dict.fromkeys(name for _paper_id, names in bylines for name in names))
    known, added = await _numbered(db, wanted)
    await db.run_many(
        "INSERT INTO credits (paper_id, position, name_id) VALUES (?, ?, ?)",
        [
            (paper_id, position, known[name])
            for paper_id, names in bylines
            for position, name in enumerate(names)
        ],
    )
    await _index(db, added)


async def replace(
    db: Connection,
    paper_id: int,
    names: Sequence[str],
    credited: Mapping[str, str] | None = None,
    *,
    as_credited: bool = False,
) -> None:
    """Credit a paper anew; a name that stands for a former one keeps standing for it.

    ``credited`` tells more of these, as `credited_for` does. With ``as_credited`` the names are
    those that stand for others, and not the ones shown.
    """
    credited = {**(credited or {}), **({} if as_credited else await credited_for(db, paper_id))}
    await db.run("DELETE FROM credits WHERE paper_id = ?", [paper_id])
    await insert(db, [(paper_id, [credited.get(name, name) for name in names])])


async def credited_for(db: Connection, paper_id: int) -> dict[str, str]:
    """By the names that a paper shows for former ones, these."""
    rows = await db.all(
        """SELECT names.name, known.name AS shown FROM credits
           JOIN names ON names.id = credits.name_id
           JOIN aliases ON aliases.name_id = names.id AND aliases.is_former
           JOIN names AS known ON known.id = aliases.person_id
           WHERE credits.paper_id = ?""",
        [paper_id],
    )
    return {row["shown"]: row["name"] for row in rows}


async def name_id(db: Connection, name: str) -> int:
    """The number of a name, which is added where it is not known."""
    known, added = await _numbered(db, [name])
    await _index(db, added)
    return known[name]


async def former(db: Connection, paper_ids: Sequence[int]) -> dict[int, list[str]]:
    """By what else papers' people are searched: former names, and what is shown for them."""
    rows = await db.all(
        """SELECT credits.paper_id, names.name, known.name AS shown
           FROM aliases JOIN names ON names.id = aliases.name_id
           JOIN names AS known ON known.id = aliases.person_id
           JOIN credits ON credits.name_id = aliases.name_id
           WHERE aliases.is_former AND credits.paper_id IN (SELECT value FROM json_each(?))
           ORDER BY credits.position""",
        [json.dumps(list(paper_ids))],
    )
    found: dict[int, list[str]] = {}
    for row in rows:
        found.setdefault(row["paper_id"], []).extend((row["name"], row["shown"]))
    return found


async def shown(db: Connection, names: Iterable[str]) -> dict[str, str]:
    """For those of the names that are former ones, credited or not, the name to show."""
    if not await _has_former(db):
        return {}
    wanted = list(dict.fromkeys(names))
    rows = await db.all(
        """SELECT names.name, known.name AS shown FROM names
           LEFT JOIN aliases ON aliases.name_id = names.id AND is_former
           LEFT JOIN names AS known ON known.id = person_id
           WHERE names.name IN (SELECT value FROM json_each(?))""",
        [json.dumps(wanted)],
    )
    found = {row["name"]: row["shown"] for row in rows}
    if unknown := [name for name in wanted if name not in found]:
        meant = await _meant(db, unknown)
        found |= {name: row["shown"] for name, row in meant.items()}
    return {name: known for name, known in found.items() if known is not None}


async def implied_former_names(db: Connection, names: Iterable[str]) -> dict[str, str]:
    """What to show for credited names, not decided about, that are former ones since these are."""
    rows = await db.all(
        """SELECT DISTINCT other.name FROM names AS hidden
           JOIN aliases AS decided ON decided.name_id = hidden.id AND decided.is_former
           JOIN names AS other ON other.family_key = hidden.family_key
               AND (NOT other.is_full OR other.letters = hidden.letters)
           LEFT JOIN aliases ON aliases.name_id = other.id
           WHERE hidden.name IN (SELECT value FROM json_each(?)) AND aliases.name_id IS NULL""",
        [json.dumps([*names])],
    )
    meant = await _meant(db, [row["name"] for row in rows])
    return {name: row["shown"] for name, row in meant.items()}


async def with_current_names(db: Connection, drafts: Sequence[PaperDraft]) -> list[PaperDraft]:
    """What drafts say, with the names to show for former ones."""
    names = {name for draft in drafts for name in (*draft.authors, draft.posted_by)}
    known = await shown(db, names)
    return [_renamed(draft, known) for draft in drafts] if known else [*drafts]


def _renamed(draft: PaperDraft, known: Mapping[str, str]) -> PaperDraft:
    authors = tuple(known.get(name, name) for name in draft.authors)
    posted_by = known.get(draft.posted_by, draft.posted_by)
    return replaced(draft, authors=authors, posted_by=posted_by)


async def _has_former(db: Connection) -> bool:
    return await db.value("SELECT 1 FROM aliases WHERE is_former LIMIT 1") is not None


async def _numbered(db: Connection, names: Sequence[str]) -> tuple[dict[str, int], dict[int, str]]:
    """The numbers of names, and those names by number that were not known before."""
    rows = await db.all(
        "SELECT id, name FROM names WHERE name IN (SELECT value FROM json_each(?))",
        [json.dumps(list(names))],
    )
    known: dict[str, int] = {row["name"]: row["id"] for row in rows}
    new = [name for name in names if name not in known]
    if not new:
        return known, {}
    first = int(await db.value("SELECT COALESCE(MAX(id), 0) + 1 FROM names"))
    added = dict(enumerate(new, first))
    known |= {name: number for number, name in added.items()}
    await db.run_many(
        """INSERT INTO names (id, name, letters, family_key, initial, is_full)
           VALUES (?, ?, ?, ?, ?, ?)""",
        await run_in_thread(_rows, list(added.items())),
    )
    if await _has_former(db):  # and it stays hidden in whatever way it is credited next
        meant = await _meant(db, [*added.values()])
        await db.run_many(
            "INSERT INTO aliases (name_id, person_id, is_former) VALUES (?, ?, 1)",
            [(known[name], row["person_id"]) for name, row in meant.items()],
        )
    return known, added


async def _meant(db: Connection, fresh: Sequence[str]) -> dict[str, Row]:
    """Those of some names, of which nothing is decided, that are former ones in another form.

    A short one that may be another person's, too, is none of them.
    """
    hidden: dict[str, list[Row]] = {}
    for row in await db.all(
        """SELECT names.name, names.family_key, person_id, known.name AS shown
           FROM aliases JOIN names ON names.id = name_id
           JOIN names AS known ON known.id = person_id WHERE is_former"""
    ):
        hidden.setdefault(row["family_key"], []).append(row)
    parsed = await run_in_thread(partial(_of_families, families=hidden), fresh)
    found: dict[str, Row] = {}
    for name, asked in parsed.items():
        rows = [row for key in asked.family_keys for row in hidden.get(key, ())]
        likely = [row for row in rows if row["name"] != name and _may_mean(asked, row)]
        if len({row["person_id"] for row in likely}) == 1:
            found[name] = likely[0]
    short = {name: parsed[name] for name in found if not parsed[name].is_full}
    rows = await _written_out(db, short.values()) if short else []
    for name, asked in short.items():
        own = found[name]["person_id"]
        if await run_in_thread(partial(_may_be_anothers, asked=asked, own=own, found=found), rows):
            del found[name]
    return found


async def _written_out(db: Connection, names: Iterable[Name]) -> list[Row]:
    """The written-out names of some names' families, but the former ones."""
    families = {key for name in names for key in name.family_keys}
    return await db.all(
        """SELECT name, initial, person_id FROM names LEFT JOIN aliases ON name_id = id
           WHERE family_key IN (SELECT value FROM json_each(?)) AND is_full
           AND is_former IS NOT TRUE""",
        [json.dumps(sorted(families))],
    )


def _of_families(names: Sequence[str], families: Collection[str]) -> dict[str, Name]:
    """Those of some names that are of these families, taken apart."""
    parsed = {name: parse_name(name) for name in names}
    return {
        name: read for name, read in parsed.items() if not read.family_keys.isdisjoint(families)
    }


def _may_mean(asked: Name, row: Row) -> bool:
    """Whether a name may be this former one: written out it is the same, and short it fits.

    What fits the name to show as well is no secret.
    """
    known = parse_name(row["name"])
    if asked.is_full:
        return known.is_full and is_same_name(known, asked)
    fits = compatible(known, asked) if known.is_full else known.words == asked.words
    return fits and not compatible(parse_name(row["shown"]), asked)


def _may_be_anothers(rows: Sequence[Row], asked: Name, own: int, found: Mapping[str, Row]) -> bool:
    """Whether a short name fits one of these, which are written out, that is not its own person's.

    What was ``found`` with it is that of who it was found for.
    """
    begin = tuple(spelling.initial for spelling in asked.spellings)
    return any(
        found.get(row["name"], row)["person_id"] != own
        and compatible(parse_name(row["name"]), asked)
        for row in rows
        if row["initial"].startswith(begin)
    )


async def _index(db: Connection, added: dict[int, str]) -> None:
    """Make new names findable; after their credits, when the level is known."""
    if not added:
        return
    words = await run_in_thread(_words, list(added.items()))
    await db.run_many(
        """INSERT INTO name_words (level, word, name_id, words)
           SELECT level, ?, id, ? FROM names WHERE id = ?""",
        [(word, f" {' '.join(found)} ", number) for number, found in words for word in found],
    )
    spelled = {word for _number, found in words for word in found}
    await db.run_many(
        "INSERT OR IGNORE INTO name_spellings (word, backwards) VALUES (?, ?)",
        [(word, word[::-1]) for word in sorted(spelled)],
    )


def _rows(named: Sequence[tuple[int, str]]) -> list[tuple[int, str, str, str, str, bool]]:
    """The rows of numbered names."""
    parsed = [(number, name, parse_name(name)) for number, name in named]
    return [
        (number, name, read.letters, read.family_key, read.initial, read.is_full)
        for number, name, read in parsed
    ]


def _words(named: Sequence[tuple[int, str]]) -> list[tuple[int, Sequence[str]]]:
    """The words by which numbered names are found."""
    return [(number, search_words(name)) for number, name in named]
