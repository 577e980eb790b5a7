"""SQL that reads the record of changes; writing it is in `recording`."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

from storage import timestamps
from storage.audit.models import Change, ChangeTarget, LogPage
from storage.database import Connection, Database, Row, Value
from storage.models import Actor
from storage.papers import credits

_NO_EDGE = 1 << 62  # more than the number of any change
_OF_SERVER = "(changes.guild_id IS NULL OR changes.guild_id = ?)"
_BATCH = 500  # parts of a bulk change in memory at once
_TOGETHER = 500  # papers that come and go together, while nobody waits long for the event loop


class AuditLog:
    """Reads the recorded changes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, change_id: int) -> Change | None:
        """The change with this number."""
        async with self._database.reading() as db:
            return await find(db, change_id)

    async def for_paper(self, paper_id: int) -> tuple[Change, ...]:
        """Every change to a paper, oldest first."""
        async with self._database.reading() as db:
            return await _shown(db, await _changes(db, "changes.paper_id = ?", [paper_id]))

    async def last_of(self, paper_id: int, actor: Actor) -> Change | None:
        """The whole of the last change to a paper, where this actor made it and it stands."""
        return await self._last(
            """changes.id = (SELECT COALESCE(part_of, id) FROM changes WHERE paper_id = ?
               ORDER BY id DESC LIMIT 1) AND changes.actor = ? AND changes.is_active""",
            [paper_id, actor.key],
        )

    async def last_by(self, actor: Actor, guild_id: int | None = None) -> Change | None:
        """The last change that somebody made and that stands; undoing is none.

        Of what channels hear, only that in one server counts.
        """
        return await self._last(
            f"""changes.id = (SELECT id FROM changes WHERE actor = ? AND part_of IS NULL
               AND is_active AND action <> 'undo' AND {_OF_SERVER} ORDER BY id DESC LIMIT 1)""",  # noqa: S608
            [actor.key, guild_id],
        )

    async def page(
        self,
        paper_id: int | None = None,
        *,
        guild_id: int | None = None,
        before: int | None = None,
        after: int | None = None,
        limit: int = 5,
    ) -> LogPage:
        """A page of the log, newest first: of all changes, or of one paper's.

        Of what channels hear, only the changes in one server are in it.

        The newest; or those next ``before`` a change's number, or next ``after`` one. In the log
        of all a bulk change is one, and a change of few papers has its parts; that of a paper has
        what was changed of those that became a part of it, too.
        """
        of, values = f"changes.part_of IS NULL AND {_OF_SERVER}", list[Value]([guild_id])
        if paper_id is not None:
            of = "changes.paper_id IN (SELECT id FROM papers WHERE id = ? OR merged_into_id = ?)"
            values = [paper_id, paper_id]
        async with self._database.reading() as db:
            if after is None:
                edge = before if before is not None else _NO_EDGE
                found = await _changes(
                    db, f"{of} AND changes.id < ?", [*values, edge], "DESC", limit + 1
                )
                has_newer, has_older = before is not None, len(found) > limit
            else:
                found = await _changes(
                    db, f"{of} AND changes.id > ?", [*values, after], "", limit + 1
                )
                has_newer, has_older = len(found) > limit, True
            shown = sorted(found[:limit], key=lambda change: -change.id)
            if paper_id is None:
                shown = await _with_parts(db, shown)
            return LogPage(await _shown(db, shown), has_newer=has_newer, has_older=has_older)

    async def _last(self, condition: str, values: Sequence[Value]) -> Change | None:
        async with self._database.reading() as db:
            found = await _shown(db, await _changes(db, condition, values))
        return found[0] if found else None


async def find(db: Connection, change_id: int) -> Change | None:
    """The change with this number, as it is to be shown."""
    found = await _shown(db, await _changes(db, "changes.id = ?", [change_id]))
    return found[0] if found else None


async def chain(db: Connection, change: Change) -> tuple[Change, ...]:
    """A change, what it undoes, what that undoes and so on, as they are kept."""
    found = await _changes(db, "changes.id = ?", [change.id])
    while (undone := found[-1].undoes) is not None:
        found += await _changes(db, "changes.id = ?", [undone])
    return tuple(found)


async def steps(db: Connection, whole: Change, *, backwards: bool) -> AsyncIterator[Change]:
    """The changes to papers that a change consists of, in either order, but no additions."""
    itself = [] if whole.action in {"add", "import", "review"} else [whole]
    if not backwards:
        for change in itself:
            yield change
    edge, way, order = (_NO_EDGE, "<", "DESC") if backwards else (0, ">", "")
    while found := await _changes(
        db,
        f"changes.part_of = ? AND changes.id {way} ? AND changes.action <> 'add'",
        [whole.id, edge],
        order,
        _BATCH,
    ):
        for change in found:
            yield change
        edge = found[-1].id
    if backwards:
        for change in itself:
            yield change


async def added(db: Connection, whole: Change) -> AsyncIterator[list[int]]:
    """The numbers of the papers that a change added, some thousands at once."""
    if whole.action == "add" and whole.paper_id is not None:
        yield [whole.paper_id]
    edge = 0
    while rows := await db.all(
        """SELECT id, paper_id FROM changes WHERE part_of = ? AND id > ? AND action = 'add'
           ORDER BY id LIMIT ?""",
        [whole.id, edge, _TOGETHER],
    ):
        yield [row["paper_id"] for row in rows]
        edge = rows[-1]["id"]


