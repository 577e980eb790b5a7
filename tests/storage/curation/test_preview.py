"""A preview says exactly what taking the drafts in would do, and changes nothing."""

from __future__ import annotations

import asyncio
import contextlib
import tracemalloc
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from storage.database import Database
from storage.errors import LabError
from storage.library import Library
from storage.models import DuplicatePolicy, Origin, Outcome, PaperDraft, PartialDate, UpsertResult
from storage.publication import EntryType, Publication
from tests.support.lab import FakeClock
from tests.support.library import MODERATOR, added, open_copy
from tests.support.library_tables import all_tables

Told: TypeAlias = list[tuple[Any, ...]]

_IDENTIFIERS = [
    "arxiv:2302.12433",
    "arxiv:2302.12434",
    "doi:10.1000/a",
    "doi:10.1000/b",
    "url:lab.org/a",
    "guid:https://lab.org/feed:1",
]
# Jane Former is renamed; a short name is hers as long as it can't be somebody else's.
_NAMES_OF_ONE_FAMILY = [
    "Jane Former",
    "Former, Jane",
    "J. Former",
    "J. M. Former",
    "John Former",
    "J. New",
]
_DRAFTS = st.builds(
    PaperDraft,
    title=st.sampled_from(
        [
            "A Paper on Ferns",
            "A paper on ferns!",
            "A Paper on Mosses",
            "Attention Is All You Ever Need",
            "Attention Is All You Need",
        ]
    ),
    authors=st.lists(
        st.sampled_from(["Ann Lee", "A. Lee", "Bo Chen", *_NAMES_OF_ONE_FAMILY]),
        max_size=3,
        unique=True,
    ).map(tuple),
    abstract=st.sampled_from(["", "Wisdom. " * 40]),
    venue=st.sampled_from(["", "arXiv", "ICML"]),
    date=st.sampled_from([None, PartialDate(2021), PartialDate(2023, 4)]),
    identifiers=st.lists(
        st.sampled_from(
            [
                *_IDENTIFIERS,
                "list:attention is all you need",
                "list:attention is all you ever need",
            ]
        ),
        max_size=3,
        unique=True,
    ).map(tuple),
    tags=st.lists(st.sampled_from(["nlp", "maths"]), max_size=1).map(tuple),
    posted_by=st.sampled_from(["", "Bo Chen", "J. Former", "Former, Jane"]),
    publication=st.sampled_from([Publication(), Publication(EntryType.ARTICLE, volume="3")]),
)
_FEW = st.lists(_DRAFTS, max_size=5)


def told(draft: PaperDraft, result: UpsertResult) -> tuple[Any, ...]:
    """What a result says that people can read."""
    return draft.title, result.outcome, result.paper, result.previous_title


async def fill(
    library: Library, known: Sequence[PaperDraft], removed: Sequence[PaperDraft]
) -> None:
    """Adds papers, some of which moderators edited, and others that were removed."""
    await library.papers.upsert_many(known, Origin.MODERATOR, MODERATOR)
    for draft in removed:
        added = await library.papers.upsert(draft, Origin.IMPORT, MODERATOR)
        if added.value.outcome is Outcome.ADDED and added.value.paper:
            await library.papers.remove(added.value.paper.id, MODERATOR)
    with contextlib.suppress(LabError):
        await library.authors.rename("Jane Former", "Jane New", MODERATOR)


async def compare(
    database: Path,
    known: Sequence[PaperDraft],
    removed: Sequence[PaperDraft],
    drafts: Sequence[PaperDraft],
    duplicates: DuplicatePolicy,
) -> None:
    async with open_copy(database, FakeClock()) as library:
        await fill(library, known, removed)
        before = await all_tables(library)
        previewed: Told = []
        counted = await library.papers.preview_many(
            drafts,
            Origin.IMPORT,
            MODERATOR,
            duplicates=duplicates,
            on_result=lambda draft, result: previewed.append(told(draft, result)),
        )
        one_by_one = await library.papers.preview(drafts)
        assert await all_tables(library) == before
        done: Told = []
        imported = await library.papers.upsert_many(
            drafts,
            Origin.IMPORT,
            MODERATOR,
            duplicates=duplicates,
            on_result=lambda draft, result: done.append(told(draft, result)),
        )
        assert previewed == done
        assert counted == imported.value
        if duplicates is DuplicatePolicy.SKIP:
            # Only an import takes an entry that says nothing new for the paper with its title.
            for one, (_, outcome, *_) in zip(one_by_one, done, strict=True):
                assert one.outcome is outcome or (one.outcome, outcome) == (
                    Outcome.DUPLICATE,
                    Outcome.UNCHANGED,
                )


