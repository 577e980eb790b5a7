from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

import pytest

from bot.demo.tour import run_tour
from bot.demo.world import open_world


async def demo(*words: str, folder: Path) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        "demo",
        *words,
        cwd=folder,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def test_the_tour_passes_every_step_and_prints_the_messages(tmp_path: Path) -> None:
    process = await demo("--check", folder=tmp_path)
    out, errors = await asyncio.wait_for(process.communicate(), 120)
    shown = out.decode()
    assert process.returncode == 0, f"{shown}\n{errors.decode()}"
    assert "papers for “language model”" in shown
    assert "📄 New paper" in shown
    assert "✗" not in shown
    assert errors == b""


async def test_a_step_that_fails_fails_the_tour(capsys: pytest.CaptureFixture[str]) -> None:
    async with open_world() as world:
        while world.site.publish():
            await world.poll()
        assert await run_tour(world) is False
    assert "✗" in capsys.readouterr().out


async def test_a_port_in_use_is_an_error(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        process = await demo("--port", str(taken.getsockname()[1]), folder=tmp_path)
        _, errors = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 1
    assert "is in use" in errors.decode()
    assert "Traceback" not in errors.decode()


async def test_ctrl_c_stops_the_demo_cleanly(tmp_path: Path, demo_port: int) -> None:
    process = await demo("--port", str(demo_port), folder=tmp_path)
    assert process.stdout is not None
    while b"Press Ctrl-C to stop" not in await asyncio.wait_for(process.stdout.readline(), 60):
        pass
    process.send_signal(signal.SIGINT)
    out, errors = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0
    assert out.decode().endswith("Goodbye.\n")
    assert errors == b""
