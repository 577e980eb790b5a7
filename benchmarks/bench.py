"""What the rows share: catalogues of three sizes, a budget, and papers drawn from them."""

from __future__ import annotations

import contextlib
import random
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import catalogues
from benchmarks.plain import Plain
from benchmarks.timing import Budget
from storage.database import open_database
from storage.library import Library
from storage.models import Paper
from storage.papers.errors import PaperNotFound

_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Bench:
    """One run: the largest catalogue has ``size`` papers, the others a tenth and a hundredth."""

    folder: Path
    size: int = 1_000_000
    budget: Budget = field(default_factory=Budget)
    seed: int = 1

    @property
    def middle(self) -> int:
        """The size that the command tree is measured with."""
        return max(1, self.size // 10)

    @property
    def small(self) -> int:
        """The size that growth is measured from."""
        return max(1, self.size // 100)

    def chance(self, purpose: str) -> random.Random:
        """Chance for one purpose, the same in every run."""
        return random.Random(f"{self.seed} {purpose}")

    @asynccontextmanager
    async def library(self, size: int) -> AsyncGenerator[Library]:
        """The library of that size, with its file in the machine's cache."""
        async with catalogues.opened(self.folder, size) as library:
            _read_through(library.path)
            yield library

    @asynccontextmanager
    async def plain(self, library: Library) -> AsyncGenerator[Plain]:
        """The plain query on the file of a library."""
        async with open_database(library.path) as database:
            yield Plain(database)

    async def sample(self, library: Library, size: int) -> list[Paper]:
        """That many papers of a library by chance, fewer for few calls; the same in every run."""
        chance = self.chance("sample")
        total = await library.papers.count()
        found = []
        for _ in range(min(size, 20 * self.budget.calls)):
            number = chance.randrange(total) + 1
            with contextlib.suppress(PaperNotFound):
                found.append(await library.papers.get(number))
        return found


def _read_through(path: Path) -> None:
    with path.open("rb") as file:
        while file.read(_BLOCK):
            pass
