"""`Lookup`: a source → the draft of its paper, from whoever knows it, within a limited time."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeAlias

from bot.exchange.bibtex import read_bibtex
from bot.exchange.findings import ListedPaper
from bot.feeds.worker import Parser
from bot.lookup.asking import Kept
from bot.lookup.failures import LookupFailed, NothingFound, ServiceFailed
from bot.lookup.pages import Described, read_page
from bot.lookup.services import ArXiv, crossref, datacite
from bot.lookup.sources import Source, SourceKind, is_pdf, page_of, read_source
from bot.settings import Settings
from bot.web import Page, Web, WebError
from storage.completion import is_preprint, joined, ordered
from storage.moments import Clock
from storage.records import LinkKind, PaperDraft

_log = logging.getLogger(__name__)

_PATIENCE = timedelta(seconds=25)  # with everything that one source needs
_ARXIV_PAUSE = timedelta(seconds=3)
_KEPT = 300
_FRESH_FOR = timedelta(hours=1)
_HTML = {"Accept": "text/html, application/xhtml+xml;q=0.9"}

Outcome: TypeAlias = PaperDraft | LookupFailed


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the services are, and how they can reach whoever runs the bot."""

    arxiv: str
    crossref: str
    datacite: str
    contact: str = ""

    @classmethod
    def of(cls, settings: Settings) -> Addresses:
        """Those that the settings name."""
        return cls(
            settings.arxiv_api_url, settings.crossref_url, settings.datacite_url, settings.contact
        )


class Lookup:
    """Finds papers; made by `open_lookup`.

    What was found is kept for an hour, and one source is never asked for twice at a time.
    """

    def __init__(
        self,
        web: Web,
        parser: Parser,
        addresses: Addresses,
        clock: Clock,
        *,
        patience: timedelta,
        arxiv_pause: timedelta,
    ) -> None:
        self._web = web
        self._arxiv = ArXiv(web, parser, addresses.arxiv, clock, arxiv_pause)
        self._crossref = crossref(web, addresses.crossref, addresses.contact)
        self._datacite = datacite(web, addresses.datacite)
        self._patience = patience.total_seconds()
        self._kept: Kept[Source, PaperDraft] = Kept(_KEPT, _FRESH_FOR)
        self._under_way: dict[Source, asyncio.Task[PaperDraft]] = {}

    async def find(self, text: str) -> PaperDraft:
        """The paper that a text stands for: an arXiv id or link, a DOI, an address, or BibTeX.

        Raises `LookupFailed`: its sentence says why, its ``known`` what is known all the same.
        """
        return await self.find_source(read_source(text))

    async def find_source(self, source: Source) -> PaperDraft:
        """The same for a text that was read already."""
        if kept := self._kept.get(source):
            return kept
        task = self._under_way.get(source)
        if task is None:
            task = asyncio.create_task(self._find(source))
            self._under_way[source] = task
            task.add_done_callback(lambda done: self._forget(source, done))
        return await asyncio.shield(task)

    async def find_all(self, sources: Sequence[Source]) -> dict[Source, Outcome]:
        """What several stand for, or why that is not known; arXiv is asked for its own at once."""
        ids = [source.value for source in sources if source.kind is SourceKind.ARXIV]
        failure = await self._fetch_together(ids) if len(ids) > 1 else None

        async def outcome(source: Source) -> Outcome:
            if failure is not None and source.kind is SourceKind.ARXIV:
                return _failed(source, failure)
            try:
                return await self.find_source(source)
            except LookupFailed as error:
                return error

        outcomes = await asyncio.gather(*map(outcome, sources))
        return dict(zip(sources, outcomes, strict=True))

    async def close(self) -> None:
        """Stop looking for anything."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _forget(self, source: Source, task: asyncio.Task[PaperDraft]) -> None:
        del self._under_way[source]
        if not task.cancelled() and task.exception() is None:
            self._kept.keep(source, task.result())

    async def _fetch_together(self, ids: Sequence[str]) -> WebError | None:
        """Ask arXiv for all of these; gives why it does not answer.

        It refuses all where it finds one malformed, so then each is asked for by itself.
        """
        try:
            async with asyncio.timeout(self._patience):
                await self._arxiv.find(ids)
        except TimeoutError:
            return WebError("arXiv takes too long to answer.")
        except WebError as error:
            return None if error.status == 400 else error
        return None

    async def _find(self, source: Source) -> PaperDraft:
        try:
            async with asyncio.timeout(self._patience):
                found = await self._ask(source)
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

    async def _ask(self, source: Source) -> PaperDraft:
        match source.kind:
            case SourceKind.ARXIV:
                return await self._of_arxiv(source)
            case SourceKind.DOI:
                return await self._of_doi(source)
            case SourceKind.PAGE:
                return await self._of_page(source)
            case SourceKind.BIBTEX:
                return await asyncio.to_thread(_of_entry, source)

    async def _of_arxiv(self, source: Source) -> PaperDraft:
        """What arXiv says, and where it names a DOI, what is said of the published version."""
        try:
            found = (await self._arxiv.find([source.value])).get(source.value)
        except WebError as error:
            if error.status != 400:  # it takes that for no id at all
                raise
            found = None
        if found is None:
            raise NothingFound(
                f"arXiv knows no paper {source.value}. Check the id, or fill in the form; a new "
                "paper may take a day to be found.",
                source.known,
            )
        for name in found.identifiers:
            if name.startswith("doi:") and (other := await self._registered(name[4:])):
                found = joined(found, other)
        return found

    async def _registered(self, doi: str) -> PaperDraft | None:
        """What Crossref says of a DOI that is not what was asked for: it may say nothing."""
        try:
            found = await self._crossref.find(doi)
        except WebError as error:
            _log.info("The published version %s can't be looked up: %s", doi, error.cause)
            return None
        return found if found and found.title else None

    async def _of_doi(self, source: Source) -> PaperDraft:
        """What Crossref says, else DataCite; of one that fails is told where neither knows it."""
        failure: WebError | None = None
        for registry in (self._crossref, self._datacite):
            try:
                found = await registry.find(source.value)
            except WebError as error:
                failure = failure or error
                continue
            if found is not None:
                own = (f"doi:{source.value}", *found.identifiers)
                return replace(found, identifiers=ordered(own))
        if failure is not None:
            raise failure
        raise NothingFound(
            f"Neither Crossref nor DataCite knows the DOI “{source.value}”. Check it, or fill in "
            "the form.",
            source.known,
        )

    async def _of_page(self, source: Source) -> PaperDraft:
        """What a page says of its paper, and what others say by the ids that it names."""
        address = page_of(source.value)
        if is_pdf(address):
            raise _only_a_pdf(source)
        page = await self._web.get(address, _HTML)
        with contextlib.suppress(LookupFailed):
            reached = read_source(page.url)
            if reached.kind is not SourceKind.PAGE:
                return await self.find_source(reached)
        if not _is_html(page):
            raise _only_a_pdf(source)
        described = await asyncio.to_thread(read_page, page.body, page.url, page.content_type)
        draft = _with_address(described.draft, source)
        found = await self._named_by(described)
        return _completed(found, draft) if found else draft

    async def _named_by(self, described: Described) -> PaperDraft | None:
        """What arXiv, or else a registry, says of the paper of a page; it may say nothing."""
        named = [
            *([Source(SourceKind.ARXIV, described.arxiv)] if described.arxiv else []),
            *([Source(SourceKind.DOI, described.doi)] if described.doi else []),
        ]
        for source in named:
            try:
                return await self.find_source(source)
            except LookupFailed as error:
                _log.info("A page names %s: %s", source.url, error.cause)
        return None


@asynccontextmanager
async def open_lookup(
    web: Web,
    parser: Parser,
    addresses: Addresses,
    clock: Clock,
    *,
    patience: timedelta = _PATIENCE,
    arxiv_pause: timedelta = _ARXIV_PAUSE,
) -> AsyncGenerator[Lookup]:
    """A lookup that gives up on a source after ``patience``, and pauses for arXiv as it asks."""
    lookup = Lookup(*(web, parser, addresses, clock), patience=patience, arxiv_pause=arxiv_pause)
    try:
        yield lookup
    finally:
        await lookup.close()


def _failed(source: Source, error: WebError) -> ServiceFailed:
    """What to tell who asked, and what they can do: to ask again helps where it is the server's."""
    _log.warning("Looking up %s failed: %s", source.url, error.cause)
    advice = {
        404: "Check the address, or fill in the form.",
        410: "Check the address, or fill in the form.",
        401: "Give the paper's DOI or arXiv id, or fill in the form.",
        403: "Give the paper's DOI or arXiv id, or fill in the form.",
    }.get(error.status or 0, "Try again later, or fill in the form.")
    return ServiceFailed(f"{error} {advice}", source.known, cause=error.cause)


