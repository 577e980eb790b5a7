"""`Lookup`: finds the paper that a text refers to, within a time limit."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TypeAlias

from cachetools import TTLCache

from bot.feeds.parser import Parser
from bot.lookup.errors import LookupFailed, NothingFound, ServiceFailed, UnknownPaper
from bot.lookup.references import Reference, ReferenceKind, arxiv_problem, parse_reference
from bot.lookup.resolver import Resolver, ServiceUrls
from bot.net.http import HttpClient, HttpError
from bot.net.pace import Paces
from storage.models import PaperDraft
from storage.papers.titles import is_bare_reference
from storage.redaction import redact_url
from storage.timestamps import Clock

_log = logging.getLogger(__name__)

TIME_LIMIT = timedelta(seconds=25)  # of one reference, with all requests for it
_CACHE_SIZE = 300
_CACHE_TTL = timedelta(hours=1)

LookupOutcome: TypeAlias = PaperDraft | LookupFailed


class Lookup:
    """Finds papers; opened by `open_lookup`.

    Caches results for an hour, and shares the work between concurrent calls for one reference.
    """

    def __init__(self, resolver: Resolver, clock: Clock, time_limit: timedelta) -> None:
        self._resolver = resolver
        self._clock = clock
        self._time_limit = time_limit.total_seconds()
        self._cache: TTLCache[Reference, PaperDraft] = TTLCache(
            _CACHE_SIZE, _CACHE_TTL.total_seconds()
        )
        self._running: dict[Reference, asyncio.Task[PaperDraft]] = {}

    async def get(self, text: str) -> PaperDraft:
        """Returns the paper that a text refers to: an arXiv id, a DOI, a URL or a BibTeX entry.

        Raises `LookupFailed`.
        """
        return await self.get_by_reference(parse_reference(text))

    async def get_by_reference(self, reference: Reference) -> PaperDraft:
        """Returns the paper that a parsed reference refers to; raises `LookupFailed`."""
        is_arxiv = reference.kind is ReferenceKind.ARXIV
        if is_arxiv and (problem := arxiv_problem(reference.value, self._clock().date())):
            raise UnknownPaper(
                f"“{reference.value}” isn't the ID of a paper on arXiv. {problem}",
                PaperDraft(title=""),
            )
        if (cached := self._cache.get(reference)) is not None:
            return cached
        task = self._running.get(reference)
        if task is None:
            task = asyncio.create_task(self._resolve(reference))
            self._running[reference] = task
            task.add_done_callback(lambda done: self._finish(reference, done))
        return await asyncio.shield(task)

    async def look_up_all(self, references: Sequence[Reference]) -> dict[Reference, LookupOutcome]:
        """Returns the paper or the error for each reference; asks arXiv for all its ids at once."""
        today = self._clock().date()
        ids = [
            one.value
            for one in references
            if one.kind is ReferenceKind.ARXIV and not arxiv_problem(one.value, today)
        ]
        if len(ids) > 1:
            await self._prefetch_arxiv(ids)
        outcomes = await asyncio.gather(*map(self._outcome, references))
        return dict(zip(references, outcomes, strict=True))

    async def close(self) -> None:
        """Cancels all lookups that are still running."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _outcome(self, reference: Reference) -> LookupOutcome:
        try:
            return await self.get_by_reference(reference)
        except LookupFailed as error:
            return error

    async def _prefetch_arxiv(self, ids: Sequence[str]) -> None:
        """Fills the cache of arXiv's papers; if that fails, each is looked up by itself later."""
        try:
            async with asyncio.timeout(self._time_limit):
                await self._prefetch_valid(ids)
        except (TimeoutError, HttpError) as error:
            _log.info("arXiv didn't answer the request for %s: %s", ", ".join(ids), error)

    async def _prefetch_valid(self, ids: Sequence[str], *, contains_invalid: bool = False) -> bool:
        """Fetches ids together, and returns whether arXiv accepted them all.

        It rejects a whole request for one malformed id, which is found by halving. A single id is
        not fetched here.
        """
        if len(ids) < 2:
            return False
        try:
            if not contains_invalid:
                await self._resolver.arxiv.fetch(ids)
                return True
        except HttpError as error:
            if error.status != 400:
                raise
        half = len(ids) // 2
        is_first_half_valid = await self._prefetch_valid(ids[:half])
        await self._prefetch_valid(ids[half:], contains_invalid=is_first_half_valid)
        return False

    def _finish(self, reference: Reference, task: asyncio.Task[PaperDraft]) -> None:
        del self._running[reference]
        if not task.cancelled() and task.exception() is None:
            self._cache[reference] = task.result()

    async def _resolve(self, reference: Reference) -> PaperDraft:
        try:
            async with asyncio.timeout(self._time_limit):
                draft = await self._resolver.resolve(reference)
        except TimeoutError as error:
            late = HttpError("That lookup took too long, so I stopped.", cause="out of time")
            raise _service_failed(reference, late) from error
        except HttpError as error:
            raise _service_failed(reference, error) from error
        if not draft.title or is_bare_reference(draft.title):
            raise NothingFound(
                "I found that paper, but not its title. Fill in what's missing in the form.",
                replace(draft, title=""),
            )
        return draft


@asynccontextmanager
async def open_lookup(
    http: HttpClient,
    parser: Parser,
    urls: ServiceUrls,
    clock: Clock,
    paces: Paces,
    *,
    pages: HttpClient | None = None,
    time_limit: timedelta = TIME_LIMIT,
) -> AsyncGenerator[Lookup]:
    """Opens a lookup that spends at most ``time_limit`` on one reference.

    ``http`` calls the services, at ``paces`` that everything shares. ``pages`` reads pages that
    people name, and may be restricted to public hosts; by default it is ``http``.
    """
    resolver = Resolver(http, parser, urls, clock, pages=pages or http, paces=paces)
    lookup = Lookup(resolver, clock, time_limit)
    try:
        yield lookup
    finally:
        await lookup.close()


def _service_failed(reference: Reference, error: HttpError) -> ServiceFailed:
    """Returns the error with advice that fits its status: trying again helps only sometimes."""
    _log.warning("Looking up %s failed: %s", redact_url(reference.url), error.cause)
    advice = {
        401: "Use the paper's DOI or arXiv ID.",
        403: "Use the paper's DOI or arXiv ID.",
    }.get(error.status or 0, "Try again later.")
    return ServiceFailed(f"{error} {advice}", reference.draft, cause=error.cause)
