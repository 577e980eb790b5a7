from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from storage.errors import InvalidInput
from storage.library import Library
from storage.models import Filters, Link, LinkKind, Origin, Outcome, PaperDraft, PartialDate
from storage.papers.combine import as_draft
from storage.papers.errors import PaperExists, PaperNotFound
from storage.publication import Publication
from tests.support.lab import FakeClock
from tests.support.library import ARXIV, MODERATOR, added, upsert


@pytest.mark.parametrize("title", ["10.1000/xyz", "arXiv:2302.12433"])
async def test_an_id_is_no_title(library: Library, title: str) -> None:
    with pytest.raises(InvalidInput, match="isn't a title"):
        await upsert(library, PaperDraft(title))
    assert await library.papers.count() == 0


async def test_a_draft_with_a_known_identifier_completes_that_paper(library: Library) -> None:
    paper = await added(library, ARXIV)
    result = await upsert(
        library,
        PaperDraft(
            title="A Paper, renamed",
            authors=("Someone Else",),
            abstract="Now with an abstract.",
            venue="ICML",
            date=PartialDate(2023, 7, 14),
            identifiers=("doi:10.1/x", "arxiv:2302.12433"),
            links=(Link(LinkKind.CODE, "https://lab.org/code"),),
            note="Oral",
            tags=("b", "a"),
            posted_by="Poster",
        ),
    )
    assert result.outcome is Outcome.UPDATED
    completed = result.paper
    assert completed is not None
    assert completed.id == paper.id
    assert completed.title == "A Paper, renamed"
    assert completed.authors == ("Ann Lee", "Bo Chen")
    assert completed.venue == "ICML"
    assert completed.date == PartialDate(2023, 7, 14)
    assert set(completed.identifiers) == {"arxiv:2302.12433", "doi:10.1/x"}
    assert (completed.note, completed.tags, completed.posted_by) == ("Oral", ("a", "b"), "Poster")
    assert (completed.arxiv, completed.doi) == ("2302.12433", "10.1/x")
    assert (await upsert(library, ARXIV)).outcome is Outcome.UNCHANGED
    changes = await library.audit.for_paper(paper.id)
    assert [change.action for change in changes] == ["add", "update"]
    before, after = changes[1].before, changes[1].after
    assert before is not None
    assert after is not None
    assert (before.venue, after.venue) == ("arXiv", "ICML")


async def test_a_complete_author_list_replaces_one_that_ends_in_et_al(library: Library) -> None:
    cut = replace(ARXIV, authors=("Ann Lee",), authors_complete=False)
    await added(library, cut)
    result = await upsert(library, ARXIV)
    assert result.paper is not None
    assert result.paper.authors == ("Ann Lee", "Bo Chen")
    assert result.paper.authors_complete


async def test_fields_that_a_moderator_set_are_not_overwritten(library: Library) -> None:
    paper = await added(library, ARXIV)
    draft = replace(as_draft(paper), venue="", authors=("Cy Dee",), date=None, abstract="")
    await library.papers.edit(paper.id, draft, MODERATOR)
    await upsert(library, replace(ARXIV, abstract="New", venue="ICML", date=PartialDate(2022)))
    kept = await library.papers.get(paper.id)
    assert (kept.venue, kept.authors, kept.date) == ("", ("Cy Dee",), None)
    assert kept.abstract == "New"


async def test_a_paper_added_by_a_moderator_is_completed_but_not_overwritten(
    library: Library,
) -> None:
    paper = await added(library, replace(ARXIV, venue="TMLR"), Origin.MODERATOR)
    await upsert(library, replace(ARXIV, venue="ICML", abstract="An abstract."))
    kept = await library.papers.get(paper.id)
    assert (kept.venue, kept.abstract) == ("TMLR", "An abstract.")


