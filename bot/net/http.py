"""The guarded HTTP client for everything that is fetched from outside.

It limits sizes and times, and refuses private addresses. It checks addresses after DNS resolution
and again at every redirect, so that no feed can make the bot talk to this machine, its network or a
cloud's metadata service.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin

import aiohttp
from aiohttp.resolver import DefaultResolver
from yarl import URL

from bot import __version__
from bot.net.ssrf import PrivateAddress, PublicResolver, is_private_literal
from storage.errors import LabError
from storage.redaction import redact_text, redact_url, redacted_repr

_MAX_REDIRECTS = 5
_MAX_CONCURRENCY = 8
_MAX_HOSTS = 1000  # remembered at once; beyond that, idle ones are forgotten
_PERMANENT = {301, 308}
_REDIRECTS = {301, 302, 303, 307, 308}
_PUBLIC = {"Accept", "If-None-Match", "If-Modified-Since"}  # headers
_CHUNK_SIZE = 64 * 1024
_MAX_RETRY_AFTER = timedelta(days=7)
_PAUSE = timedelta(seconds=1)  # between two requests to one host


class HttpError(LabError):
    """A request failed; the text is for a moderator, ``cause`` is for the log."""

    def __init__(
        self,
        sentence: str,
        *,
        cause: str = "",
        status: int | None = None,
        retry_after: timedelta | None = None,
    ) -> None:
        super().__init__(sentence)
        self.cause = redact_text(cause or sentence)
        self.status = status
        self.retry_after = retry_after


class PrivateHost(HttpError):
    """The host is this machine or on a private network, so it isn't contacted."""

    def __init__(self, host: str) -> None:
        super().__init__(
            f"{host} is on this machine or a private network, which I only read if "
            "FEED_ALLOW_PRIVATE is set.",
            cause=f"private address: {host}",
        )
        self.host = host


@redacted_repr
@dataclass(frozen=True, slots=True)
class Page:
    """A server's response: usually ``status`` 200 with a body, or 304 without one.

    ``permanent_url`` is where the URL moved permanently, or None if it didn't.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    permanent_url: str | None = None

    @property
    def content_type(self) -> str:
        """The Content-Type header with its parameters, or an empty string."""
        return self.headers.get("Content-Type", "")


class HttpClient:
    """An HTTP client that respects limits; opened by `open_http_client`."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        allow_private: bool,
        max_bytes: int,
        pause: timedelta,
    ) -> None:
        self._session = session
        self._allow_private = allow_private
        self._max_bytes = max_bytes
        self._slots = asyncio.Semaphore(_MAX_CONCURRENCY)
        self._hosts = HostQueue(pause)

    async def get(self, url: str, headers: Mapping[str, str] | None = None) -> Page:
        """Fetches a URL, following at most five redirects; raises `HttpError`.

        At most eight requests run at once, and only one per host, with a pause after it.
        """
        async with self.open(url, headers) as page:
            return page

    @asynccontextmanager
    async def open(
        self, url: str, headers: Mapping[str, str] | None = None
    ) -> AsyncGenerator[Page]:
        """Fetches a URL like `get`, and occupies one of the eight slots until the block ends.

        Another server that it's redirected to gets no header that may be a secret.
        """
        is_permanent = True
        first_url = url = url.strip()
        for _ in range(_MAX_REDIRECTS + 1):
            checked = self._check(url)
            if checked.origin() != self._check(first_url).origin():
                headers = {
                    name: value for name, value in (headers or {}).items() if name in _PUBLIC
                }
            async with AsyncExitStack() as slot:
                # Wait for the host first, so that a slow one doesn't keep slots from others.
                async with self._hosts.turn(checked.raw_host or ""):
                    await slot.enter_async_context(self._slots)
                    response = await self._request(url, checked, headers or {})
                if isinstance(response, Page):
                    permanent_url = url if is_permanent and url != first_url else None
                    yield replace(response, permanent_url=permanent_url)
                    return
            is_permanent = is_permanent and response.is_permanent
            url = _join(url, response.location)
        raise HttpError(
            f"{checked.host} keeps redirecting me.",
            cause=f"more than {_MAX_REDIRECTS} redirects from {redact_url(first_url)}",
        )

    async def _request(
        self, url: str, checked: URL, headers: Mapping[str, str]
    ) -> Page | _Redirect:
        host = checked.host or ""
        try:
            async with self._session.get(
                checked, headers=headers, allow_redirects=False
            ) as response:
                if response.status in _REDIRECTS and "Location" in response.headers:
                    is_permanent = response.status in _PERMANENT
                    return _Redirect(response.headers["Location"], is_permanent)
                if response.status >= 400:
                    raise _status_error(response, host)
                body = b"" if response.status == 304 else await self._read_body(response, host)
                return Page(url, response.status, response.headers.copy(), body)
        except TimeoutError as error:
            raise HttpError(
                f"{host} took too long to respond.", cause=f"timeout at {redact_url(url)}"
            ) from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            if isinstance(error.__cause__, PrivateAddress):
                raise PrivateHost(host) from error
            raise HttpError(
                f"I couldn't reach {host}, or couldn't read its response.",
                cause=f"{type(error).__name__} at {redact_url(url)}: {error}",
            ) from error

    async def _read_body(self, response: aiohttp.ClientResponse, host: str) -> bytes:
        """Reads the body; counts decompressed bytes."""
        body = bytearray()
        async for chunk in response.content.iter_chunked(_CHUNK_SIZE):
            body += chunk
            if len(body) > self._max_bytes:
                raise HttpError(
                    f"{host} sent more than {self._max_bytes / 2**20:,.1f} MiB, so I stopped "
                    "reading.",
                )
        return bytes(body)

    def _check(self, url: str) -> URL:
        """Returns a URL that may be fetched, as the client parses it; raises `HttpError`.

        yarl has normalized the host by then: ``①②⑦.⓪.⓪.①`` is checked as 127.0.0.1.
        """
        try:
            parsed = URL(url)
        except ValueError:
            raise _invalid_url(url) from None
        host = parsed.raw_host
        if parsed.scheme not in {"http", "https"} or not host:
            raise HttpError(
                "I only read URLs that start with http:// or https://.", cause=redact_url(url)
            )
        if parsed.raw_user or parsed.raw_password:
            raise HttpError(
                "I don't read URLs with a user name or password in them.", cause=redact_url(url)
            )
        if not self._allow_private and is_private_literal(host):
            raise PrivateHost(host)
        return parsed


