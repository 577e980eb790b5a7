"""Papers that tests add to a library, who adds them, and what happens to it from outside."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Any

from storage.announcements.models import Post
from storage.library import Library, open_library
from storage.models import Actor, Origin, Outcome, Paper, PaperDraft, PartialDate, UpsertResult
from storage.timestamps import Clock

MODERATOR = Actor("discord:1", "noor")
OTHER_MODERATOR = Actor("discord:2", "cleo")
ARXIV = PaperDraft(
    title="A Paper",
    authors=("Ann Lee", "Bo Chen"),
    venue="arXiv",
    date=PartialDate(2023),
    identifiers=("arxiv:2302.12433",),
)


@asynccontextmanager
async def open_copy(database: Path, clock: Clock) -> AsyncIterator[Library]:
    """Opens a library on a copy of a database, which is deleted at the end of the block."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(shutil.copyfile(database, Path(folder) / "lab.db"))
        async with open_library(path, clock) as library:
            yield library


@contextmanager
def locked_database(path: Path) -> Iterator[Path]:
    """Keeps everyone from reading a new database file inside the block."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("BEGIN EXCLUSIVE")
        yield path


async def upsert(
    library: Library, draft: PaperDraft, origin: Origin = Origin.IMPORT, **options: bool
) -> UpsertResult:
    return (await library.papers.upsert(draft, origin, MODERATOR, **options)).value


async def added(library: Library, draft: PaperDraft, origin: Origin = Origin.IMPORT) -> Paper:
    result = await upsert(library, draft, origin)
    assert result.outcome is Outcome.ADDED
    assert result.paper is not None
    return result.paper


async def credit(library: Library, *credits: tuple[str, ...]) -> None:
    """Adds a paper for each byline; its title says the names."""
    for authors in credits:
        await upsert(library, PaperDraft(title=f"By {' & '.join(authors)}", authors=authors))


async def suggested(library: Library, text: str) -> tuple[tuple[str, int], ...]:
    """Returns the names that complete a text, with their numbers of papers."""
    return tuple((one.name, one.paper_count) for one in await library.authors.suggest(text))


async def announce(library: Library, title: str, **fields: Any) -> int:
    """Adds a paper that all subscribed channels announce; returns its id."""
    draft = PaperDraft(title=title, **fields)
    change = await library.papers.upsert(draft, Origin.MODERATOR, MODERATOR, announce=True)
    assert change.value.paper is not None
    return change.value.paper.id


async def deliver(library: Library, first_message_id: int = 100) -> list[Post]:
    """Records everything that is due as sent, as the dispatcher does; returns what was sent."""
    sent: list[Post] = []
    while due := await library.outbox.enqueue_and_fetch_due():
        await library.outbox.claim(due)
        start = first_message_id + len(sent)
        await library.outbox.record_sent([(post, start + n) for n, post in enumerate(due)])
        sent += due
    return sent


def execute(library: Library, sql: str, values: Sequence[object] = ()) -> None:
    """Changes the tables from outside, as another program would."""
    with closing(sqlite3.connect(library.path)) as connection:
        connection.execute(sql, values)
        connection.commit()


def forget_deliveries(library: Library) -> None:
    """Makes it look as if the bot had been killed before it recorded what it sent."""
    execute(library, "UPDATE posts SET state = 'claimed', message_id = NULL")


@asynccontextmanager
async def import_running(library: Library) -> AsyncIterator[None]:
    """An import whose file isn't read to its end before the block ends."""
    started, finish = threading.Event(), threading.Event()

    def drafts() -> Iterator[PaperDraft]:
        started.set()
        finish.wait()
        yield from ()

    importing = asyncio.create_task(library.papers.upsert_many(drafts(), Origin.IMPORT, MODERATOR))
    await asyncio.to_thread(started.wait)
    try:
        yield
    finally:
        finish.set()
        await importing
