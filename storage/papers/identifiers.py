"""Finds identifiers of papers in text and links, and brings them into canonical form; pure.

A canonical identifier is ``arxiv:2302.12433``, ``doi:10.1101/2022.11.20.517210``,
``url:eleuther.ai/papers-blog/pythia``, ``guid:<hash>`` of a feed's URL and its id of an entry, or
``listed:<folded title>``. The last has no spaces, so that “Fine Tuning” and “Finetuning” are the
same.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from storage.redaction import opaque_guid
from storage.text import fold

# https://info.arxiv.org/help/arxiv_identifier.html; the month is checked.
_NEW = r"(?:0[7-9]|[1-9]\d)(?:0[1-9]|1[0-2])\.\d{4,5}"
_OLD = r"[a-z]+(?:-[a-z]+)?(?:\.[a-z-]{2,9})?/\d{2}(?:0[1-9]|1[0-2])\d{3}"
_ARXIV_ID = rf"(?:{_NEW}|{_OLD})"
_VERSION = r"(?:v[1-9]\d*)?"
_BARE_ARXIV = re.compile(rf"({_ARXIV_ID}){_VERSION}(?:\.pdf)?", re.IGNORECASE)
_MARKED_ARXIV = re.compile(
    rf"(?:arxiv\.org/(?:abs|pdf|ps|html|format|e-print|src)/|oai:arxiv\.org:|arxiv[:\s.]"
    rf"|(?:alphaxiv\.org|ar5iv\.org|huggingface\.co|hf\.co)/(?:abs|pdf|html|overview|papers)/"
    rf"|10\.48550/arxiv\.)\s*({_ARXIV_ID}){_VERSION}(?![\d.]*\d)",
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
_IGNORED_FRAGMENT = re.compile(
    r"(?:main|main-?content|content|comments|respond|top|:~:.*)?", re.IGNORECASE
)
_TRACKING_PARAMETER = re.compile(
    r"utm_\w+|fbclid|gclid|mc_[ce]id|ref|ref_src|source|rss|via", re.IGNORECASE
)

_IDENTIFIER_HOSTS = frozenset({"arxiv.org", "export.arxiv.org", "doi.org", "dx.doi.org"})

# A PDF has no metadata; on these sites, the URL of the page about it follows from the PDF's.
_PAGES_OF_PDFS = (
    (re.compile(r"(https?://openreview\.net)/(?:pdf|attachment)\?(?:.*&)?id=([\w-]+).*"),
     r"\1/forum?id=\2"),
    (re.compile(r"(https?://aclanthology\.org)/([\w.-]+?)(?:v\d+)?\.pdf"), r"\1/\2/"),
    (re.compile(r"(https?://proceedings\.mlr\.press/v\d+)/([^/]+)/\2\.pdf"), r"\1/\2.html"),
    (re.compile(r"(https?://(?:papers|proceedings)\.(?:nips|neurips)\.cc/\S+?)/file/"
                r"(\w+)-Paper(.*)\.pdf"), r"\1/hash/\2-Abstract\3.html"),
)  # fmt: skip


def arxiv_id(text: str) -> str | None:
    """Returns the arXiv id, without its version, that a text is or contains, or None."""
    text = unquote(text.strip())
    match = _BARE_ARXIV.fullmatch(text) or _MARKED_ARXIV.search(text)
    return _canonical_arxiv(match[1]) if match else None


def doi(text: str) -> str | None:
    """Returns the DOI that a text is or contains, in lower case, or None.

    DOIs of arXiv (10.48550) are ignored, because `arxiv_id` finds them.
    """
    match = _DOI.search(unquote(_path(text)))
    if match:
        found = _DOI_URL_SUFFIX.sub("", _trim(match[1]).lower())
        if versioned := _VERSIONED.fullmatch(found):
            found = versioned[1].rstrip("/")
        return None if found.startswith("10.48550/arxiv.") else found
    preprint = _BIORXIV.search(text)
    return f"10.1101/{preprint[1]}" if preprint else None


@lru_cache(maxsize=2048)  # the same URLs are looked up many times while a feed is read
def canonical_url(url: str) -> str | None:
    """Returns a URL without scheme, ``www.``, tracking parameters and irrelevant fragments.

    The URL of a PDF becomes that of the page about it, if possible. Returns None if the text isn't
    an http(s) URL.
    """
    try:
        parts = urlsplit(page_of_pdf(url.strip()))
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme.lower() not in {"http", "https"} or not host:
        return None
    host = host.lower().removeprefix("www.")
    if port not in {None, 80, 443}:
        host = f"{host}:{port}"
    query = [
        pair
        for pair in parse_qsl(parts.query, keep_blank_values=True)
        if not _TRACKING_PARAMETER.fullmatch(pair[0])
    ]
    tail = f"?{urlencode(sorted(query))}" if query else ""
    fragment = "" if _IGNORED_FRAGMENT.fullmatch(parts.fragment) else f"#{parts.fragment}"
    return f"{host}{parts.path.rstrip('/')}{tail}{fragment}"


def page_of_pdf(url: str) -> str:
    """Returns the URL of the page about a PDF, or the URL itself if none follows from it."""
    for pattern, page in _PAGES_OF_PDFS:
        if pattern.fullmatch(url):
            return pattern.sub(page, url)
    return url


def identify(text: str) -> tuple[str, ...]:
    """Returns the canonical identifiers in a link or a citation, strongest first."""
    found: list[str] = []
    arxiv = arxiv_id(text)
    if arxiv:
        found.append(f"arxiv:{arxiv}")
    number = doi(text)
    if number:
        found.append(f"doi:{number}")
    if not found and (url := canonical_url(text)):
        found.append(f"url:{url}")
    return tuple(found)


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


def _canonical_arxiv(found: str) -> str:
    if "/" not in found:
        return found
    archive, number = found.split("/")
    # The subject class isn't part of the id: math.GT/0309136 is math/0309136.
    return f"{archive.split('.')[0].lower()}/{number}"


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
