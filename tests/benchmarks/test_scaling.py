from __future__ import annotations

import json
from pathlib import Path

import discord.http
import pytest
from click.testing import CliRunner

from benchmarks.scaling.__main__ import main


@pytest.mark.slow
def test_what_one_process_carries_is_measured(tmp_path: Path) -> None:
    """All rows but that of feeds, which has what the other benchmarks test."""
    before, output = discord.http.Route.BASE, tmp_path / "scaling.json"
    words = ["--size", "200", "--calls", "5", "--folder", str(tmp_path), "--output", str(output)]
    for row in ("commands", "channels", "servers"):
        words += ["--rows", row]
    CliRunner().invoke(main, words, catch_exceptions=False)
    rows = {row["name"]: row for row in json.loads(output.read_text(encoding="utf-8"))}
    assert len(rows) == 8
    assert all(row["value"] > 0 and row["detail"] for row in rows.values())
    assert before == discord.http.Route.BASE
