"""Exports run one at a time beside everything else, and not too often for one person."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest

from bot.exporter import (
    COOLDOWN,
    Export,
    Exporter,
    ExportTooSoon,
    NothingToExport,
    TooLarge,
    TooManyExports,
)
from bot.formats.writers.export import ExportFormat
from storage.database import Database
from storage.library import Library
from storage.models import Origin, PaperDraft
from storage.search.query import parse
from tests.support.lab import FakeClock
from tests.support.library import MODERATOR


class People:
    """Whoever exports, and what those who wait are told."""

    def __init__(self, exporter: Exporter) -> None:
        self._exporter = exporter
        self.waits: list[tuple[int, int]] = []
        self.done: list[int] = []

    async def export(self, person_id: int, query: str = "", *, max_bytes: int = 10**6) -> Export:
        async def wait(ahead: int) -> None:
            self.waits.append((person_id, ahead))

        exported = await self._exporter.export(
            person_id, parse(query), ExportFormat.JSON, max_bytes=max_bytes, on_wait=wait
        )
        self.done.append(person_id)
        return exported


@pytest.fixture
async def people(library: Library, clock: FakeClock) -> People:
    for title in ("One", "Two"):
        await library.papers.upsert(PaperDraft(title=title), Origin.MODERATOR, MODERATOR)
    return People(Exporter(library.path, clock))


async def test_exports_run_one_after_the_other_in_their_order(people: People) -> None:
    exported = await asyncio.gather(*(people.export(person) for person in (1, 2, 3)))
    assert {one.papers for one in exported} == {2}
    assert [paper["title"] for paper in json.loads(exported[2].body)] == ["One", "Two"]
    assert people.waits == [(2, 1), (3, 2)]
    assert people.done == [1, 2, 3]


async def test_an_export_needs_none_of_the_connections_that_others_use(
    people: People, database: Database
) -> None:
    async with database.reading(), database.reading(), database.transaction():
        assert (await people.export(1)).papers == 2


async def test_one_person_exports_once_at_a_time_and_not_at_once_again(
    people: People, clock: FakeClock
) -> None:
    first = asyncio.create_task(people.export(1))
    await asyncio.sleep(0)
    with pytest.raises(ExportTooSoon, match="still preparing your last export") as caught:
        await people.export(1)
    assert caught.value.possible_at is None
    await first
    clock.advance(COOLDOWN - timedelta(seconds=1))
    with pytest.raises(ExportTooSoon, match="just sent you your last export") as caught:
        await people.export(1)
    assert caught.value.possible_at == clock() + timedelta(seconds=1)
    clock.advance(timedelta(seconds=1))
    await people.export(1)
    clock.advance(timedelta(days=-1))  # the clock was wrong
    await people.export(1)


async def test_a_failed_export_can_be_tried_again_at_once(people: People) -> None:
    with pytest.raises(NothingToExport):
        await people.export(1, "three")
    with pytest.raises(TooLarge):
        await people.export(1, max_bytes=100)
    assert (await people.export(1, "two")).papers == 1


async def test_only_so_many_people_wait(people: People) -> None:
    exports = [asyncio.create_task(people.export(person)) for person in range(11)]
    await asyncio.sleep(0)
    with pytest.raises(TooManyExports, match="10 exports are waiting already"):
        await people.export(99)
    for export in exports:
        export.cancel()
    await asyncio.gather(*exports, return_exceptions=True)
    assert (await people.export(99)).papers == 2
