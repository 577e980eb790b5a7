"""The bot as a process of its own: started, stopped, killed, and measured."""

from __future__ import annotations

import asyncio
import json
import math
import os
import signal
import sys
import time
from collections.abc import Awaitable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil

from tests.support.paths import ROOT

_START_LIMIT = 90  # seconds, also on a busy machine
_STOP_LIMIT = 30


@dataclass(frozen=True)
class Sample:
    """What the bot takes: memory in MiB of the process (RSS), and of it and its workers (PSS).

    PSS counts memory that processes share only once: https://www.kernel.org/doc/html/latest/filesystems/proc.html
    """

    at: float
    rss: float
    pss: float
    files: int
    threads: int
    children: int


class BotProcess:
    """Runs the program of `tests.soak.program` with one database."""

    def __init__(
        self, folder: Path, world: tuple[str, ...], environment: Mapping[str, str]
    ) -> None:
        self.log = folder / "log.jsonl"
        self.starts = 0
        self._folder = folder
        self._command = (sys.executable, "-m", "tests.soak.program", *world)
        self._environment = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Starts the bot."""
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._command, "run", cwd=self._folder, env=self._environment, stderr=log
            )
        self.starts += 1

    async def wait_for(self, event: Awaitable[None]) -> None:
        """Waits for what a bot that has just started does; fails if it ends before."""
        assert self._process is not None
        ended = asyncio.create_task(self._process.wait())
        happened = asyncio.ensure_future(event)
        await asyncio.wait(
            {ended, happened}, timeout=_START_LIMIT, return_when=asyncio.FIRST_COMPLETED
        )
        is_there = happened.done()
        for one in (ended, happened):
            one.cancel()
        assert is_there, f"the bot didn't come online: {self.log.read_text()[-2_000:]}"

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def end(self, number: signal.Signals) -> int:
        """Sends a signal that ends the bot; returns its exit status."""
        assert self._process is not None
        children = [*self._tree()][1:]
        if self.is_running:
            self._process.send_signal(number)
        async with asyncio.timeout(_STOP_LIMIT):
            status = await self._process.wait()
        psutil.wait_procs(children, timeout=0)
        return status

    async def run(self, *arguments: str) -> str:
        """Runs a command of the shell; returns what it printed. Fails if that fails."""
        process = await asyncio.create_subprocess_exec(
            *self._command,
            *arguments,
            cwd=self._folder,
            env=self._environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(_START_LIMIT):
            output, errors = await process.communicate()
        assert process.returncode == 0, f"{arguments}: {output.decode()}{errors.decode()}"
        return output.decode()

    def sample(self) -> Sample | None:
        """Measures the bot, unless it has just ended; asks it to log how many tasks it has."""
        try:
            own, *workers = self._tree()
            own.send_signal(signal.SIGUSR1)
            pss = sum(one.memory_full_info().pss for one in (own, *workers))
            return Sample(
                time.time(),
                own.memory_info().rss / 2**20,
                pss / 2**20,
                own.num_fds(),
                own.num_threads(),
                len(workers),
            )
        except (psutil.Error, ValueError):
            return None

    def _tree(self) -> Iterator[psutil.Process]:
        if self._process is not None and self._process.returncode is None:
            own = psutil.Process(self._process.pid)
            yield own
            yield from own.children(recursive=True)


def read_log(path: Path) -> list[dict[str, Any]]:
    """Returns the records of a log; what isn't a record has the level `STDERR`.

    Such a line was written between ``at`` and ``until``, the times of the records around it.
    """
    records: list[dict[str, Any]] = []
    until = math.inf
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            record = json.loads(line)
            record["at"] = datetime.fromisoformat(record["time"]).timestamp()
        except (ValueError, KeyError, TypeError):
            record = {"level": "STDERR", "logger": "", "message": line}
            record["at"] = records[-1]["at"] if records else 0.0
        records.append(record)
    for record in reversed(records):
        if record["level"] == "STDERR":
            record["until"] = until
        else:
            until = record["at"]
    return records
