"""Maps one item of a feed to an entry, following the conventions of its source; pure.

The shapes of arXiv, Squarespace, bioRxiv and publishers' feeds were observed in real feeds.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urljoin, urlsplit

from bot.feeds.descriptions import Description, read_description
from bot.feeds.notices import read_notice
from bot.formats.acceptance import read_acceptance
from bot.formats.text import plain_text
from bot.formats.text.citation_text import Citation, read_citation
from bot.formats.text.dates import read_date
from storage import publication as publications
from storage.feeds.models import Entry
from storage.models import Link, LinkKind, PaperDraft, PartialDate
from storage.names.author_list import AuthorList, parse_author_names
from storage.papers.identifiers import feed_guid, identify, is_identifier_page, is_pdf_url
from storage.publication import Publication, page_range
from storage.redaction import redacted_repr, url_secrets, without_secrets
from storage.text import fold
from storage.urls import canonical_url

_MAX_TEXT = 200_000  # characters of any one text
_MAX_ABSTRACT = 20_000
_MAX_TITLE = 400
_ADDRESS = re.compile(r"[^\s()<>,;@]{1,100}@[^\s()<>,;@]{1,200}")
_MAX_VENUE = 120
_MAX_AUTHORS = 3000
_MAX_TAGS = 8
_REPLACEMENTS = frozenset({"replace", "replace-cross", "absonly"})
_ARXIV_TITLE_SUFFIX = re.compile(r"\(arXiv:\S{1,60}(?:\s\[[^\]]{1,40}\])?(?P<state>[^()]{0,40})\)$")
_ARXIV_ABSTRACT_PREFIX = re.compile(
    r"^\s*arXiv:\S+\s+Announce Type:.*?Abstract:\s*", re.DOTALL | re.IGNORECASE
)
_DATES = ("published", "updated", "created", "prism_publicationdate", "prism_coverdate")
_HTML = frozenset({"text/html", "application/xhtml+xml"})
_SURROGATES = re.compile("[\ud800-\udfff]")


@redacted_repr
@dataclass(frozen=True)
class FeedContext:
    """The feed that an item belongs to; ``now`` is the time of the poll."""

    url: str
    home_url: str
    generator: str
    now: datetime

    @cached_property
    def secrets(self) -> frozenset[str]:
        """The secrets in the feed's URL, which some servers put into their links as well."""
        return url_secrets(self.url)

    @cached_property
    def is_squarespace(self) -> bool:
        """Whether the feed comes from Squarespace, which names who posted an item as its author."""
        return "squarespace" in self.generator.lower() or "site-server" in self.generator.lower()


def read_item(item: dict[str, Any], date: PartialDate | None, feed: FeedContext) -> Entry | str:
    """Returns the entry of an item in feedparser's format, or why it has none.

    ``date`` is the item's; see `item_date`.

    The reason is the end of a sentence. It is empty if the item is skipped on purpose, as are new
    versions of papers, which arXiv lists again.
    """
    listed_title = _listed_title(item)
    title = _title(item, listed_title)
    full_link = _link(item, feed)
    link = without_secrets(full_link, feed.secrets)
    if _raw_text(item.get("arxiv_announce_type")) in _REPLACEMENTS or _is_update(listed_title):
        return ""
    if not title:
        return "has neither a title nor any text, so I skipped it."
    guid = _raw_text(item.get("id"))[:500]
    identifiers = _identifiers(item, link, without_secrets(guid, feed.secrets))
    body = _body(item)
    citation = _citation(body, title) if feed.is_squarespace else None
    described = _describe(body, title, feed, identifiers)
    authors = _authors(item, feed, citation, described)
    found = [*identifiers, *(citation.identifiers if citation else described.identifiers)]
    if guid:
        found.append(feed_guid(canonical_url(feed.url) or feed.url, guid))
    elif not found:
        found.append(feed_guid(canonical_url(feed.url) or feed.url, fold(title)))
    draft = PaperDraft(
        title=title,
        authors=authors.names,
        authors_complete=authors.is_complete,
        abstract=_abstract(described.abstract, citation, title),
        venue=_venue(item, feed, identifiers) or described.venue[:_MAX_VENUE],
        date=_date(date or described.date, citation),
        identifiers=tuple(dict.fromkeys(found)),
        links=_links(link),
        note=citation.note if citation else "",
        tags=() if feed.is_squarespace or _is_arxiv(identifiers) else _tags(item),
        posted_by=_posted_by(item) if feed.is_squarespace else "",
        publication=_publication(item),
    )
    if _is_arxiv(identifiers):
        draft = _with_acceptance(draft, _raw_text(item.get("arxiv_comment")))
    notice = None if feed.is_squarespace else read_notice(title)
    return Entry(
        _key(identifiers, guid, full_link, title),
        draft,
        notice,
        categories=tuple(_categories(item)) if _is_arxiv(identifiers) else (),
        is_cross_list=_raw_text(item.get("arxiv_announce_type")) == "cross",
    )