class HostQueue:
    """Lets one request at a time go to each host, and a pause pass after it."""

    def __init__(self, pause: timedelta) -> None:
        self._pause = pause.total_seconds()
        self._hosts: dict[str, _Host] = {}

    def __len__(self) -> int:
        return len(self._hosts)

    @asynccontextmanager
    async def turn(self, name: str) -> AsyncGenerator[None]:
        """Waits until nobody else uses the host and its pause is over; private hosts need none."""
        if len(self._hosts) >= _MAX_HOSTS:
            self._hosts = {name: host for name, host in self._hosts.items() if host.is_busy()}
        host = self._hosts.setdefault(name, _Host())
        async with host.lock:
            if (pause := host.free_at - time.monotonic()) > 0:
                await asyncio.sleep(pause)
            try:
                yield
            finally:
                is_private = name == "localhost" or is_private_literal(name)
                host.free_at = 0 if is_private else time.monotonic() + self._pause


class _Host:
    """A host: the lock for its single connection, and when the next request may start."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.free_at = 0.0

    def is_busy(self) -> bool:
        """Returns whether a request is running or the pause after one isn't over."""
        return self.lock.locked() or self.free_at > time.monotonic()


@dataclass(frozen=True, slots=True)
class _Redirect:
    location: str
    is_permanent: bool


@asynccontextmanager
async def open_http_client(
    *,
    contact: str,
    allow_private: bool,
    time_limit: timedelta,
    max_bytes: int,
    pause: timedelta = _PAUSE,
) -> AsyncGenerator[HttpClient]:
    """Opens a client that names itself and ``contact`` in its User-Agent.

    ``time_limit`` limits a whole response; connecting and each read may take half of it.
    ``max_bytes`` limits a decompressed body. ``allow_private`` turns off the address check.
    """
    seconds = time_limit.total_seconds()
    agent = f"LabHerald/{__version__}" + (f" (+{contact})" if contact else "")
    resolver = DefaultResolver() if allow_private else PublicResolver()
    connector = aiohttp.TCPConnector(limit=_MAX_CONCURRENCY, resolver=resolver, use_dns_cache=False)
    async with aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(
            total=seconds, sock_connect=seconds / 2, sock_read=seconds / 2
        ),
        headers={"User-Agent": agent, "Accept-Encoding": "gzip, deflate"},
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
    ) as session:
        try:
            yield HttpClient(session, allow_private=allow_private, max_bytes=max_bytes, pause=pause)
        finally:
            await resolver.close()


def _status_error(response: aiohttp.ClientResponse, host: str) -> HttpError:
    problem = {
        401: "requires a password",
        403: "denied me access",
        404: "has nothing at that URL",
        410: "says that this is permanently gone",
        429: "asked me to try again later",
    }.get(response.status)
    if problem is None:
        problem = "is having problems" if response.status >= 500 else "rejected my request"
    return HttpError(
        f"{host} {problem} (HTTP {response.status}).",
        cause=f"HTTP {response.status} {response.reason} at {redact_url(str(response.url))}",
        status=response.status,
        retry_after=retry_after(response.headers.get("Retry-After", ""), datetime.now(UTC)),
    )


def retry_after(value: str, now: datetime) -> timedelta | None:
    """Parses a Retry-After header, in seconds or as a date (RFC 9110, 10.2.3); at most a week."""
    value = value.strip()
    if value.isascii() and value.isdecimal():
        return min(timedelta(seconds=min(int(value), 10**7)), _MAX_RETRY_AFTER)
    try:
        at = parsedate_to_datetime(value)
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        wait = at - now
    except (ValueError, OverflowError, TypeError):
        return None
    return min(max(wait, timedelta()), _MAX_RETRY_AFTER)


def _join(url: str, location: str) -> str:
    try:
        return urljoin(url, location.strip())
    except ValueError:
        raise _invalid_url(location) from None


def _invalid_url(url: str) -> HttpError:
    shown = redact_url(url)
    return HttpError(f"“{shown[:100]}” isn't a valid URL.", cause=shown)
