"""Decides which IP addresses belong to the public internet, in every notation."""

from __future__ import annotations

import ipaddress
import socket

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import DefaultResolver

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_6TO4_RELAYS = ipaddress.ip_network("192.88.99.0/24")


class PrivateAddress(OSError):
    """A host name that resolves to no public address."""


class PublicResolver(AbstractResolver):
    """Resolves host names to their public addresses only."""

    def __init__(self) -> None:
        self._resolver = DefaultResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Returns the public addresses of a host name; raises `PrivateAddress` if it has none."""
        results = await self._resolver.resolve(host, port, family)
        public = [result for result in results if is_public(result["host"])]
        if not public:
            raise PrivateAddress(f"{host} has no public address")
        return public

    async def close(self) -> None:
        """Closes the underlying resolver."""
        await self._resolver.close()


def is_public(address: str) -> bool:
    """Returns whether an IP address is a public unicast address."""
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
    elif ip in _6TO4_RELAYS:
        return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def is_private_literal(host: str) -> bool:
    """Returns whether a host is an IP address, in any notation, and not a public one."""
    try:
        packed = socket.inet_aton(host)  # accepts 127.1, 0x7f000001 and 2130706433, as browsers do
    except OSError:
        return ":" in host and not is_public(host)
    return not is_public(socket.inet_ntoa(packed))