def _with_acceptance(draft: PaperDraft, comment: str) -> PaperDraft:
    """Returns a preprint's draft with the venue that the authors' comment names.

    Without a year, the date is still that of the preprint.
    """
    found = read_acceptance(comment)
    if found is None:
        return draft
    venue, year = found
    date = draft.date if year is None else PartialDate(year)
    return replace(draft, venue=venue[:_MAX_VENUE], date=date, venue_undated=year is None)


def item_date(item: dict[str, Any], now: datetime) -> PartialDate | None:
    """Returns the date of publication, or None for a date before 1900 or in the future.

    It is the day that the feed states, in its own time zone.
    """
    date = next(filter(None, (read_date(_raw_text(item.get(name))) for name in _DATES)), None)
    if date is None or date.year < 1900 or date.first_day > (now + timedelta(days=1)).date():
        return None
    return date


def _title(item: dict[str, Any], listed_title: str) -> str:
    title = _ARXIV_TITLE_SUFFIX.sub("", listed_title).rstrip()
    if not title:
        title = plain_text.line(plain_text.from_latex(_body(item)))
    return title if len(title) <= _MAX_TITLE else f"{title[: _MAX_TITLE - 1].rsplit(' ', 1)[0]}…"


def _is_update(listed_title: str) -> bool:
    """Returns whether an item of arXiv's old feed format is a new version of an earlier paper."""
    suffix = _ARXIV_TITLE_SUFFIX.search(listed_title)
    return suffix is not None and "UPDATED" in suffix["state"]


def _listed_title(item: dict[str, Any]) -> str:
    detail = item.get("title_detail") or {}
    return plain_text.read_line(_raw_text(item.get("title")), is_html=detail.get("type") in _HTML)


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


def _describe(body: str, title: str, feed: FeedContext, identifiers: Sequence[str]) -> Description:
    """Returns what the description says besides the abstract, if a publisher wrote it."""
    if feed.is_squarespace or _is_arxiv(identifiers):
        return Description(abstract=body)
    return read_description(body, title, is_paper=_has_doi(identifiers))


def _authors(
    item: dict[str, Any], feed: FeedContext, citation: Citation | None, described: Description
) -> AuthorList:
    if feed.is_squarespace:
        return citation.authors if citation else AuthorList()
    authors = _credited(item)
    if not authors.names:
        authors = described.authors
    return replace(authors, names=tuple(name[:120] for name in authors.names))


def _posted_by(item: dict[str, Any]) -> str:
    return next(iter(_credited(item).names), "")


def _credited(item: dict[str, Any]) -> AuthorList:
    """Returns the names in the item's author elements: one name each, or all in one element.

    Blogs name their only author in several elements.
    """
    people = item.get("authors") or []
    texts = [_person_name(person, item) for person in people if isinstance(person, dict)]
    texts = [text for text in texts if text] or [_readable(item.get("author"))]
    found = parse_author_names(texts if len(set(texts)) > 1 else texts[:1])
    names = [name[:500] for name in found.names if "@" not in name]
    return replace(found, names=tuple(names[:_MAX_AUTHORS]))


