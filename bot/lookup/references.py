"""Parses references to papers: arXiv ids, DOIs, URLs and BibTeX entries; pure."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlsplit

from bot.lookup.errors import NotAReference
from storage.models import Link, LinkKind, PaperDraft
from storage.papers.identifiers import arxiv_id, doi, is_pdf_url
from storage.redaction import redacted_repr
from storage.urls import canonical_url

_MAX_LENGTH = 20_000  # characters of a reference
_BIBTEX = re.compile(r"\s*@\s*\w+\s*[{(]")
# What has the form of an arXiv id, even if its month doesn't exist; see `arxiv_problem`.
_ARXIV_LIKE = re.compile(
    r"(?:(?:https?://)?(?:www\.|export\.)?arxiv\.org/(?:abs|pdf|html)/"
    r"|(?:(?:https?://)?(?:dx\.)?doi\.org/|doi:\s*)?10\.48550/arxiv\.|arxiv\s?:\s?)?"
    r"(\d{4}\.\d{4,5})(?:v\d+)?(?:\.pdf)?",
    re.IGNORECASE,
)
_WRAPPED = re.compile(r"\[[^\]]*\]\((?P<linked>\S+)\)|<(?P<bracketed>\S+)>")
_URL = re.compile(r"https?://[^\s<>\"`|]+", re.IGNORECASE)
_URL_WITHOUT_SCHEME = re.compile(r"(?:[a-z\d-]+\.)+[a-z]{2,}(?:/\S*)?", re.IGNORECASE)
# Outside of a URL, an id has to say what it is; a bare number may be anything.
_MENTION = re.compile(r"\barxiv\s?:\s?\S+|\b10\.\d{4,9}/\S+", re.IGNORECASE)
_TRAILING_PUNCTUATION = ".,;:!?'\"”’*_~"
_OPENING_BRACKETS = {")": "(", "]": "["}
# Sites that people link to for everything but papers.
_NON_PAPER_HOST = re.compile(
    r"(?:^|\.)(?:discord(?:app)?\.(?:com|net|gg)|discord\.gg|tenor\.com|giphy\.com|imgur\.com"
    r"|youtube\.com|youtu\.be|twitter\.com|x\.com|bsky\.app|zoom\.us|meet\.google\.com)$",
    re.IGNORECASE,
)


class ReferenceKind(enum.StrEnum):
    """The kind of a reference, which determines the services to query."""

    ARXIV = "arxiv"
    DOI = "doi"
    PAGE = "page"
    BIBTEX = "bibtex"


@redacted_repr
@dataclass(frozen=True, slots=True)
class Reference:
    """A reference to a paper; ``value`` is the bare id, the DOI, the URL, or the BibTeX entry."""

    kind: ReferenceKind
    value: str

    @property
    def is_well_formed(self) -> bool:
        """Whether the value can be an identifier, as opposed to one with a misspelled month."""
        return self.kind is not ReferenceKind.ARXIV or arxiv_id(self.value) is not None

    @property
    def identifier(self) -> str | None:
        """The canonical identifier, or None for a BibTeX entry."""
        if self.kind is ReferenceKind.BIBTEX or not self.is_well_formed:
            return None
        if self.kind is ReferenceKind.PAGE:
            return f"url:{canonical_url(self.value)}"
        return f"{self.kind}:{self.value}"

    @property
    def url(self) -> str:
        """A URL to open in a browser; empty for a BibTeX entry."""
        match self.kind:
            case ReferenceKind.ARXIV:
                return f"https://arxiv.org/abs/{self.value}"
            case ReferenceKind.DOI:
                return f"https://doi.org/{self.value}"
            case ReferenceKind.PAGE:
                return self.value
            case ReferenceKind.BIBTEX:
                return ""

    @property
    def draft(self) -> PaperDraft:
        """What the reference itself says about the paper, which doesn't include a title."""
        identifier = self.identifier
        return PaperDraft(
            title="",
            identifiers=(identifier,) if identifier else (),
            links=(page_link(self.value),) if self.kind is ReferenceKind.PAGE else (),
        )


def parse_reference(text: str) -> Reference:
    """Parses a text that is a reference; raises `NotAReference`."""
    text = text.strip()[:_MAX_LENGTH]
    if _BIBTEX.match(text):
        return Reference(ReferenceKind.BIBTEX, text)
    if wrapped := _WRAPPED.fullmatch(text):
        text = wrapped["linked"] or wrapped["bracketed"]
    if number := arxiv_id(text):
        return Reference(ReferenceKind.ARXIV, number)
    if like := _ARXIV_LIKE.fullmatch(text):
        return Reference(ReferenceKind.ARXIV, like[1])
    if number := doi(text):
        return Reference(ReferenceKind.DOI, number)
    if _URL_WITHOUT_SCHEME.fullmatch(text):
        text = f"https://{text}"
    if canonical_url(text) and len(text.split()) == 1:
        return Reference(ReferenceKind.PAGE, text)
    raise NotAReference(text)


def extract_references(text: str) -> tuple[Reference, ...]:
    """Returns the papers that a message links to or names, in its order, once each.

    Any URL may be a paper's, except on sites that have none.
    """
    references: dict[str, Reference] = {}
    for candidate in _candidates(text):
        try:
            reference = parse_reference(candidate)
        except NotAReference:
            continue
        is_page = reference.kind is ReferenceKind.PAGE
        if not is_page or not _NON_PAPER_HOST.search(_host(reference.value)):
            references.setdefault(reference.identifier or reference.value, reference)
    return tuple(references.values())


def arxiv_problem(number: str, today: date) -> str:
    """Returns why an arXiv id can't be one, or an empty text; ids begin with year and month.

    https://info.arxiv.org/help/arxiv_identifier.html
    """
    if arxiv_id(number) is None:
        return "An arXiv ID begins with the year and the month, like 2304.01373 for April 2023."
    if "/" in number:
        return ""
    year, month = 2000 + int(number[:2]), int(number[2:4])
    # In the first time zone, the next month begins up to 14 hours before it does in UTC.
    if (year, month) > ((tomorrow := today + timedelta(days=1)).year, tomorrow.month):
        return f"It would be from {date(year, month, 1):%B %Y}, which is in the future."
    return ""


def page_link(url: str) -> Link:
    """Returns a link to a URL, of the kind that the URL suggests."""
    return Link(LinkKind.PDF if is_pdf_url(url) else LinkKind.PAGE, url)


def _candidates(text: str) -> list[str]:
    """Returns the words of a text that may be references, in their order."""
    words = [(found.start(), _trimmed(found[0])) for found in _URL.finditer(text)]
    rest = _URL.sub(lambda found: " " * len(found[0]), text)
    words += [(found.start(), _trimmed(found[0])) for found in _MENTION.finditer(rest)]
    return [word for _, word in sorted(words)]


def _trimmed(word: str) -> str:
    """Returns a word without trailing punctuation and closing brackets that it didn't open."""
    while word and (word[-1] in _TRAILING_PUNCTUATION or _is_unopened(word, word[-1])):
        word = word[:-1]
    return word


def _is_unopened(word: str, mark: str) -> bool:
    return mark in _OPENING_BRACKETS and word.count(_OPENING_BRACKETS[mark]) < word.count(mark)


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""
