"""A process that opens the bot, makes the calls on its standard input and prints its peak memory.

It imports nothing that the bot doesn't, except the library that reads the memory.
"""

import asyncio
import contextlib
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import psutil

from bot.app import open_app
from bot.settings import Settings
from storage.errors import LabError
from storage.models import Filters
from storage.search.query import parse


async def _peak_memory(database: Path) -> int:
    """Returns the largest resident set seen after any of the calls, in bytes."""
    peak = 0
    async with open_app(Settings(database_path=database)) as app:
        search, authors = app.library.search, app.library.authors
        functions: dict[str, Callable[[str], Awaitable[object]]] = {
            "search": lambda text: search.find(parse(text), limit=5),
            "suggest titles": search.suggest_titles,
            "suggest authors": authors.suggest,
            "author": authors.get,
            "random": lambda venue: search.random(Filters(venue=venue)),
        }
        for name, text in json.load(sys.stdin):
            with contextlib.suppress(LabError):  # nobody of that name, or several people
                await functions[name](text)
            peak = max(peak, psutil.Process().memory_info().rss)
    return peak


if __name__ == "__main__":
    sys.stdout.write(f"{asyncio.run(_peak_memory(Path(sys.argv[1])))}\n")
