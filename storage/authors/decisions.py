"""SQL of moderators' decisions about credited names: whose they are, and which are never shown."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from storage import timestamps
from storage.audit import log as audit_log
from storage.audit.models import ChangeAction, NameDecision, NameDecisions, Recorded
from storage.authors import candidates
from storage.authors import lookup as author_lookup
from storage.authors.clustering import NameVariant, Person
from storage.authors.errors import AuthorNotFound
from storage.authors.lookup import AuthorQueries
from storage.connection import Connection
from storage.database import Database
from storage.errors import LabError
from storage.models import Actor, PaperDraft
from storage.names.affixes import without_author_id
from storage.names.matching import are_compatible, are_told_apart, is_same_name
from storage.names.parser import Name, parse_name
from storage.papers import credits, former_names
from storage.papers import writes as paper_writes

_MAX_NAME = 100
_MAX_SHORT_NAMES = 100  # short names of a family that follow a decision about a full one
_REINDEX_BATCH = 500


class Authors(AuthorQueries):
    """Looks people up by name, and merges, splits and renames them."""

    def __init__(self, database: Database, clock: timestamps.Clock) -> None:
        super().__init__(database)
        self._clock = clock

    async def merge(self, name: str, into: str, actor: Actor) -> Recorded[str]:
        """Makes both names one person's; returns that person's display name."""
        async with self._database.transaction(in_reply=True) as db:
            person, decided = await merge(db, name, into)
            return await self._record(db, ChangeAction.MERGE, person, decided, actor)

    async def split(self, name: str, actor: Actor) -> Recorded[str]:
        """Separates a credited name from its person; returns that person's display name."""
        async with self._database.transaction(in_reply=True) as db:
            person, decided = await split(db, name)
            return await self._record(db, ChangeAction.SPLIT, person, decided, actor)

    async def rename(self, name: str, to: str, actor: Actor) -> Recorded[str]:
        """Replaces a person's name and hides the former one; returns the new name."""
        async with self._database.transaction(in_reply=True) as db:
            person, decided = await rename(db, name, to)
            return await self._record(db, ChangeAction.RENAME, person, decided, actor)

    async def with_current_names(self, drafts: Sequence[PaperDraft]) -> list[PaperDraft]:
        """Returns the drafts with every former name replaced by its person's current one."""
        async with self._database.reading() as db:
            return await former_names.with_current_names(db, drafts)

    async def _record(
        self,
        db: Connection,
        action: ChangeAction,
        person: str,
        decided: NameDecisions,
        actor: Actor,
    ) -> Recorded[str]:
        """Stores decisions, and those they imply for other names, as one change.

        ``person`` is the name that stands for the person, as it is credited.
        """
        before, after = await decide_with_implied(db, decided)
        change_id = await audit_log.record_name_change(
            db, self._clock(), actor, action, await credits.name_id(db, person), before, after
        )
        return Recorded(without_author_id(person), change_id)


async def decide_with_implied(
    db: Connection, decided: NameDecisions
) -> tuple[NameDecisions, NameDecisions]:
    """Stores decisions, and those they imply for other names; returns all before and after."""
    before = await decisions(db, decided)
    await decide(db, decided)
    implied: dict[str, NameDecision | None] = {
        name: NameDecision(current_name, is_former=True)
        for name, current_name in (await former_names.implied_former_names(db, decided)).items()
    }
    if implied:
        await decide(db, implied)
    return {**before, **dict.fromkeys(implied)}, {**decided, **implied}


