"""Parses the metadata of a paper's web page; pure.

Google Scholar's tags are preferred (https://scholar.google.com/intl/en/scholar/inclusion.html),
then JSON-LD, Dublin Core and PRISM. Open Graph, which is made for link previews, comes last.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

from selectolax.lexbor import LexborHTMLParser

from bot.formats.records.registry_records import read_abstract, readable
from bot.formats.text.dates import read_date
from bot.lookup.references import page_link
from storage.models import Link, LinkKind, PaperDraft
from storage.names.author_list import AuthorList, parse_author_names
from storage.papers.identifiers import arxiv_id, doi
from storage.urls import canonical_url

_MAX_PAGE = 2_000_000  # bytes; metadata is near the start
_MAX_TAGS = 5000
_MAX_TITLE = 400
_MAX_VALUE = 20_000  # characters of one value
_MAX_NAMES = 20_000  # characters of one text that names authors
_MAX_AUTHORS = 3000
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?([\w-]{2,40})", re.IGNORECASE)
_ARTICLES = frozenset(
    {"ScholarlyArticle", "MedicalScholarlyArticle", "Article", "TechArticle", "NewsArticle"}
    | {"BlogPosting", "Report", "Thesis", "Chapter", "CreativeWork", "Dataset"}
)
_TITLES = ("citation_title", "ld_title", "dc.title", "dcterms.title", "og:title", "title")
_AUTHORS = ("citation_author", "citation_authors", "ld_author", "dc.creator", "dcterms.creator")
_DATES = (
    *("citation_publication_date", "citation_date", "citation_online_date", "citation_year"),
    *("ld_date", "prism.publicationdate", "dc.date", "dcterms.issued", "article:published_time"),
)
_VENUES = (
    *("citation_journal_title", "citation_conference_title", "citation_conference"),
    *("citation_inbook_title", "citation_dissertation_institution"),
    *("citation_technical_report_institution", "ld_venue", "prism.publicationname"),
)
_ABSTRACTS = (
    *("citation_abstract", "ld_abstract", "dcterms.abstract", "dc.description"),
    *("og:description", "description"),
)
_DOIS = (
    *("citation_doi", "bepress_citation_doi", "ld_id", "prism.doi"),
    *("dc.identifier", "dcterms.identifier"),
)
_MAX_DEPTH = 20  # of objects in JSON-LD


@dataclass(frozen=True, slots=True)
class PageMetadata:
    """The draft that a page describes, and the ids in it that services can be asked about."""

    draft: PaperDraft
    arxiv: str | None
    doi: str | None


def parse_page(body: bytes, url: str, content_type: str) -> PageMetadata:
    """Parses the page that was fetched from ``url``; the title is empty if the page names none."""
    values = _read_values(_decode(body[:_MAX_PAGE], content_type))
    number = next(filter(None, map(doi, _all(values, _DOIS))), None)
    # A bare number is an arXiv id only if the field says so.
    ids = [text for text in _all(values, _DOIS) if "arxiv" in text.lower()]
    ids = _all(values, ("citation_arxiv_id",)) + ids
    arxiv = next(filter(None, map(arxiv_id, ids)), None)
    identifiers = [f"arxiv:{arxiv}"] if arxiv else []
    identifiers += [f"doi:{number}"] if number else []
    identifiers.append(f"url:{canonical_url(url)}")
    authors = _authors(values)
    draft = PaperDraft(
        title=_first(values, _TITLES)[:_MAX_TITLE],
        authors=authors.names,
        authors_complete=authors.is_complete,
        abstract=read_abstract(next(iter(_all(values, _ABSTRACTS)), "")),
        venue=_first(values, _VENUES)[:300],
        date=next(filter(None, map(read_date, _all(values, _DATES))), None),
        identifiers=tuple(identifiers),
        links=_links(values, url),
    )
    return PageMetadata(draft, arxiv, number)


def _decode(body: bytes, content_type: str) -> str:
    declared = _CHARSET.search(content_type.encode("ascii", "ignore")) or _CHARSET.search(
        body[:4096]
    )
    try:
        return body.decode(declared[1].decode() if declared else "utf-8", "replace")
    except LookupError:
        return body.decode("utf-8", "replace")


def _read_values(html: str) -> dict[str, list[str]]:
    """Returns the values of the page's metadata by lower-case name, in the page's order."""
    tree = LexborHTMLParser(html)
    values: dict[str, list[str]] = {}
    for node in tree.css("meta[content]")[:_MAX_TAGS]:
        name = node.attributes.get("name") or node.attributes.get("property") or ""
        if value := _clip(node.attributes.get("content") or ""):
            values.setdefault(name.strip().lower(), []).append(value)
    for node in tree.css('script[type="application/ld+json"]')[:20]:
        for name, value in _linked_data(node.text()):
            values.setdefault(name, []).append(_clip(value))
    title = tree.css_first("head > title")
    if title is not None and (text := _clip(title.text())):
        values.setdefault("title", []).append(text)
    return values


def _clip(value: str) -> str:
    return value.strip()[:_MAX_VALUE]


def _linked_data(source: str) -> Iterator[tuple[str, str]]:
    """Yields the fields of a JSON-LD block's first article (https://schema.org/ScholarlyArticle)."""
    try:
        block = json.loads(source)
    except (ValueError, RecursionError):
        return
    article = next(_articles(block), None)
    if article is None:
        return
    for name, keys in (
        ("ld_title", ("headline", "name")),
        ("ld_abstract", ("abstract", "description")),
        ("ld_date", ("datePublished", "dateCreated")),
    ):
        value = next((article[key] for key in keys if isinstance(article.get(key), str)), "")
        if value:
            yield name, value
    for key, name in (("author", "ld_author"), ("isPartOf", "ld_venue")):
        for value in _named(article.get(key)):
            yield name, value
    for key in ("identifier", "sameAs", "@id"):
        for value in _named(article.get(key)):
            yield "ld_id", value


