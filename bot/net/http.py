"""The one guarded HTTP client for everything from outside: addresses, sizes and times are checked.

An address is checked after its name was resolved, and again at every redirect, so that no feed can
make the bot speak to this machine, its network or a cloud's metadata service.
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

_MAX_REDIRECTS = 5
_MAX_CONCURRENCY = 8
_MANY_HOSTS = 1000  # that are remembered; those that rest are forgotten then
_PERMANENT = {301, 308}
_REDIRECTS = {301, 302, 303, 307, 308}
_CHUNK = 64 * 1024
_LONGEST_WAIT = timedelta(days=7)
_PAUSE = timedelta(seconds=1)  # between two requests to one host


class WebError(LabError):
    """A request brought nothing; the text is for a moderator, ``cause`` for the log."""

    def __init__(
        self,
        sentence: str,
        *,
        cause: str = "",
        status: int | None = None,
        retry_after: timedelta | None = None,
    ) -> None:
        super().__init__(sentence)
        self.cause = cause or sentence
        self.status = status
        self.retry_after = retry_after


class PrivateHost(WebError):
    """A host is this machine or on a private network, which is not read; ``host`` is its name."""

    def __init__(self, host: str) -> None:
        super().__init__(
            f"{host} is on this machine or a private network, which I don't read. (Whoever runs me "
            "can allow it by FEED_ALLOW_PRIVATE.)",
            cause=f"private address: {host}",
        )
        self.host = host


@dataclass(frozen=True, slots=True)
class Page:
    """What a server answered: ``status`` 200 with a body, or 304 without.

    ``permanent_url`` is where the address moved for good; none where it did not.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    permanent_url: str | None = None

    @property
    def content_type(self) -> str:
        """The declared type with its parameters, perhaps empty."""
        return self.headers.get("Content-Type", "")


class Web:
    """The client; made by `open_web`."""

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
        self._pause = pause.total_seconds()
        self._slots = asyncio.Semaphore(_MAX_CONCURRENCY)
        self._hosts: dict[str, _Host] = {}

    async def get(self, url: str, headers: Mapping[str, str] | None = None) -> Page:
        """Fetch an address, following at most five redirects; raises `WebError`.

        At most eight requests are under way at once, and one to any host, with a pause after it.
        """
        async with self.visit(url, headers) as page:
            return page

    @asynccontextmanager
    async def visit(
        self, url: str, headers: Mapping[str, str] | None = None
    ) -> AsyncGenerator[Page]:
        """The same; the page's place among the eight is kept until the block ends."""
        permanent = True
        first = url = url.strip()
        for _ in range(_MAX_REDIRECTS + 1):
            address = self._checked(url)
            async with AsyncExitStack() as place:
                # The host's turn comes first: one that is slow must not keep places from others.
                async with self._turn(address.raw_host or ""):
                    await place.enter_async_context(self._slots)
                    answer = await self._ask(url, address, headers or {})
                if isinstance(answer, Page):
                    lasting = url if permanent and url != first else None
                    yield replace(answer, permanent_url=lasting)
                    return
            permanent = permanent and answer.permanent
            url = _joined(url, answer.to)
        raise WebError(
            f"{address.host} sends me from one address to the next without end.",
            cause=f"more than {_MAX_REDIRECTS} redirects from {first}",
        )

    async def _ask(self, url: str, address: URL, headers: Mapping[str, str]) -> Page | _Redirect:
        host = address.host or url[:100]
        try:
            async with self._session.get(address, headers=headers, allow_redirects=False) as answer:
                if answer.status in _REDIRECTS and "Location" in answer.headers:
                    return _Redirect(answer.headers["Location"], answer.status in _PERMANENT)
                if answer.status >= 400:
                    raise _refused(answer, host)
                body = b"" if answer.status == 304 else await self._read(answer, host)
                return Page(url, answer.status, answer.headers.copy(), body)
        except TimeoutError as error:
            raise WebError(f"{host} took too long to answer.", cause=f"timeout at {url}") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            if isinstance(error.__cause__, PrivateAddress):
                raise PrivateHost(host) from error
            raise WebError(
                f"{host} can't be reached, or its answer can't be read.",
                cause=f"{type(error).__name__} at {url}: {error}",
            ) from error

    async def _read(self, answer: aiohttp.ClientResponse, host: str) -> bytes:
        """The body, counted as it is unpacked."""
        body = bytearray()
        async for chunk in answer.content.iter_chunked(_CHUNK):
            body += chunk
            if len(body) > self._max_bytes:
                raise WebError(
                    f"The answer of {host} is larger than {self._max_bytes / 2**20:,.1f} MiB, so "
                    "I stopped reading it.",
                )
        return bytes(body)

    def _checked(self, url: str) -> URL:
        """An address that may be fetched, as the client will read it; raises `WebError`.

        The host that is checked is the one connected to: ``①②⑦.⓪.⓪.①`` is 127.0.0.1 by then.
        """
        try:
            address = URL(url)
        except ValueError:
            raise _unreadable(url) from None
        host = address.raw_host
        if address.scheme not in {"http", "https"} or not host:
            raise WebError("I read addresses that begin with http:// or https:// only.", cause=url)
        if address.raw_user or address.raw_password:
            raise WebError("I read no addresses that hold a user name or a password.", cause=url)
        if not self._allow_private and is_private_literal(host):
            raise PrivateHost(host)
        return address

    @asynccontextmanager
    async def _turn(self, name: str) -> AsyncGenerator[None]:
        """A host to oneself, once it has had its pause; this machine and its network need none."""
        if len(self._hosts) > _MANY_HOSTS:
            self._hosts = {name: host for name, host in self._hosts.items() if host.is_busy()}
        host = self._hosts.setdefault(name, _Host())
        async with host.lock:
            if (rest := host.free_at - time.monotonic()) > 0:
                await asyncio.sleep(rest)
            try:
                yield
            finally:
                is_near = name == "localhost" or is_private_literal(name)
                host.free_at = 0 if is_near else time.monotonic() + self._pause


