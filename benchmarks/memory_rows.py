"""Rows of the memory that the bot's process takes, with very many papers and with hardly any."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks import catalogues
from benchmarks.bench import Bench
from benchmarks.table import Goal, Row
from storage.models import Paper

_CALLS = 200
_FEW = 20
_MEGABYTE = 1 << 20


async def memory(bench: Bench) -> list[Row]:
    """The largest catalogue and one of 20 papers, each in a process of its own."""
    large = await _megabytes(bench, bench.size)
    few = await _megabytes(bench, _FEW)
    name = f"memory: with {bench.size:,} papers / with {_FEW}"
    detail = f"{large:.1f} MB and {few:.1f} MB, the most after any of {_CALLS} calls"
    return [Row(name, large / few, Goal(1.5), detail)]


async def _megabytes(bench: Bench, size: int) -> float:
    async with bench.library(size) as library:
        calls = _calls(await bench.sample(library, _CALLS))
    path = await catalogues.catalogue(bench.folder, size)
    with tempfile.TemporaryDirectory(prefix="lab-herald-bench-") as folder:
        listed = Path(folder) / "calls.json"
        listed.write_text(json.dumps(calls), encoding="utf-8")
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "benchmarks.memory_probe", str(path), str(listed)),
            stdout=asyncio.subprocess.PIPE,
        )
        said, _ = await process.communicate()
    if process.returncode:
        raise ChildProcessError(f"Measuring memory ended with {process.returncode}.")
    return int(said) / _MEGABYTE


def _calls(papers: Sequence[Paper]) -> list[tuple[str, str]]:
    """The kinds of calls in turn, each about another paper."""
    calls = []
    for turn, paper in enumerate(papers):
        about = {
            "word": paper.abstract.split()[turn % 100],
            "title": paper.title,
            "words": " ".join(paper.title.split()[:2]),
            "typing": paper.title[: 1 + turn % 9],
            "author": paper.authors[0],
            "surname": paper.authors[-1].split()[-1],
            "person typed": paper.authors[0][: 1 + turn % 5],
            "venue": paper.venue,
        }
        kind = list(about)[turn % len(about)]
        calls.append((kind, about[kind]))
    return calls