def _of_entry(source: Source) -> PaperDraft:
    """The first paper of a BibTeX entry."""
    lines = source.value.splitlines(keepends=True)
    reason = "It holds no paper."
    for finding in read_bibtex(lambda: contextlib.nullcontext(lines)):
        if isinstance(finding, ListedPaper):
            return finding.draft
        reason = finding.reason
    raise NothingFound(f"I can't use that BibTeX. {reason}", source.known)


def _is_html(page: Page) -> bool:
    kind = page.content_type.partition(";")[0].strip().lower()
    return not page.body.startswith(b"%PDF") and (not kind or "html" in kind or "xml" in kind)


def _only_a_pdf(source: Source) -> NothingFound:
    return NothingFound(
        "That address is a file, which doesn't say what paper it is. Give the address of the "
        "paper's page, its arXiv id or its DOI; or fill in the form.",
        source.known,
    )


def _with_address(draft: PaperDraft, source: Source) -> PaperDraft:
    """A page's draft with the address that was given, where that is another one."""
    known = source.known
    moved = [link for link in known.links if link.kind is LinkKind.PDF and link not in draft.links]
    return replace(
        draft,
        identifiers=ordered((*draft.identifiers, *known.identifiers)),
        links=(*draft.links, *moved),
    )


def _completed(found: PaperDraft, page: PaperDraft) -> PaperDraft:
    """What a service says, completed by the page: a page says little, but says where it is."""
    venue = page.venue if page.venue and is_preprint(found.venue) else found.venue or page.venue
    return replace(
        found,
        authors=found.authors or page.authors,
        abstract=found.abstract or page.abstract,
        venue=venue,
        date=found.date or page.date,
        identifiers=ordered((*found.identifiers, *page.identifiers)),
        links=(*found.links, *(link for link in page.links if link not in found.links)),
    )