async def test_a_real_abstract_replaces_the_summary_of_the_starter_list(library: Library) -> None:
    paper = await added(library, replace(ARXIV, abstract="Ours."), Origin.STARTER)
    theirs = replace(ARXIV, abstract="Theirs, which says more. " * 20)
    await upsert(library, theirs)
    await upsert(library, replace(ARXIV, abstract="Ours."), Origin.STARTER)
    assert (await library.papers.get(paper.id)).abstract == theirs.abstract


@pytest.mark.parametrize(
    ("other", "outcome"),
    [
        (PaperDraft(title="a PAPER!", authors=("A. Lee",)), Outcome.DUPLICATE),
        (PaperDraft(title="A Paper"), Outcome.DUPLICATE),
        (PaperDraft(title="A Paper", date=PartialDate(2024)), Outcome.DUPLICATE),
        (PaperDraft(title="A Paper", date=PartialDate(2025)), Outcome.ADDED),
        (PaperDraft(title="A Paper", authors=("Xi Wu",)), Outcome.ADDED),
        (PaperDraft(title="A Paper, Again"), Outcome.ADDED),
    ],
)
async def test_a_possible_duplicate_is_reported_and_never_merged(
    library: Library, other: PaperDraft, outcome: Outcome
) -> None:
    paper = await added(library, ARXIV)
    result = await upsert(library, other)
    assert result.outcome is outcome
    if outcome is Outcome.DUPLICATE:
        assert result.paper == paper
        assert await library.papers.count() == 1
        again = await upsert(library, other, allow_duplicate=True)
        assert again.outcome is Outcome.ADDED


async def test_two_arxiv_ids_are_two_papers_whatever_else_they_share(library: Library) -> None:
    await added(library, replace(ARXIV, identifiers=("arxiv:2302.00001", "url:lab.org/both")))
    other = replace(ARXIV, title="Other", identifiers=("arxiv:2302.00002", "url:lab.org/both"))
    result = await upsert(library, other)
    assert result.outcome is Outcome.ADDED
    assert result.paper is not None
    assert result.paper.identifiers == ("arxiv:2302.00002",)


async def test_only_a_moderator_restores_a_removed_paper(library: Library) -> None:
    paper = await added(library, ARXIV)
    await library.papers.remove(paper.id, MODERATOR)
    assert await library.papers.count() == 0
    for origin in (Origin.FEED, Origin.IMPORT, Origin.STARTER):
        assert (await upsert(library, ARXIV, origin)).outcome is Outcome.REMOVED
    for call in (library.papers.get(paper.id), library.papers.get_by_text("A Paper")):
        with pytest.raises(PaperNotFound):
            await call
    with pytest.raises(PaperNotFound):
        await library.papers.remove(paper.id, MODERATOR)
    result = await upsert(library, replace(ARXIV, abstract="More."), Origin.MODERATOR)
    assert result.outcome is Outcome.RESTORED
    restored = await library.papers.get(paper.id)
    assert restored.abstract == "More."
    assert [change.action for change in await library.audit.for_paper(paper.id)] == [
        "add",
        "remove",
        "restore",
        "update",
    ]


async def test_an_edit_cannot_take_another_papers_identifier(library: Library) -> None:
    await added(library, ARXIV)
    other = await added(library, PaperDraft(title="Other"))
    with pytest.raises(PaperExists, match="“A Paper”"):
        await library.papers.edit(
            other.id, replace(as_draft(other), identifiers=ARXIV.identifiers), MODERATOR
        )
    with pytest.raises(PaperNotFound):
        await library.papers.edit(99, ARXIV, MODERATOR)


