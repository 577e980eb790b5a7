from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.operations.status import Status

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("shards", "lost", "problem"),
    [
        (1, [0], "The bot isn't connected to Discord."),
        (4, [2], "1 of 4 shards isn't connected to Discord: 2."),
        (4, [0, 3], "2 of 4 shards aren't connected to Discord: 0, 3."),
        (99, range(30), f"30 of 99 shards aren't connected to Discord: {'%d, ' * 20}…."),
    ],
)
def test_lost_shards_are_counted_and_named(shards: int, lost: list[int], problem: str) -> None:
    status = Status(NOW, NOW, shards, lost, NOW, "", 0, None)
    expected = problem % tuple(range(20)) if "%d" in problem else problem
    assert status.problems == (expected,)
