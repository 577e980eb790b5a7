"""Who is asked about a source, in which order, and how what they say becomes one draft."""

from __future__ import annotations

import contextlib
import logging
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.feeds.parser import Parser
from bot.formats.bibtex_reader import read_bibtex
from bot.formats.results import ListedPaper
from bot.lookup.errors import LookupFailed, NothingFound
from bot.lookup.page_metadata import Described, read_page
from bot.lookup.providers import ArXiv, crossref, datacite
from bot.lookup.references import Reference, ReferenceKind, parse_reference
from bot.net.http import Page, PrivateHost, Web, WebError
from bot.net.sandbox import TooMuchWork
from bot.settings import Settings
from storage.models import LinkKind, PaperDraft
from storage.papers.combine import is_preprint, joined, ordered
from storage.papers.identifiers import is_pdf_url, page_of_pdf
from storage.timestamps import Clock

_log = logging.getLogger(__name__)

_HTML = {"Accept": "text/html, application/xhtml+xml;q=0.9"}


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


class Answers:
    """The services and pages that know papers.

    ``web`` asks the services, which the operator chose; ``pages`` reads what anybody may name.
    """

    def __init__(
        self,
        web: Web,
        parser: Parser,
        addresses: Addresses,
        clock: Clock,
        *,
        pages: Web,
        arxiv_pause: timedelta,
    ) -> None:
        self._pages = pages
        self._workers = parser.workers
        self.arxiv = ArXiv(web, parser, addresses.arxiv, clock, arxiv_pause)
        self._crossref = crossref(web, parser, addresses.crossref, addresses.contact)
        self._datacite = datacite(web, parser, addresses.datacite)

    async def ask(self, source: Reference) -> PaperDraft:
        """The draft of a source's paper, perhaps without a title.

        Raises `NothingFound` where nobody knows it, `WebError` where who should know can't say.
        """
        match source.kind:
            case ReferenceKind.ARXIV:
                return await self._of_arxiv(source)
            case ReferenceKind.DOI:
                return await self._of_doi(source)
            case ReferenceKind.PAGE:
                return await self._of_page(source)
            case ReferenceKind.BIBTEX:
                return await self._of_entry(source)

    async def _of_arxiv(self, source: Reference) -> PaperDraft:
        """What arXiv says, and where it names a DOI, what is said of the published version."""
        try:
            found = (await self.arxiv.find([source.value])).get(source.value)
        except WebError as error:
            # It answers 400 to what it takes for no id; all papers of its have a DOI besides.
            found = None if error.status == 400 else await self._registered_preprint(source.value)
            if found is None and error.status != 400:
                raise
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

    async def _registered_preprint(self, number: str) -> PaperDraft | None:
        """What DataCite says of an arXiv id, where arXiv itself says nothing."""
        with contextlib.suppress(WebError):
            found = await self._datacite.find(f"10.48550/arXiv.{number}")
            if found is not None and found.title:
                return replace(found, identifiers=(f"arxiv:{number}",))
        return None

    async def _of_doi(self, source: Reference) -> PaperDraft:
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

    async def _of_page(self, source: Reference) -> PaperDraft:
        """What a page says of its paper, and what others say by the ids that it names."""
        address = page_of_pdf(source.value)
        if is_pdf_url(address):
            raise _only_a_pdf(source)
        page = await self._read(address, source)
        with contextlib.suppress(LookupFailed):
            reached = parse_reference(page.url)
            if reached.kind is not ReferenceKind.PAGE:
                return await self.ask(reached)
        if not _is_html(page):
            raise _only_a_pdf(source)
        described = await self._described(page, source)
        draft = _with_address(described.draft, source)
        if found := await self._named_by(described):
            return _completed(found, draft)
        if not draft.title:
            raise NothingFound(
                "That page does not say what paper it is. Give the paper's arXiv id or DOI, or "
                "fill in the form.",
                draft,
            )
        return draft

    async def _read(self, address: str, source: Reference) -> Page:
        try:
            return await self._pages.get(address, _HTML)
        except PrivateHost as error:
            raise NothingFound(
                f"{error.host} is on this machine or a private network, where I read no pages. "
                "Give the paper's arXiv id or DOI, or fill in the form.",
                source.known,
            ) from error

    async def _described(self, page: Page, source: Reference) -> Described:
        try:
            return await self._workers.do(read_page, page.body, page.url, page.content_type)
        except TooMuchWork as error:
            raise NothingFound(
                f"That page {error.trouble}, so I stopped reading it. Give the paper's arXiv id or "
                "DOI, or fill in the form.",
                source.known,
            ) from error

    async def _named_by(self, described: Described) -> PaperDraft | None:
        """What arXiv, or else a registry, says of the paper of a page; it may say nothing."""
        named = [
            *([Reference(ReferenceKind.ARXIV, described.arxiv)] if described.arxiv else []),
            *([Reference(ReferenceKind.DOI, described.doi)] if described.doi else []),
        ]
        for source in named:
            try:
                return await self.ask(source)
            except (NothingFound, WebError) as error:
                _log.info("A page names %s: %s", source.url, error.cause)
        return None

    async def _of_entry(self, source: Reference) -> PaperDraft:
        """The first paper of a BibTeX entry."""
        try:
            found = await self._workers.do(_first_paper, source.value)
        except TooMuchWork as error:
            found = f"It {error.trouble}, so I stopped reading it."
        if isinstance(found, str):
            raise NothingFound(f"I can't use that BibTeX. {found}", source.known)
        return found


def _first_paper(entry: str) -> PaperDraft | str:
    """The first paper of a BibTeX entry, or why there is none."""
    lines = entry.splitlines(keepends=True)
    reason = "It holds no paper."
    for finding in read_bibtex(lambda: contextlib.nullcontext(lines)):
        if isinstance(finding, ListedPaper):
            return finding.draft
        reason = finding.reason
    return reason


def _is_html(page: Page) -> bool:
    kind = page.content_type.partition(";")[0].strip().lower()
    return not page.body.startswith(b"%PDF") and (not kind or "html" in kind or "xml" in kind)


def _only_a_pdf(source: Reference) -> NothingFound:
    return NothingFound(
        "That address is a file, which doesn't say what paper it is. Give the address of the "
        "paper's page, its arXiv id or its DOI; or fill in the form.",
        source.known,
    )


def _with_address(draft: PaperDraft, source: Reference) -> PaperDraft:
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
