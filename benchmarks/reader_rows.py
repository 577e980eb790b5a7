"""Rows of search against the one of `reader`, the feed library, on the same entries."""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Iterable, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from reader import Reader, make_reader

from benchmarks import generator
from benchmarks.bench import Bench
from benchmarks.search_rows import common_words
from benchmarks.table import Goal, Row
from benchmarks.timing import Contender, compared, ratio, side_by_side
from storage.models import Paper, PaperDraft
from storage.search.query import parse

_FEED = "lab:papers"
_SAMPLE = 500


async def reader(bench: Bench) -> list[Row]:
    """One common word, and two words of a title, in turn."""
    with _open_reader(bench.small) as theirs:
        async with bench.library(bench.small) as library:
            queries = _queries(await bench.sample(library, _SAMPLE))

            async def ours_find(text: str) -> None:
                await library.search.find(parse(text), limit=5)

            async def theirs_find(text: str) -> None:
                list(theirs.search_entries(text, limit=5))

            ours = Contender("ours", ours_find, queries)
            rival = Contender("reader", theirs_find, queries)
            await side_by_side(ours, rival, bench.budget)
    name = f"search of {bench.small:,} entries: p50 / reader's"
    return [Row(name, ratio(ours, rival, 50), Goal(0.5), compared(ours, rival))]


@contextmanager
def _open_reader(size: int) -> Generator[Reader]:
    with tempfile.TemporaryDirectory(prefix="lab-herald-bench-") as folder:
        file = str(Path(folder) / "reader.db")
        with closing(make_reader(file, search_enabled=True)) as opened:
            _fill(opened, generator.drafts(size))
            yield opened


def _fill(theirs: Reader, drafts: Iterable[PaperDraft]) -> None:
    theirs.add_feed(_FEED, allow_invalid_url=True)
    for draft in drafts:
        theirs.add_entry(
            {
                "feed_url": _FEED,
                "id": draft.identifiers[0],
                "title": draft.title,
                "author": ", ".join(draft.authors),
                "summary": draft.abstract,
            }
        )
    theirs.update_search()


def _queries(papers: Sequence[Paper]) -> list[str]:
    common = common_words(papers)
    return [
        query
        for turn, paper in enumerate(papers)
        for query in (common[turn % len(common)], _two_words(paper.title, turn))
    ]


def _two_words(title: str, turn: int) -> str:
    words = title.split()
    start = turn % (len(words) - 1)
    return " ".join(words[start : start + 2])
