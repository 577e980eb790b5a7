"""Questions, other forms of words, abbreviations: papers with most of the words of a query."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.database import Database
from storage.library import Library
from storage.models import Filters, Origin, PaperDraft, PartialDate, Sort
from storage.search import ranking
from storage.search.engine import SearchResponse
from storage.search.query import parse
from storage.text import index_text
from tests.support.library import MODERATOR

DRAFTS = (
    PaperDraft(
        title="Syntax in the layers of BERT",
        abstract="We probe what transformers know about grammar.",
        authors=("Ann Lee",),
        venue="ACL",
        date=PartialDate(2019),
    ),
    PaperDraft(
        title="Memorization in large language models",
        abstract="Large language models (LLMs) memorize their data set.",
        venue="ICLR",
        date=PartialDate(2022),
    ),
    PaperDraft(
        title="Scaling large language models",
        abstract="How LLMs grow: a large language model (LLM) needs data.",
        authors=("Bo Chen",),
        venue="ICML",
        date=PartialDate(2023),
    ),
    PaperDraft(title="Do LLMs dream?", venue="ICML", date=PartialDate(2024), tags=("fun",)),
    PaperDraft(title="Colourful centres", abstract="A dataset of behaviour.", venue="ICML"),
    PaperDraft(title="The tuned lens", abstract="Layers are decoded early.", authors=("Cy Fox",)),
)
WORDS = """
syntax layers bert probe memorize memorization memorise large language models llm llms scaling data
dataset set dream colour color centers behavior lens the does how what know grammer lenz Lee chen
icml xyzzy
""".split()  # noqa: SIM905 - easier to read

SYNTAX = (
    *"    \"'-~:*()|^?\0é語",
    *("’s", "NEAR", " OR ", " AND ", " NOT ", "author:", "tag:fun", "year:", "20", ".."),
)


@pytest.fixture
async def papers(library: Library) -> Library:
    await library.papers.upsert_many(DRAFTS, Origin.IMPORT, MODERATOR)
    return library


async def ask(library: Library, text: str, limit: int = 5) -> SearchResponse:
    return await library.search.find(parse(text), limit=limit)


def titles(found: SearchResponse) -> list[str]:
    return [paper.title for paper in found.results.papers]


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("does BERT know syntax?", "Syntax in the layers of BERT"),
        ("What is known about grammatical layers in BERT", "Syntax in the layers of BERT"),
        ("which models memorise things", "Memorization in large language models"),
        ("colored center", "Colourful centres"),
        ("How do LLMs scale?", "Scaling large language models"),
        ("papers on memorizing data sets", "Memorization in large language models"),
        ("colourful data set", "Colourful centres"),
        ("what does the tuuned lenz decode", "The tuned lens"),
        ("what was written by Fox", "The tuned lens"),
    ],
)
async def test_a_question_finds_papers_with_most_of_its_words(
    papers: Library, question: str, first: str
) -> None:
    found = await ask(papers, question)
    assert titles(found)[0] == first
    assert found.complete == 0 or found.searched_for


async def test_papers_with_all_words_stay_first(papers: Library) -> None:
    found = await ask(papers, "scaling data")
    assert found.complete == 1
    assert titles(found) == ["Scaling large language models", DRAFTS[1].title]
    only = await ask(papers, "scaling data", limit=1)
    assert (only.complete, only.results.total) == (1, 1)


async def test_pages_continue_with_the_same_papers(papers: Library) -> None:
    whole = titles(await ask(papers, "layers of large language models", limit=50))
    parts: list[str] = []
    for offset in range(0, len(whole), 2):
        page = await papers.search.find(
            parse("layers of large language models"), offset=offset, limit=2
        )
        assert (page.complete, page.results.total) == (0, len(whole))
        parts += titles(page)
    assert parts == whole


async def test_an_abbreviation_finds_its_long_form_and_the_reply_says_so(papers: Library) -> None:
    found = await ask(papers, "LLM scaling laws")
    assert titles(found)[0] == "Scaling large language models"
    assert found.also_searched == ("large language model",)
    found = await ask(papers, "why a large language model dreams")
    assert titles(found)[0] == "Do LLMs dream?"
    assert found.also_searched == ("llm",)


async def test_one_paper_alone_teaches_no_abbreviation(library: Library) -> None:
    drafts = [
        PaperDraft(title="Graph parsing (GP) today"),
        PaperDraft(title="A graph of parsing"),
        PaperDraft(title="Gaussian processes"),
    ]
    await library.papers.upsert_many(drafts, Origin.IMPORT, MODERATOR)
    assert (await ask(library, "GP")).also_searched == ()
    assert len(titles(await ask(library, "GP"))) == 1


async def test_a_function_word_is_no_abbreviation_in_a_question(library: Library) -> None:
    drafts = [PaperDraft(title=f"Information technology (IT) {number}") for number in (1, 2)]
    await library.papers.upsert_many(drafts, Origin.IMPORT, MODERATOR)
    assert (await ask(library, "does it grow with technology")).also_searched == ()
    assert (await ask(library, "IT")).complete == 2


async def test_an_abbreviation_has_the_meaning_of_most_papers(library: Library) -> None:
    for long, number in (("gaussian processes", 2), ("graph parsing", 1), ("grand prix", 3)):
        for each in range(number):
            await library.papers.upsert(
                PaperDraft(title=f"On {long} (GP) {each}"), Origin.IMPORT, MODERATOR
            )
    assert (await ask(library, "GP xyzzy")).also_searched == ("grand prix",)
    await library.papers.remove(6, MODERATOR)
    assert (await ask(library, "GP xyzzy")).also_searched == ()  # two of five: not clear any more


async def test_abbreviations_follow_edits_removals_and_undo(library: Library) -> None:
    for number in (1, 2):
        draft = PaperDraft(title=f"Random forests (RF) {number}")
        await library.papers.upsert(draft, Origin.IMPORT, MODERATOR)

    async def meaning() -> tuple[str, ...]:
        return (await ask(library, "RF xyzzy")).also_searched

    assert await meaning() == ("random forests",)
    edited = await library.papers.edit(1, PaperDraft(title="Nothing of it"), MODERATOR)
    assert await meaning() == ()
    assert edited.change_id is not None
    await library.undo(edited.change_id, MODERATOR)
    assert await meaning() == ("random forests",)
    removed = await library.papers.remove(2, MODERATOR)
    assert await meaning() == ()
    assert removed.change_id is not None
    await library.undo(removed.change_id, MODERATOR)
    assert await meaning() == ("random forests",)


async def test_filters_phrases_and_exclusions_always_apply(papers: Library) -> None:
    query = "how do large language models memorize"
    for text, filters in (
        (f"{query} venue:icml", Filters()),
        (query, Filters(venue="ICML")),
        (f"{query} -memorization -bert -lens", Filters(first_year=2023)),
        (f"{query} year:2023.. ", Filters()),
        (f'"llms" {query} -memorization', Filters()),
        (query, Filters(tag="fun")),
        (query, Filters(author="Bo Chen")),
    ):
        found = await papers.search.find(parse(text, filters))
        assert titles(found), text
        assert set(titles(found)) <= {"Scaling large language models", "Do LLMs dream?",
                                      "Colourful centres"}  # fmt: skip
    assert titles(await ask(papers, 'memorize "models large"')) == []
    assert titles(await ask(papers, '"models large"')) == []


async def test_quotes_in_prose_that_no_paper_has_are_words(papers: Library) -> None:
    found = await ask(papers, 'how would one call the "grammar of layers" that is syntax in BERT')
    assert titles(found)[0] == "Syntax in the layers of BERT"
    assert found.missing_phrases == ("grammar of layers",)


async def test_a_query_of_function_words_alone_searches_them(papers: Library) -> None:
    assert titles(await ask(papers, "what about them in the"))


async def test_only_words_that_no_paper_has_are_corrected(papers: Library) -> None:
    found = await ask(papers, "lenz scaling early grammar")
    assert found.corrections == (("lenz", "lens"),)
    assert (await ask(papers, "memorise")).searched_for == "memorization"
    assert (await ask(papers, "lens grammar")).corrections == ()


@pytest.mark.parametrize(
    ("typed", "searched"),
    [
        *(("lenz", "lens"), ("lnes", "lens"), ("lense", "lens"), ("betr", "bert")),
        *(("elns", "lens"), ("speach", "speech")),
        *(("modl", "model"), ("tned", "tuned")),
        ("bake", ""),  # as like “make” and “lake” as “base”
        ("kens", ""),  # begins with another letter than “lens”
        ("gpt5", ""),  # another number than “gpt4”
        ("best", ""),  # a word that titles of any subject have
        ("nsa", ""),  # too short to be like “nsf”
    ],
)
async def test_a_short_word_is_corrected_only_if_it_is_clear_what_was_meant(
    library: Library, typed: str, searched: str
) -> None:
    drafts = [
        PaperDraft(title="A tuned lens on the base model of BERT for speech"),
        PaperDraft(title="Models make GPT4", abstract="At the lake, the NSF models the base."),
    ]
    await library.papers.upsert_many(drafts, Origin.IMPORT, MODERATOR)
    for text in (typed, f"{typed} xyzzy"):
        found = await ask(library, text)
        assert (found.searched_for or "".join(new for _, new in found.corrections)) == searched
    suggested = await library.search.suggest_titles(typed)
    assert bool(suggested) == (searched != "")


async def test_a_misspelled_function_word_is_not_searched_for(papers: Library) -> None:
    found = await ask(papers, "whaat about lens grammar")
    assert found.corrections == ()
    assert titles(found)[0] == "The tuned lens"


async def test_a_mistake_in_a_very_long_word_is_corrected(library: Library) -> None:
    word = "pneumonoultramicroscopicsilicovolcanoconiosis"
    await library.papers.upsert(PaperDraft(title=f"On {word}"), Origin.IMPORT, MODERATOR)
    assert (await ask(library, word.replace("volcano", "volkano"))).searched_for == word


@given(
    text=st.text(max_size=80)
    | st.lists(st.sampled_from([*WORDS, *SYNTAX]), max_size=30).map("".join),
    sort=st.sampled_from(Sort),
    offset=st.integers(0, 7),
)
@settings(max_examples=60)
async def test_any_text_is_safe(text: str, sort: Sort, offset: int, papers: Library) -> None:
    found = await papers.search.find(parse(text), sort=sort, offset=offset, limit=3)
    left = max(found.results.total - offset, 0)
    assert len(found.results.papers) == min(left, 3)
    assert found.complete <= found.results.total
    await papers.search.suggest_titles(text)


@given(
    words=st.lists(st.sampled_from(WORDS), min_size=1, max_size=3),
    phrase=st.sampled_from(["", '"language models"', '"large"', '"models large"', '"no such"']),
    excluded=st.sampled_from(["", " -data", ' -"tuned lens"']),
    sort=st.sampled_from(Sort),
    offset=st.integers(0, 4),
)
@settings(max_examples=80)
async def test_the_first_papers_are_those_with_all_words_and_the_others_fulfil_what_is_required(
    words: list[str],
    phrase: str,
    excluded: str,
    sort: Sort,
    offset: int,
    papers: Library,
    database: Database,
) -> None:
    query = parse(f"{phrase} {' '.join(words)}{excluded}")
    found = await papers.search.find(query, sort=sort, offset=offset, limit=4)
    async with database.reading() as db:
        before = await ranking.load_page(db, query, sort, offset, 4)
    if before.total:
        assert found.complete == before.total
        assert found.results.papers[: len(before.papers)] == before.papers
    shown = [paper.id for paper in found.results.papers]
    assert len(set(shown)) == len(shown)
    for paper in found.results.papers:
        text = f" {index_text(f'{paper.title} | {paper.abstract}')} "
        assert all(f" {one} " in text for one in query.quoted)
        assert not any(f" {one} " in text for one in query.excluded)
