"""Which addresses are the public internet's, in every notation; names are resolved first."""

from __future__ import annotations

import ipaddress
import socket

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import DefaultResolver

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_RELAYS = ipaddress.ip_network("192.88.99.0/24")


class PrivateAddress(OSError):
    """A name that leads to an address which is not the public internet's."""


class PublicResolver(AbstractResolver):
    """Resolves names, and drops every address that is not public."""

    def __init__(self) -> None:
        self._resolver = DefaultResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The public addresses of a name; raises `PrivateAddress` where it has none."""
        found = await self._resolver.resolve(host, port, family)
        public = [one for one in found if is_public(one["host"])]
        if not public:
            raise PrivateAddress(f"{host} has no public address")
        return public

    async def close(self) -> None:
        """End looking up."""
        await self._resolver.close()


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


def is_private_literal(host: str) -> bool:
    """Whether a host is written as a number, in any notation, and not a public one."""
    try:
        packed = socket.inet_aton(host)  # takes 127.1, 0x7f000001 and 2130706433, as browsers do
    except OSError:
        return ":" in host and not is_public(host)
    return not is_public(socket.inet_ntoa(packed))
