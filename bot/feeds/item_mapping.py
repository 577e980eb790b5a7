"""One item of a feed → an entry, by the habits of the source it comes from; pure.

The shapes of arXiv, Squarespace, bioRxiv and publishers' feeds are those measured in real feeds.
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
from storage.papers.identifiers import canonical_url, feed_guid, identify
from storage.text import fold

_MAX_ABSTRACT = 20_000
_MAX_TITLE = 400
_MAX_SOURCE = 200_000  # characters of one text that are read at all
_MAX_TAGS = 8
_REPLACED = frozenset({"replace", "replace-cross", "absonly"})
_ARXIV_TAIL = re.compile(r"\(arXiv:\S{1,60}(?:\s\[[^\]]{1,40}\])?(?P<state>[^()]{0,40})\)$")
_ET_AL = re.compile(r"\bet\s+al\b\.?", re.IGNORECASE)
_ARXIV_HEAD = re.compile(
    r"^\s*arXiv:\S+\s+Announce Type:.*?Abstract:\s*", re.DOTALL | re.IGNORECASE
)
_SURROGATES = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class FeedContext:
    """The feed that an item stands in."""

    url: str
    home_url: str
    generator: str
    now: datetime

    @property
    def is_squarespace(self) -> bool:
        """Whether the lab's site writes its poster's name where others write authors."""
        return "squarespace" in self.generator.lower() or "site-server" in self.generator.lower()


def read_item(item: dict[str, Any], source: FeedContext) -> Entry | str:
    """The entry of an item, as feedparser gives it; else why there is none, as a sentence's end.

    Empty where an item is left out on purpose: arXiv lists new versions of papers again.
    """
    title = _title(item)
    link = _link(item, source)
    if _plain(item.get("arxiv_announce_type")) in _REPLACED or _is_update(item):
        return ""
    if not title:
        return "has neither a title nor a text, so I left it out."
    guid = _plain(item.get("id"))[:500]
    identifiers = _identifiers(item, link, guid)
    body = plain_text.from_html(_body(item))
    citation = _citation(body, title) if source.is_squarespace else None
    authors, complete = _authors(item, source, citation)
    found = [*identifiers, *(citation.identifiers if citation else ())]
    if guid:
        found.append(feed_guid(canonical_url(source.url) or source.url, guid))
    elif not found:
        found.append(feed_guid(canonical_url(source.url) or source.url, fold(title)))
    draft = PaperDraft(
        title=title,
        authors=authors,
        authors_complete=complete,
        abstract=_abstract(body, citation, title),
        venue=_venue(item, source, identifiers),
        date=_date(item, source.now),
        identifiers=tuple(dict.fromkeys(found)),
        links=(Link(_kind(link), link),) if link and not _is_known_page(link) else (),
        note=citation.note if citation else "",
        tags=() if source.is_squarespace or _is_arxiv(identifiers) else _tags(item),
        posted_by=_names(item)[0] if source.is_squarespace and _names(item) else "",
    )
    return Entry(_key(identifiers, guid, link, title), draft)


def _title(item: dict[str, Any]) -> str:
    title = _readable(item.get("title"))
    title = _ARXIV_TAIL.sub("", title).rstrip()
    if not title:
        title = _readable(_body(item)).split("\n", 1)[0]
    return title if len(title) <= _MAX_TITLE else f"{title[: _MAX_TITLE - 1].rsplit(' ', 1)[0]}…"


def _is_update(item: dict[str, Any]) -> bool:
    """Whether an item of arXiv's old feed is a new version of a paper listed before."""
    tail = _ARXIV_TAIL.search(_readable(item.get("title")))
    return tail is not None and "UPDATED" in tail["state"]


def _link(item: dict[str, Any], source: FeedContext) -> str:
    base = source.home_url or source.url
    address = _plain(item.get("link")).strip()
    if not address:
        return ""
    try:
        address = urljoin(base if urlsplit(base).scheme else source.url, address)
    except ValueError:
        return ""
    return address if canonical_url(address) and len(address) <= 2000 else ""


def _identifiers(item: dict[str, Any], link: str, guid: str) -> tuple[str, ...]:
    """What the link, the id and the fields for identifiers name, the strongest first."""
    found: list[str] = []
    for text in (
        link,
        guid,
        item.get("prism_doi"),
        item.get("arxiv_doi"),
        item.get("dc_identifier"),
    ):
        found += identify(_plain(text)) if text else ()
    strong = [name for name in found if not name.startswith("url:")]
    addresses = [name for name in found if name.startswith("url:")]
    if link and not strong and (address := canonical_url(link)):
        addresses.append(f"url:{address}")
    return tuple(dict.fromkeys([*strong, *addresses]))


def _key(identifiers: Sequence[str], guid: str, link: str, title: str) -> str:
    """What tells an item from the feed's others across polls: an arXiv id has no version here."""
    for name in identifiers:
        if name.startswith("arxiv:"):
            return name
    return (guid or canonical_url(link) or fold(title))[:500]