async def dependents(
    db: Connection, change: Change, whole: Change, limit: int
) -> list[tuple[int, int]]:
    """Papers of a change that were changed again since, by what stands, with the last change.

    ``whole`` is what the change did or undid. What was done and undone since does not count.
    """
    rows = await db.all(
        """WITH RECURSIVE
           touched (paper_id) AS (
               SELECT paper_id FROM changes WHERE id = ?1 AND paper_id IS NOT NULL
               UNION SELECT paper_id FROM changes WHERE part_of = ?1),
           acts (paper_id, id, undoes, is_active) AS (
               SELECT own.paper_id, whole.id, whole.undoes, whole.is_active FROM touched
               JOIN changes AS own ON own.paper_id = touched.paper_id
               JOIN changes AS whole ON whole.id = COALESCE(own.part_of, own.id)
               UNION
               SELECT acts.paper_id, later.id, later.undoes, later.is_active
               FROM acts JOIN changes AS later ON later.undoes = acts.id)
           SELECT paper_id, MAX(id) AS later FROM acts
           WHERE id > ?2 AND is_active AND COALESCE(undoes, 0) <= ?2
           GROUP BY paper_id ORDER BY later DESC LIMIT ?3""",
        [whole.id, change.id, limit],
    )
    return [(row["paper_id"], row["later"]) for row in rows]


async def decided_since(db: Connection, change: Change, names: Sequence[str]) -> int | None:
    """The last decision that stands about some of these names, made after a change."""
    number = await db.value(
        """SELECT MAX(changes.id) FROM changes INDEXED BY changes_by_name,
               json_each(changes.after) AS said
           WHERE name_id IS NOT NULL AND changes.id > ?1 AND is_active
           AND COALESCE(undoes, 0) <= ?1 AND said.key IN (SELECT value FROM json_each(?2))""",
        [change.id, json.dumps([*names])],
    )
    return int(number) if number is not None else None


async def arranged_since(db: Connection, change: Change, names: Sequence[str]) -> int | None:
    """The last change that stands in what some of these names say of a feed or channel."""
    about = change.about or ChangeTarget()
    number = await db.value(
        """SELECT MAX(changes.id) FROM changes, json_each(?3) AS name
           WHERE (feed_id = ?1 OR channel_id = ?2) AND changes.id > ?4 AND is_active
           AND COALESCE(undoes, 0) <= ?4
           AND json_extract(before, '$.' || name.value)
               IS NOT json_extract(after, '$.' || name.value)""",
        [about.feed_id, about.channel_id, json.dumps([*names]), change.id],
    )
    return int(number) if number is not None else None


async def _with_parts(db: Connection, wholes: Sequence[Change]) -> list[Change]:
    """Changes with their parts, but those of bulk ones."""
    numbers = [change.id for change in wholes if change.action != "import"]
    parts = await _changes(
        db, "changes.part_of IN (SELECT value FROM json_each(?))", [json.dumps(numbers)]
    )
    return [
        replace(change, parts=tuple(part for part in parts if part.part_of == change.id))
        for change in wholes
    ]


async def _changes(
    db: Connection, condition: str, values: Sequence[Value], order: str = "", limit: int = -1
) -> list[Change]:
    """Changes by number, as they are kept."""
    rows = await db.all(
        f"""SELECT changes.*, names.name, COALESCE(whole.is_active, changes.is_active) AS in_force
            FROM changes LEFT JOIN names ON names.id = changes.name_id
            LEFT JOIN changes AS whole ON whole.id = changes.part_of
            WHERE {condition} ORDER BY changes.id {order} LIMIT ?""",  # noqa: S608 - constants
        [*values, limit],
    )
    return [
        Change(
            id=row["id"],
            at=timestamps.from_text(row["at"]),
            actor=Actor(row["actor"], row["actor_name"]),
            action=row["action"],
            paper_id=row["paper_id"],
            name=row["name"],
            about=_about(row),
            before=json.loads(row["before"]),
            after=json.loads(row["after"]),
            moved=json.loads(row["moved"]) if row["moved"] else None,
            resolution=json.loads(row["resolution"]) if row["resolution"] else None,
            part_of=row["part_of"],
            undoes=row["undoes"],
            is_undone=not row["in_force"],
        )
        for row in rows
    ]


def _about(row: Row) -> ChangeTarget | None:
    about = ChangeTarget(row["feed_id"], row["guild_id"], row["channel_id"])
    return about if about != ChangeTarget() else None


async def _shown(db: Connection, found: Sequence[Change]) -> tuple[Change, ...]:
    """Changes with what papers said of people by the names to show."""
    every = [change for whole in found for change in (whole, *whole.parts)]
    papers = [said for change in every for said in (change.before, change.after)]
    names = {name for said in papers for name in said.get("authors", ()) if isinstance(name, str)}
    names |= {said["posted_by"] for said in papers if "posted_by" in said}
    names |= {change.name for change in every if change.name}
    shown = await credits.shown(db, names)
    return tuple(_with_names(change, shown) for change in found)


def _with_names(change: Change, shown: dict[str, str]) -> Change:
    return replace(
        change,
        name=shown.get(change.name, change.name) if change.name else None,
        before=_said_by(change.before, shown),
        after=_said_by(change.after, shown),
        parts=tuple(_with_names(part, shown) for part in change.parts),
    )


def _said_by(said: dict[str, Any], shown: dict[str, str]) -> dict[str, Any]:
    if not shown or not isinstance(said.get("authors"), list):
        return said
    authors = [shown.get(name, name) for name in said["authors"]]
    return {
        **said,
        "authors": authors,
        "posted_by": shown.get(said["posted_by"], said["posted_by"]),
    }