async def test_a_bulk_import_adds_all_drafts_or_none(library: Library) -> None:
    broken = replace(ARXIV, title="", identifiers=())
    with pytest.raises(Exception, match="title"):
        await library.papers.upsert_many([ARXIV, broken], Origin.IMPORT, MODERATOR)
    assert await library.papers.count() == 0
    drafts = [ARXIV, PaperDraft(title="Another"), ARXIV]
    would = await library.papers.preview_many(drafts, Origin.IMPORT, MODERATOR)
    assert await library.papers.count() == 0
    told: list[tuple[str, Outcome]] = []
    done = await library.papers.upsert_many(
        iter(drafts),
        Origin.IMPORT,
        MODERATOR,
        on_result=lambda draft, result: told.append((draft.title, result.outcome)),
    )
    assert would == done.value == {Outcome.ADDED: 2, Outcome.UNCHANGED: 1}
    assert told[-1] == ("A Paper", Outcome.UNCHANGED)
    assert [paper.title for paper in await library.papers.batch()] == ["A Paper", "Another"]


async def test_a_paper_is_found_by_its_number_title_identifier_or_link(library: Library) -> None:
    paper = await added(library, replace(ARXIV, links=(Link(LinkKind.PAGE, "https://lab.org/a"),)))
    for text in ("1", " #1 ", "a paper", "arXiv:2302.12433v4", "https://arxiv.org/abs/2302.12433"):
        assert await library.papers.get_by_text(text) == paper
    assert paper.url == "https://lab.org/a"
    for text in ("2", "²", "", "9" * 30, "nothing"):
        with pytest.raises(PaperNotFound):
            await library.papers.get_by_text(text)


async def test_papers_are_listed_in_batches(library: Library) -> None:
    for number in range(5):
        await added(library, PaperDraft(title=f"Paper {number}"))
    first = await library.papers.batch(limit=3)
    rest = await library.papers.batch(after=first[-1].id, limit=3)
    assert [paper.id for paper in (*first, *rest)] == [1, 2, 3, 4, 5]


async def test_saved_queries_and_values_are_stored(library: Library, clock: FakeClock) -> None:
    number = library.bot_state.save_query("a question")
    assert library.bot_state.save_query("a question") == number
    assert await library.bot_state.load_query(number) == "a question"
    await library.bot_state.close()
    clock.advance(timedelta(days=400))
    assert library.bot_state.save_query("another") != number
    assert await library.bot_state.load_query(number) is None
    await library.bot_state.set_value("name", "one")
    await library.bot_state.set_value("name", "two")
    assert await library.bot_state.find_value("name") == "two"
    assert await library.bot_state.find_value("nothing") is None


def test_a_date_is_as_precise_as_it_is_known() -> None:
    for text, date in (
        ("2023", "2023"),
        ("2023-7", "2023-07"),
        ("2023-07-04", "2023-07-04"),
        ("2023-07-00", "2023-07"),
        ("2023-00-00", "2023"),
    ):
        assert str(PartialDate.parse(text)) == date
    for text in ("23", "2023-13", "2023-02-30", "soon", "0999"):
        with pytest.raises(InvalidInput):
            PartialDate.parse(text)
    with pytest.raises(InvalidInput):
        PartialDate(2023, None, 4)
    with pytest.raises(InvalidInput):
        PartialDate(2023, 0)
    assert not Filters()
    assert Filters(author="x")


async def test_no_text_of_a_paper_has_codes_for_terminals(library: Library) -> None:
    dirty, clean = "Ann\x1b[2J\u202e\x9b1m", "Ann[2J1m"
    draft = PaperDraft(
        title="A paper",
        authors=(dirty,),
        collectives=(dirty,),
        venue=dirty,
        links=(Link(LinkKind.PAGE, f"https://lab.example/{dirty}"),),
        note=dirty,
        tags=(dirty, clean, "\x1b"),
        posted_by=dirty,
        publication=Publication(publisher=dirty),
    )
    paper = await added(library, draft)
    assert (paper.authors, paper.collectives, paper.tags) == ((clean,), (clean,), (clean,))
    assert (paper.venue, paper.note, paper.posted_by) == (clean, clean, clean)
    assert paper.publication.publisher == clean
    assert paper.url == f"https://lab.example/{clean}"
