"""SQL of what moderators decide about credited names: whose they are, and which is never shown."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from storage import timestamps
from storage.audit import log as audit_log
from storage.audit.models import Recorded
from storage.authors import candidates
from storage.authors import lookup as author_lookup
from storage.authors.clustering import NameVariant, Person
from storage.authors.lookup import AuthorQueries
from storage.database import Connection, Database
from storage.errors import AuthorNotFound, LabError
from storage.models import Actor, PaperDraft
from storage.names.matching import compatible, same_written
from storage.names.parser import parse_name
from storage.papers import credits
from storage.papers import writes as paper_writes

_SHORT = 100  # short forms of a family that are looked through

# What is decided of some names: by name, the name that its person is shown by (none: it is
# nobody's but its own), and whether it is a former one; none where nothing is decided.
Decisions: TypeAlias = dict[str, dict[str, object] | None]


class Authors(AuthorQueries):
    """Looks people up by name, and records what moderators decide about names."""

    def __init__(self, database: Database, clock: timestamps.Clock) -> None:
        super().__init__(database)
        self._clock = clock

    async def merge(self, name: str, into: str, actor: Actor) -> Recorded[str]:
        """Make two names one person's, shown by the second; returns the name that is shown."""
        async with self._database.transaction(in_reply=True) as db:
            return await self._decide(db, "merge", await merge(db, name, into), actor)

    async def split(self, name: str, actor: Actor) -> Recorded[str]:
        """Split a credited name from its person; returns that person's name."""
        async with self._database.transaction(in_reply=True) as db:
            return await self._decide(db, "split", await split(db, name), actor)

    async def rename(self, name: str, to: str, actor: Actor) -> Recorded[str]:
        """Show a person by a new name and never by the former one; returns the new name."""
        async with self._database.transaction(in_reply=True) as db:
            return await self._decide(db, "rename", await rename(db, name, to), actor)

    async def with_current_names(self, drafts: Sequence[PaperDraft]) -> list[PaperDraft]:
        """Return drafts with every former name replaced by its person's current one."""
        async with self._database.reading() as db:
            return await credits.as_shown(db, drafts)

    async def _decide(
        self, db: Connection, action: str, decided: tuple[str, Decisions], actor: Actor
    ) -> Recorded[str]:
        name, after = decided
        before = await decisions(db, after)
        await decide(db, after)
        hidden = await credits.implied(db, after)
        follows: Decisions = {
            other: {"person": person, "former": True} for other, person in hidden.items()
        }
        if follows:
            await decide(db, follows)
        before, after = {**before, **dict.fromkeys(follows)}, {**after, **follows}
        change_id = await audit_log.record_decision(
            db, self._clock(), actor, action, name, before, after
        )
        return Recorded(name, change_id)


async def merge(db: Connection, name: str, into: str) -> tuple[str, Decisions]:
    """Make two names one person's, who is shown by the second; gives that name.

    A name that is credited so is meant itself, though it might be several people's. A fuller form
    of a former name, which the rename left to others, becomes a former one, too. Raises `LabError`
    where they are one person's already, or as `authors.find` does.
    """
    credited = await author_lookup.find_credited(db, name)
    absorbed = credited[1] if credited else await author_lookup.find(db, name)
    kept = await author_lookup.find(db, into)
    if not {form.id for form in absorbed.forms}.isdisjoint(form.id for form in kept.forms):
        raise LabError(f"“{name}” and “{into}” are one person already: {kept.name}.")
    new = parse_name(kept.name)
    forms = [*_own_forms(absorbed), *_own_forms(kept)]
    former = [form.parsed for form in forms if form.is_former]
    decided: Decisions = {}
    for form in forms:
        like_former = any(compatible(form.parsed, one) for one in former)
        is_former = form.is_former or (like_former and not compatible(form.parsed, new))
        decided[form.name] = {"person": kept.name, "former": is_former}
    return kept.name, {kept.name: {"person": kept.name, "former": False}, **decided}


