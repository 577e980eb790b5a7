"""Hides the secrets of URLs before people, files or logs show them; pure.

Secrets are user info (``https://user:password@…``) and query values whose name or look says so
(``?token=…``). Everything that names a URL goes through here: errors when they are made, texts when
they are rendered, logs when they are written.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
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
_OPAQUE_GUID = re.compile(r"guid:[0-9a-f]{32}")
_TRAILING = ".,:!?'’)]}*_~`|\\"  # what a sentence or a list writes after a URL


@dataclass(frozen=True, slots=True)
class _Span:
    start: int
    end: int


def redact_text(text: str) -> str:
    """Returns a text with the secrets of every URL in it replaced by ``…``."""
    if "=" not in text and "@" not in text and "%" not in text:
        return text
    return _USER_INFO.sub(f"//{MASK}@", _mask(text, _spans(text, _VALUE_IN_TEXT, _TRAILING)))


def redact_url(url: str) -> str:
    """Returns a URL with its secrets replaced by ``…``; the same URL if it has none."""
    return _USER_INFO.sub(f"//{MASK}@", _mask(url, _spans(url, _VALUE, "")))


def url_secrets(url: str) -> frozenset[str]:
    """Returns the secret values in a URL's query, decoded; short ones could be anything."""
    values = (unquote_plus(url[span.start : span.end]) for span in _spans(url, _VALUE, ""))
    return frozenset(value for value in values if len(value) >= _MIN_SECRET)


def without_secrets(url: str, secrets: Iterable[str] = ()) -> str:
    """Returns a URL without user info and without the parameters that have one of these values.

    A URL that has neither is returned as it is.
    """
    hidden = frozenset(secrets)
    if not hidden and "@" not in url:
        return url
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    if "@" in parts.netloc:
        parts = parts._replace(netloc=parts.netloc.rpartition("@")[2])
    if hidden:
        parts = parts._replace(
            query=_without_values(parts.query, hidden),
            fragment=_without_values(parts.fragment, hidden),
        )
    clean = parts.geturl()
    return url if clean == urlsplit(url).geturl() else clean


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


def _without_values(query: str, hidden: frozenset[str]) -> str:
    pairs = query.split("&")
    kept = [
        pair
        for pair in pairs
        if all(value not in hidden for _, value in parse_qsl(pair, keep_blank_values=True))
    ]
    return query if len(kept) == len(pairs) else "&".join(kept)