@settings(
    max_examples=60,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking takes minutes
)
@given(_FEW, _FEW, _FEW, st.sampled_from(DuplicatePolicy))
@example(
    [PaperDraft("A Paper on Ferns", identifiers=("doi:10.1000/a",))],
    [],
    [
        PaperDraft("A Paper on Mosses", identifiers=("arxiv:2302.12433",)),
        PaperDraft("A Paper on Mosses", identifiers=("arxiv:2302.12433", "doi:10.1000/a")),
        PaperDraft("A Paper on Mosses", identifiers=("doi:10.1000/b",)),
    ],
    DuplicatePolicy.SKIP,
)
@example(
    [PaperDraft("A Paper on Ferns", ("Jane Former",))],
    [],
    [
        PaperDraft("A Paper on Mosses", ("J. Former",)),
        PaperDraft("A Paper on Lichens", ("John Former",)),
        PaperDraft("A Paper on Algae", ("J. M. Former", "J. Former"), posted_by="J. Former"),
    ],
    DuplicatePolicy.SKIP,
)
@example(
    [PaperDraft("A Paper on Ferns", ("Jane Former",), identifiers=("doi:10.1000/a",))],
    [],
    [
        PaperDraft(
            "A Paper on Ferns", ("J. Former", "John Former"), identifiers=("doi:10.1000/a",)
        ),
        PaperDraft("A Paper on Ferns", ("J. Former",), posted_by="J. M. Former"),
    ],
    DuplicatePolicy.MERGE,
)
def test_a_preview_predicts_what_the_import_does(
    empty_database: Path,
    known: list[PaperDraft],
    removed: list[PaperDraft],
    drafts: list[PaperDraft],
    duplicates: DuplicatePolicy,
) -> None:
    asyncio.run(compare(empty_database, known, removed, drafts, duplicates))


async def test_a_preview_runs_while_somebody_else_writes(library: Library) -> None:
    drafts = [PaperDraft(title=f"Paper {number}") for number in range(3)]
    outcomes: list[Outcome] = []

    async def preview_meanwhile() -> None:
        counted = await library.papers.preview_many(drafts, Origin.IMPORT, MODERATOR)
        outcomes.extend(counted.elements())

    previewing: list[asyncio.Task[None]] = []

    def on_result(_draft: PaperDraft, _result: UpsertResult) -> None:
        if not previewing:
            previewing.append(asyncio.get_running_loop().create_task(preview_meanwhile()))

    await library.papers.upsert_many(drafts, Origin.IMPORT, MODERATOR, on_result=on_result)
    await previewing[0]
    assert len(outcomes) == 3


async def test_a_removed_paper_that_a_moderator_offers_again_would_be_restored(
    library: Library,
) -> None:
    draft = PaperDraft("A Paper on Ferns", identifiers=("doi:10.1000/a",))
    paper = await added(library, draft)
    await library.papers.remove(paper.id, MODERATOR)
    counted = await library.papers.preview_many([draft], Origin.MODERATOR, MODERATOR)
    assert counted == {Outcome.RESTORED: 1}
    assert await library.papers.count() == 0


async def test_previews_only_read(library: Library, database: Database) -> None:
    drafts = [PaperDraft(title="New"), PaperDraft(title="New", identifiers=("doi:10.1000/a",))]
    statements: list[str] = []
    await database.trace(statements.append)
    await library.papers.preview(drafts)
    await library.papers.preview_many(drafts, Origin.IMPORT, MODERATOR)
    assert statements
    assert [sql for sql in statements if not sql.lstrip().startswith("SELECT")] == []


async def preview_peak(library: Library, count: int) -> int:
    """Returns how many bytes of Python objects the preview of a file with new papers needs."""
    drafts = (
        PaperDraft(
            f"Paper {number}", abstract=f"{number:05}" * 500, identifiers=(f"doi:10.1/{number}",)
        )
        for number in range(count)
    )
    tracemalloc.start()
    try:
        await library.papers.preview_many(drafts, Origin.IMPORT, MODERATOR)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.slow
async def test_the_preview_of_a_big_file_takes_no_more_memory(library: Library) -> None:
    few, many = await preview_peak(library, 4_000), await preview_peak(library, 12_000)
    assert many < 1.5 * few
