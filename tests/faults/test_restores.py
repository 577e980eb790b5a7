"""Backups made and restored at any moment: nothing is announced twice, and nothing is lost."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.faults.crash_lane import open_lane
from tests.faults.restore_lane import History, RestoreLane
from tests.support.paths import ROOT

_LANES = 2
_RESTORES = 4  # of one history
_REPORT = ROOT / "build" / "restores.json"


async def test_restored_at_any_moment_the_bot_announces_every_paper_once(
    tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    runs = -(-pytestconfig.getoption("restores") // _RESTORES)
    waiting = list(range(runs))[::-1]
    histories: dict[int, History] = {}

    async def work(lane: RestoreLane) -> None:
        while waiting:
            number = waiting.pop()
            histories[number] = await lane.run_history(number, _RESTORES)

    async with AsyncExitStack() as stack:
        folders = [tmp_path / f"lane-{number}" for number in range(min(_LANES, runs))]
        for folder in folders:
            folder.mkdir()
        lanes = [await stack.enter_async_context(open_lane(one, RestoreLane)) for one in folders]
        await asyncio.gather(*(work(lane) for lane in lanes))
    report([*histories.values()])
    assert {number: one for number, one in histories.items() if not one.is_good} == {}
    assert any(one.unknown for one in histories.values())
    for lane in lanes:
        assert "Traceback" not in lane.log


def report(histories: list[History]) -> None:
    """Writes and prints how many backups were restored, and what became of the papers."""
    totals = {
        "restores": sum(one.restores for one in histories),
        "kills": sum(one.kills for one in histories),
        "messages unknown": sum(one.unknown for one in histories),
        "papers": sum(one.papers for one in histories),
        "lost": sum(len(one.lost) for one in histories),
        "twice": sum(len(one.twice) for one in histories),
        "unsent": sum(one.unsent for one in histories),
        "unfinished": sum(one.unfinished for one in histories),
    }
    _REPORT.parent.mkdir(exist_ok=True)
    _REPORT.write_text(json.dumps(totals, indent=2) + "\n", encoding="utf-8")
    print("", " ".join(f"{name:>16}" for name in totals), sep="\n")  # noqa: T201
    print(" ".join(f"{total:>16}" for total in totals.values()))  # noqa: T201
