"""Tests of the radar benchmark, with a small world and a few days."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from benchmarks.radar.__main__ import main
from benchmarks.radar.world import generate, read_world, write_world


def test_a_world_is_read_as_it_was_written(tmp_path: Path) -> None:
    world = generate(people=10, works=40)
    write_world(world, tmp_path / "world.json")

    assert read_world(tmp_path / "world.json") == world
    assert generate(people=10, works=40) == world
    assert any(work.ours for work in world.works)
    assert any(work.authors and not work.ours for work in world.works)


def test_a_small_world_is_replayed_without_false_announcements(tmp_path: Path) -> None:
    write_world(generate(people=6, works=60), tmp_path / "world.json")

    result = CliRunner().invoke(main, [str(tmp_path / "world.json"), "--days", "8", "--json"])

    rows = {row["name"]: row for row in json.loads(result.stdout)}
    assert rows["false announcements"]["value"] == 0
    assert rows["broken paces"]["value"] == 0
    assert 0 < rows["requests on the busiest day"]["value"] <= 40
