"""Maps one item of a feed to an entry, following the conventions of its source; pure.

The shapes of arXiv, Squarespace, bioRxiv and publishers' feeds were observed in real feeds.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urljoin, urlsplit

from bot.formats import plain_text
from bot.formats.citation_text import Citation, read_citation
from storage.feeds.models import Entry
from storage.models import Link, LinkKind, PaperDraft, PartialDate
from storage.names.author_list import AuthorList, parse_author_list, parse_author_names
from storage.papers.identifiers import (
    canonical_url,
    feed_guid,
    identify,
    is_identifier_page,
    is_pdf_url,
)
from storage.redaction import redacted_repr, url_secrets, without_secrets
from storage.text import fold

_MAX_TEXT = 200_000  # characters of any one text
_MAX_ABSTRACT = 20_000
_MAX_TITLE = 400
_MAX_AUTHORS = 3000
_MAX_TAGS = 8
_REPLACEMENTS = frozenset({"replace", "replace-cross", "absonly"})
_ARXIV_TITLE_SUFFIX = re.compile(r"\(arXiv:\S{1,60}(?:\s\[[^\]]{1,40}\])?(?P<state>[^()]{0,40})\)$")
_ARXIV_ABSTRACT_PREFIX = re.compile(
    r"^\s*arXiv:\S+\s+Announce Type:.*?Abstract:\s*", re.DOTALL | re.IGNORECASE
)
_SURROGATES = re.compile("[\ud800-\udfff]")


@redacted_repr
@dataclass(frozen=True, slots=True)
class FeedContext:
    """The feed that an item belongs to; ``now`` is the time of the poll."""

    url: str
    home_url: str
    generator: str
    now: datetime

    @property
    def secrets(self) -> frozenset[str]:
        """The secrets in the feed's URL, which some servers put into their links as well."""
        return url_secrets(self.url)

    @property
    def is_squarespace(self) -> bool:
        """Whether the feed comes from Squarespace, which names who posted an item as its author."""
        return "squarespace" in self.generator.lower() or "site-server" in self.generator.lower()


def read_item(item: dict[str, Any], feed: FeedContext) -> Entry | str:
    """Returns the entry of an item in feedparser's format, or why it has none.

    The reason is the end of a sentence. It is empty if the item is skipped on purpose, as are new
    versions of papers, which arXiv lists again.
    """
    title = _title(item)
    full_link = _link(item, feed)
    link = without_secrets(full_link, feed.secrets)
    if _raw_text(item.get("arxiv_announce_type")) in _REPLACEMENTS or _is_update(item):
        return ""
    if not title:
        return "has neither a title nor any text, so I skipped it."
    guid = _raw_text(item.get("id"))[:500]
    identifiers = _identifiers(item, link, without_secrets(guid, feed.secrets))
    body = plain_text.from_html(_body(item))
    citation = _citation(body, title) if feed.is_squarespace else None
    authors = _authors(item, feed, citation)
    found = [*identifiers, *(citation.identifiers if citation else ())]
    if guid:
        found.append(feed_guid(canonical_url(feed.url) or feed.url, guid))
    elif not found:
        found.append(feed_guid(canonical_url(feed.url) or feed.url, fold(title)))
    draft = PaperDraft(
        title=title,
        authors=authors.names,
        authors_complete=authors.is_complete,
        abstract=_abstract(body, citation, title),
        venue=_venue(item, feed, identifiers),
        date=_date(item, feed.now),
        identifiers=tuple(dict.fromkeys(found)),
        links=_links(link),
        note=citation.note if citation else "",
        tags=() if feed.is_squarespace or _is_arxiv(identifiers) else _tags(item),
        posted_by=_posted_by(item) if feed.is_squarespace else "",
    )
    return Entry(_key(identifiers, guid, full_link, title), draft)


def _title(item: dict[str, Any]) -> str:
    title = _readable(item.get("title"))
    title = _ARXIV_TITLE_SUFFIX.sub("", title).rstrip()
    if not title:
        title = _readable(_body(item)).split("\n", 1)[0]
    return title if len(title) <= _MAX_TITLE else f"{title[: _MAX_TITLE - 1].rsplit(' ', 1)[0]}…"


def _is_update(item: dict[str, Any]) -> bool:
    """Returns whether an item of arXiv's old feed format is a new version of an earlier paper."""
    suffix = _ARXIV_TITLE_SUFFIX.search(_readable(item.get("title")))
    return suffix is not None and "UPDATED" in suffix["state"]


def _link(item: dict[str, Any], feed: FeedContext) -> str:
    base = feed.home_url or feed.url
    url = _raw_text(item.get("link")).strip()
    if not url:
        return ""
    try:
        url = urljoin(base if urlsplit(base).scheme else feed.url, url)
    except ValueError:
        return ""
    return url if canonical_url(url) and len(url) <= 2000 else ""


def _links(url: str) -> tuple[Link, ...]:
    if not url or is_identifier_page(url):
        return ()
    return (Link(LinkKind.PDF if is_pdf_url(url) else LinkKind.PAGE, url),)


