"""A paper's page → the draft that its metadata describes; pure.

Tags for Google Scholar say most (https://scholar.google.com/intl/en/scholar/inclusion.html), then
JSON-LD, Dublin Core and PRISM; what is made for previews, Open Graph, is the last resort.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

from selectolax.lexbor import LexborHTMLParser

from bot.lookup.references import page_link
from bot.lookup.registry_records import lenient_date, read_abstract, readable
from storage.models import Link, LinkKind, PaperDraft
from storage.names.author_list import AuthorList, parse_author_names
from storage.papers.identifiers import arxiv_id, canonical_url, doi

_MOST_READ = 2_000_000  # bytes of a page; the head comes first
_MOST_TAGS = 5000
_MAX_TITLE = 400
_MAX_VALUE = 20_000  # characters of one value
_MAX_NAME = 200  # characters of one author's name that are read
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
_DEEPEST = 20  # of objects in JSON-LD


@dataclass(frozen=True, slots=True)
class Described:
    """What a page says of its paper, and the ids it names that others can be asked about."""

    draft: PaperDraft
    arxiv: str | None
    doi: str | None


def read_page(body: bytes, url: str, content_type: str) -> Described:
    """What the page found at ``url`` says; the draft's title is empty where it says nothing."""
    said = _metadata(_decoded(body[:_MOST_READ], content_type))
    number = next(filter(None, map(doi, _all(said, _DOIS))), None)
    # A bare number is arXiv's only where that is said.
    ids = [text for text in _all(said, _DOIS) if "arxiv" in text.lower()]
    ids = _all(said, ("citation_arxiv_id",)) + ids
    arxiv = next(filter(None, map(arxiv_id, ids)), None)
    identifiers = [f"arxiv:{arxiv}"] if arxiv else []
    identifiers += [f"doi:{number}"] if number else []
    identifiers.append(f"url:{canonical_url(url)}")
    authors = _authors(said)
    draft = PaperDraft(
        title=_first(said, _TITLES)[:_MAX_TITLE],
        authors=authors.names,
        authors_complete=authors.is_complete,
        abstract=read_abstract(next(iter(_all(said, _ABSTRACTS)), "")),
        venue=_first(said, _VENUES)[:300],
        date=next(filter(None, map(lenient_date, _all(said, _DATES))), None),
        identifiers=tuple(identifiers),
        links=_links(said, url),
    )
    return Described(draft, arxiv, number)


def _decoded(body: bytes, content_type: str) -> str:
    declared = _CHARSET.search(content_type.encode("ascii", "ignore")) or _CHARSET.search(
        body[:4096]
    )
    try:
        return body.decode(declared[1].decode() if declared else "utf-8", "replace")
    except LookupError:
        return body.decode("utf-8", "replace")


def _metadata(source: str) -> dict[str, list[str]]:
    """Every value of the page's metadata by its name in small letters, in the page's order."""
    tree = LexborHTMLParser(source)
    said: dict[str, list[str]] = {}
    for node in tree.css("meta[content]")[:_MOST_TAGS]:
        name = node.attributes.get("name") or node.attributes.get("property") or ""
        if value := _cut(node.attributes.get("content") or ""):
            said.setdefault(name.strip().lower(), []).append(value)
    for node in tree.css('script[type="application/ld+json"]')[:20]:
        for name, value in _linked_data(node.text()):
            said.setdefault(name, []).append(_cut(value))
    title = tree.css_first("head > title")
    if title is not None and (text := _cut(title.text())):
        said.setdefault("title", []).append(text)
    return said


def _cut(value: str) -> str:
    return value.strip()[:_MAX_VALUE]


def _linked_data(source: str) -> Iterator[tuple[str, str]]:
    """What the first article of a JSON-LD block says (https://schema.org/ScholarlyArticle)."""
    try:
        found = json.loads(source)
    except (ValueError, RecursionError):
        return
    article = next(_articles(found), None)
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


def _articles(found: object, depth: int = 0) -> Iterator[Mapping[str, Any]]:
    """The articles of a block: it is one, or a list of things, or a graph of them."""
    if depth > _DEEPEST:
        return
    if isinstance(found, list):
        for one in found[:100]:
            yield from _articles(one, depth + 1)
    elif isinstance(found, dict):
        kinds = found.get("@type")
        if not _ARTICLES.isdisjoint(kinds if isinstance(kinds, list) else [str(kinds)]):
            yield found
        for key in ("@graph", "mainEntity"):
            yield from _articles(found.get(key), depth + 1)


def _named(value: object) -> Iterator[str]:
    """The names of one thing or several, each a text or an object."""
    for one in value[:3000] if isinstance(value, list) else [value]:
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            name = one.get("name") or one.get("value")
            parts = [one.get("givenName"), one.get("familyName")]
            joined = " ".join(part for part in parts if isinstance(part, str))
            if isinstance(name, str) or joined:
                yield name if isinstance(name, str) else joined


def _authors(said: Mapping[str, Sequence[str]]) -> AuthorList:
    """Returns the authors from the best source that names any, given names first."""
    for source in _AUTHORS:
        texts = said.get(source, [])
        if len(texts) == 1 and ";" in texts[0]:
            texts = texts[0].split(";")
        read = parse_author_names(readable(text[:_MAX_NAME]) for text in texts[:_MAX_AUTHORS])
        if read.names:
            names = (name[:120] for name in read.with_given_first().names)
            return AuthorList(tuple(dict.fromkeys(names)), read.is_complete)
    return AuthorList()


def _links(said: Mapping[str, Sequence[str]], url: str) -> tuple[Link, ...]:
    links = [page_link(url)]
    for address in said.get("citation_pdf_url", [])[:1]:
        try:
            absolute = urljoin(url, address)
        except ValueError:
            continue
        if canonical_url(absolute) and len(absolute) <= 2000:
            links.append(Link(LinkKind.PDF, absolute))
    return tuple(links)


def _first(said: Mapping[str, Sequence[str]], names: Sequence[str]) -> str:
    """The first of these that says something, on one line."""
    return next(filter(None, map(readable, _all(said, names))), "")


def _all(said: Mapping[str, Sequence[str]], names: Sequence[str]) -> list[str]:
    return [text for name in names for text in said.get(name, ())]
