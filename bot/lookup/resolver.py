"""Decides which services to ask about a reference, and merges their answers into one draft."""

from __future__ import annotations

import contextlib
import logging
from dataclasses import dataclass, replace

from bot.feeds.parser import Parser
from bot.formats.bibtex.reader import read_bibtex
from bot.formats.results import ParsedPaper
from bot.lookup.errors import LookupFailed, NothingFound, UnknownPaper
from bot.lookup.page_metadata import PageMetadata, parse_page
from bot.lookup.providers import Agencies, ArXiv, crossref, datacite
from bot.lookup.references import Reference, ReferenceKind, parse_reference
from bot.net.http import HttpClient, HttpError, Page, PrivateHost
from bot.net.pace import Paces
from bot.net.sandbox import ResourceLimitExceeded
from bot.net.services import ARXIV, CROSSREF, DATACITE, DOI
from bot.settings import Settings
from storage.models import LinkKind, PaperDraft
from storage.papers.combine import is_preprint, merge_metadata, sort_identifiers
from storage.papers.identifiers import is_pdf_url
from storage.redaction import redacted_repr
from storage.timestamps import Clock
from storage.urls import page_of_pdf

_log = logging.getLogger(__name__)

_ASKED_AGENCIES = {"crossref", "datacite"}
_HTML = {"Accept": "text/html, application/xhtml+xml;q=0.9"}


@redacted_repr
@dataclass(frozen=True, slots=True)
class ServiceUrls:
    """The URLs of the services, and how they can contact the bot's operator."""

    arxiv: str
    crossref: str
    datacite: str
    doi: str
    contact: str = ""

    @classmethod
    def from_settings(cls, settings: Settings) -> ServiceUrls:
        """Returns the URLs in the settings."""
        return cls(
            settings.arxiv_api_url,
            settings.crossref_url,
            settings.datacite_url,
            settings.doi_url,
            settings.contact,
        )


