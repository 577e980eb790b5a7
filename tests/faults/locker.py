"""Another process that has the bot's database locked."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

LOCK = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.read()
"""


class Locker:
    """Another process that has the database locked."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._process: asyncio.subprocess.Process | None = None

    async def lock(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", LOCK, str(self._path)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert self._process.stdout
        assert await self._process.stdout.readline() == b"locked\n"

    async def unlock(self) -> None:
        if self._process and self._process.stdin:
            self._process.stdin.close()
            await self._process.wait()
            self._process = None
