from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

from storage.concurrency import run_in_thread
from storage.library import Library
from storage.models import Origin, PaperDraft
from tests.support.library import MODERATOR


def thread_and_sum(things: Sequence[int]) -> tuple[int, int]:
    return threading.get_ident(), sum(things)


async def test_many_items_run_in_a_thread_and_few_do_not() -> None:
    assert await run_in_thread(thread_and_sum, range(5)) == (threading.get_ident(), 10)
    thread, total = await run_in_thread(thread_and_sum, range(1000))
    assert thread != threading.get_ident()
    assert total == 499_500


async def test_drafts_are_prepared_outside_the_event_loop_thread(library: Library) -> None:
    threads: set[int] = set()

    class Seen(str):
        """A title that records which thread reads it."""

        __slots__ = ()

        def isascii(self) -> bool:
            threads.add(threading.get_ident())
            return super().isascii()

    def drafts() -> Iterator[PaperDraft]:
        for number in range(200):
            threads.add(threading.get_ident())
            yield PaperDraft(title=Seen(f"Paper {number}"))

    imported = await library.papers.upsert_many(drafts(), Origin.IMPORT, MODERATOR)
    assert imported.value.total() == 200
    assert threads
    assert threading.get_ident() not in threads
