"""Hides the secrets of URLs before people, files or logs show them; pure.

Secrets are user info (``https://user:password@…``), query values whose name or look says so
(``?token=…``), and segments of the path that look random or follow one such as ``private``, as in
``/private/3f9c…/feed.xml``, webhooks and calendars. Numbers of papers (arXiv ids, DOIs, UUIDs of
records, hashes of files and commits) are no secrets. Everything that names a URL goes through here:
errors when they are made, texts when they are rendered, logs when they are written.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar
from urllib.parse import parse_qsl, unquote, unquote_plus, urlsplit

MASK = "…"
_T = TypeVar("_T")

_MIN_SECRET = 6  # characters
_MAX_ENCODINGS = 4  # of a URL within a URL
# “author”, “keyword” and “accession” are no secrets.
_SECRET_NAME = re.compile(
    r"token|secret|passw|passphrase|passcode|passkey|pwd|signature|credential|session|jwt|bearer"
    r"|hmac|oauth|auth(?!or(?!i[sz]))|access(?!ion|ed)|key(?!word|phrase|note)"
    r"|(?<![a-z])(?:sig|sign|pass|pw|sid|otp|ticket|creds?)(?![a-z])"
)
_RANDOM_VALUE = re.compile(r"(?=(?:\D*\d){3})(?=.*[A-Za-z])[A-Za-z0-9]{24,}", re.DOTALL)
# A port is a number, so anything else after a colon is a password, whatever characters it has.
_USER_INFO = re.compile(
    r"//(?:[^\s/?#@<>\"“”]*@)+|//[^\s/?#@:<>\"“”]{1,99}:(?!\d{1,5}(?:[/?#]|$))[^\s@<>\"“”]{1,99}@"
)
# The start of a pair of a query, a path or a fragment, perhaps of a URL that is a value itself.
_NAME = re.compile(
    r"(?:[?&#;]|%3[FfBb]|%2[36])(?P<name>[^\s?&#;=<>\"“”]{1,80}?)(?:=|%3[Dd])", re.DOTALL
)
_VALUE_IN_TEXT = re.compile(r"[^\s&#<>\"“”]*")
_VALUE = re.compile(r"[^&#]*")
# A segment of a path, perhaps of a URL that is a value itself; not the host.
_SEGMENT = re.compile(r"(?<![/:])(?:/|%2[Ff])(?P<segment>(?:(?!%2[Ff])[^\s/?#&;=<>\"“”])+)")
_FEED_SUFFIX = re.compile(r"\.(?:xml|rss|atom|rdf|json|ics)$")
# What announces a secret in the next segment, or in the same one (``private-3f9c``).
_PRIVATE = r"private|secret|tokens?|keys?|auth|webhooks?|hooks?"
_PRIVATE_SEGMENT = re.compile(_PRIVATE, re.IGNORECASE)
_PRIVATE_PREFIX = re.compile(rf"(?:{_PRIVATE})[-_](?P<rest>.+)", re.IGNORECASE | re.DOTALL)
_SHORT_TOKEN = re.compile(
    r"(?=(?:\D*\d){2})(?=.*[A-Za-z])[A-Za-z0-9_-]{8,}|(?=\d*[a-f])[0-9a-f]{6,}"
)
# What announces the hash or the number of something public in the next segment.
_PUBLIC_SEGMENT = re.compile(
    r"hash|files?|commits?|blob|tree|raw|sha|doi|abs|pdf|papers?|records?|articles?|handle|uuid",
    re.IGNORECASE,
)
_DOI_PREFIX = re.compile(r"10\.\d{4,9}")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_DOCUMENT = re.compile(r"\.[A-Za-z][A-Za-z0-9]{1,4}$")  # a file, but for feeds
_WORD = re.compile(r"[A-Za-z]?[a-z]{2,}")
_MIN_RANDOM = 24  # characters
_OPAQUE_GUID = re.compile(r"guid:[0-9a-f]{32}")
_TRAILING = ".,:!?'’)]}*_~`|\\"  # what a sentence or a list writes after a URL


@dataclass(frozen=True, slots=True)
class _Span:
    start: int
    end: int


def redact_text(text: str) -> str:
    """Returns a text with the secrets of every URL in it replaced by ``…``."""
    if not any(mark in text for mark in "=@%/"):
        return text
    return _redact(text, _VALUE_IN_TEXT, _TRAILING)


def redact_url(url: str) -> str:
    """Returns a URL with its secrets replaced by ``…``; the same URL if it has none."""
    return _redact(url, _VALUE, "")


def url_secrets(url: str) -> frozenset[str]:
    """Returns the secrets in a URL's query and path, decoded; short ones could be anything."""
    path = {unquote(url[span.start : span.end]) for span in _path_spans(url, "")}
    return frozenset(value for value in path | _query_secrets(url) if len(value) >= _MIN_SECRET)


