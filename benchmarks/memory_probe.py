"""A fresh process that opens the bot on a catalogue, makes the listed calls and prints its memory.

It imports nothing that the bot does not, except what reads the memory.
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


async def most_memory(path: Path, calls: list[tuple[str, str]]) -> int:
    """The largest resident set, in bytes, that is seen after any of the calls."""
    process = psutil.Process()
    most = 0
    async with open_app(Settings(database_path=path)) as app:
        for kind, text in calls:
            with contextlib.suppress(LabError):  # several people, or none
                await _call(app.library, kind, text)
            most = max(most, process.memory_info().rss)
    return most


async def _call(library: Library, kind: str, text: str) -> None:
    match kind:
        case "typing":
            await library.search.titles(text)
        case "author" | "surname":
            await library.authors.get(text)
        case "person typed":
            await library.authors.suggest(text)
        case "venue":
            await library.search.random(Filters(venue=text))
        case _:
            await library.search.find(parse(text), limit=5)


def main() -> None:
    """Read the arguments: a database, and a file of calls."""
    database, listed = (Path(argument) for argument in sys.argv[1:3])
    calls = json.loads(listed.read_text(encoding="utf-8"))
    sys.stdout.write(f"{asyncio.run(most_memory(database, calls))}\n")


if __name__ == "__main__":
    main()
