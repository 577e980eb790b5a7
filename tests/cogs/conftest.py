"""A feed on this machine, for the commands about feeds."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp.test_utils import TestServer

from tests.support.feed_server import FeedServer


@pytest.fixture
async def source() -> AsyncIterator[tuple[FeedServer, str]]:
    """A feed with one item, and the address of its server."""
    feed = FeedServer()
    async with TestServer(feed.app()) as server:
        yield feed, str(server.make_url("/"))
