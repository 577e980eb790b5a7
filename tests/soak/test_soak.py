"""A bot under random traffic and faults announces each paper once, answers, and doesn't grow."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from tests.soak.outcome import report
from tests.soak.soak import Load, open_soak

_TIME_LIMIT = timedelta(minutes=8)  # of restarts and the end, also on a busy machine
# Some seconds, among other tests that keep the machine busy.
_SHORT = Load(
    act=0.15, publish=0.5, remove=2.0, fault=0.6, sample=0.5, answer_limit=20.0, papers=100
)


async def test_under_traffic_and_faults_the_bot_loses_repeats_and_leaks_nothing(
    tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    minutes = pytestconfig.getoption("traffic_minutes")
    load = Load() if minutes >= 1 else _SHORT
    seed = pytestconfig.getoption("traffic_seed")
    limit = timedelta(minutes=minutes) + _TIME_LIMIT
    async with asyncio.timeout(limit.total_seconds()), open_soak(tmp_path, seed, load) as soak:
        outcome = await soak.run(timedelta(minutes=minutes))
    report(outcome)
    assert outcome.problems == []
