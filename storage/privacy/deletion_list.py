"""The list of deletions, by which restoring an older backup deletes the same data again.

It's in the database, where an entry is made together with its deletion, and in a file next to the
backups, for when the database is lost. It has digests of Discord IDs, each with a salt of its own:
one can tell whether an ID is meant, but not which IDs are in the list.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from storage import timestamps
from storage.backups.database_copy import new_file, sync
from storage.backups.files import Backups
from storage.connection import Connection
from storage.errors import DatabaseUnusable, LabError
from storage.privacy import deletion, personal_data

_ABOUT = (
    "Restoring a backup of this database deletes the data of these Discord users again. Keep this "
    "file next to the backups."
)
_PAUSE = timedelta(days=1)
_DIGEST, _SALT = re.compile(r"[0-9a-f]{64}"), re.compile(r"[0-9a-f]{32}")


class RecentlyDeleted(LabError):
    """A member sends something after deleting their data, and with it how much they had sent."""

    def __init__(self) -> None:
        super().__init__(
            "You've deleted your data within the last day, so I can't tell how much you've sent "
            "since yesterday. Please try again tomorrow."
        )


@dataclass(frozen=True, slots=True)
class Deletion:
    """That the data of the member with this digest was deleted."""

    digest: str
    salt: str
    deleted_at: str

    def is_of(self, member_id: int) -> bool:
        """Returns whether it was this member's data."""
        return hmac.compare_digest(self.digest, _digest(self.salt, member_id))


@dataclass(frozen=True, slots=True)
class DeletionFile:
    """The file with a database's list of deletions, next to its backups."""

    path: Path

    @classmethod
    def of(cls, database: Path, backup_dir: Path | None = None) -> DeletionFile:
        """Returns the file of a database; the default folder is that of its `Backups`."""
        backups = Backups.of(database, backup_dir)
        return cls(backups.folder / f"{backups.database.stem}-deletions.json")

    def read(self) -> list[Deletion]:
        """Returns the deletions in the file; raises `DatabaseUnusable` if it can't be read."""
        try:
            content = json.loads(self.path.read_text(encoding="utf-8"))
            listed = [_parse(one) for one in content["deletions"]]
            return list({one.digest: one for one in listed}.values())
        except (FileNotFoundError, NotADirectoryError):
            return []
        except (OSError, ValueError, KeyError, TypeError) as error:
            reason = error if isinstance(error, OSError | ValueError) else "it isn't such a list"
            raise DatabaseUnusable(
                f"The list of deletions {self.path} can't be read ({reason}). Without it, a "
                "restored backup would bring back data that members have deleted. Copy the list "
                "from another place, or move it away if you have none."
            ) from error

    def add(self, deletions: Iterable[Deletion]) -> None:
        """Adds deletions to the file, at once or not at all; creates its folder if necessary.

        Raises `OSError`, and `DatabaseUnusable` if the file can't be read.
        """
        known = {one.digest: one for one in self.read()}
        added = {one.digest: one for one in deletions}
        if added.keys() <= known.keys():
            return
        values = [asdict(one) for one in {**known, **added}.values()]
        self.path.parent.mkdir(mode=0o700, exist_ok=True)
        text = json.dumps({"about": _ABOUT, "deletions": values}, indent=2)
        with new_file(self.path.parent, f".{self.path.name}.", ".partial") as partial:
            partial.write_text(f"{text}\n", encoding="utf-8")
            sync(partial)
            partial.replace(self.path)
        sync(self.path.parent)


def _parse(value: Mapping[str, str]) -> Deletion:
    """Returns a deletion as a file has it; raises `ValueError` or `TypeError` if it's none."""
    parsed = Deletion(**value)
    if not (_DIGEST.fullmatch(parsed.digest) and _SALT.fullmatch(parsed.salt)):
        raise ValueError("an entry has no valid digest")
    timestamps.from_text(parsed.deleted_at)
    return parsed


async def load(db: Connection) -> list[Deletion]:
    """Returns the list in a database."""
    return [Deletion(**row) for row in await db.all("SELECT * FROM deletions")]


async def find_last(db: Connection) -> str | None:
    """Returns what tells the last deletion from others, or None if there was none."""
    last = await db.value("SELECT MAX(deleted_at || digest) FROM deletions")
    return str(last) if last is not None else None


def load_former(database: Path) -> list[Deletion]:
    """Returns the list in a database that is about to be replaced, as far as it can be read."""
    if not database.exists():
        return []
    with suppress(sqlite3.Error), closing(sqlite3.connect(database)) as db:
        db.row_factory = sqlite3.Row
        return [Deletion(**row) for row in db.execute("SELECT * FROM deletions")]
    return []


async def add(db: Connection, member_id: int, now: datetime) -> None:
    """Adds a member to the list, in the place of their former deletion if there was one."""
    former = [(one.digest,) for one in await load(db) if one.is_of(member_id)]
    await db.run_many("DELETE FROM deletions WHERE digest = ?", former)
    salt = secrets.token_hex(16)
    await _insert(db, [Deletion(_digest(salt, member_id), salt, timestamps.to_text(now))])


async def repeat(db: Connection, deletions: Sequence[Deletion], now: datetime) -> int:
    """Makes those deletions that a restored backup hasn't; returns of how many members.

    A backup that was made after a deletion has it in its own list.
    """
    known = {one.digest for one in await load(db)}
    missing = [one for one in deletions if one.digest not in known]
    if not missing:
        return 0
    found = [
        member_id
        for member_id in await personal_data.member_ids(db)
        if any(one.is_of(member_id) for one in missing)
    ]
    for member_id in found:
        await deletion.delete(db, member_id, now)
    await _insert(db, missing)
    return len(found)


async def require_pause(db: Connection, member_id: int, now: datetime) -> None:
    """Raises `RecentlyDeleted` if a member has deleted their data within a day.

    With that, it's forgotten how much they have sent to the moderators.
    """
    rows = await db.all(
        "SELECT * FROM deletions WHERE deleted_at > ? AND deleted_at <= ?",
        [timestamps.to_text(now - _PAUSE), timestamps.to_text(now)],
    )
    if any(Deletion(**row).is_of(member_id) for row in rows):
        raise RecentlyDeleted


async def _insert(db: Connection, deletions: Iterable[Deletion]) -> None:
    await db.run_many(
        "INSERT INTO deletions (digest, salt, deleted_at) VALUES (?, ?, ?)",
        [(one.digest, one.salt, one.deleted_at) for one in deletions],
    )


def _digest(salt: str, member_id: int) -> str:
    return hmac.digest(bytes.fromhex(salt), str(member_id).encode(), "sha256").hex()