async def split(db: Connection, name: str) -> tuple[str, Decisions]:
    """Part a credited name from the person that it counts for; gives who that was.

    A name that was merged becomes a person again; a short one that counts by rule counts for
    nobody but itself. Raises `LabError` where it stands alone already.
    """
    form, identity = await _credited(db, name)
    others = [other for other in identity.forms if other.id != form.id and not other.is_former]
    if form.is_former or not others:
        raise LabError(f"“{form.name}” is nobody else's name, so there is nothing to part.")
    if form.person is None:
        if form.parsed.is_full:
            raise LabError(
                f"“{form.name}” is written like “{others[0].name}”, letter by letter, and I can't "
                "tell two people of one name apart."
            )
        return identity.name, {form.name: {"person": None, "former": False}}
    alike = [other for other in identity.forms if _is_alike(other, form)]
    rest = [form for form in identity.forms if form.person is not None and form not in alike]
    names = [other.name for other in rest if not other.is_former]
    leader = next(iter(names), None) if form.name == identity.name else identity.name
    if leader is None and rest:
        raise LabError(f"{identity.name} has only former names beside this one; rename them first.")
    if any(other.is_former for other in rest):
        raise LabError(
            f"{identity.name} has former names, and I can't tell whose of the two they are. Take "
            "the merge back instead, by `/curate undo`."
        )
    alone = len(rest) == 1 and not rest[0].is_former
    parted: Decisions = {
        other.name: None if alone else {"person": leader, "former": other.is_former}
        for other in rest
    }
    apart: dict[str, object] = {"person": None, "former": False}
    free = {one.name: None if one.parsed.is_full else apart for one in alike}
    return identity.name, {**free, **parted}


async def rename(db: Connection, name: str, to: str) -> tuple[str, Decisions]:
    """Show a person by another name; the former one still leads to them, and is never shown.

    Every form that is like the former name and not like the new one becomes a former one. Raises
    `LabError` where the new name is another person's, who would be joined silently.
    """
    to = " ".join(to.split())
    new = parse_name(to)
    if not new.family or len(to) > 100:
        raise LabError("Give the new name as it is to stand on the papers, such as “Ann Lee”.")
    identity = await _named(db, name)
    other = await author_lookup.find_credited(db, to)
    own = {form.id for form in identity.forms}
    if other is not None and own.isdisjoint(form.id for form in other[1].forms):
        raise LabError(
            f"“{to}” is credited as another person. If both are one, use `/people merge` first."
        )
    asked = parse_name(name)
    same = [form for form in identity.forms if compatible(form.parsed, asked)]
    left = [form for form in same if form.name in {name, identity.name}] or same
    decided: Decisions = {to: {"person": to, "former": False}}
    for form in identity.forms:
        if form.name == to:
            continue
        like_former = any(compatible(form.parsed, one.parsed) for one in left)
        former = form in left or (like_former and not compatible(form.parsed, new))
        if former or form.is_former or form.stands:
            decided[form.name] = {"person": to, "former": former or form.is_former}
    if not any(decision and decision["former"] for decision in decided.values()):
        raise LabError(f"{to} is shown by that name already.")
    return to, decided


async def decisions(db: Connection, names: Iterable[str]) -> Decisions:
    """What is decided of these names now."""
    wanted = list(names)
    rows = await db.all(
        """SELECT names.name, known.name AS person, is_former FROM aliases
           JOIN names ON names.id = aliases.name_id
           LEFT JOIN names AS known ON known.id = aliases.person_id
           WHERE names.name IN (SELECT value FROM json_each(?))""",
        [json.dumps(wanted)],
    )
    found: Decisions = dict.fromkeys(sorted(wanted))
    for row in rows:
        found[row["name"]] = {"person": row["person"], "former": bool(row["is_former"])}
    return found


async def decide(db: Connection, wanted: Decisions) -> None:
    """Make the decisions hold, and let search and suggestions follow."""
    wanted = {**wanted, **await _respelled(db, wanted)}
    before = await decisions(db, wanted)
    for name, decision in wanted.items():
        name_id = await credits.name_id(db, name)
        await db.run("DELETE FROM aliases WHERE name_id = ?", [name_id])
        if decision is not None:
            person = decision["person"]
            await db.run(
                "INSERT INTO aliases (name_id, person_id, is_former) VALUES (?, ?, ?)",
                [
                    name_id,
                    await credits.name_id(db, str(person)) if person is not None else None,
                    int(bool(decision["former"])),
                ],
            )
    await _level(db, wanted)
    turned = [name for name in wanted if _is_hidden(before[name]) or _is_hidden(wanted[name])]
    rows = await db.all(
        """SELECT DISTINCT paper_id FROM credits JOIN names ON names.id = name_id
           WHERE name IN (SELECT value FROM json_each(?)) ORDER BY paper_id""",
        [json.dumps(turned)],
    )
    for start in range(0, len(rows), 500):
        await paper_writes.reindex(db, [row["paper_id"] for row in rows[start : start + 500]])
    if turned:
        await _redraw(db, turned)


