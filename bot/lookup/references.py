"""What a text means that stands for a paper: an arXiv id, a DOI, an address or BibTeX; pure."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.lookup.errors import NotUnderstood
from storage.models import Link, LinkKind, PaperDraft
from storage.papers.identifiers import arxiv_id, canonical_url, doi, is_pdf_url

_LONGEST = 20_000  # characters of a source
_BIBTEX = re.compile(r"\s*@\s*\w+\s*[{(]")
_WRAPPED = re.compile(r"\[[^\]]*\]\((?P<linked>\S+)\)|<(?P<bracketed>\S+)>")
_ADDRESS = re.compile(r"https?://[^\s<>\"`|]+", re.IGNORECASE)
_BARE_ADDRESS = re.compile(r"(?:[a-z\d-]+\.)+[a-z]{2,}(?:/\S*)?", re.IGNORECASE)
# Outside of an address, an id counts where it says what it is; a bare number may be anything.
_MENTION = re.compile(r"\barxiv\s?:\s?\S+|\b10\.\d{4,9}/\S+", re.IGNORECASE)
# Sites that show arXiv's papers under arXiv's ids.
_AFTER_WORDS = ".,;:!?'\"”’*_~"
_OPENING = {")": "(", "]": "["}
# Where people send each other everything but papers.
_NO_PAPERS = re.compile(
    r"(?:^|\.)(?:discord(?:app)?\.(?:com|net|gg)|discord\.gg|tenor\.com|giphy\.com|imgur\.com"
    r"|youtube\.com|youtu\.be|twitter\.com|x\.com|bsky\.app|zoom\.us|meet\.google\.com)$",
    re.IGNORECASE,
)


class ReferenceKind(enum.StrEnum):
    """What a source is, and so who is asked about it."""

    ARXIV = "arxiv"
    DOI = "doi"
    PAGE = "page"
    BIBTEX = "bibtex"


@dataclass(frozen=True, slots=True)
class Reference:
    """What stands for a paper: the bare id, the DOI, the address, or the entry itself."""

    kind: ReferenceKind
    value: str

    @property
    def identifier(self) -> str | None:
        """The canonical identifier that the source is; none for an entry."""
        if self.kind is ReferenceKind.BIBTEX:
            return None
        if self.kind is ReferenceKind.PAGE:
            return f"url:{canonical_url(self.value)}"
        return f"{self.kind}:{self.value}"

    @property
    def url(self) -> str:
        """Where a person can see it; empty for an entry."""
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
    def known(self) -> PaperDraft:
        """What the source says by itself, for who fills in the rest; it has no title."""
        identifier = self.identifier
        return PaperDraft(
            title="",
            identifiers=(identifier,) if identifier else (),
            links=(page_link(self.value),) if self.kind is ReferenceKind.PAGE else (),
        )


def parse_reference(text: str) -> Reference:
    """What a text stands for; raises `NotUnderstood`."""
    text = text.strip()[:_LONGEST]
    if _BIBTEX.match(text):
        return Reference(ReferenceKind.BIBTEX, text)
    if wrapped := _WRAPPED.fullmatch(text):
        text = wrapped["linked"] or wrapped["bracketed"]
    if number := arxiv_id(text):
        return Reference(ReferenceKind.ARXIV, number)
    if number := doi(text):
        return Reference(ReferenceKind.DOI, number)
    if _BARE_ADDRESS.fullmatch(text):
        text = f"https://{text}"
    if canonical_url(text) and len(text.split()) == 1:
        return Reference(ReferenceKind.PAGE, text)
    raise NotUnderstood(text)


def references_in(text: str) -> tuple[Reference, ...]:
    """Every paper that a message links or names, in its order, each once.

    Any address may be a paper's, but those of places that hold none.
    """
    found: dict[str | None, Reference] = {}
    for word in _links_and_mentions(text):
        try:
            source = parse_reference(word)
        except NotUnderstood:
            continue
        if source.kind is not ReferenceKind.PAGE or not _NO_PAPERS.search(_host(source.value)):
            found.setdefault(source.identifier, source)
    return tuple(found.values())


def page_link(address: str) -> Link:
    """The link of an address, by what it seems to lead to."""
    return Link(LinkKind.PDF if is_pdf_url(address) else LinkKind.PAGE, address)


def _links_and_mentions(text: str) -> list[str]:
    """The words of a text that may stand for a paper, in their order."""
    words = [(found.start(), _trimmed(found[0])) for found in _ADDRESS.finditer(text)]
    rest = _ADDRESS.sub(lambda found: " " * len(found[0]), text)
    words += [(found.start(), _trimmed(found[0])) for found in _MENTION.finditer(rest)]
    return [word for _, word in sorted(words)]


def _trimmed(word: str) -> str:
    """A word without the marks of the sentence around it, and brackets that it did not open."""
    while word and (word[-1] in _AFTER_WORDS or _is_unopened(word, word[-1])):
        word = word[:-1]
    return word


def _is_unopened(word: str, mark: str) -> bool:
    return mark in _OPENING and word.count(_OPENING[mark]) < word.count(mark)


def _host(address: str) -> str:
    return urlsplit(address).hostname or ""
