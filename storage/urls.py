"""Brings URLs into a canonical form, so that two spellings of one can be compared; pure."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import parse_qsl, urlencode, urlsplit

from storage.archive_urls import canonical_doi, identify_address, identify_parts
from storage.text import without_invisible

_IGNORED_FRAGMENT = re.compile(
    r"(?:main|main-?content|content|comments|respond|top|:~:.*)?", re.IGNORECASE
)
_TRACKING_PARAMETER = re.compile(
    r"utm_\w+|fbclid|gclid|mc_[ce]id|mkt_tok|ref|ref_src|source|rss|via|dgcid|casa_token|wt\.\w+",
    re.IGNORECASE,
)

# A PDF has no metadata; on these sites, the URL of the page about it follows from the PDF's.
_PAGES_OF_PDFS = (
    (re.compile(r"(https?://openreview\.net)/(?:pdf|attachment)\?(?:.*&)?id=([\w-]+).*"),
     r"\1/forum?id=\2"),
    (re.compile(r"https?://(?:www\.)?(?:aclanthology\.org|aclweb\.org/anthology)/"
                r"([\w.-]+?)(?:v\d+)?\.pdf"), r"https://aclanthology.org/\1/"),
    (re.compile(r"(https?://(?:www\.)?jmlr\.org/papers)/volume(\d+)/([\w-]+)/\3\.pdf"),
     r"\1/v\2/\3.html"),
    (re.compile(r"(https?://openaccess\.thecvf\.com/content[\w/]*)/papers/([\w.-]+)\.pdf"),
     r"\1/html/\2.html"),
    (re.compile(r"(https?://proceedings\.mlr\.press/v\d+)/([^/]+)/\2\.pdf"), r"\1/\2.html"),
    (re.compile(r"(https?://(?:papers|proceedings)\.(?:nips|neurips)\.cc/\S+?)/file/"
                r"(\w+)-Paper(.*)\.pdf"), r"\1/hash/\2-Abstract\3.html"),
)  # fmt: skip


@lru_cache(maxsize=2048)  # the same URLs are looked up many times while a feed is read
def is_url(text: str) -> bool:
    """Returns whether a text is a URL, and not the name of a file."""
    return text.strip().lower().startswith(("http://", "https://"))


def canonical_url(url: str) -> str | None:
    """Returns a URL without scheme, ``www.``, tracking parameters and irrelevant fragments.

    The URL of a PDF becomes that of the page about it, if possible, and an archive's old address
    its present one. Returns None if the text isn't an http(s) URL.
    """
    try:
        parts = urlsplit(page_of_pdf(without_invisible(url).strip()))
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme.lower() not in {"http", "https"} or not host:
        return None
    known = identify_parts(parts)
    if known and known.startswith("url:"):
        return known.removeprefix("url:")
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


def canonical_identifier(identifier: str) -> str:
    """Returns an identifier as it is found now; earlier versions knew fewer of archives' addresses.

    A DOI or a URL may become another one, or an arXiv id.
    """
    scheme, _, value = identifier.partition(":")
    if scheme == "doi":
        return f"doi:{canonical_doi(value)}"
    if scheme != "url":
        return identifier
    url = f"https://{value}"
    return identify_address(url) or f"url:{canonical_url(url) or value}"


def page_of_pdf(url: str) -> str:
    """Returns the URL of the page about a PDF, or the URL itself if none follows from it."""
    for pattern, page in _PAGES_OF_PDFS:
        if pattern.fullmatch(url):
            return pattern.sub(page, url)
    return url