async def merge(db: Connection, name: str, into: str) -> tuple[str, NameDecisions]:
    """Decides that two names are one person's; returns that person's name and the decisions.

    ``into`` gives the name to display. If ``name`` is credited as such and isn't a full name, that
    very name is merged, even if it could mean several people. Names that are compatible with a
    former name of either, but not with the display name, become former names as well.

    Raises `LabError` if both are one person already, and otherwise like `Authors.get`.
    """
    is_full = parse_name(name).is_full
    credited = None if is_full else await author_lookup.find_credited(db, name)
    absorbed = credited[1] if credited else await author_lookup.get_person(db, name)
    kept = await author_lookup.get_person(db, into)
    kept_ids = {variant.id for variant in kept.variants}
    if any(variant.id in kept_ids for variant in absorbed.variants):
        raise LabError(f"“{name}” and “{into}” are already the same person: {kept.name}.")
    display_name = parse_name(kept.name)
    variants = [*_identifying_variants(absorbed), *_identifying_variants(kept)]
    former = [variant.parsed for variant in variants if variant.is_former]
    person = kept.credited_name
    decided: dict[str, NameDecision | None] = {person: NameDecision(person)}
    for variant in variants:
        reveals = reveals_former(variant.parsed, former, display_name)
        decided[variant.name] = NameDecision(person, is_former=variant.is_former or reveals)
    return person, decided


async def split(db: Connection, name: str) -> tuple[str, NameDecisions]:
    """Decides that a credited name isn't its person's; returns that person and the decisions.

    A name that was merged becomes a person again. A short name that was attributed by rule becomes
    a person of its own, and so does one without an id. Raises `LabError` if it has nothing to be
    separated from.
    """
    variant, person = await _get_credited(db, name)
    others = [other for other in person.variants if other.id != variant.id and not other.is_former]
    if variant.is_former or not others:
        raise LabError(f"“{variant.name}” isn't merged with another name.")
    if variant.person is None:
        author_ids = {other.parsed.author_id for other in person.variants}
        if variant.parsed.is_full and len(author_ids) == 1:
            raise LabError(
                f"“{variant.name}” and “{others[0].name}” are the same name. To tell two people "
                "with the same name apart, edit their papers, and add a number to one of them, "
                f"like “{variant.name} 0001”. It won't be shown."
            )
        return person.credited_name, {variant.name: NameDecision(None)}
    return person.credited_name, _split_decided(variant, person)


def _split_decided(variant: NameVariant, person: Person) -> NameDecisions:
    """Decides who keeps which names if a merged variant leaves its person."""
    leaving = [other for other in person.variants if _leaves_with(other, variant)]
    staying = [
        other for other in person.variants if other.person is not None and other not in leaving
    ]
    display_name: str | None = person.credited_name
    if variant.name == person.credited_name:
        display_name = next((other.name for other in staying if not other.is_former), None)
    if display_name is None and staying:
        raise LabError(f"{person.name} has no other name to show. Rename the author first.")
    if any(other.is_former for other in staying):
        raise LabError(
            f"{person.name} has former names, and I can't tell which of the two they belong to. "
            "Undo the merge instead."
        )
    decided: dict[str, NameDecision | None] = {}
    for other in leaving:
        decided[other.name] = None if other.parsed.is_full else NameDecision(None)
    for other in staying:
        is_alone = len(staying) == 1  # a single name needs no decision
        decided[other.name] = None if is_alone else NameDecision(display_name)
    return decided


async def rename(db: Connection, name: str, to: str) -> tuple[str, NameDecisions]:
    """Decides that a person has a new display name; returns it and the decisions.

    ``name`` becomes a former name: it still finds the person but is never shown. So does every
    variant that is compatible with it and not with the new name. Raises `LabError` if the new name
    is another person's, because that would merge the two silently.
    """
    to = " ".join(to.split())
    new_name = parse_name(to)
    if not new_name.family or len(to) > _MAX_NAME:
        raise LabError("Enter the new name as it should appear on papers, like “Ann Lee”.")
    person = await _get_person(db, name)
    other = await author_lookup.find_credited(db, to)
    own_ids = {variant.id for variant in person.variants}
    namesakes = other[1].variants if other else await candidates.with_same_letters(db, [new_name])
    known = {
        variant.id
        for variant in namesakes
        if other or (new_name.is_full and is_same_name(variant.parsed, new_name))
    }
    if known and own_ids.isdisjoint(known):
        raise LabError(
            f"Another person is credited as “{to}”. If they're the same person, merge them first "
            "with `/people merge`."
        )
    await _require_one_person(db, person.credited_name)
    old_name = parse_name(name)
    fitting = [variant for variant in person.variants if are_compatible(variant.parsed, old_name)]
    named = {name, person.credited_name}
    replaced = [variant for variant in fitting if variant.name in named] or fitting
    former = [variant.parsed for variant in replaced]
    decided: dict[str, NameDecision | None] = {to: NameDecision(to)}
    for variant in person.variants:
        if variant.name == to:
            continue
        is_former = (
            variant.is_former
            or variant in replaced
            or reveals_former(variant.parsed, former, new_name)
        )
        if is_former or variant.is_identifying:
            decided[variant.name] = NameDecision(to, is_former=is_former)
    if not any(_is_former(decision) for decision in decided.values()):
        raise LabError(f"This author is already called “{to}”.")
    return to, decided


