from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.library import Library
from storage.models import Filters, PaperDraft, PartialDate
from storage.search.query import parse, without_filters
from tests.support.library import MODERATOR, added


async def try_instead(
    library: Library, text: str, filters: Filters | None = None
) -> list[tuple[str, str]]:
    """Returns what is tried: without which condition, or with what in its place; and for which."""
    found = await library.search.alternatives(text, filters or Filters())
    return [
        (", ".join(one.proposal.dropped) or one.proposal.replaced, one.proposal.text)
        for one in found
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Tuned venue:ACL", [("venue", "Tuned")]),
        ("tuned venue:ICLM", [("ICML", "tuned"), ("venue", "tuned")]),
        ("tuned tag:visoin", [("vision", "tuned"), ("tag", "tuned")]),
        ("tuned year:1999 author:Bidermann", [("filters", "tuned")]),
        ("author:Bidermann", [("Stella Biderman", ""), ("author", "")]),
        ("author:Qqq", [("author", "")]),
        ("kwilted xqzzvwk", [("quilted", "quilted")]),
        ("ocml", [("icml", "icml")]),  # too short to be searched without asking
        ("xqzzvwk", []),
        ("venue:workshop year:1999", [("year", "")]),  # the venue is there
        ('"lenses tuned" -quilted', [("quotes", "lenses tuned -quilted")]),
        ("tuned -lenses", [("exclusions", "tuned")]),
        ('"lenses tuned" -tuned year:1999', [("filters, quotes, exclusions", "lenses tuned")]),
    ],
)
async def test_other_spellings_and_fewer_conditions_are_tried(
    library: Library, text: str, expected: list[tuple[str, str]]
) -> None:
    tuned = PaperDraft(
        "Tuned lenses",
        ("Stella Biderman",),
        venue="ICML Workshop",
        date=PartialDate(2020),
        tags=("vision",),
    )
    await added(library, tuned)
    await added(library, PaperDraft("Quilted looms", venue="ICML"))
    assert await try_instead(library, text) == expected


async def test_options_count_like_filters_in_the_text(library: Library) -> None:
    await added(library, PaperDraft("Tuned lenses", venue="ICML"))
    for text, filters in (("tuned venue:ACL", Filters()), ("tuned", Filters(venue="ACL"))):
        (found,) = await library.search.alternatives(text, filters)
        assert (found.proposal.filters, found.found.complete) == (Filters(), 1)


async def test_a_former_name_is_never_offered_as_a_correction(library: Library) -> None:
    await added(library, PaperDraft("Looms", ("Jane Formerly",)))
    assert await try_instead(library, "formxxxly xqzzvwk") == [("formerly", "formerly")]
    await library.authors.rename("Jane Formerly", "Jane New", MODERATOR)
    assert await try_instead(library, "formxxxly xqzzvwk") == []
    assert await try_instead(library, "author:Formerli") == [("Jane New", ""), ("author", "")]


@pytest.mark.parametrize(
    ("text", "words", "without_quotes", "without_excluded"),
    [
        ("Does BERT know?", "Does BERT know?", "Does BERT know?", "Does BERT know?"),
        ('a "b c" -d', 'a "b c" -d', "a b c -d", 'a "b c"'),
        ("author:x a year:2022.. -venue:y", "a -venue:y", "a -venue:y", "a"),
        ("year:soon tag: a", "year:soon tag: a", "year:soon tag: a", "year:soon tag: a"),
        ('author:"A B" “c', '"c', "c", '"c'),
        ("", "", "", ""),
    ],
)
def test_the_words_of_a_query_are_its_text_without_filters(
    text: str, words: str, without_quotes: str, without_excluded: str
) -> None:
    assert without_filters(text) == words
    assert without_filters(text, keeps_quotes=False) == without_quotes
    assert without_filters(text, keeps_excluded=False) == without_excluded


_PIECES = st.sampled_from(
    [
        "tuned",
        "lenses",
        '"',
        "-",
        "author:",
        "venue:ICLM",
        "year:1999",
        "tag:",
        "x y",
        "(",
        "*",
        "é",
    ]
)


@settings(max_examples=40)
@given(text=st.lists(_PIECES | st.text(max_size=4), max_size=6).map(" ".join))
async def test_any_text_is_safe_and_each_alternative_finds_papers(
    library: Library, text: str
) -> None:
    if not await library.papers.count():
        await added(library, PaperDraft("Tuned lenses", ("Ann Lee",), venue="ICML"))
    for one in await library.search.alternatives(text, Filters()):
        assert one.found.results.papers
        again = await library.search.find(parse(one.proposal.text, one.proposal.filters))
        assert again.results.total == one.found.results.total
