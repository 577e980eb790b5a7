"""What arXiv, Crossref and DataCite say of the papers that have an id of theirs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeAlias
from urllib.parse import quote, urlencode

from cachetools import TTLCache

from bot.feeds.parser import NotAFeed, Parser, TooMuchToRead
from bot.lookup.rate_limit import Service
from bot.lookup.registry_records import read_crossref, read_datacite
from bot.net.http import Page, Web, WebError
from bot.net.sandbox import TooMuchWork
from storage.models import PaperDraft
from storage.timestamps import Clock

_CACHE_SIZE = 500
_CACHE_TTL = timedelta(hours=1)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_JSON = {"Accept": "application/json"}

_Read: TypeAlias = Callable[[Mapping[str, Any]], PaperDraft | None]


class ArXiv:
    """The arXiv API: many ids in one request, three seconds between two.

    https://info.arxiv.org/help/api/user-manual.html, https://info.arxiv.org/help/api/tou.html
    """

    def __init__(self, web: Web, parser: Parser, url: str, clock: Clock, pause: timedelta) -> None:
        self._service = Service("arXiv", web, url, pause)
        self._parser = parser
        self._clock = clock
        self._cache: TTLCache[str, PaperDraft] = TTLCache(_CACHE_SIZE, _CACHE_TTL.total_seconds())

    async def find(self, ids: Sequence[str]) -> dict[str, PaperDraft]:
        """The drafts of those ids, without versions, that arXiv knows; raises `WebError`."""
        found = {number: draft for number in ids if (draft := self._cache.get(number))}
        missing = [number for number in ids if number not in found]
        if missing:
            query = urlencode({"id_list": ",".join(missing), "max_results": len(missing)})
            page = await self._service.get(f"?{query}")
            read = await self._read(page) if page else {}
            for number in read.keys() & set(missing):
                found[number] = read[number]
                self._cache[number] = read[number]
        return found

    async def _read(self, page: Page) -> dict[str, PaperDraft]:
        """The papers of an answer by their ids; it is an Atom feed."""
        try:
            feed = await self._parser.parse(page.body, page.url, self._clock(), page.content_type)
        except (NotAFeed, TooMuchToRead) as error:
            raise self._unreadable(error.cause) from error
        if not feed.entries and feed.causes:
            raise self._unreadable("; ".join(feed.causes))
        return {
            name.removeprefix("arxiv:"): replace(
                entry.draft, identifiers=_lasting(entry.draft.identifiers)
            )
            for entry in feed.entries
            for name in entry.draft.identifiers[:1]
            if name.startswith("arxiv:")
        }

    def _unreadable(self, cause: str) -> WebError:
        return self._service.failure("I can't read its answer.", cause=cause)


class Registry:
    """A registry of DOIs that answers with JSON; ``read`` is a function of a module."""

    def __init__(self, service: Service, parser: Parser, path: str, read: _Read) -> None:
        self.name = service.name
        self._service = service
        self._workers = parser.workers
        self._path = path
        self._read = read

    async def find(self, doi: str) -> PaperDraft | None:
        """The draft of a DOI, perhaps without a title; none where it does not know the DOI.

        Raises `WebError`.
        """
        page = await self._service.get(self._path.format(quote(doi, safe="/")), _JSON)
        if page is None:
            return None
        try:
            draft = await self._workers.do(_draft_of, page.body, self._read)
        except (ValueError, RecursionError, TooMuchWork) as error:
            raise self._service.failure("I can't read its answer.", cause=str(error)) from error
        return draft


def crossref(web: Web, parser: Parser, url: str, contact: str) -> Registry:
    """Crossref, which serves those better who say how they can be reached.

    https://github.com/CrossRef/rest-api-doc#etiquette
    """
    polite = f"?{urlencode({'mailto': contact})}" if _EMAIL.fullmatch(contact) else ""
    service = Service("Crossref", web, url)
    return Registry(service, parser, f"/works/{{}}{polite}", _crossref_draft)


def datacite(web: Web, parser: Parser, url: str) -> Registry:
    """DataCite; https://support.datacite.org/docs/api."""
    return Registry(Service("DataCite", web, url), parser, "/dois/{}", _datacite_draft)


def _draft_of(body: bytes, read: _Read) -> PaperDraft:
    found = json.loads(body)
    draft = read(found) if isinstance(found, dict) else None
    if draft is None:
        raise ValueError("the answer describes no work")
    return draft


def _crossref_draft(answer: Mapping[str, Any]) -> PaperDraft | None:
    work = answer.get("message")
    return read_crossref(work) if isinstance(work, dict) else None


def _datacite_draft(answer: Mapping[str, Any]) -> PaperDraft | None:
    record = answer.get("data")
    attributes = record.get("attributes") if isinstance(record, dict) else None
    return read_datacite(attributes) if isinstance(attributes, dict) else None


def _lasting(identifiers: Sequence[str]) -> tuple[str, ...]:
    """The ids that a paper has wherever it is found: no feed's own, no address of arXiv's."""
    return tuple(name for name in identifiers if name.startswith(("arxiv:", "doi:")))
