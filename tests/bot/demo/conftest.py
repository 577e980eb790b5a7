"""Fixtures for demos, each of which needs two ports."""

from __future__ import annotations

import random
import socket

import pytest


@pytest.fixture
def demo_port() -> int:
    """A free port whose next one is free, too.

    Both are below those that systems give to servers that ask for any port, such as other tests'.
    """
    while True:
        port = random.randrange(20_000, 32_000, 2)
        if all(_is_free(one) for one in (port, port + 1)):
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