def _authors(
    item: dict[str, Any], source: FeedContext, citation: Citation | None
) -> tuple[tuple[str, ...], bool]:
    if source.is_squarespace:
        return (citation.authors, citation.complete) if citation else ((), True)
    names = _names(item)
    complete = not any(_ET_AL.search(name) for name in names)
    names = [_ET_AL.sub("", name).strip(" ,;") for name in names]
    return tuple(dict.fromkeys(name[:120] for name in names if name)), complete


def _names(item: dict[str, Any]) -> list[str]:
    """The credited names, one each: several elements, or one that joins them."""
    credited = item.get("authors") or []
    texts = [_readable(one.get("name")) for one in credited if isinstance(one, dict)]
    texts = [text for text in texts if text] or [_readable(item.get("author"))]
    names: list[str] = []
    for text in texts:
        if len(texts) > 1 and text.count(",") <= 1:
            names.append(text)
        else:
            names += split_names(text)
    return [name[:500] for name in names if name and "@" not in name][:3000]


def split_names(text: str) -> list[str]:
    """Names joined in one text: “A, B and C”, “Kaur, M., Shukla, A.”, “A; B”."""
    if "(" in text:
        text = re.sub(r"\s*\((?:[^()]|\([^()]*\))*\)", "", text)  # affiliations
    if ";" in text:
        return [name for part in text.split(";") if (name := part.strip())]
    parts = [part.strip() for part in re.split(r",|\s+and\s+|\s+&\s+", text)]
    parts = [part for part in parts if part]
    if len(parts) > 1 and len(parts) % 2 == 0 and all(map(_is_initials, parts[1::2])):
        return [f"{family}, {given}" for family, given in zip(parts[::2], parts[1::2], strict=True)]
    return parts


def _is_initials(text: str) -> bool:
    return re.fullmatch(r"(?:\w\.?[\s-]?){1,4}", text) is not None and text.upper() == text


def _venue(item: dict[str, Any], source: FeedContext, identifiers: Sequence[str]) -> str:
    if publication := _readable(item.get("prism_publicationname")):
        return publication[:120]
    if source.is_squarespace:
        return next(iter(_terms(item)), "")
    if _is_arxiv(identifiers):
        return "arXiv"
    return "bioRxiv" if "biorxiv.org" in source.url else ""


def _is_arxiv(identifiers: Sequence[str]) -> bool:
    return bool(identifiers) and identifiers[0].startswith("arxiv:")


def _tags(item: dict[str, Any]) -> tuple[str, ...]:
    terms = [term.lower() for term in _terms(item) if len(term) <= 40 and "/" not in term]
    return tuple(dict.fromkeys(terms))[:_MAX_TAGS]


def _terms(item: dict[str, Any]) -> list[str]:
    tags = item.get("tags") or []
    terms = [_readable(tag.get("term"))[:120] for tag in tags if isinstance(tag, dict)]
    return [term for term in terms if term]


def _date(item: dict[str, Any], now: datetime) -> PartialDate | None:
    """The day of publication; a build time or a date in the future is none."""
    parsed = item.get("published_parsed") or item.get("updated_parsed")
    try:
        if isinstance(parsed, time.struct_time):
            at = datetime(*parsed[:3], tzinfo=UTC)
        else:
            at = datetime.strptime(_plain(item.get("published"))[:10], "%Y-%m-%d").replace(
                tzinfo=UTC
            )
    except ValueError:
        return None
    if not at.year >= 1900 or at > now + timedelta(days=1):
        return None
    return PartialDate(at.year, at.month, at.day)


def _body(item: dict[str, Any]) -> str:
    contents = item.get("content") or []
    texts = [one.get("value", "") for one in contents if isinstance(one, dict)]
    return max([_plain(item.get("summary")), *map(_plain, texts)], key=len)[:_MAX_SOURCE]


def _citation(body: str, title: str) -> Citation | None:
    for paragraph in body.split("\n\n")[:3]:
        if found := read_citation(paragraph, title):
            return found
    return None


def _abstract(body: str, citation: Citation | None, title: str) -> str:
    text = _ARXIV_HEAD.sub("", body)
    if citation is not None:
        paragraphs = text.split("\n\n")
        text = "\n\n".join(one for one in paragraphs if read_citation(one, title) is None)
    return plain_text.tidy(plain_text.from_latex(text))[:_MAX_ABSTRACT]


def _kind(link: str) -> LinkKind:
    return LinkKind.PDF if link.lower().split("?")[0].endswith(".pdf") else LinkKind.PAGE


def _is_known_page(link: str) -> bool:
    """Whether an address only says an identifier again."""
    host = (urlsplit(link).hostname or "").removeprefix("www.")
    return host in {"arxiv.org", "doi.org", "dx.doi.org", "export.arxiv.org"}


def _readable(value: object) -> str:
    return plain_text.line(plain_text.from_latex(plain_text.from_html(_plain(value))))


def _plain(value: object) -> str:
    """A text of the item, without halves of characters, which no database takes."""
    return _SURROGATES.sub("", value[:_MAX_SOURCE]) if isinstance(value, str) else ""
