"""Tests of `lab-herald people find`, which asks services on this machine."""

from __future__ import annotations

import asyncio
import json
import shlex
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestServer
from click.testing import CliRunner, Result

from bot.cli import main
from tests.support.source_server import PATHS, KnownPerson, SourceServer

ADA = KnownPerson(
    "Ada O'Nightjar",
    openalex="A5000000001",
    orcid="0000-0002-1825-0097",
    affiliations=("Institute of Examples",),
    years=(2019, 2026),
    work_count=41,
)


@pytest.fixture
def server() -> Iterator[SourceServer]:
    """Services that run in a thread of their own, since each command has its own event loop."""
    found, loop = SourceServer(people=[ADA]), asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    running = TestServer(found.app())
    asyncio.run_coroutine_threadsafe(running.start_server(), loop).result()
    found.home = str(running.make_url("/")).rstrip("/")
    yield found
    asyncio.run_coroutine_threadsafe(running.close(), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture
def shell(tmp_path: Path, server: SourceServer) -> Any:
    env = {name.upper(): f"{server.home}{path}" for name, path in PATHS.items()}
    env["LAB_HERALD_SPEEDUP"] = "100000"

    def run(*words: str, stdin: str | None = None) -> Result:
        arguments = ["--database", str(tmp_path / "lab.db"), "people", *words]
        return CliRunner().invoke(main, arguments, env=env, input=stdin)

    return run


def test_a_search_shows_people_with_the_command_that_adds_them(
    shell: Any, server: SourceServer
) -> None:
    server.add("Counting Owls", "A5000000001", day="2024-05-01")
    found = shell("find", "Ada", "O'Nightjar")
    assert found.exit_code == 0
    lines = found.stdout.splitlines()
    assert lines[:3] == [
        "1. Ada O'Nightjar · Institute of Examples · 2019–2026 · 41 works",
        "   Counting Owls (2024)",
        "   ORCID 0000-0002-1825-0097, OpenAlex ID A5000000001",
    ]
    command, _, importing = lines[3].partition("To add them: ")[2].partition(" | ")
    assert importing == "lab-herald people import - --yes"
    (_, row) = shlex.split(command)
    assert shell("import", "-", "--yes", stdin=row).exit_code == 0
    again = shell("find", "Ada O'Nightjar")
    assert "   Registered: Ada O'Nightjar (number 1)" in again.stdout
    assert "To add them" not in again.stdout


def test_a_search_is_described_for_programs(shell: Any, server: SourceServer) -> None:
    server.fail("dblp", (503, b"", {}))
    found = json.loads(shell("find", "Ada O'Nightjar", "--json").stdout)
    assert found == {
        "name": "Ada O'Nightjar",
        "candidates": [
            {
                "person": {
                    "name": "Ada O'Nightjar",
                    "orcid": "0000-0002-1825-0097",
                    "openalex": "A5000000001",
                },
                "affiliations": ["Institute of Examples"],
                "first_year": 2019,
                "last_year": 2026,
                "work_count": 41,
                "works": [],
                "sources": ["openalex", "orcid"],
                "numbers": [],
            }
        ],
        "more": {},
        "problems": ["DBLP didn't answer."],
    }


def test_nobody_found_is_said_with_what_failed(shell: Any, server: SourceServer) -> None:
    server.fail("dblp", (503, b"", {}))
    found = shell("find", "Zoe", "Quill")
    assert found.exit_code == 1
    assert found.stdout == ""
    assert "DBLP didn't answer." in found.stderr
    assert "I couldn't find “Zoe Quill” at OpenAlex, ORCID or DBLP." in found.stderr