async def decisions(db: Connection, names: Iterable[str]) -> NameDecisions:
    """Returns what is currently decided about each of these names."""
    names = list(names)
    rows = await db.all(
        """SELECT names.name, known.name AS person, is_former FROM aliases
           JOIN names ON names.id = aliases.name_id
           LEFT JOIN names AS known ON known.id = aliases.person_id
           WHERE names.name IN (SELECT value FROM json_each(?))""",
        [json.dumps(names)],
    )
    found: dict[str, NameDecision | None] = dict.fromkeys(sorted(names))
    for row in rows:
        found[row["name"]] = NameDecision(row["person"], is_former=bool(row["is_former"]))
    return found


async def decide(db: Connection, decided: NameDecisions) -> None:
    """Stores decisions, and updates search, suggestions and posts to match."""
    decided = {**decided, **await _implied_decisions(db, decided)}
    before = await decisions(db, decided)
    for name, decision in decided.items():
        name_id = await credits.name_id(db, name)
        await db.run("DELETE FROM aliases WHERE name_id = ?", [name_id])
        if decision is not None:
            person = decision.person
            await db.run(
                "INSERT INTO aliases (name_id, person_id, is_former) VALUES (?, ?, ?)",
                [
                    name_id,
                    await credits.name_id(db, person) if person is not None else None,
                    int(decision.is_former),
                ],
            )
    await _update_levels(db, decided)
    hidden_or_revealed = [
        name for name in decided if _is_former(before[name]) or _is_former(decided[name])
    ]
    if hidden_or_revealed:
        await _reindex(db, hidden_or_revealed)
        await _mark_posts_changed(db, hidden_or_revealed)


async def _implied_decisions(db: Connection, decided: NameDecisions) -> NameDecisions:
    """Returns what follows for other spellings of names that become former or cease to be.

    Some of these became former when they were credited (see `storage.papers.credits`), so they
    must follow if the name they were derived from is no longer former.
    """
    before = await decisions(db, decided)
    implied: dict[str, NameDecision | None] = {}
    for name, decision in decided.items():
        parsed = parse_name(name)
        if not parsed.is_full or _is_former(decision) == _is_former(before[name]):
            continue
        for variant in await candidates.with_same_letters(db, [parsed]):
            is_spelling = (
                not are_told_apart(variant.parsed, parsed)
                if _is_former(before[name])
                else variant.parsed.author_id == parsed.author_id
            )
            is_spelling = is_spelling and is_same_name(variant.parsed, parsed)
            if variant.name not in decided and is_spelling:
                implied[variant.name] = decision if _is_former(decision) else None
        if _is_former(decision):
            continue
        for variant in await candidates.short_variants(
            db, parsed.family_key, parsed.initial, _MAX_SHORT_NAMES
        ):
            if (
                variant.name not in decided
                and variant.is_former
                and are_compatible(variant.parsed, parsed)
            ):
                implied[variant.name] = None
    return implied


async def _reindex(db: Connection, names: Sequence[str]) -> None:
    """Updates the search index for the papers that credit these names."""
    rows = await db.all(
        """SELECT DISTINCT paper_id FROM credits JOIN names ON names.id = name_id
           WHERE name IN (SELECT value FROM json_each(?)) ORDER BY paper_id""",
        [json.dumps(names)],
    )
    ids = [row["paper_id"] for row in rows]
    for start in range(0, len(ids), _REINDEX_BATCH):
        await paper_writes.reindex(db, ids[start : start + _REINDEX_BATCH])


