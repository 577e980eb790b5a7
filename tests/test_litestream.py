"""Litestream copies a list in use, and what it fetches is restored like a backup."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer
from click.testing import CliRunner

from bot.cli import main
from storage.library import open_library
from storage.models import Origin, PaperDraft
from storage.recovery.restore import open_restore
from storage.timestamps import utc_now
from tests.support.library import MODERATOR
from tests.support.litestream import Replica, needs_litestream
from tests.support.paths import ROOT
from tests.support.s3_server import ACCESS_KEY, BUCKET, ObjectStore

pytestmark = [pytest.mark.slow, needs_litestream]


@pytest.fixture
def database(tmp_path: Path, starter_database: Path) -> Path:
    return Path(shutil.copyfile(starter_database, tmp_path / "lab.db"))


@pytest.fixture(params=["folder", "S3"])
async def replica(
    request: pytest.FixtureRequest, tmp_path: Path, database: Path
) -> AsyncIterator[Replica]:
    if request.param == "folder":
        yield Replica(database, f"file://{tmp_path}/copies")
        return
    store = ObjectStore()
    async with TestServer(store.app) as server:
        endpoint = str(server.make_url("")).rstrip("/")
        keys = {
            "LITESTREAM_ACCESS_KEY_ID": ACCESS_KEY,
            "LITESTREAM_SECRET_ACCESS_KEY": "a-secret",
        }
        yield Replica(database, f"s3://{BUCKET}/lab?endpoint={endpoint}&region=any", keys)
        assert store.objects


async def test_every_change_is_copied_while_the_list_is_in_use(
    replica: Replica, tmp_path: Path
) -> None:
    titles = ["The first change", "The second change"]
    async with open_library(replica.database, utc_now) as library:
        for title in titles:
            await library.papers.upsert(PaperDraft(title=title), Origin.MODERATOR, MODERATOR)
            await asyncio.to_thread(replica.copy)
        fetched = await asyncio.to_thread(replica.fetch, tmp_path / "fetched.db")
    new = tmp_path / "new.db"
    async with open_restore(fetched, new, utc_now) as prepared:
        prepared.finish(utc_now())
    async with open_library(new, utc_now) as library:
        newest = [paper.title for paper in await library.papers.batch()][-2:]
        assert newest == titles
        assert await library.papers.count() == 22
        assert library.generation.token  # so that the bot looks for what it has sent since
        assert library.damage == library.search_damage == ""


def documented_steps() -> list[str]:
    """Returns the commands for a disk that died, from the page about backups."""
    text = (ROOT / "docs" / "backups.md").read_text(encoding="utf-8")
    section = text.partition("\n## Every change, within a second\n")[2].partition("\n## ")[0]
    (block,) = [one for one in re.findall(r"(?ms)^```\n(.*?)^```$", section) if "-o" in one]
    return block.splitlines()


def run(command: str) -> str:
    result = CliRunner().invoke(main, command.split(), input="y\n")
    assert result.exit_code == 0, result.output
    return result.output


@contextmanager
def running(replica: Replica, *words: str | Path) -> Iterator[Callable[[str], None]]:
    """Runs Litestream, and stops it as systemd does; yields what waits for a word in its log."""
    process = subprocess.Popen(
        replica.words(*words),
        env=replica.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )

    def wait_for(word: str) -> None:
        assert process.stdout
        while word not in (line := process.stdout.readline()):
            assert line, "Litestream ended"

    try:
        yield wait_for
    finally:
        process.terminate()
        process.communicate(timeout=30)


def test_a_list_is_back_after_its_disk_died(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replica = Replica(database, f"file://{tmp_path}/copies")
    monkeypatch.setenv("DATABASE_PATH", str(database))
    monkeypatch.chdir(tmp_path)
    with running(replica, "replicate") as wait_for:
        wait_for("snapshot complete")
        run("backup --to old.db")
        run("undo 1")
        run("undo 22")
        before = run("export --complete")
        refused = CliRunner().invoke(main, ["restore", "--yes", "old.db"])
        assert "Another program is using the database" in refused.output
    for file in tmp_path.glob("lab.db*"):
        file.unlink()
    shutil.rmtree(tmp_path / ".lab.db-litestream")
    fetch, restore = documented_steps()
    program, command, *words = fetch.split()
    assert (program, words[0], words[-1]) == (
        "litestream",
        "-config",
        "/var/lib/lab-herald/lab-herald.db",
    )
    replica.run(command, *words[2:-1], database)
    assert run(restore.removeprefix("lab-herald ")).startswith("fetched.db is a backup")
    assert run("export --complete") == before


def test_a_copy_elsewhere_follows_and_can_be_searched(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replica, copy = Replica(database, f"file://{tmp_path}/copies"), tmp_path / "copy.db"
    monkeypatch.setenv("DATABASE_PATH", str(database))
    replica.copy()
    with (
        running(replica, "restore", "-f", "-o", copy, database) as wait_for_copy,
        running(replica, "replicate"),
    ):
        wait_for_copy("entering follow mode")
        monkeypatch.setenv("DATABASE_PATH", str(copy))
        assert "Pythia" in run("search pythia")
        monkeypatch.setenv("DATABASE_PATH", str(database))
        run("undo 1")
        wait_for_copy("applied updates")
        monkeypatch.setenv("DATABASE_PATH", str(copy))
        assert "0 papers" in run(f"backup --to {tmp_path / 'backup.db'}")
