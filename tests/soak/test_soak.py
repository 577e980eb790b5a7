"""A bot under random traffic and faults announces each paper once, answers, and doesn't grow."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import pytest

from tests.soak.soak import Load, Outcome, open_soak
from tests.support.paths import ROOT

_REPORT = ROOT / "build" / "soak.json"
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


def report(outcome: Outcome) -> None:
    """Writes and prints what happened."""
    _REPORT.parent.mkdir(exist_ok=True)
    text = json.dumps({**asdict(outcome), "problems": outcome.problems}, indent=2, default=str)
    _REPORT.write_text(text + "\n", encoding="utf-8")
    answers, resources = outcome.answers, outcome.resources
    lines = {
        "minutes": outcome.minutes,
        "starts, kills, restores": (outcome.starts, outcome.kills, outcome.restores),
        "papers to announce": outcome.required,
        "removed before": outcome.excused_papers,
        "messages": outcome.messages,
        "lost": len(outcome.announcements.lost),
        "twice": len(outcome.announcements.twice),
        "interactions": answers.used,
        "disturbed by faults": answers.excused,
        "failed, late, unfinished": (
            len(answers.failed),
            len(answers.late),
            len(answers.unfinished),
        ),
        "seconds to answer, median and 99 %": (
            round(answers.median_seconds, 3),
            round(answers.p99_seconds, 3),
        ),
        "requests": outcome.requests,
        "faults": outcome.faults,
        "errors not injected": len(outcome.unexplained),
        "second third": resources.second,
        "last third": resources.last,
    }
    print()  # noqa: T201
    for name, value in lines.items():
        print(f"{name:<36}{value}")  # noqa: T201
