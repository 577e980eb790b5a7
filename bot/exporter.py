"""Prepares exports one at a time, in a process of their own, so that the bot keeps answering."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from bot.formats.writers.export import ExportFormat, require_completable, write
from bot.markdown import count, time_ahead
from bot.net.sandbox import give_way, open_workers
from storage.errors import LabError
from storage.library import open_search
from storage.models import Paper
from storage.search.query import Query
from storage.timestamps import Clock

COOLDOWN = timedelta(seconds=30)  # after a person's export
_TIME_LIMIT = timedelta(minutes=5)
_MAX_WAITING = 10  # more would wait for longer than Discord lets the bot answer


class NothingToExport(LabError):
    """No paper matches."""

    def __init__(self) -> None:
        super().__init__("No papers match, so there's nothing to export.")


class TooLarge(LabError):
    """The file would be larger than Discord accepts."""

    def __init__(self) -> None:
        super().__init__(
            "That file would be larger than the 10 MiB that Discord accepts. Narrow it down by "
            "year or venue, or ask whoever runs this bot for a full export."
        )


class ExportTooSoon(LabError):
    """The person has an export in progress, or had one a moment ago."""

    def __init__(self, possible_at: datetime | None) -> None:
        when = "when it's done" if possible_at is None else f"from {time_ahead(possible_at, 't')}"
        state = "I'm still preparing" if possible_at is None else "I've just sent you"
        super().__init__(f"{state} your last export. You can start another one {when}.")
        self.possible_at = possible_at


class TooManyExports(LabError):
    """Too many people wait for their exports."""

    def __init__(self, waiting: int) -> None:
        super().__init__(
            f"{count(waiting, 'export')} are waiting already. Try again in a few minutes."
        )
        self.waiting = waiting


@dataclass(frozen=True, slots=True)
class Export:
    """A file, and how many papers are in it."""

    body: bytes
    papers: int


class Exporter:
    """Exports the papers of one database."""

    def __init__(self, database: Path, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._turn = asyncio.Lock()
        self._active: set[int] = set()  # the people whose exports run or wait
        self._finished_at: dict[int, datetime] = {}

    async def export(
        self,
        person_id: int,
        query: Query,
        export_format: ExportFormat,
        *,
        complete: bool = False,
        max_bytes: int,
        on_wait: Callable[[int], Awaitable[object]],
    ) -> Export:
        """Returns a file of the papers that match a query.

        If others are waiting or running, ``on_wait`` is called with their number first. For a
        ``complete`` file, see `write`. Raises `CannotBeComplete`, `NothingToExport`,
        `TooLarge`, `ExportTooSoon` and `TooManyExports`.
        """
        require_completable(export_format, complete=complete)
        self._require_cooled_down(person_id)
        ahead = len(self._active)
        if ahead > _MAX_WAITING:
            raise TooManyExports(ahead - 1)
        self._active.add(person_id)
        try:
            if ahead:
                await on_wait(ahead)
            async with self._turn, open_workers(_TIME_LIMIT, count=1) as workers:
                body, papers = await workers.run(
                    write_file,
                    self._database,
                    query,
                    export_format,
                    self._clock(),
                    max_bytes,
                    complete=complete,
                )
        finally:
            self._active.discard(person_id)
        if not papers:
            raise NothingToExport
        if body is None:
            raise TooLarge
        self._finished_at[person_id] = self._clock()
        return Export(body, papers)

    def _require_cooled_down(self, person_id: int) -> None:
        """Raises `ExportTooSoon`; forgets people who may export again."""
        now = self._clock()
        self._finished_at = {
            person: at for person, at in self._finished_at.items() if at <= now < at + COOLDOWN
        }
        if person_id in self._active:
            raise ExportTooSoon(None)
        if finished_at := self._finished_at.get(person_id):
            raise ExportTooSoon(finished_at + COOLDOWN)


def write_file(
    database: Path,
    query: Query,
    export_format: ExportFormat,
    now: datetime,
    max_bytes: int,
    *,
    complete: bool,
) -> tuple[bytes | None, int]:
    """Returns a file and the number of its papers, or no file if it would be too large.

    Runs in a worker process, on its own connection to the database.
    """
    give_way()
    return asyncio.run(_write(database, query, export_format, now, max_bytes, complete=complete))


async def _write(
    database: Path,
    query: Query,
    export_format: ExportFormat,
    now: datetime,
    max_bytes: int,
    *,
    complete: bool,
) -> tuple[bytes | None, int]:
    papers = 0
    body = io.BytesIO()
    async with open_search(database, lambda: now) as search:

        async def pages() -> AsyncIterator[tuple[Paper, ...]]:
            nonlocal papers
            async for page in search.pages(query):
                papers += len(page)
                yield page

        async for piece in write(pages(), export_format, now, complete=complete):
            body.write(piece.encode())
            if body.tell() > max_bytes:
                return None, papers
    return body.getvalue(), papers
