"""The crash matrix: killed at any point of a poll or a send, the bot loses and repeats nothing."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections import Counter
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from bot.app import open_app
from bot.settings import Settings
from storage.models import Origin, PaperDraft
from tests.faults.crash_lane import ASKED, POINTS, Lane, Outcome, open_lane
from tests.faults.discord_standin import GUILD, PAPERS, TOKEN, announced, open_stand_in
from tests.support.library import MODERATOR
from tests.support.paths import ROOT

_LANES = 2
_PROGRAM = """
import sys
sys.path.insert(0, sys.argv.pop(1))
from tests.faults import discord_standin
discord_standin.redirect(sys.argv.pop(1))
from bot.cli import main
main(prog_name="lab-herald")
"""
_REPORT = ROOT / "build" / "crash-matrix.json"


async def test_killed_at_any_point_the_bot_announces_every_paper_once(
    tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    runs = pytestconfig.getoption("crash_runs")
    waiting = list(range(runs))[::-1]
    outcomes: dict[int, Outcome] = {}

    async def work(lane: Lane) -> None:
        while waiting:
            number = waiting.pop()
            outcomes[number] = await lane.run(number)

    async with AsyncExitStack() as stack:
        folders = [tmp_path / f"lane-{number}" for number in range(_LANES)]
        for folder in folders:
            folder.mkdir()
        lanes = [await stack.enter_async_context(open_lane(folder)) for folder in folders]
        await asyncio.gather(*(work(lane) for lane in lanes))
    report(list(outcomes.values()))
    assert {number: one for number, one in outcomes.items() if not one.is_good} == {}
    assert [number for number, one in outcomes.items() if not one.kills] == []
    for lane in lanes:
        assert "Traceback" not in lane.log


@pytest.mark.parametrize("point", [one for one in POINTS if one in ASKED and "kept," in one])
async def test_after_a_power_failure_nothing_is_sent_again(tmp_path: Path, point: str) -> None:
    async with open_lane(tmp_path) as lane:
        number = POINTS.index(point)
        outcome = await lane.run(number, has_window=False, loses_writes=True)
        assert outcome.kills > 0
        assert outcome.is_good, outcome
        assert "Traceback" not in lane.log


async def test_the_program_killed_after_a_send_continues_where_it_stopped(
    tmp_path: Path, pytestconfig: pytest.Config, settings: Settings
) -> None:
    if pytestconfig.getoption("crash_runs") < 200:
        pytest.skip("the program's own timers take half a minute; make soak waits for them")
    async with open_app(settings) as app:
        await app.library.subscriptions.subscribe(GUILD, PAPERS, MODERATOR)
        drafts = [PaperDraft(title=f"Paper {number}") for number in range(3)]
        for draft in drafts:
            await app.library.papers.upsert(draft, Origin.MODERATOR, MODERATOR, announce=True)

    async def start() -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", _PROGRAM, str(ROOT), discord.address, "run"),
            cwd=tmp_path,
            env={**os.environ, "DATABASE_PATH": "lab.db", "DISCORD_TOKEN": TOKEN},
            stderr=asyncio.subprocess.PIPE,
        )

    async def watch(moment: str) -> None:
        if moment == "kept send":
            arrived.put_nowait(len(discord.messages[PAPERS]))

    arrived: asyncio.Queue[int] = asyncio.Queue()
    async with open_stand_in(nonce_window=timedelta()) as discord:
        discord.watch = watch
        first = await start()
        assert await arrived.get() == 1
        first.kill()
        await first.communicate()
        second = await start()
        assert [await arrived.get(), await arrived.get()] == [2, 3]
        second.terminate()
        _, said = await second.communicate()
    assert second.returncode == 0, said.decode()
    assert said.decode().endswith("Stopped. Unsent announcements go out after the next start.\n")
    assert announced(discord.messages[PAPERS]) == [1, 2, 3]
    async with open_app(settings) as app:
        assert await app.library.outbox.enqueue_and_fetch_due() == ()


def report(outcomes: list[Outcome]) -> None:
    """Writes and prints how often the bot was killed at each point, and the outcomes."""
    rows = []
    for point in POINTS:
        here = [outcome for outcome in outcomes if outcome.point == point]
        count = Counter(outcome.has_window for outcome in here)
        rows.append(
            {
                "point": point,
                "runs": len(here),
                "with nonce window": count[True],
                "without": count[False],
                "writes lost": sum(outcome.loses_writes for outcome in here),
                "kills": sum(outcome.kills for outcome in here),
                "lost": sum(len(outcome.lost) for outcome in here),
                "twice": sum(len(outcome.twice) for outcome in here),
                "out of order": sum(not outcome.in_order for outcome in here),
                "unfinished": sum(outcome.unfinished for outcome in here),
            }
        )
    _REPORT.parent.mkdir(exist_ok=True)
    _REPORT.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    names = list(rows[0])[1:]
    print("", f"{'killed at':<46}" + " ".join(f"{name:>17}" for name in names), sep="\n")  # noqa: T201
    for row in rows:
        print(f"{row['point']:<46}" + " ".join(f"{row[name]:>17}" for name in names))  # noqa: T201
