"""SQL of what is known about sources of papers; what to do with it is decided by the caller.

A source's state keeps its budget, and says how it is. The state of a subject, which is
what a source is asked about, says when to ask again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from storage import timestamps
from storage.connection import Connection, Row
from storage.database import Database

_MAX_BLOCK = timedelta(days=8)  # longer ones were recorded while the clock was wrong


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A question that takes several requests: its subjects' keys, and where to go on.

    ``since`` is the first day of the works that it asks for, or None for all works.
    """

    keys: tuple[str, ...]
    since: date | None
    cursor: str
    started_at: datetime


@dataclass(frozen=True, slots=True)
class SourceState:
    """What is recorded about a source; ``requests`` are those on ``requests_on``, a day in UTC.

    Before ``blocked_until``, it isn't asked. ``failures`` are the last ones in a row.
    """

    name: str
    requests_on: date | None = None
    requests: int = 0
    last_success_at: datetime | None = None
    failures: int = 0
    failing_since: datetime | None = None
    last_error: str = ""
    blocked_until: datetime | None = None
    unfinished: Unfinished | None = None

    def is_blocked(self, now: datetime) -> bool:
        """Returns whether it isn't asked at a time."""
        return self.blocked_until is not None and now < self.blocked_until <= now + _MAX_BLOCK

    def requests_of(self, day: date) -> int:
        """Returns how many requests were made on a day, if it's the last one with any."""
        return self.requests if day == self.requests_on else 0


@dataclass(frozen=True, slots=True)
class SubjectState:
    """What is recorded about a subject; ``asked_at`` is None if there was never a good answer.

    ``people`` are the ids of those whom it concerned. ``misses`` counts the last answers in a row
    that didn't know it. ``etag`` and ``last_modified`` are the validators of the last response.
    """

    key: str
    people: tuple[int, ...]
    asked_at: datetime | None
    next_due_at: datetime
    misses: int = 0
    etag: str = ""
    last_modified: str = ""


