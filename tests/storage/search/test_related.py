from __future__ import annotations

import pytest

from benchmarks import generator
from storage.library import Library
from storage.models import Origin, Paper, PaperDraft
from storage.search.related import Related
from storage.stems import stem
from storage.text import fold, index_text
from tests.support.library import MODERATOR, added


async def fill(library: Library, papers: int, *drafts: PaperDraft) -> list[Paper]:
    """Adds papers that have nothing in common, and then these."""
    first = await library.papers.count()
    others = [PaperDraft(title=f"Zq{first + n}a zq{first + n}b") for n in range(papers)]
    await library.papers.upsert_many(others, Origin.IMPORT, MODERATOR)
    return [await added(library, draft) for draft in drafts]


def stems_of(paper: Paper) -> set[str]:
    texts = (paper.title, *paper.authors, paper.venue, *paper.tags, paper.abstract)
    return {stem(word) for text in texts for word in index_text(text).split()}


async def test_the_reasons_are_authors_words_in_any_form_and_tags(library: Library) -> None:
    paper, *others = await fill(
        library,
        60,
        PaperDraft(title="Tuned probes for BERT", authors=("Ann Lee", "Bo Chen"), tags=("vision",)),
        PaperDraft(title="The probe was tuned", authors=("Bo Chen",)),
        PaperDraft(title="What BERT sees"),
        PaperDraft(title="Unlike anything", tags=("vision",)),
    )
    assert await library.search.related(paper) == (
        Related(others[0], authors=("Bo Chen",), words=("probes", "tuned")),
        Related(others[2], tags=("vision",)),
        Related(others[1], words=("BERT",)),
    )


@pytest.mark.parametrize(
    ("title", "other"),
    [
        ("Towards a new approach to robots", "A new approach to bananas"),  # says little
        ("Leaning on tweets", "LEAN: a label-efficient framework"),  # one word, and no name
        ("Birds that talk", "Two birds with one stone"),
        ("SHOUTING ABOUT ROBOTS", "SHOUTING ABOUT BANANAS"),
        ("Results of 2019", "Outlook for 2019"),
    ],
)
async def test_papers_without_a_telling_reason_are_not_related(
    library: Library, title: str, other: str
) -> None:
    papers = await fill(library, 60, PaperDraft(title=title), PaperDraft(title=other))
    for paper in papers:
        assert await library.search.related(paper) == ()


async def test_words_and_tags_of_more_than_a_twentieth_of_the_list_are_no_reason(
    library: Library,
) -> None:
    drafts = [PaperDraft(title=f"Tuned lens {n}", tags=("vision",)) for n in range(6)]
    (paper, *_) = await fill(library, 34, *drafts)
    assert await library.search.related(paper) == ()
    await fill(library, 90)
    assert len(await library.search.related(paper)) == 3


async def test_two_papers_of_a_small_list_may_share_words(library: Library) -> None:
    paper, other = await fill(
        library, 18, PaperDraft(title="Tuned probes"), PaperDraft(title="Tuning a probe")
    )
    assert await library.search.related(paper) == (Related(other, words=("probes", "tuned")),)
    third = await added(library, PaperDraft(title="The probe, tuned again"))
    for one in (paper, other, third):
        assert await library.search.related(one) == ()  # three of 21 papers are too many


async def test_removed_papers_do_not_make_a_word_rare(library: Library) -> None:
    drafts = [PaperDraft(title=f"Tuned lens {n}") for n in range(4)]
    (paper, *_) = await fill(library, 90, *drafts)
    assert await library.search.related(paper)
    for number in range(1, 60):
        await library.papers.remove(number, MODERATOR)
    assert await library.search.related(paper) == ()


@pytest.mark.parametrize("size", [20, 1_000])
async def test_every_reason_is_rare_in_generated_lists(library: Library, size: int) -> None:
    await library.papers.upsert_many(generator.drafts(size), Origin.IMPORT, MODERATOR)
    papers = {paper.id: paper for paper in await library.papers.batch(limit=size)}
    words = {number: stems_of(paper) for number, paper in papers.items()}
    for number in range(1, size, max(size // 20, 1)):
        for match in await library.search.related(papers[number]):
            assert match.authors or match.tags or len(match.words) > 1
            for word in match.words:
                assert sum(stem(fold(word)) in found for found in words.values()) <= max(
                    size / 20, 2
                )
            for tag in match.tags:
                tagged = sum(tag in paper.tags for paper in papers.values())
                assert tagged <= max(size / 20, 5)
