"""Killed while papers are found, decided, announced and completed, the bot repeats nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.crash_lane import open_lane
from tests.faults.radar_lane import RADAR_POINTS, RadarLane, furnish_people, open_services


async def test_killed_on_any_day_of_the_radar_the_bot_loses_and_repeats_nothing(
    tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    runs = max(pytestconfig.getoption("crash_runs") // 2, len(RADAR_POINTS))
    async with open_services() as services, open_lane(tmp_path, RadarLane) as lane:
        await furnish_people(tmp_path, services)
        found = [await lane.run_radar(number, services) for number in range(runs)]
        log = lane.log
    assert [one for one in found if not one.is_good] == []
    assert [one.point for one in found if not one.kills] == []
    assert "Traceback" not in log
