"""arXiv, Crossref, DataCite and a few pages on 127.0.0.1, and a lookup that asks them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.feeds.parser import Parser, open_parser
from bot.lookup.service import Lookup, open_lookup
from bot.net.http import HttpClient, open_http_client
from bot.net.pace import Paces
from bot.settings import Settings
from storage.library import Library
from tests.support.lab import FakeClock
from tests.support.lookup_server import LookupServer


@pytest.fixture
def server(lookup_server: LookupServer) -> LookupServer:
    return lookup_server


@pytest.fixture
async def parser() -> AsyncIterator[Parser]:
    async with open_parser(workers=1) as opened:
        yield opened


@pytest.fixture
async def web() -> AsyncIterator[HttpClient]:
    async with open_http_client(
        contact="lab@example.org",
        allow_private=True,
        time_limit=timedelta(seconds=1),
        max_bytes=1_000_000,
    ) as opened:
        yield opened


@pytest.fixture
def paces(library: Library, settings: Settings) -> Paces:
    """A sixth of the pauses: half a second for arXiv."""
    return Paces(library.service_requests, replace(settings, lab_herald_speedup=6))


@pytest.fixture
async def lookup(
    server: LookupServer, web: HttpClient, parser: Parser, clock: FakeClock, paces: Paces
) -> AsyncIterator[Lookup]:
    async with open_lookup(web, parser, server.addresses(), clock, paces) as opened:
        yield opened
