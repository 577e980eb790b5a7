"""Queries arXiv, Crossref and DataCite for papers by their ids, and doi.org for agencies."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeAlias
from urllib.parse import quote, urlencode

from cachetools import TTLCache

from bot.feeds.parser import FeedTooLarge, NotAFeed, Parser
from bot.formats.records.registry_records import read_crossref, read_datacite
from bot.lookup.rate_limit import Service
from bot.markdown import clip
from bot.net.http import HttpClient, HttpError, Page
from bot.net.pace import Pace
from bot.net.sandbox import ResourceLimitExceeded
from storage.models import PaperDraft
from storage.timestamps import Clock

_CACHE_SIZE = 500
_CACHE_TTL = timedelta(hours=1)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_JSON = {"Accept": "application/json"}

_RecordReader: TypeAlias = Callable[[Mapping[str, Any]], PaperDraft | None]


class ArXiv:
    """The arXiv API: many ids in one request, at the pace of all of arXiv.

    https://info.arxiv.org/help/api/user-manual.html, https://info.arxiv.org/help/api/tou.html
    """

    def __init__(
        self, http: HttpClient, parser: Parser, url: str, clock: Clock, pace: Pace
    ) -> None:
        self._service = Service(http, url, pace)
        self._parser = parser
        self._clock = clock
        self._cache: TTLCache[str, PaperDraft] = TTLCache(_CACHE_SIZE, _CACHE_TTL.total_seconds())

    async def fetch(self, ids: Sequence[str]) -> dict[str, PaperDraft]:
        """Returns the drafts of those ids, without versions, that arXiv knows.

        Raises `HttpError`.
        """
        drafts = {number: draft for number in ids if (draft := self._cache.get(number))}
        missing = [number for number in ids if number not in drafts]
        if missing:
            query = urlencode({"id_list": ",".join(missing), "max_results": len(missing)})
            page = await self._service.get(f"?{query}")
            fetched = await self._parse(page) if page else {}
            for number in fetched.keys() & set(missing):
                drafts[number] = fetched[number]
                self._cache[number] = fetched[number]
        return drafts

    async def _parse(self, page: Page) -> dict[str, PaperDraft]:
        """Parses a response, which is an Atom feed; returns its papers by id."""
        try:
            feed = await self._parser.parse(page.body, page.url, self._clock(), page.content_type)
        except (NotAFeed, FeedTooLarge) as error:
            raise self._unreadable(error.cause) from error
        if not feed.entries and feed.causes:
            raise self._unreadable("; ".join(feed.causes))
        return {
            name.removeprefix("arxiv:"): replace(
                entry.draft, identifiers=global_identifiers(entry.draft.identifiers)
            )
            for entry in feed.entries
            for name in entry.draft.identifiers[:1]
            if name.startswith("arxiv:")
        }

    def _unreadable(self, cause: str) -> HttpError:
        return self._service.failure("I couldn't read its response.", cause=cause)


class Registry:
    """A DOI registry with a JSON API; ``read`` has to be a module-level function."""

    def __init__(self, service: Service, parser: Parser, path: str, read: _RecordReader) -> None:
        self.name = service.name
        self._service = service
        self._workers = parser.workers
        self._path = path
        self._read = read

    async def find(self, doi: str) -> PaperDraft | None:
        """Returns the draft of a DOI, perhaps without a title, or None if the DOI is unknown.

        Raises `HttpError`.
        """
        page = await self._service.get(self._path.format(quote(doi, safe="/")), _JSON)
        if page is None:
            return None
        try:
            return await self._workers.run(_parse_record, page.body, self._read)
        except (ValueError, RecursionError, ResourceLimitExceeded) as error:
            raise self._service.failure(
                "I couldn't read its response.", cause=str(error)
            ) from error


def crossref(http: HttpClient, parser: Parser, url: str, contact: str, pace: Pace) -> Registry:
    """Returns Crossref, which serves clients better that give an email address.

    https://github.com/CrossRef/rest-api-doc#etiquette
    """
    query = f"?{urlencode({'mailto': contact})}" if _EMAIL.fullmatch(contact) else ""
    return Registry(Service(http, url, pace), parser, f"/works/{{}}{query}", _crossref_draft)


def datacite(http: HttpClient, parser: Parser, url: str, pace: Pace) -> Registry:
    """Returns DataCite; https://support.datacite.org/docs/api."""
    return Registry(Service(http, url, pace), parser, "/dois/{}", _datacite_draft)


class Agencies:
    """The registration agencies of DOIs, as doi.org knows them.

    https://www.doi.org/the-identifier/resources/factsheets/doi-resolution-documentation
    """

    def __init__(self, http: HttpClient, url: str, pace: Pace) -> None:
        self._service = Service(http, url, pace)

    async def find(self, doi: str) -> str | None:
        """Returns the name of a DOI's agency, such as JaLC, or None if there is no such DOI.

        Raises `HttpError`.
        """
        page = await self._service.get(f"/doiRA/{quote(doi, safe='/')}", _JSON)
        if page is None:
            return None
        try:
            (answer,) = json.loads(page.body)
            return _agency(answer)
        except (ValueError, TypeError, RecursionError) as error:
            raise self._service.failure(
                "I couldn't read its response.", cause=str(error)
            ) from error


def _agency(answer: Mapping[str, str]) -> str | None:
    """Returns the agency in one answer; raises `ValueError` or `TypeError` for any other data."""
    if "RA" in answer:
        return clip(str(answer["RA"]), 60)
    status = str(answer["status"]) if "status" in answer else ""
    if "not exist" in status or "nvalid" in status:
        return None
    raise ValueError(f"neither an agency nor a known status: {status[:60]}")


def _parse_record(body: bytes, read: _RecordReader) -> PaperDraft:
    record = json.loads(body)
    draft = read(record) if isinstance(record, dict) else None
    if draft is None:
        raise ValueError("the response describes no work")
    return draft


def _crossref_draft(response: Mapping[str, Any]) -> PaperDraft | None:
    work = response.get("message")
    return read_crossref(work) if isinstance(work, dict) else None


def _datacite_draft(response: Mapping[str, Any]) -> PaperDraft | None:
    record = response.get("data")
    attributes = record.get("attributes") if isinstance(record, dict) else None
    return read_datacite(attributes) if isinstance(attributes, dict) else None


def global_identifiers(identifiers: Sequence[str]) -> tuple[str, ...]:
    """Returns only ids that are valid everywhere, without feed guids and arXiv's URLs."""
    return tuple(name for name in identifiers if name.startswith(("arxiv:", "doi:")))
