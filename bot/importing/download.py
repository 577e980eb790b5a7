"""Downloads files of papers from URLs, through the guarded HTTP client."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from bot.importing.detect import UnknownFormat
from bot.net.http import HttpClient
from storage.errors import InvalidInput
from storage.redaction import redact_url, redacted_repr
from storage.urls import is_url

_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{2,40})", re.IGNORECASE)
# For some content types the suffix that tells the format if the content can't.
_SUFFIXES = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "text/markdown": ".md",
    "text/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    "application/json": ".json",
    "application/vnd.citationstyles.csl+json": ".json",
    "application/x-bibtex": ".bib",
    "application/x-research-info-systems": ".ris",
}
_OTHER_TYPES = ("image/", "audio/", "video/", "font/", "application/zip", "application/gzip")
_ARCHIVES = (b"PK\x03\x04", b"\x1f\x8b", b"\x89PNG", b"\xff\xd8\xff")


@redacted_repr
@dataclass(frozen=True, slots=True)
class Download:
    """A file from a URL; ``url`` is where it was found after redirects."""

    url: str
    name: str
    body: bytes = field(repr=False)


async def download_url(http: HttpClient, url: str) -> Download:
    """Downloads the file at a URL.

    Raises `HttpError` with a sentence, and `InvalidInput` for what has no papers by its type.
    """
    url = url.strip()
    if not is_url(url):
        raise InvalidInput(
            f"“{redact_url(url)[:100]}” isn't a URL. It has to start with https:// or http://."
        )
    page = await http.get(url)
    content_type = page.content_type.partition(";")[0].strip().lower()
    kind = _unreadable_kind(content_type, page.body)
    if kind:
        raise UnknownFormat(f"There's {kind} at that URL.")
    if not page.body.strip():
        raise InvalidInput(f"{urlsplit(page.url).hostname} sent an empty file.")
    body = _in_utf8(page.body, page.content_type)
    return Download(page.url, _file_name(page.url, content_type), body)


def _unreadable_kind(content_type: str, body: bytes) -> str:
    """Returns what kind of file it is if it can't have a list of papers, or an empty text."""
    if content_type == "application/pdf" or body.startswith(b"%PDF-"):
        return "a PDF"
    if content_type.startswith(_OTHER_TYPES) or body.startswith(_ARCHIVES):
        return "an image, a recording or an archive"
    return ""


def _file_name(url: str, content_type: str) -> str:
    """Returns the last part of a URL's path, with a suffix that the content type tells.

    It is safe on any system.
    """
    name = unquote(PurePosixPath(urlsplit(url).path).name)
    name = re.sub(r"[^\w.-]", "_", name)[-80:].lstrip(".") or "page"
    suffix = _SUFFIXES.get(content_type, "")
    has_suffix = bool(re.fullmatch(r"\.[A-Za-z]{2,8}", PurePosixPath(name).suffix))
    return name if has_suffix and suffix != ".html" else f"{PurePosixPath(name).stem}{suffix}"


def _in_utf8(body: bytes, content_type: str) -> bytes:
    """Returns text that is only in the declared encoding as UTF-8."""
    declared = _CHARSET.search(content_type)
    if declared is None:
        return body
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        try:
            return body.decode(declared[1], "replace").encode("utf-8", "replace")
        except LookupError:
            return body
    return body
