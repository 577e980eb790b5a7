"""The one guarded HTTP client for everything from outside: addresses, sizes and times are checked.

An address is checked after its name was resolved, and again at every redirect, so that no feed can
make the bot speak to this machine, its network or a cloud's metadata service.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from urllib.parse import urljoin, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import DefaultResolver
from yarl import URL

from storage.errors import LabError

_MAX_REDIRECTS = 5
_AT_ONCE = 8
_PERMANENT = {301, 308}
_REDIRECTS = {301, 302, 303, 307, 308}
_CHUNK = 64 * 1024
_LONGEST_WAIT = timedelta(days=7)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_RELAYS = ipaddress.ip_network("192.88.99.0/24")


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
        self, session: aiohttp.ClientSession, *, allow_private: bool, max_bytes: int
    ) -> None:
        self._session = session
        self._allow_private = allow_private
        self._max_bytes = max_bytes
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._hosts: dict[str, asyncio.Lock] = {}

    async def get(self, url: str, headers: Mapping[str, str] | None = None) -> Page:
        """Fetch an address, following at most five redirects; raises `WebError`.

        At most eight requests are under way at once, and one to any host.
        """
        permanent = True
        first = url = url.strip()
        for _ in range(_MAX_REDIRECTS + 1):
            address = self._checked(url)
            # The host's turn comes first: one that is slow must not keep the slots from others.
            async with self._host_lock(address.raw_host or ""), self._slots:
                answer = await self._ask(url, address, headers or {})
            if isinstance(answer, Page):
                return replace(answer, permanent_url=url if permanent and url != first else None)
            permanent = permanent and answer.permanent
            url = _joined(url, answer.to)
        raise WebError(
            f"{_host(first)} sends me from one address to the next without end.",
            cause=f"more than {_MAX_REDIRECTS} redirects from {first}",
        )

    async def _ask(self, url: str, address: URL, headers: Mapping[str, str]) -> Page | _Redirect:
        host = _host(url)
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
        except _PrivateAddress as error:
            raise _private(host) from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            if isinstance(error.__cause__, _PrivateAddress):
                raise _private(host) from error
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
        if not self._allow_private and _is_private_literal(host):
            raise _private(host)
        return address

    def _host_lock(self, host: str) -> asyncio.Lock:
        if len(self._hosts) > 1000:
            self._hosts = {name: lock for name, lock in self._hosts.items() if lock.locked()}
        return self._hosts.setdefault(host, asyncio.Lock())


@dataclass(frozen=True, slots=True)
class _Redirect:
    to: str
    permanent: bool


class _PrivateAddress(OSError):
    """A name that leads to an address which is not the public internet's."""


class _PublicResolver(AbstractResolver):
    """Resolves names, and drops every address that is not public."""

    def __init__(self) -> None:
        self._resolver = DefaultResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        public = [one for one in found if is_public(one["host"])]
        if not public:
            raise _PrivateAddress(f"{host} has no public address")
        return public

    async def close(self) -> None:
        await self._resolver.close()


@asynccontextmanager
async def open_web(
    *, contact: str, allow_private: bool, patience: timedelta, max_bytes: int
) -> AsyncGenerator[Web]:
    """A client that names itself and ``contact``, waits at most ``patience`` for a whole answer.

    ``max_bytes`` limits an unpacked body; ``allow_private`` lifts the check of addresses.
    """
    seconds = patience.total_seconds()
    agent = f"LabHerald/{version('lab-herald')}" + (f" (+{contact})" if contact else "")
    connector = aiohttp.TCPConnector(
        limit=_AT_ONCE, resolver=None if allow_private else _PublicResolver(), use_dns_cache=False
    )
    async with aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(total=seconds, sock_connect=seconds / 2),
        headers={"User-Agent": agent, "Accept-Encoding": "gzip, deflate"},
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
    ) as session:
        yield Web(session, allow_private=allow_private, max_bytes=max_bytes)


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet, for one host."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour
        if ip in _NAT64:
            inner = ipaddress.IPv4Address(ip.packed[-4:])
        if inner is not None:
            return is_public(str(inner))
        if ip.is_site_local:
            return False
    elif ip in _RELAYS:
        return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def _is_private_literal(host: str) -> bool:
    """Whether a host is written as a number, in any notation, and not a public one."""
    try:
        packed = socket.inet_aton(host)  # takes 127.1, 0x7f000001 and 2130706433, as browsers do
    except OSError:
        return ":" in host and not is_public(host)
    return not is_public(socket.inet_ntoa(packed))


def _private(host: str) -> WebError:
    return WebError(
        f"{host} is on this machine or a private network, which I don't read. (Whoever runs me "
        "can allow it by FEED_ALLOW_PRIVATE.)",
        cause=f"private address: {host}",
    )


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


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or url[:100]
    except ValueError:
        return url[:100]
