"""Runs Litestream with the configuration in `deploy/`."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.paths import ROOT

LITESTREAM = Path(sys.executable).with_name("litestream")
CONFIG = ROOT / "deploy" / "litestream.yml"
needs_litestream = pytest.mark.skipif(
    not LITESTREAM.exists(), reason="Litestream isn't installed here"
)


@dataclass(frozen=True)
class Replica:
    """Where a database is copied to, with what Litestream needs to write there."""

    database: Path
    url: str
    keys: dict[str, str] = field(default_factory=dict)

    def words(self, command: str | Path, *words: str | Path) -> list[str]:
        return [str(LITESTREAM), str(command), "-config", str(CONFIG), *map(str, words)]

    @property
    def environment(self) -> dict[str, str]:
        # What is set for Amazon's services on this machine would count, too.
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        mine = {"DATABASE_PATH": str(self.database), "LITESTREAM_REPLICA_URL": self.url}
        return kept | mine | self.keys

    def run(self, command: str, *words: str | Path) -> str:
        """Runs a command that must succeed; returns what it printed."""
        result = subprocess.run(
            self.words(command, *words),
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert result.returncode == 0, f"{result.stdout}\n{result.stderr}"
        return result.stdout + result.stderr

    def copy(self) -> None:
        """Copies what has changed."""
        self.run("replicate", "-once")

    def fetch(self, target: Path) -> Path:
        """Fetches the latest copy into a new file."""
        self.run("restore", "-integrity-check", "full", "-o", target, self.database)
        return target
