"""Generations of a database: each restore of a backup starts one.

After a restore, numbers that were given since the backup are given again, to other rows. Messages
sent since the backup still carry the old ones. So custom ids and nonces name their generation, and
a number of a former generation counts only if its row was in the backup. The first generation's
token is empty.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from storage import timestamps
from storage.backups.database_copy import MARK
from storage.connection import Connection
from storage.database import Database

_TABLES = (
    *("papers", "changes", "entries", "suggestions", "reports", "posts", "feeds"),
    *("found_papers", "people", "account_claims"),
)


@dataclass(frozen=True, slots=True)
class LostTime:
    """The time between a backup and the start of the generation that its restore began.

    Messages were sent then that the database doesn't know. ``number`` counts the generations.
    """

    number: int
    copied_at: datetime
    started_at: datetime


@dataclass(frozen=True, slots=True)
class Generation:
    """The current generation, by its ``token``, and what is known of the former ones.

    ``ended`` has, for the token of each former one, the highest id of each table that was kept. If
    it was just started, ``deletions`` is how many members' data was deleted again.
    """

    token: str = ""
    lost_times: Sequence[LostTime] = ()
    ended: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    deletions: int = 0

    @property
    def number(self) -> int:
        """How many generations there were before this one."""
        return self.lost_times[-1].number if self.lost_times else 0

    @property
    def started_at(self) -> datetime | None:
        """When the last restore started this generation; None in the first one."""
        return self.lost_times[-1].started_at if self.lost_times else None

    def has_row(self, token: str, table: str, row_id: int) -> bool:
        """Returns whether an id that was given in some generation means the same row now."""
        if token == self.token:
            return True
        return row_id <= self.ended.get(token, {}).get(table, 0)

    def nonce(self, post_id: int) -> str:
        """Returns the nonce of a post's message, so that Discord refuses to send it twice.

        It has at most 25 characters, which is Discord's limit.
        """
        return f"herald-{self.token}-{post_id}" if self.token else f"herald-{post_id}"


FIRST = Generation()


async def open_generation(
    database: Database, now: datetime, backup_dir: Path | None = None
) -> Generation:
    """Returns the current generation, after starting one if the file is a restored backup.

    Raises `DatabaseUnusable` if it can't be found out what members have deleted since the backup.
    """
    async with database.reading() as db:
        is_copy = await _is_copy(db)
    deletions = 0
    if is_copy:
        from storage.privacy import deletion_list  # noqa: PLC0415 - rarely needed

        deleted = deletion_list.DeletionFile.of(database.path, backup_dir).read()
        async with database.transaction(durable=True) as db:
            await _start(db, now)
            deletions = await deletion_list.repeat(db, deleted, now)
    async with database.reading() as db:
        rows = await db.all("SELECT * FROM generations ORDER BY id")
    tokens = ["", *(row["token"] for row in rows)]
    return Generation(
        token=tokens[-1],
        lost_times=tuple(
            LostTime(
                row["id"],
                timestamps.from_text(row["copied_at"]),
                timestamps.from_text(row["started_at"]),
            )
            for row in rows
        ),
        ended={
            token: json.loads(row["highest_ids"]) for token, row in zip(tokens, rows, strict=False)
        },
        deletions=deletions,
    )


async def _is_copy(db: Connection) -> bool:
    return bool(await db.value("SELECT 1 FROM sqlite_schema WHERE name = ?", [MARK]))


async def _start(db: Connection, now: datetime) -> None:
    """Starts a generation. Its token is random: one backup may be restored several times."""
    from storage.restore_report import RestoreReport, save_report  # noqa: PLC0415 - rarely needed

    highest = {
        table: await db.value(f"SELECT COALESCE(MAX(id), 0) FROM {table}")  # noqa: S608 - constants
        for table in _TABLES
    }
    copied_at = await db.value(f"SELECT copied_at FROM {MARK}")  # noqa: S608 - a constant
    await db.run(
        """INSERT INTO generations (token, copied_at, started_at, highest_ids)
           VALUES (?, ?, ?, ?)""",
        [
            secrets.token_hex(3),
            copied_at or timestamps.to_text(now),
            timestamps.to_text(now),
            json.dumps(highest),
        ],
    )
    await db.run(f"DROP TABLE {MARK}")
    await save_report(
        db,
        RestoreReport(
            timestamps.from_optional(copied_at) or now,
            unknown="The backup was copied by hand, without `lab-herald restore`.",
        ),
    )
    # The cards of what awaits review again may show a decision that was lost.
    await db.run(
        """UPDATE posts SET revision = revision + 1 WHERE state = 'sent' AND (
               entry_id IN (SELECT id FROM entries WHERE draft IS NOT NULL)
               OR (kind = 'suggestion' AND suggestion_id IN (
                   SELECT id FROM suggestions WHERE decided_at IS NULL))
               OR (kind = 'report' AND report_id IN (
                   SELECT id FROM reports WHERE decided_at IS NULL))
               OR found_paper_id IN (SELECT id FROM found_papers WHERE outcome = 'review')
               OR claim_id IN (SELECT id FROM account_claims WHERE decided_at IS NULL))"""
    )
    # Commands may have been registered since the backup.
    await db.run("DELETE FROM bot_state WHERE name LIKE 'commands of %'")
