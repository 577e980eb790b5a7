"""A process that opens the bot, makes the calls on its standard input and prints its peak memory.

It imports nothing that the bot doesn't, except the library that reads the memory.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from pathlib import Path

import psutil

from bot.app import open_app
from bot.settings import Settings
from storage.errors import LabError
from storage.library import Library
from storage.models import Filters
from storage.search.query import parse


async def peak_memory(database: Path, calls: list[tuple[str, str]]) -> int:
    """Returns the largest resident set seen after any of the calls, in bytes."""
    process = psutil.Process()
    peak = 0
    async with open_app(Settings(database_path=database)) as app:
        for kind, text in calls:
            with contextlib.suppress(LabError):  # nobody of that name, or several people
                await _call(app.library, kind, text)
            peak = max(peak, process.memory_info().rss)
    return peak


async def _call(library: Library, kind: str, text: str) -> None:
    match kind:
        case "typing":
            await library.search.suggest_titles(text)
        case "author" | "surname":
            await library.authors.get(text)
        case "person typed":
            await library.authors.suggest(text)
        case "venue":
            await library.search.random(Filters(venue=text))
        case _:
            await library.search.find(parse(text), limit=5)


if __name__ == "__main__":
    sys.stdout.write(f"{asyncio.run(peak_memory(Path(sys.argv[1]), json.load(sys.stdin)))}\n")