def has_secret_path(url: str) -> bool:
    """Returns whether a segment of the URL's path looks like a secret.

    Links of papers may: many shared folders and documents have such addresses.
    """
    return next(_path_spans(url, ""), None) is not None


def is_private_address(url: str) -> bool:
    """Returns whether a URL has a secret path and can't be a paper's: a webhook, a private feed.

    Its host, a segment or the suffix of its path says so.
    """
    if not has_secret_path(url):
        return False
    try:
        parts = urlsplit(url)
        names = [*(parts.hostname or "").split("."), *parts.path.split("/")]
    except ValueError:
        return True
    return _FEED_SUFFIX.search(parts.path.lower()) is not None or any(
        _PRIVATE_SEGMENT.fullmatch(name) or _PRIVATE_PREFIX.fullmatch(name) for name in names
    )


def without_secrets(url: str, secrets: Iterable[str] = ()) -> str:
    """Returns a URL without user info and without the parameters that have one of these values.

    A URL that has neither is returned as it is. One with such a value in its path leads nowhere
    without it, so an empty string is returned.
    """
    hidden = frozenset(secrets)
    if not hidden and "@" not in url:
        return url
    try:
        path = urlsplit(url).path
    except ValueError:
        return url
    if hidden and any(unquote(segment) in hidden for segment in path.split("/")):
        return ""
    return _without(url, hidden)


def public_url(url: str) -> str:
    """Returns a link without user info and secret values.

    A secret-looking path stays, since the link leads nowhere without it.
    """
    try:
        return _without(url, _query_secrets(url))
    except ValueError:
        return url


