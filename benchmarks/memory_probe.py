"""A process that opens the bot, looks things up and prints the most memory that it had.

It imports nothing that the bot doesn't, except the library that reads the memory.
"""

import asyncio
import contextlib
import random
import sys
from functools import partial
from pathlib import Path

import psutil

from bot.app import open_app
from bot.settings import Settings
from storage.errors import LabError
from storage.models import Filters
from storage.search.query import parse


async def _peak_memory(database: Path, calls: int) -> int:
    """Returns the largest resident set seen after any of the calls, in bytes."""
    rng = random.Random("memory")
    peak = 0
    async with open_app(Settings(database_path=database)) as app:
        papers, search, authors = app.library.papers, app.library.search, app.library.authors
        find = partial(search.find, limit=5)
        total = await papers.count()  # the ids have no gaps
        for turn in range(calls):
            paper = await papers.get(rng.randrange(total) + 1)
            lookups = (
                partial(find, parse(paper.abstract.split()[turn % 100])),
                partial(find, parse(paper.title)),
                partial(find, parse(" ".join(paper.title.split()[:2]))),
                partial(search.suggest_titles, paper.title[: 1 + turn % 9]),
                partial(authors.get, paper.authors[0]),
                partial(authors.get, paper.authors[-1].split()[-1]),
                partial(authors.suggest, paper.authors[0][: 1 + turn % 5]),
                partial(search.random, Filters(venue=paper.venue)),
            )
            with contextlib.suppress(LabError):  # nobody of that name, or several people
                await lookups[turn % len(lookups)]()
            peak = max(peak, psutil.Process().memory_info().rss)
    return peak


if __name__ == "__main__":
    sys.stdout.write(f"{asyncio.run(_peak_memory(Path(sys.argv[1]), int(sys.argv[2])))}\n")
