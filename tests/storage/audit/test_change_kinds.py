"""The kinds of changes in a database of an earlier version, whose changes had none."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from storage.audit.models import (
    FeedChange,
    ImportChange,
    NameChange,
    PaperChange,
    ReviewChange,
    SubscriptionChange,
)
from storage.library import open_library
from storage.models import Outcome
from tests.support.lab import FakeClock
from tests.support.library import MODERATOR
from tests.support.old_database import write_version_6

IMPORT, REVIEW = 1, 39  # changes of that database


def add_undos(path: Path) -> None:
    """Records an undone import, and a resolution that was undone and redone."""
    undos = [(101, IMPORT, 1), (102, REVIEW, 0), (103, 102, 1)]
    db = sqlite3.connect(path)
    db.executemany(
        """INSERT INTO changes (id, at, actor, actor_name, action, before, after, undoes, stands)
           VALUES (?, '2026-11-02T12:00:00.000000Z', 'discord:7', 'noor', 'undo', '{}', '{}',
                   ?, ?)""",
        undos,
    )
    db.execute("UPDATE changes SET stands = 0 WHERE id = ?", [IMPORT])
    db.commit()
    db.close()


async def test_every_change_of_version_6_gets_its_kind(tmp_path: Path) -> None:
    path = tmp_path / "lab.db"
    write_version_6(path)
    add_undos(path)
    async with open_library(path, FakeClock()) as library:
        found = {number: await library.audit.find(number) for number in range(1, 104)}
        kinds = {number: type(change) for number, change in found.items() if change}
        assert {kind for number, kind in kinds.items() if number in (4, 12, 13, 25, 28)} == {
            PaperChange
        }
        assert kinds[32] is kinds[33] is kinds[34] is NameChange
        assert kinds[35] is kinds[37] is FeedChange
        assert kinds[5] is kinds[11] is SubscriptionChange
        imported, reviewed, redone = found[101], found[102], found[103]
        assert isinstance(imported, ImportChange)
        assert imported.outcomes == {Outcome.ADDED: 3}
        assert isinstance(reviewed, ReviewChange)
        assert isinstance(redone, ReviewChange)
        assert (redone.undoes, redone.title, redone.outcome) == (102, "Declined", Outcome.DECLINED)

        await library.undo(103, MODERATOR)
        waiting = await library.review.pending_entries(1)
        assert "Declined" in [entry.draft.title for entry in waiting]