def site_name(url: str) -> str:
    """Returns a URL's host, which names a feed without a title; a path may be secret, too."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        host = ""
    return host.removeprefix("www.") or "Untitled feed"


def opaque_guid(identifier: str) -> str:
    """Returns an identifier ``guid:<feed>#<guid>`` as a hash, which doesn't show the feed's URL.

    The same entry of the same feed always gets the same hash; other identifiers, and a hash, are
    returned as they are. The hash is stored in databases, so it must not change.
    """
    if not identifier.startswith("guid:") or _OPAQUE_GUID.fullmatch(identifier):
        return identifier
    text = identifier.removeprefix("guid:").encode("utf-8", "surrogatepass")
    return f"guid:{hashlib.blake2b(text, digest_size=16).hexdigest()}"


def redacted_repr(record: type[_T]) -> type[_T]:
    """Hides the secrets of URLs in the ``repr`` of a dataclass, which logs and tracebacks show."""
    plain = record.__repr__

    def __repr__(self: _T) -> str:  # noqa: N807 - it is one
        return redact_text(plain(self))

    record.__repr__ = __repr__  # type: ignore[method-assign,assignment]
    return record


def _redact(text: str, value: re.Pattern[str], trailing: str) -> str:
    text = _mask(text, _path_spans(text, trailing))
    return _USER_INFO.sub(f"//{MASK}@", _mask(text, _spans(text, value, trailing)))


def _path_spans(text: str, trailing: str) -> Iterator[_Span]:
    """Yields where the secret segments of paths are."""
    previous, previous_end = "", -1
    for found in _SEGMENT.finditer(text):
        before = previous if found.start() == previous_end else ""
        segment = found["segment"].rstrip(trailing)
        if segment and _is_secret_segment(segment, before):
            start = found.start("segment")
            yield _Span(start, start + len(segment))
        previous, previous_end = found["segment"], found.end()


def _is_secret_segment(segment: str, previous: str) -> bool:
    """Returns whether a segment of a path looks like a secret, given the segment before it."""
    if len(segment) < _MIN_SECRET:
        return False
    stem = _FEED_SUFFIX.sub("", _decode(segment).replace("\\", ""))
    prefixed = _PRIVATE_PREFIX.fullmatch(stem)
    if prefixed or _PRIVATE_SEGMENT.fullmatch(previous):
        rest = prefixed["rest"] if prefixed else stem
        return _SHORT_TOKEN.fullmatch(rest) is not None
    if _PUBLIC_SEGMENT.fullmatch(previous) or _DOI_PREFIX.fullmatch(previous):
        return False
    if len(stem) < _MIN_RANDOM or _UUID.fullmatch(stem) or _DOCUMENT.search(stem):
        return False
    parts = re.split(r"[-_.~:+@]", stem)
    words = sum(len(part) for part in parts if _WORD.fullmatch(part))
    return words * 2 < len(stem) and any(map(_looks_random, parts))


def _looks_random(text: str) -> bool:
    """Returns whether letters and digits are mixed as only a generator mixes them."""
    if len(text) < _MIN_RANDOM or not (text.isascii() and text.isalnum()):
        return False
    kinds = ["A" if char.isupper() else "a" if char.islower() else "0" for char in text]
    changes = sum(kind != following for kind, following in pairwise(kinds))
    return changes * 2 >= len(text) or _RANDOM_VALUE.fullmatch(text) is not None


def _spans(text: str, value: re.Pattern[str], trailing: str) -> Iterator[_Span]:
    """Yields where the secret values are; each character is looked at a few times at most."""
    position = 0
    while pair := _NAME.search(text, position):
        found = value.match(text, pair.end())
        shown = found[0].rstrip(trailing) if found else ""  # it always matches, if only nothing
        end = pair.end() + len(shown)
        if shown and (_is_secret_name(pair["name"]) or _holds_secret(shown)):
            yield _Span(pair.end(), end)
        position = max(end, pair.end())


def _is_secret_name(name: str) -> bool:
    return _SECRET_NAME.search(_decode(name).replace("\\", "").lower()) is not None


def _holds_secret(value: str) -> bool:
    """Returns whether a value looks random, or is itself a URL that has secrets."""
    decoded = _decode(value)
    return (
        _RANDOM_VALUE.fullmatch(decoded) is not None
        or _USER_INFO.search(decoded) is not None
        or any(_is_secret_name(pair["name"]) for pair in _NAME.finditer(decoded))
    )


def _decode(text: str) -> str:
    for _ in range(_MAX_ENCODINGS):
        decoded = unquote(text)
        if decoded == text:
            break
        text = decoded
    return text


def _mask(text: str, spans: Iterable[_Span]) -> str:
    parts: list[str] = []
    position = 0
    for span in spans:
        parts += [text[position : span.start], MASK]
        position = span.end
    return "".join([*parts, text[position:]])


def _query_secrets(url: str) -> frozenset[str]:
    return frozenset(unquote_plus(url[span.start : span.end]) for span in _spans(url, _VALUE, ""))


def _without(url: str, hidden: frozenset[str]) -> str:
    """Returns a URL without user info and parameters with these values; raises `ValueError`."""
    parts = urlsplit(url)
    clean = parts._replace(
        netloc=parts.netloc.rpartition("@")[2],
        query=_without_values(parts.query, hidden),
        fragment=_without_values(parts.fragment, hidden),
    )
    return url if clean == parts else clean.geturl()


def _without_values(query: str, hidden: frozenset[str]) -> str:
    pairs = query.split("&")
    kept = [
        pair
        for pair in pairs
        if all(value not in hidden for _, value in parse_qsl(pair, keep_blank_values=True))
    ]
    return query if len(kept) == len(pairs) else "&".join(kept)
