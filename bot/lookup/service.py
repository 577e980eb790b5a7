"""`Lookup`: a source → the draft of its paper, from whoever knows it, within a limited time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TypeAlias

from cachetools import TTLCache

from bot.feeds.parser import Parser
from bot.lookup.errors import LookupFailed, NothingFound, ServiceFailed
from bot.lookup.references import Reference, ReferenceKind, parse_reference
from bot.lookup.resolver import Addresses, Answers
from bot.net.http import Web, WebError
from storage.models import PaperDraft
from storage.timestamps import Clock

_log = logging.getLogger(__name__)

_PATIENCE = timedelta(seconds=25)  # with everything that one source needs
_ARXIV_PAUSE = timedelta(seconds=3)
_CACHE_SIZE = 300
_CACHE_TTL = timedelta(hours=1)

Outcome: TypeAlias = PaperDraft | LookupFailed


class Lookup:
    """Finds papers; made by `open_lookup`.

    What was found is kept for an hour, and one source is never asked for twice at a time.
    """

    def __init__(self, answers: Answers, patience: timedelta) -> None:
        self._answers = answers
        self._patience = patience.total_seconds()
        self._cache: TTLCache[Reference, PaperDraft] = TTLCache(
            _CACHE_SIZE, _CACHE_TTL.total_seconds()
        )
        self._under_way: dict[Reference, asyncio.Task[PaperDraft]] = {}

    async def find(self, text: str) -> PaperDraft:
        """The paper that a text stands for: an arXiv id or link, a DOI, an address, or BibTeX.

        Raises `LookupFailed`: its sentence says why, its ``known`` what is known all the same.
        """
        return await self.find_source(parse_reference(text))

    async def find_source(self, source: Reference) -> PaperDraft:
        """The same for a text that was read already."""
        if (cached := self._cache.get(source)) is not None:
            return cached
        task = self._under_way.get(source)
        if task is None:
            task = asyncio.create_task(self._find(source))
            self._under_way[source] = task
            task.add_done_callback(lambda done: self._forget(source, done))
        return await asyncio.shield(task)

    async def find_all(self, sources: Sequence[Reference]) -> dict[Reference, Outcome]:
        """What several stand for, or why that is not known; arXiv is asked for its own at once."""
        ids = [source.value for source in sources if source.kind is ReferenceKind.ARXIV]
        if len(ids) > 1:
            await self._fetch_together(ids)
        outcomes = await asyncio.gather(*map(self._outcome, sources))
        return dict(zip(sources, outcomes, strict=True))

    async def _outcome(self, source: Reference) -> Outcome:
        try:
            return await self.find_source(source)
        except LookupFailed as error:
            return error

    async def _fetch_together(self, ids: Sequence[str]) -> None:
        """Let arXiv's papers be at hand; where that fails, each is looked for by itself."""
        try:
            async with asyncio.timeout(self._patience):
                await self._fetch_well_formed(ids)
        except (TimeoutError, WebError) as error:
            _log.info("arXiv did not answer for %s at once: %s", ", ".join(ids), error)

    async def _fetch_well_formed(self, ids: Sequence[str], *, are_refused: bool = False) -> bool:
        """Whether arXiv took all ids: it refuses all for a malformed one, which halving finds.

        An id that is left alone is not asked for here.
        """
        if len(ids) < 2:
            return False
        try:
            if not are_refused:
                await self._answers.arxiv.find(ids)
                return True
        except WebError as error:
            if error.status != 400:
                raise
        half = len(ids) // 2
        are_taken = await self._fetch_well_formed(ids[:half])
        await self._fetch_well_formed(ids[half:], are_refused=are_taken)
        return False

    async def close(self) -> None:
        """Stop looking for anything."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _forget(self, source: Reference, task: asyncio.Task[PaperDraft]) -> None:
        del self._under_way[source]
        if not task.cancelled() and task.exception() is None:
            self._cache[source] = task.result()

    async def _find(self, source: Reference) -> PaperDraft:
        try:
            async with asyncio.timeout(self._patience):
                found = await self._answers.ask(source)
        except TimeoutError as error:
            late = WebError("Looking that up takes too long, so I stopped.", cause="out of time")
            raise _failed(source, late) from error
        except WebError as error:
            raise _failed(source, error) from error
        if not found.title:
            raise NothingFound(
                "I found that paper, but not its title. Fill in what is missing in the form.", found
            )
        return found


@asynccontextmanager
async def open_lookup(
    web: Web,
    parser: Parser,
    addresses: Addresses,
    clock: Clock,
    *,
    pages: Web | None = None,
    patience: timedelta = _PATIENCE,
    arxiv_pause: timedelta = _ARXIV_PAUSE,
) -> AsyncGenerator[Lookup]:
    """A lookup that gives up on a source after ``patience``, and pauses for arXiv as it asks.

    ``pages`` reads the pages that people name, where they may lead to fewer hosts than ``web``.
    """
    answers = Answers(*(web, parser, addresses, clock), pages=pages or web, arxiv_pause=arxiv_pause)
    lookup = Lookup(answers, patience)
    try:
        yield lookup
    finally:
        await lookup.close()


def _failed(source: Reference, error: WebError) -> ServiceFailed:
    """What to tell who asked, and what they can do: to ask again helps where it is the server's."""
    _log.warning("Looking up %s failed: %s", source.url, error.cause)
    advice = {
        404: "Check the address, or fill in the form.",
        410: "Check the address, or fill in the form.",
        401: "Give the paper's DOI or arXiv id, or fill in the form.",
        403: "Give the paper's DOI or arXiv id, or fill in the form.",
    }.get(error.status or 0, "Try again later, or fill in the form.")
    return ServiceFailed(f"{error} {advice}", source.known, cause=error.cause)
