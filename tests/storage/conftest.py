from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from lab_world import StillClock

from storage.library import Library, open_library


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
async def library(tmp_path: Path, clock: StillClock) -> AsyncIterator[Library]:
    async with open_library(tmp_path / "lab.db", clock) as opened:
        yield opened