class Resolver:
    """Resolves references to papers.

    ``http`` calls the services, which the operator chose, at their ``paces``; ``pages`` reads any
    URL that people name.
    """

    def __init__(
        self,
        http: HttpClient,
        parser: Parser,
        urls: ServiceUrls,
        clock: Clock,
        *,
        pages: HttpClient,
        paces: Paces,
    ) -> None:
        self._pages = pages
        self._workers = parser.workers
        self.arxiv = ArXiv(http, parser, urls.arxiv, clock, paces.of(ARXIV))
        pace = paces.of(CROSSREF)
        self._crossref = crossref(http, parser, urls.crossref, urls.contact, pace)
        self._datacite = datacite(http, parser, urls.datacite, paces.of(DATACITE))
        self._agencies = Agencies(http, urls.doi, paces.of(DOI))

    async def resolve(self, reference: Reference) -> PaperDraft:
        """Returns the draft of a reference's paper, perhaps without a title.

        Raises `NothingFound` if nobody knows the paper, and `HttpError` if a service fails.
        """
        match reference.kind:
            case ReferenceKind.ARXIV:
                return await self._resolve_arxiv(reference)
            case ReferenceKind.DOI:
                return await self._resolve_doi(reference)
            case ReferenceKind.PAGE:
                return await self._resolve_page(reference)
            case ReferenceKind.BIBTEX:
                return await self._resolve_bibtex(reference)

    async def _resolve_arxiv(self, reference: Reference) -> PaperDraft:
        """Asks arXiv, and Crossref about the published version if arXiv names a DOI."""
        try:
            draft = (await self.arxiv.fetch([reference.value])).get(reference.value)
        except HttpError as error:
            # arXiv answers 400 to a malformed id. All its papers also have a DOI at DataCite.
            draft = None if error.status == 400 else await self._arxiv_doi(reference.value)
            if draft is None and error.status != 400:
                raise
        if draft is None:
            raise UnknownPaper(
                f"arXiv has no paper {reference.value}. Check the ID. A new paper may take a day "
                "to appear.",
                reference.draft,
            )
        for name in draft.identifiers:
            if name.startswith("doi:") and (published := await self._published_version(name[4:])):
                draft = merge_metadata(draft, published)
        return draft

    async def _published_version(self, doi: str) -> PaperDraft | None:
        """Asks Crossref about a preprint's published version; an error is only logged."""
        try:
            draft = await self._crossref.find(doi)
        except HttpError as error:
            _log.info("The published version %s can't be looked up: %s", doi, error.cause)
            return None
        return draft if draft and draft.title else None

    async def _arxiv_doi(self, number: str) -> PaperDraft | None:
        """Asks DataCite about an arXiv id while arXiv itself is unavailable."""
        with contextlib.suppress(HttpError):
            draft = await self._datacite.find(f"10.48550/arXiv.{number}")
            if draft is not None and draft.title:
                return replace(draft, identifiers=(f"arxiv:{number}",))
        return None

    async def _resolve_doi(self, reference: Reference) -> PaperDraft:
        """Asks Crossref, then DataCite; raises the first error only if neither knows the DOI.

        There are other agencies, such as JaLC, KISTI and mEDRA. A DOI of theirs exists, although
        nothing more is known about it.
        """
        failure: HttpError | None = None
        for registry in (self._crossref, self._datacite):
            try:
                draft = await registry.find(reference.value)
            except HttpError as error:
                failure = failure or error
                continue
            if draft is not None:
                identifiers = sort_identifiers((f"doi:{reference.value}", *draft.identifiers))
                return replace(draft, identifiers=identifiers)
        if failure is not None:
            raise failure
        agency = await self._agencies.find(reference.value)
        if agency is None or agency.lower() in _ASKED_AGENCIES:
            raise UnknownPaper(
                f"Neither Crossref nor DataCite knows the DOI “{reference.value}”. Check it.",
                reference.draft,
            )
        raise NothingFound(
            f"The DOI “{reference.value}” is registered with {agency}, where I can't "
            "look up papers.",
            reference.draft,
        )

    async def _resolve_page(self, reference: Reference) -> PaperDraft:
        """Reads a page's metadata, and asks the services about the ids that it names."""
        url = page_of_pdf(reference.value)
        if is_pdf_url(url):
            raise _not_a_page(reference)
        page = await self._fetch_page(url, reference)
        with contextlib.suppress(LookupFailed):
            redirected = parse_reference(page.url)
            if redirected.kind is not ReferenceKind.PAGE:
                return await self.resolve(redirected)
        if not _is_html(page):
            raise _not_a_page(reference)
        metadata = await self._parse_page(page, reference)
        draft = _with_requested_url(metadata.draft, reference)
        if found := await self._resolve_named_ids(metadata):
            return _merge_page(found, draft)
        if not draft.title:
            raise NothingFound(
                "That page doesn't say which paper it's about. Use the paper's arXiv ID or DOI.",
                draft,
            )
        return draft

    async def _fetch_page(self, url: str, reference: Reference) -> Page:
        try:
            return await self._pages.get(url, _HTML)
        except PrivateHost as error:
            raise NothingFound(
                f"{error.host} is on this machine or a private network, so I won't read it. "
                "Use the paper's arXiv ID or DOI.",
                reference.draft,
            ) from error
        except HttpError as error:
            if error.status not in {404, 410}:
                raise
            raise UnknownPaper(f"{error} Check the link.", reference.draft) from error

    async def _parse_page(self, page: Page, reference: Reference) -> PageMetadata:
        try:
            return await self._workers.run(parse_page, page.body, page.url, page.content_type)
        except ResourceLimitExceeded as error:
            raise NothingFound(
                f"That page {error.reason}, so I stopped. Use the paper's arXiv ID or DOI.",
                reference.draft,
            ) from error

    async def _resolve_named_ids(self, metadata: PageMetadata) -> PaperDraft | None:
        """Asks about the arXiv id and then the DOI in a page's metadata; logs errors."""
        references = [
            *([Reference(ReferenceKind.ARXIV, metadata.arxiv)] if metadata.arxiv else []),
            *([Reference(ReferenceKind.DOI, metadata.doi)] if metadata.doi else []),
        ]
        for reference in references:
            try:
                return await self.resolve(reference)
            except (NothingFound, HttpError) as error:
                _log.info("A page names %s: %s", reference.url, error.cause)
        return None

    async def _resolve_bibtex(self, reference: Reference) -> PaperDraft:
        """Returns the first paper of a BibTeX entry."""
        try:
            paper = await self._workers.run(_first_paper, reference.value)
        except ResourceLimitExceeded as error:
            paper = f"It {error.reason}, so I stopped."
        if isinstance(paper, str):
            raise NothingFound(f"I can't use that BibTeX. {paper}", reference.draft)
        return paper


def _first_paper(entry: str) -> PaperDraft | str:
    """Returns the first paper of a BibTeX entry, or the reason why there is none."""
    lines = entry.splitlines(keepends=True)
    reason = "It doesn't contain a paper."
    for result in read_bibtex(lambda: contextlib.nullcontext(lines)):
        if isinstance(result, ParsedPaper):
            return result.draft
        reason = result.reason
    return reason


def _is_html(page: Page) -> bool:
    kind = page.content_type.partition(";")[0].strip().lower()
    return not page.body.startswith(b"%PDF") and (not kind or "html" in kind or "xml" in kind)


def _not_a_page(reference: Reference) -> NothingFound:
    return NothingFound(
        "That link leads to a file, which doesn't say which paper it is. Use a link to the paper's "
        "page, its arXiv ID or its DOI.",
        reference.draft,
    )


def _with_requested_url(draft: PaperDraft, reference: Reference) -> PaperDraft:
    """Adds the URL that was asked for to a page's draft, in case it was redirected."""
    known = reference.draft
    pdfs = [link for link in known.links if link.kind is LinkKind.PDF and link not in draft.links]
    return replace(
        draft,
        identifiers=sort_identifiers((*draft.identifiers, *known.identifiers)),
        links=(*draft.links, *pdfs),
    )


def _merge_page(found: PaperDraft, page: PaperDraft) -> PaperDraft:
    """Completes a service's draft with a page's metadata, above all the page's URL."""
    venue = page.venue if page.venue and is_preprint(found.venue) else found.venue or page.venue
    return replace(
        found,
        authors=found.authors or page.authors,
        abstract=found.abstract or page.abstract,
        venue=venue,
        date=found.date or page.date,
        identifiers=sort_identifiers((*found.identifiers, *page.identifiers)),
        links=(*found.links, *(link for link in page.links if link not in found.links)),
    )
