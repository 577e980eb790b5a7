"""The links of an entry of a page: which of them to keep, and which lead to the paper itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bot.formats.pages.document import Line
from storage.models import Link, LinkKind
from storage.papers.identifiers import is_identifier_page, is_pdf_url
from storage.text import fold
from storage.urls import canonical_url

URL = re.compile(r"<?https?://[^\s<>\"]+>?|\bwww\.[^\s<>\"]+", re.IGNORECASE)
_LINK_KINDS = (
    (
        re.compile(r"\b(?:code|github|software|repo|implementation|source)\b", re.IGNORECASE),
        LinkKind.CODE,
    ),
    (re.compile(r"\b(?:data|dataset|datasets|benchmark)\b", re.IGNORECASE), LinkKind.DATA),
    (re.compile(r"\b(?:video|talk|recording|youtube)\b", re.IGNORECASE), LinkKind.VIDEO),
    (re.compile(r"\b(?:models?|weights|checkpoints?)\b", re.IGNORECASE), LinkKind.MODEL),
)
_FULL_TEXT = re.compile(r"\b(?:pdf|paper|preprint|full ?text|article)\b", re.IGNORECASE)
_OTHER_LINK = re.compile(
    r"\b(?:slides?|posters?|bib|bibtex|blog|press|award|cite|supp\w*|appendix|twitter|news)\b",
    re.IGNORECASE,
)
_PAGES = frozenset({LinkKind.PAGE, LinkKind.PDF})


def links_of(lines: Sequence[Line]) -> Iterator[tuple[str, str]]:
    """Yields the texts and the addresses of all links, and the addresses that stand in the text."""
    for line in lines:
        for run in line.runs:
            if run.link:
                yield run.text.strip(), run.link
            for found in URL.findall(run.text):
                url = found.strip("<>").rstrip(".,;)]")
                if canonical_url(url):
                    yield "", url


def leads_to_paper(text: str, url: str, title: str) -> bool:
    """Returns whether a link is to the page or the PDF of the paper with a title."""
    words = fold(text)
    is_title = len(words) > 3 and words in fold(title)
    is_full_text = _FULL_TEXT.search(text) and not _OTHER_LINK.search(text)
    return bool(is_title or is_full_text) and _kind(text, url) in _PAGES


def kept_link(text: str, url: str) -> Link | None:
    """Returns a link to keep with a paper, or None for slides, people's pages and ids."""
    if is_identifier_page(url) or _OTHER_LINK.search(text[:60]):
        return None
    return Link(_kind(text, url), url)


def _kind(text: str, url: str) -> LinkKind:
    for pattern, kind in _LINK_KINDS:
        if pattern.search(text) and len(text) < 40:
            return kind
    if "github.com/" in url or "gitlab.com/" in url:
        return LinkKind.CODE
    return LinkKind.PDF if is_pdf_url(url) else LinkKind.PAGE
