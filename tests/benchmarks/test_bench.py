from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from benchmarks.__main__ import ROWS, main
from benchmarks.measuring import Row


def test_every_row_is_measured_and_written_with_its_goal(tmp_path: Path) -> None:
    output = tmp_path / "build" / "bench.json"
    words = ["--size", "400", "--calls", "5", "--seconds", "2", "--folder", str(tmp_path / "kept")]
    result = CliRunner().invoke(main, [*words, "--output", str(output)])
    assert isinstance(result.exception, SystemExit | None), result.output
    rows = json.loads(output.read_text("utf-8"))
    assert result.exit_code == (0 if all(row["holds"] for row in rows) else 1)
    assert len(rows) > len(ROWS)
    assert all(set(row) == {"name", "value", "goal", "holds", "detail"} for row in rows)
    assert all(row["value"] > 0 for row in rows)
    assert [path.suffix for path in (tmp_path / "kept").iterdir()].count(".db") == 4


def test_a_goal_is_an_upper_or_a_lower_bound() -> None:
    assert Row("speed", 0.1, at_most=0.1).holds
    assert not Row("speed", 0.11, at_most=0.1).holds
    assert Row("found", 0.95, at_least=0.95).holds
    assert not Row("found", 0.94, at_least=0.95).holds
    assert not Row("not measured", float("nan"), at_most=1).holds
    assert Row("without a goal", 5).holds