async def _respelled(db: Connection, wanted: Decisions) -> Decisions:
    """What follows for names not decided about that are former ones written otherwise.

    They became former as they were credited (see `bylines`), and are so only with the others.
    """
    before = await decisions(db, wanted)
    found: Decisions = {}
    for name, decision in wanted.items():
        parsed = parse_name(name)
        if not parsed.is_full or _is_hidden(decision) == _is_hidden(before[name]):
            continue
        for form in await candidates.same_letters(db, [parsed]):
            if form.name not in wanted and same_written(form.parsed, parsed):
                found[form.name] = decision if _is_hidden(decision) else None
        if not _is_hidden(decision):
            for form in await candidates.short_forms(db, parsed.family_key, parsed.initial, _SHORT):
                if form.name not in wanted and form.is_former and compatible(form.parsed, parsed):
                    found[form.name] = None
    return found


async def _redraw(db: Connection, names: Iterable[str]) -> None:
    """Let what shows some people by these names, or may do so while it waits, be drawn anew."""
    turned = [parse_name(name) for name in names]
    posters = [
        row["posted_by"]
        for row in await db.all(
            """SELECT DISTINCT posted_by FROM announcements JOIN papers ON papers.id = paper_id
               WHERE posted_by <> ''"""
        )
        if any(compatible(parse_name(row["posted_by"]), name) for name in turned)
    ]
    await db.run(
        """UPDATE posts SET revision = revision + 1
           WHERE entry_id IN (SELECT id FROM entries WHERE draft IS NOT NULL)
           OR suggestion_id IN (SELECT id FROM suggestions WHERE decided_at IS NULL)
           OR id IN (SELECT post_id FROM announcements JOIN papers ON papers.id = paper_id
                     WHERE posted_by IN (SELECT value FROM json_each(?)))""",
        [json.dumps(posters)],
    )


async def _level(db: Connection, names: Iterable[str]) -> None:
    """Let names be suggested as early as the best of their people's names deserves."""
    for name in names:
        name_id = await credits.name_id(db, name)
        level = await db.value(
            """SELECT MAX(level) FROM names WHERE id = ?1 OR id IN (SELECT name_id FROM aliases
               WHERE person_id = (SELECT person_id FROM aliases WHERE name_id = ?1))""",
            [name_id],
        )
        await db.run("UPDATE name_words SET level = ? WHERE name_id = ?", [level, name_id])


async def _named(db: Connection, name: str) -> Person:
    """The person of a name, or who alone removed papers credit; raises as `authors.find` does."""
    try:
        return await author_lookup.find(db, name)
    except AuthorNotFound:
        forms = await candidates.named(db, name)
        if not forms:
            raise
        return Person(tuple(forms))


async def _credited(db: Connection, name: str) -> tuple[NameVariant, Person]:
    found = await author_lookup.find_credited(db, name)
    if found is None:
        raise LabError(
            f"No paper credits exactly “{name}”. Give the name as it is credited; `/author` shows "
            "the forms."
        )
    return found


def _is_alike(form: NameVariant, parted: NameVariant) -> bool:
    """Whether a form goes where another one goes: it is that one, or is written like it."""
    if form == parted:
        return True
    is_decided = form.person is not None and not form.is_former
    return is_decided and parted.parsed.is_full and same_written(form.parsed, parted.parsed)


def _own_forms(identity: Person) -> list[NameVariant]:
    """The forms that stand for a person by themselves; all, where none does."""
    return [form for form in identity.forms if form.stands] or list(identity.forms)


def _is_hidden(decision: dict[str, object] | None) -> bool:
    return decision is not None and bool(decision["former"])