class Sources:
    """The recorded states of sources and their subjects."""

    def __init__(self, database: Database, clock: timestamps.Clock) -> None:
        self._database = database
        self._clock = clock

    async def states(self) -> dict[str, SourceState]:
        """Returns the state of each source that was ever asked, by its name."""
        async with self._database.reading() as db:
            rows = await db.all("SELECT * FROM sources")
        return {row["name"]: _read_state(row) for row in rows}

    async def subjects(self, name: str) -> dict[str, SubjectState]:
        """Returns the state of each subject that a source was asked about, by its key."""
        async with self._database.reading() as db:
            rows = await db.all("SELECT * FROM source_subjects WHERE source = ?", [name])
        return {row["key"]: _read_subject(row) for row in rows}

    async def fingerprints(self, name: str) -> frozenset[str]:
        """Returns the fingerprints of all works as a source has described them."""
        async with self._database.reading() as db:
            rows = await db.all(
                "SELECT fingerprint FROM witnesses WHERE source = ? AND fingerprint <> ''", [name]
            )
        return frozenset(row["fingerprint"] for row in rows)

    async def count_request(self, name: str) -> None:
        """Records that a request is about to be made."""

        async def count(db: Connection) -> None:
            await db.run(
                """INSERT INTO sources (name, requests_on, requests)
                   VALUES (?, ?, 1) ON CONFLICT (name) DO UPDATE SET
                   requests = IIF(requests_on = excluded.requests_on, requests, 0) + 1,
                   requests_on = excluded.requests_on""",
                [name, self._clock().date().isoformat()],
            )

        await self._database.write(count)

    async def record_answer(
        self,
        name: str,
        subjects: Sequence[SubjectState] = (),
        unfinished: Unfinished | None = None,
    ) -> None:
        """Records a good answer, after its witnesses were stored.

        ``subjects`` were asked about completely; what isn't is ``unfinished``.
        """

        async def record(db: Connection) -> None:
            await db.run(
                """UPDATE sources SET last_success_at = ?, failures = 0, failing_since = NULL,
                   last_error = '', blocked_until = NULL, unfinished = ? WHERE name = ?""",
                [timestamps.to_text(self._clock()), _dump_unfinished(unfinished), name],
            )
            await db.run_many(
                """INSERT OR REPLACE INTO source_subjects
                   (source, key, people, asked_at, next_due_at, misses, etag, last_modified)
                   VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
                [
                    (
                        name,
                        one.key,
                        json.dumps(one.people),
                        timestamps.to_text(one.asked_at) if one.asked_at else None,
                        timestamps.to_text(one.next_due_at),
                        one.misses,
                        one.etag,
                        one.last_modified,
                    )
                    for one in subjects
                ],
            )

        await self._database.write(record)

    async def record_failure(self, name: str, error: str, blocked_until: datetime) -> None:
        """Records that a source couldn't be asked, and until when it's left alone.

        ``error`` is a sentence without secrets. What was unfinished stays so.
        """
        now = timestamps.to_text(self._clock())
        async with self._database.transaction() as db:
            await db.run(
                """UPDATE sources SET failures = failures + 1, last_error = ?, blocked_until = ?,
                   failing_since = COALESCE(failing_since, ?) WHERE name = ?""",
                [error, timestamps.to_text(blocked_until), now, name],
            )

    async def block(self, name: str, until: datetime) -> None:
        """Leaves a source alone until a time, at least, as it asked; that's not a failure."""
        async with self._database.transaction() as db:
            await db.run(
                """INSERT INTO sources (name, blocked_until) VALUES (?, ?)
                   ON CONFLICT (name) DO UPDATE SET blocked_until =
                       MAX(COALESCE(blocked_until, ''), excluded.blocked_until)""",
                [name, timestamps.to_text(until)],
            )

    async def drop_unfinished(self, name: str) -> None:
        """Forgets what is unfinished, which is asked from the start then."""
        async with self._database.transaction() as db:
            await db.run("UPDATE sources SET unfinished = '' WHERE name = ?", [name])

    async def keep_subjects(self, name: str, keys: Iterable[str]) -> None:
        """Forgets all subjects of a source but these; the others are new if they come back."""
        async with self._database.transaction() as db:
            await db.run(
                """DELETE FROM source_subjects WHERE source = ?
                   AND key NOT IN (SELECT value FROM json_each(?))""",
                [name, json.dumps(list(keys))],
            )


def _dump_unfinished(unfinished: Unfinished | None) -> str:
    if unfinished is None:
        return ""
    return json.dumps(
        {
            "keys": unfinished.keys,
            "since": unfinished.since.isoformat() if unfinished.since else None,
            "cursor": unfinished.cursor,
            "started_at": timestamps.to_text(unfinished.started_at),
        }
    )


def _load_unfinished(text: str) -> Unfinished | None:
    if not text:
        return None
    found = json.loads(text)
    return Unfinished(
        keys=tuple(found["keys"]),
        since=date.fromisoformat(found["since"]) if found["since"] else None,
        cursor=found["cursor"],
        started_at=timestamps.from_text(found["started_at"]),
    )


def _read_state(row: Row) -> SourceState:
    return SourceState(
        name=row["name"],
        requests_on=date.fromisoformat(row["requests_on"]) if row["requests_on"] else None,
        requests=row["requests"],
        last_success_at=timestamps.from_optional(row["last_success_at"]),
        failures=row["failures"],
        failing_since=timestamps.from_optional(row["failing_since"]),
        last_error=row["last_error"],
        blocked_until=timestamps.from_optional(row["blocked_until"]),
        unfinished=_load_unfinished(row["unfinished"]),
    )


def _read_subject(row: Row) -> SubjectState:
    return SubjectState(
        key=row["key"],
        people=tuple(json.loads(row["people"])),
        asked_at=timestamps.from_optional(row["asked_at"]),
        next_due_at=timestamps.from_text(row["next_due_at"]),
        misses=row["misses"],
        etag=row["etag"],
        last_modified=row["last_modified"],
    )
