"""Finds identifiers of papers in text and links, and brings them into canonical form; pure.

A canonical identifier is ``arxiv:2302.12433``, ``doi:10.1101/2022.11.20.517210``,
``url:eleuther.ai/papers-blog/pythia``, ``guid:<hash>`` of a feed's URL and its id of an entry, or
``listed:<folded title>``. The last has no spaces, so that “Fine Tuning” and “Finetuning” are the
same.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, unquote, urlsplit

from storage.archive_urls import (
    ARXIV_ID,
    canonical_arxiv_id,
    canonical_doi,
    identify_address,
    identify_named_id,
    implied_identifier,
)
from storage.redaction import opaque_guid
from storage.text import fold
from storage.urls import canonical_url

_VERSION = r"(?:v[1-9]\d*)?"
_BARE_ARXIV = re.compile(rf"({ARXIV_ID}){_VERSION}(?:\.pdf)?", re.IGNORECASE)
_MARKED_ARXIV = re.compile(
    rf"(?:arxiv\.org/(?:abs|pdf|ps|html|format|e-print|src|ftp/[\w-]+/papers/\d{{4}})/"
    rf"|oai:arxiv\.org:|arxiv[:\s.]"
    rf"|(?:alphaxiv\.org|ar5iv\.org|huggingface\.co|hf\.co)/(?:abs|pdf|html|overview|papers)/"
    rf"|10\.48550/arxiv\.)\s*({ARXIV_ID}){_VERSION}(?![\d.]*\d)",
    re.IGNORECASE,
)
# https://www.crossref.org/blog/dois-and-matching-regular-expressions/. Old
# DOIs may contain a SICI, with the first page in angle brackets.
_DOI = re.compile(r"\b(10\.\d{4,9}/(?:[^\s\"<>|\\^`{}]|<[\w:.-]{1,40}>(?=\d\.\d))+)", re.IGNORECASE)
# bioRxiv and medRxiv cite papers by the DOI without its prefix.
_BIORXIV = re.compile(
    r"\b(?:bio|med)rxiv\W{1,3}(?:doi\W{1,3})?(\d{4}\.\d\d\.\d\d\.\d{6,8})\b", re.IGNORECASE
)
# What publishers append to a DOI in a URL, and versions of preprints.
_DOI_URL_SUFFIX = re.compile(
    r"(?:/(?:full|fulltext|abstract|abs|pdf|epdf|html|meta))?"
    r"(?:\.(?:full|full-text|abstract|supplementary-material))?(?:\.(?:pdf|html))?(?:\+html)?$"
)
_VERSIONED = re.compile(r"(10\.(?:1101|64898|7287)/\S*\d|10\.\d+/\S+/)v\d+")
_IDENTIFIER_HOSTS = frozenset(
    {"arxiv.org", "export.arxiv.org", "cn.arxiv.org", "lanl.arxiv.org", "xxx.lanl.gov"}
    | {"doi.org", "dx.doi.org"}
)


def arxiv_id(text: str) -> str | None:
    """Returns the arXiv id, without its version, that a text is or contains, or None."""
    if match := _BARE_ARXIV.fullmatch(unquote(text.strip())):
        return canonical_arxiv_id(match[1])
    return named_arxiv_id(text)


def named_arxiv_id(text: str) -> str | None:
    """Returns the arXiv id that a text says to be one, or None; a bare number isn't enough."""
    if match := _MARKED_ARXIV.search(unquote(text)):
        return canonical_arxiv_id(match[1])
    known = identify_address(text)
    return known.removeprefix("arxiv:") if known and known.startswith("arxiv:") else None


def doi(text: str) -> str | None:
    """Returns the DOI that a text is, contains or leads to, in lower case, or None.

    DOIs of arXiv (10.48550) are ignored, because `arxiv_id` finds them.
    """
    if match := _DOI.search(unquote(_path(text))):
        found = _DOI_URL_SUFFIX.sub("", _trim(match[1]).lower())
        if versioned := _VERSIONED.fullmatch(found):
            found = versioned[1].rstrip("/")
        return None if found.startswith("10.48550/arxiv.") else canonical_doi(found)
    known = identify_address(text)
    if known and known.startswith("doi:"):
        return known.removeprefix("doi:")
    preprint = _BIORXIV.search(text)
    return f"10.1101/{preprint[1]}" if preprint else None


def identify(text: str) -> tuple[str, ...]:
    """Returns the canonical identifiers in a link, an id or a citation, strongest first."""
    found: list[str] = []
    arxiv = arxiv_id(text)
    if arxiv:
        found.append(f"arxiv:{arxiv}")
    number = doi(text)
    if number:
        found.append(f"doi:{number}")
        if page := implied_identifier(f"doi:{number}"):
            found.append(page)
    if found:
        return tuple(found)
    if url := canonical_url(text):
        return (f"url:{url}",)
    named = identify_named_id(text)
    return (named,) if named else ()


def is_identifier_page(url: str) -> bool:
    """Returns whether a URL is a page at arXiv or a DOI resolver, which only repeats an id."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    if host.removeprefix("www.") not in _IDENTIFIER_HOSTS:
        return False
    return not all(name.startswith("url:") for name in identify(url))


def is_pdf_url(url: str) -> bool:
    """Returns whether a URL looks like that of a PDF."""
    try:
        return urlsplit(url).path.lower().endswith((".pdf", "/pdf"))
    except ValueError:
        return False


_SCHEMES = ("arxiv", "doi", "url", "guid", "listed")


def strength(identifier: str) -> int:
    """Returns the rank of an identifier's kind, 0 being the most reliable kind."""
    scheme = identifier.partition(":")[0]
    return _SCHEMES.index(scheme) if scheme in _SCHEMES else len(_SCHEMES)


def feed_guid(feed: str, guid: str) -> str:
    """Returns the identifier made of a feed's URL and its own id of an entry.

    It is a hash, since the URL may contain secrets and identifiers are exported.
    """
    return opaque_guid(f"guid:{feed}#{guid}")


def is_feed_guid(identifier: str) -> bool:
    """Returns whether an identifier is a feed's own id of an entry."""
    return identifier.startswith("guid:")


def listed_title(title: str) -> str:
    """Returns the identifier of an entry on a publication list, made of its title.

    It is the weakest kind, because a list may have two papers with the same title.
    """
    words = fold(title.replace("++", " plusplus").replace("#", " sharp "))
    return f"listed:{words.replace(' ', '') or title.casefold()}"


def is_listed_title(identifier: str) -> bool:
    """Returns whether an identifier is just a title on a publication list."""
    return identifier.startswith("listed:")


def _path(text: str) -> str:
    """Returns the parts of a URL that may contain a DOI; other text is returned unchanged."""
    text = text.strip()
    if not text.lower().startswith(("http://", "https://")):
        return text
    try:
        parts = urlsplit(text)
    except ValueError:
        return text
    named = [value for name, value in parse_qsl(parts.query) if name.lower() in {"doi", "id"}]
    return " ".join([parts.path, *named])


def _trim(found: str) -> str:
    """Drops punctuation of the surrounding sentence, and unmatched closing brackets."""
    found = found.rstrip(".,;:!?'\"”’")
    unopened = found.count(")") + found.count("]") - found.count("(") - found.count("[")
    end = len(found)
    while unopened > 0 and found[end - 1] in ")]":
        unopened -= 1
        end -= 1
        while found[end - 1] in ".,;:":
            end -= 1
    return found[:end]