class _Host:
    """One host: who may speak to it, and when again."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.free_at = 0.0

    def is_busy(self) -> bool:
        """Whether somebody speaks to it, or it has its pause."""
        return self.lock.locked() or self.free_at > time.monotonic()


@dataclass(frozen=True, slots=True)
class _Redirect:
    to: str
    permanent: bool


@asynccontextmanager
async def open_web(
    *,
    contact: str,
    allow_private: bool,
    patience: timedelta,
    max_bytes: int,
    pause: timedelta = _PAUSE,
) -> AsyncGenerator[Web]:
    """A client that names itself and ``contact``, waits at most ``patience`` for a whole answer.

    It waits half of that for a connection, and for any next byte. ``max_bytes`` limits an unpacked
    body; ``allow_private`` lifts the check of addresses; hosts have a ``pause`` between requests.
    """
    seconds = patience.total_seconds()
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
            yield Web(session, allow_private=allow_private, max_bytes=max_bytes, pause=pause)
        finally:
            await resolver.close()


def _refused(answer: aiohttp.ClientResponse, host: str) -> WebError:
    said = {
        401: "wants a password, and I have none",
        403: "does not let me in",
        404: "has nothing at that address",
        410: "says that this is gone for good",
        429: "asks me to come back later",
    }.get(answer.status)
    if said is None:
        said = "has a fault at the moment" if answer.status >= 500 else "refuses the request"
    return WebError(
        f"{host} {said} (HTTP {answer.status}).",
        cause=f"HTTP {answer.status} {answer.reason} at {answer.url}",
        status=answer.status,
        retry_after=retry_after(answer.headers.get("Retry-After", ""), datetime.now(UTC)),
    )


def retry_after(value: str, now: datetime) -> timedelta | None:
    """What a Retry-After header asks for, seconds or a date (RFC 9110, 10.2.3); at most a week."""
    value = value.strip()
    if value.isascii() and value.isdecimal():
        return min(timedelta(seconds=min(int(value), 10**7)), _LONGEST_WAIT)
    try:
        at = parsedate_to_datetime(value)
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        wait = at - now
    except (ValueError, OverflowError, TypeError):
        return None
    return min(max(wait, timedelta()), _LONGEST_WAIT)


def _joined(url: str, to: str) -> str:
    """Where a redirect leads."""
    try:
        return urljoin(url, to.strip())
    except ValueError:
        raise _unreadable(to) from None


def _unreadable(url: str) -> WebError:
    return WebError(f"“{url[:100]}” is not an address that I can read.", cause=url)