def _person_name(person: dict[str, Any], item: dict[str, Any]) -> str:
    """Returns the name of an author, without an address.

    feedparser cuts addresses after four letters of their last part: “a@uni.exam|ple (Jane Roe)”.
    """
    source, address = _readable(item.get("author")), _readable(person.get("email"))
    start = source.find(address) + len(address)
    if not address or start < len(address) or not source[start : start + 1].isalnum():
        return _readable(person.get("name"))
    whole = _ADDRESS.sub(" ", source)
    return whole.strip(" ()<>[]\"'") if "," not in whole else _readable(person.get("name"))


def _venue(item: dict[str, Any], feed: FeedContext, identifiers: Sequence[str]) -> str:
    if publication := _readable(item.get("prism_publicationname")):
        return publication[:_MAX_VENUE]
    if feed.is_squarespace:
        return next(iter(_categories(item)), "")
    if (source := _readable(item.get("dc_source"))) and _names_journal(source, identifiers):
        return source[:_MAX_VENUE]
    if _is_arxiv(identifiers):
        return "arXiv"
    return "bioRxiv" if "biorxiv.org" in feed.url else ""


def _publication(item: dict[str, Any]) -> Publication:
    """Returns the details that PRISM's elements state."""
    pages = [_readable(item.get(f"prism_{name}page")) for name in ("starting", "ending")]
    issns = (_readable(item.get(f"prism_{name}")) for name in ("issn", "eissn"))
    return publications.normalize(
        Publication(
            volume=_readable(item.get("prism_volume")),
            number=_readable(item.get("prism_number") or item.get("prism_issueidentifier")),
            pages=page_range(
                _readable(item.get("prism_pagerange")) or "--".join(filter(None, pages))
            ),
            issn=next(filter(None, issns), ""),
        )
    )


def _names_journal(source: str, identifiers: Sequence[str]) -> bool:
    """Returns whether an item's ``dc:source`` is a journal, as at PubMed, and not a website."""
    return _has_doi(identifiers) and not canonical_url(source) and source.count(".") < 3


def _has_doi(identifiers: Sequence[str]) -> bool:
    return any(name.startswith("doi:") for name in identifiers)


def _is_arxiv(identifiers: Sequence[str]) -> bool:
    return bool(identifiers) and identifiers[0].startswith("arxiv:")


def _tags(item: dict[str, Any]) -> tuple[str, ...]:
    terms = [term.lower() for term in _categories(item) if len(term) <= 40 and "/" not in term]
    return tuple(dict.fromkeys(terms))[:_MAX_TAGS]


def _categories(item: dict[str, Any]) -> list[str]:
    tags = item.get("tags") or []
    terms = [_readable(tag.get("term"))[:120] for tag in tags if isinstance(tag, dict)]
    return [term for term in terms if term]


def _body(item: dict[str, Any]) -> str:
    """Returns the text of the longest of the item's summary and contents, before its LaTeX."""
    contents = [one for one in item.get("content") or [] if isinstance(one, dict)]
    summary = {**(item.get("summary_detail") or {}), "value": item.get("summary")}
    longest = max((summary, *contents), key=lambda one: len(_raw_text(one.get("value"))))
    read = plain_text.from_html if longest.get("type") in _HTML else plain_text.from_markup
    return read(_raw_text(longest.get("value")))


def _date(posted: PartialDate | None, citation: Citation | None) -> PartialDate | None:
    """Returns the day of an entry, unless it cites its paper with another year."""
    cited = citation.date if citation else None
    if posted is not None and (cited is None or cited.year == posted.year):
        return posted
    return cited


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
    return plain_text.read_line(_raw_text(value))


def _raw_text(value: object) -> str:
    """Returns a text of the item without lone surrogates, which SQLite can't store."""
    return _SURROGATES.sub("", value[:_MAX_TEXT]) if isinstance(value, str) else ""