async def _mark_posts_changed(db: Connection, names: Iterable[str]) -> None:
    """Marks posts that show these names, or may show them, to be rendered again."""
    parsed = [parse_name(name) for name in names]
    posters = [
        row["posted_by"]
        for row in await db.all(
            """SELECT DISTINCT posted_by FROM announcements JOIN papers ON papers.id = paper_id
               WHERE posted_by <> ''"""
        )
        if any(are_compatible(parse_name(row["posted_by"]), name) for name in parsed)
    ]
    await db.run(
        """UPDATE posts SET revision = revision + 1
           WHERE entry_id IN (SELECT id FROM entries WHERE draft IS NOT NULL)
           OR suggestion_id IN (SELECT id FROM suggestions WHERE decided_at IS NULL)
           OR report_id IN (SELECT id FROM reports WHERE decided_at IS NULL)
           OR id IN (SELECT post_id FROM announcements JOIN papers ON papers.id = paper_id
                     WHERE posted_by IN (SELECT value FROM json_each(?)))""",
        [json.dumps(posters)],
    )


async def _update_levels(db: Connection, names: Iterable[str]) -> None:
    """Sets the level of names, and so their rank in suggestions, to that of their person's best."""
    for name in names:
        name_id = await credits.name_id(db, name)
        level = await db.value(
            """SELECT MAX(level) FROM names WHERE id = ?1 OR id IN (SELECT name_id FROM aliases
               WHERE person_id = (SELECT person_id FROM aliases WHERE name_id = ?1))""",
            [name_id],
        )
        await db.run("UPDATE name_words SET level = ? WHERE name_id = ?", [level, name_id])


async def _get_person(db: Connection, name: str) -> Person:
    """Returns the person with a name, even if only removed papers credit it.

    Raises like `Authors.get`.
    """
    try:
        return await author_lookup.get_person(db, name)
    except AuthorNotFound:
        variants = await candidates.with_name(db, name)
        if not variants:
            raise
        return Person(tuple(variants))


async def _require_one_person(db: Connection, name: str) -> None:
    """Raises `LabError` if several of the lab's people are shown by a name."""
    number = await db.value(
        """SELECT COUNT(*) FROM people LEFT JOIN aliases ON aliases.name_id = people.name_id
           JOIN names ON names.id = COALESCE(aliases.person_id, people.name_id)
           WHERE names.name = ? AND NOT is_removed""",
        [name],
    )
    if number > 1:
        raise LabError(
            f"Several of the lab's people are called “{name}”, and papers don't say which of them "
            "they credit, so I can't rename one."
        )


async def _get_credited(db: Connection, name: str) -> tuple[NameVariant, Person]:
    found = await author_lookup.find_credited(db, name)
    if found is None or found[0].parsed.author_id != parse_name(name).author_id:
        raise LabError(
            f"No paper credits “{name}” exactly like that. Enter the name as it's credited. "
            "`/author` lists the spellings."
        )
    return found


def _leaves_with(other: NameVariant, variant: NameVariant) -> bool:
    """Returns whether ``other`` leaves a person with ``variant``, being another spelling of it."""
    if other == variant:
        return True
    is_decided = other.person is not None and not other.is_former
    is_alike = variant.parsed.is_full and other.parsed.author_id == variant.parsed.author_id
    return is_decided and is_alike and is_same_name(other.parsed, variant.parsed)


def reveals_former(name: Name, former_names: Iterable[Name], display_name: Name) -> bool:
    """Returns whether a name would give away a former one if it were shown."""
    return not are_compatible(name, display_name) and any(
        are_compatible(name, former) for former in former_names
    )


def _identifying_variants(person: Person) -> list[NameVariant]:
    """Returns the variants that identify the person by themselves, or all if none does."""
    identifying = [variant for variant in person.variants if variant.is_identifying]
    return identifying or list(person.variants)


def _is_former(decision: NameDecision | None) -> bool:
    return decision is not None and decision.is_former
