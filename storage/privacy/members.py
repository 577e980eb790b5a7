"""The façade for members' own data: what is stored about a member, and deleting it."""

from __future__ import annotations

import asyncio
import logging

from storage import timestamps
from storage.connection import DatabaseError
from storage.database import Database
from storage.errors import LabError
from storage.privacy import deletion, deletion_list, personal_data
from storage.privacy.deletion_list import DeletionFile
from storage.privacy.personal_data import Overview, PersonalData

_log = logging.getLogger(__name__)


class NothingStored(LabError):
    """There is nothing to delete about a member."""

    def __init__(self) -> None:
        super().__init__("I don't store anything about you, so there's nothing to delete.")


class Privacy:
    """What is stored about members."""

    def __init__(self, database: Database, clock: timestamps.Clock, file: DeletionFile) -> None:
        self._database = database
        self._clock = clock
        self._file = file
        self._saving = asyncio.Lock()  # an older list would take the place of a newer one

    async def overview(self, member_id: int) -> Overview:
        """Returns how much is stored about a member."""
        return await self._database.read(lambda db: personal_data.count(db, member_id))

    async def load(self, member_id: int) -> PersonalData:
        """Returns everything that is stored about a member."""
        return await self._database.read(lambda db: personal_data.load(db, member_id))

    async def delete(self, member_id: int, name: str = "") -> Overview:
        """Deletes what is stored about a member; returns how much that was.

        What the list's history needs stays, without ID and name; ``name`` is their present name at
        Discord. Once this returns, neither a power failure nor restoring an older backup brings it
        back. Raises `NothingStored`.
        """
        now = self._clock()
        async with self._database.transaction(in_reply=True, durable=True) as db:
            overview = await personal_data.count(db, member_id)
            if overview.is_empty:
                raise NothingStored
            await deletion.delete(db, member_id, now, name)
            await deletion_list.add(db, member_id, now)
        await self._empty_log()
        await self.save_list()
        return overview

    async def _empty_log(self) -> None:
        reason: object = "others are reading it"
        try:
            if await self._database.empty_log():
                return
        except (LabError, DatabaseError) as error:
            reason = error
        _log.warning("What was deleted stays in the write-ahead log for now: %s", reason)

    async def save_list(self) -> None:
        """Saves the list of deletions next to the backups, too; a failure is logged.

        It's saved again when the bot starts.
        """
        async with self._saving:
            try:
                async with self._database.reading() as db:
                    deletions = await deletion_list.load(db)
                if deletions:
                    await asyncio.to_thread(self._file.add, deletions)
            except (OSError, LabError) as error:
                _log.warning("The list of deletions wasn't saved to %s: %s", self._file.path, error)

    async def count_unlisted(self) -> int:
        """Returns how many deletions the list next to the backups lacks.

        Raises `DatabaseUnusable` if the list can't be read.
        """
        async with self._database.reading() as db:
            deletions = await deletion_list.load(db)
        listed = {one.digest for one in await asyncio.to_thread(self._file.read)}
        return sum(one.digest not in listed for one in deletions)