def _articles(value: object, depth: int = 0) -> Iterator[Mapping[str, Any]]:
    """Yields the articles in a JSON-LD value: an object, a list or a graph of objects."""
    if depth > _MAX_DEPTH:
        return
    if isinstance(value, list):
        for item in value[:100]:
            yield from _articles(item, depth + 1)
    elif isinstance(value, dict):
        kinds = value.get("@type")
        if not _ARTICLES.isdisjoint(kinds if isinstance(kinds, list) else [str(kinds)]):
            yield value
        for key in ("@graph", "mainEntity"):
            yield from _articles(value.get(key), depth + 1)


def _named(value: object) -> Iterator[str]:
    """Yields the names of one or several people or organisations, each a string or an object."""
    for item in value[:_MAX_AUTHORS] if isinstance(value, list) else [value]:
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            name = item.get("name") or item.get("value")
            parts = [item.get("givenName"), item.get("familyName")]
            joined = " ".join(part for part in parts if isinstance(part, str))
            if isinstance(name, str) or joined:
                yield name if isinstance(name, str) else joined


def _authors(values: Mapping[str, Sequence[str]]) -> AuthorList:
    """Returns the authors from the best source that names any, given names first."""
    for source in _AUTHORS:
        texts = values.get(source, [])[:_MAX_AUTHORS]
        read = parse_author_names(readable(text[:_MAX_NAMES]) for text in texts)
        if read.names:
            return AuthorList(tuple(name[:120] for name in read.names), read.is_complete)
    return AuthorList()


def _links(values: Mapping[str, Sequence[str]], url: str) -> tuple[Link, ...]:
    links = [page_link(url)]
    for pdf_url in values.get("citation_pdf_url", [])[:1]:
        try:
            absolute = urljoin(url, pdf_url)
        except ValueError:
            continue
        if canonical_url(absolute) and len(absolute) <= 2000:
            links.append(Link(LinkKind.PDF, absolute))
    return tuple(links)


def _first(values: Mapping[str, Sequence[str]], names: Sequence[str]) -> str:
    """Returns the first value of these fields that isn't empty, on one line."""
    return next(filter(None, map(readable, _all(values, names))), "")


def _all(values: Mapping[str, Sequence[str]], names: Sequence[str]) -> list[str]:
    return [text for name in names for text in values.get(name, ())]
