"""A fresh clone becomes a running bot, survives a power failure, and moves to another machine.

All of it by the blocks of code in the documents, which a shell runs as they are. Only
`make install` isn't run: the packages that it downloads are there. Discord is a stand-in.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import stat
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.faults.discord_standin import GUILD, TOKEN, StandIn, open_stand_in
from tests.support.documents import blocks
from tests.support.paths import ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (ROOT / ".git").exists(), reason="this isn't a clone"),
]
# What `make install` puts into .venv/bin, with another address of Discord for those who ask it.
_LAB_HERALD = """#!/bin/sh
case "$1" in
  run | check) exec "{python}" -c "
from tests.faults import discord_standin
discord_standin.redirect('{address}')
from bot.cli import main
main(prog_name='lab-herald')" "$@" ;;
  *) exec "{python}" -m bot "$@" ;;
esac
"""


class Clone:
    """A clone of the repository on some machine, and a shell in its folder."""

    def __init__(self, folder: Path, discord: StandIn) -> None:
        self.folder = folder
        self._discord = discord

    async def install(self, source: Path = ROOT) -> None:
        """Clones the repository, and puts `lab-herald` where `make install` does."""
        clone = ("git", "clone", "--quiet", "--shared", str(source), str(self.folder))
        process = await asyncio.create_subprocess_exec(*clone)
        assert await process.wait() == 0
        script = self.folder / ".venv" / "bin" / "lab-herald"
        script.parent.mkdir(parents=True)
        text = _LAB_HERALD.format(python=sys.executable, address=self._discord.address)
        script.write_text(text, encoding="utf-8")
        script.chmod(script.stat().st_mode | stat.S_IXUSR)

    async def run(self, block: str, says: str = "") -> str:
        """Runs a block of code; returns what it prints. All of its commands must succeed."""
        process = await self._start(block)
        output, errors = await process.communicate(says.encode())
        assert process.returncode == 0, f"{block}: {output.decode()}\n{errors.decode()}"
        return output.decode()

    @asynccontextmanager
    async def running(self, block: str) -> AsyncIterator[asyncio.subprocess.Process]:
        """Runs a block of code whose last command is the bot, until it's connected."""
        *before, last = block.strip().splitlines()
        assert last == "lab-herald run"
        process = await self._start("\n".join([*before, f"exec {last}"]))
        connected = asyncio.create_task(self._discord.connected())
        ended = asyncio.create_task(process.wait())
        await asyncio.wait({connected, ended}, return_when=asyncio.FIRST_COMPLETED)
        assert process.returncode is None, (await process.communicate())[1].decode()
        yield process
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await ended

    async def _start(self, block: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *("bash", "-euc", block),
            cwd=self.folder,
            env={
                **os.environ,
                "PATH": f"{self.folder / '.venv' / 'bin'}:{os.environ['PATH']}",
                "PYTHONPATH": str(self.folder),
            },
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )


async def test_a_fresh_clone_runs_and_is_restored_elsewhere(tmp_path: Path) -> None:
    async with open_stand_in() as discord:
        clone = Clone(tmp_path / "clone", discord)
        await clone.install()
        make_list = blocks("start", "Make a list of your own")[1]
        fill = re.findall(r"(?m)^\$ (lab-herald import .+)$", make_list)[0]
        assert "20 added" in await clone.run(fill)
        copy_settings, start = blocks("start", "Invite it to your server")
        await clone.run(copy_settings)
        enter_settings(clone.folder / ".env")
        async with clone.running(start) as bot:
            bot.kill()
        discord.forget_sessions()

        (after_power_failure,) = blocks("disasters", "The power failed, or the bot was killed")
        async with clone.running(after_power_failure):
            pass
        back_up, restore = blocks("backups", "I want to move to another machine")
        await clone.run(back_up)
        exported = await clone.run("lab-herald export --complete")
        assert exported.count('"title"') == 20

        other = Clone(tmp_path / "other", discord)
        await other.install(clone.folder)
        for name in ("lab.db", ".env"):
            shutil.copy(clone.folder / name, other.folder)
        answered = restore.replace("lab-herald restore", "echo y | lab-herald restore")
        async with other.running(answered):
            pass
        assert await other.run("lab-herald export --complete") == exported


def enter_settings(file: Path) -> None:
    """Enters what the documents tell you to."""
    text = file.read_text(encoding="utf-8")
    for name, value in {"DISCORD_TOKEN": TOKEN, "HOME_GUILD_IDS": str(GUILD)}.items():
        text, count = re.subn(rf"(?m)^{name}=.*$", f"{name}={value}", text)
        assert count == 1
    file.write_text(text, encoding="utf-8")