def _identifiers(item: dict[str, Any], link: str, guid: str) -> tuple[str, ...]:
    """Returns the identifiers in the link, the guid and the identifier fields, strongest first."""
    found: list[str] = []
    for text in (
        link,
        guid,
        item.get("prism_doi"),
        item.get("arxiv_doi"),
        item.get("dc_identifier"),
    ):
        found += identify(_raw_text(text)) if text else ()
    strong = [name for name in found if not name.startswith("url:")]
    urls = [name for name in found if name.startswith("url:")]
    if link and not strong and (url := canonical_url(link)):
        urls.append(f"url:{url}")
    return tuple(dict.fromkeys([*strong, *urls]))


def _key(identifiers: Sequence[str], guid: str, link: str, title: str) -> str:
    """Returns what distinguishes an item from the feed's others, the same in every poll.

    An arXiv id comes first because it leaves out the version.
    """
    for name in identifiers:
        if name.startswith("arxiv:"):
            return name
    return (guid or canonical_url(link) or fold(title))[:500]


def _authors(item: dict[str, Any], feed: FeedContext, citation: Citation | None) -> AuthorList:
    if feed.is_squarespace:
        return AuthorList(citation.authors, citation.complete) if citation else AuthorList()
    authors = _credited(item)
    names = tuple(dict.fromkeys(name[:120] for name in authors.names))
    return AuthorList(names, authors.is_complete)


def _posted_by(item: dict[str, Any]) -> str:
    return next(iter(_credited(item).names), "")


def _credited(item: dict[str, Any]) -> AuthorList:
    """Returns the names in the item's author elements: one name each, or all in one element."""
    people = item.get("authors") or []
    texts = [_readable(person.get("name")) for person in people if isinstance(person, dict)]
    texts = [text for text in texts if text] or [_readable(item.get("author"))]
    lists = [
        parse_author_names([text])
        if len(texts) > 1 and text.count(",") <= 1
        else parse_author_list(text)
        for text in texts
    ]
    names = [name[:500] for one in lists for name in one.names if "@" not in name]
    return AuthorList(tuple(names[:_MAX_AUTHORS]), all(one.is_complete for one in lists))


def _venue(item: dict[str, Any], feed: FeedContext, identifiers: Sequence[str]) -> str:
    if publication := _readable(item.get("prism_publicationname")):
        return publication[:120]
    if feed.is_squarespace:
        return next(iter(_categories(item)), "")
    if _is_arxiv(identifiers):
        return "arXiv"
    return "bioRxiv" if "biorxiv.org" in feed.url else ""


def _is_arxiv(identifiers: Sequence[str]) -> bool:
    return bool(identifiers) and identifiers[0].startswith("arxiv:")


def _tags(item: dict[str, Any]) -> tuple[str, ...]:
    terms = [term.lower() for term in _categories(item) if len(term) <= 40 and "/" not in term]
    return tuple(dict.fromkeys(terms))[:_MAX_TAGS]


def _categories(item: dict[str, Any]) -> list[str]:
    tags = item.get("tags") or []
    terms = [_readable(tag.get("term"))[:120] for tag in tags if isinstance(tag, dict)]
    return [term for term in terms if term]


def _date(item: dict[str, Any], now: datetime) -> PartialDate | None:
    """Returns the day of publication, or None for a date before 1900 or in the future."""
    parsed = item.get("published_parsed") or item.get("updated_parsed")
    try:
        if isinstance(parsed, time.struct_time):
            at = datetime(*parsed[:3], tzinfo=UTC)
        else:
            at = datetime.strptime(_raw_text(item.get("published"))[:10], "%Y-%m-%d").replace(
                tzinfo=UTC
            )
    except ValueError:
        return None
    if not at.year >= 1900 or at > now + timedelta(days=1):
        return None
    return PartialDate(at.year, at.month, at.day)


def _body(item: dict[str, Any]) -> str:
    """Returns the longest of the item's summary and contents."""
    contents = item.get("content") or []
    texts = [content.get("value", "") for content in contents if isinstance(content, dict)]
    return max([_raw_text(item.get("summary")), *map(_raw_text, texts)], key=len)[:_MAX_TEXT]


def _citation(body: str, title: str) -> Citation | None:
    for paragraph in body.split("\n\n")[:3]:
        if citation := read_citation(paragraph, title):
            return citation
    return None


def _abstract(body: str, citation: Citation | None, title: str) -> str:
    text = _ARXIV_ABSTRACT_PREFIX.sub("", body)
    if citation is not None:
        paragraphs = text.split("\n\n")
        text = "\n\n".join(one for one in paragraphs if read_citation(one, title) is None)
    return plain_text.tidy(plain_text.from_latex(text))[:_MAX_ABSTRACT]


def _readable(value: object) -> str:
    return plain_text.line(plain_text.from_latex(plain_text.from_html(_raw_text(value))))


def _raw_text(value: object) -> str:
    """Returns a text of the item without lone surrogates, which SQLite can't store."""
    return _SURROGATES.sub("", value[:_MAX_TEXT]) if isinstance(value, str) else ""
