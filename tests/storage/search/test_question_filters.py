"""What is found in the words of a question, without a list of papers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.search.question_filters import QuestionText

_PHRASES = """
last year|this year|the past year|in 2023|since 2021|from 2019 to 2021|between|papers|by|lee|Lee's
|latest|wrote|published|"quoted|author:lee|-no|et al.|,|-|years|three|the last 3 years|语|2019-2021
""".replace("\n", "").split("|")


@pytest.mark.parametrize(
    ("question", "years", "others"),
    [
        ("papers from last year about proteins", (2025, 2025), "proteins"),
        ("last year's papers on ferns", (2025, 2025), "ferns"),
        ("what was published this year on ferns?", (2026, 2026), "ferns"),
        ("ferns in the last year", (2025, None), "ferns"),
        ("ferns in the past three years", (2023, None), "ferns"),
        ("ferns, last 10 years", (2016, None), "ferns"),
        ("ferns published in 2023", (2023, 2023), "ferns"),
        ('ferns in 2023 about "soil"', (2023, 2023), 'ferns "soil"'),
        ("what's there since 2021 on ferns", (2021, None), "ferns"),
        ("In 2023, what of ferns", (2023, 2023), "ferns"),
        ("ferns since 2021", (2021, None), "ferns"),
        ("ferns from 2021 onwards", (2021, None), "ferns"),
        ("ferns after 2021", (2022, None), "ferns"),
        ("ferns before 2020", (None, 2019), "ferns"),
        ("ferns until 2020", (None, 2020), "ferns"),
        ("ferns up to 2020", (None, 2020), "ferns"),
        ("ferns from 2019 to 2021", (2019, 2021), "ferns"),
        ("ferns between 2021 and 2019", (2019, 2021), "ferns"),
        ("ferns in 2019–2021", (2019, 2021), "ferns"),
        ("ferns in 2019 - 2021", (2019, 2021), "ferns"),
        ("learning to see since 2021 -vision", (2021, None), "learning to see -vision"),
    ],
)
def test_years_are_read_from_a_question(
    question: str, years: tuple[int | None, int | None], others: str
) -> None:
    read = QuestionText.of(question)
    found = read.years(this_year=2026)
    assert found is not None
    assert (found.years, read.without([found])) == (years, others)


@pytest.mark.parametrize(
    "question",
    [
        "lattices in 2000 dimensions",
        "energy demand in 2050",
        "from 2019 to 2050",
        "ICML 2023",
        '"last year" in proteins',
        '"since 2021"',
        "-last year",
        "venue:last year",
        "students of year two",
        "the last years",
        "in 20231",
    ],
)
def test_other_words_are_not_years(question: str) -> None:
    assert QuestionText.of(question).years(this_year=2026) is None


@pytest.mark.parametrize(
    ("question", "names", "others"),
    [
        ("which papers did Biderman write about math", ["Biderman"], "math"),
        ("papers by Ann Lee about ferns", ["Ann Lee"], "ferns"),
        ("papers by lee, about ferns", ["lee"], "ferns"),
        ("what has Biderman published on scaling", ["Biderman"], "scaling"),
        ("papers that Ann Lee has also written", ["Ann Lee"], ""),
        ("what did biderman publish last year", ["biderman"], ""),
        ("Biderman’s latest papers on ferns", ["Biderman"], "latest papers on ferns"),
        ("articles from Lee in 2020 on ferns", ["Lee"], "ferns"),
        ("work by Lee et al. on ferns", ["Lee"], "ferns"),
        ("ferns by Lee and Chen", ["Lee"], "ferns Chen"),
        ("ferns by ann lee", ["ann lee"], "ferns"),
        ("what's Ann Lee written on ferns", ["Ann Lee"], "ferns"),
    ],
)
def test_names_are_read_from_a_question(question: str, names: list[str], others: str) -> None:
    read = QuestionText.of(question)
    years = read.years(this_year=2026)
    found = [*read.authors(years)]
    assert [one.author for one in found] == names
    assert read.without([one for one in (years, *found) if one]) == others


@pytest.mark.parametrize(
    "question",
    [
        "learning by hand",
        "papers by the lab",
        "who wrote about ferns",
        'papers by "Ann Lee"',
        "papers by one two three four five",
        "Lee's garden",
        "by",
    ],
)
def test_other_words_are_not_names(question: str) -> None:
    assert [*QuestionText.of(question).authors(None)] == []


@pytest.mark.parametrize(
    ("question", "others"),
    [
        ("recent papers about ferns", "ferns"),
        ("what are the newest fern papers", "fern"),
        ("show me the most recent work on ferns", "ferns"),
    ],
)
def test_the_order_is_read_from_a_question(question: str, others: str) -> None:
    read = QuestionText.of(question)
    found = read.order([])
    assert found is not None
    assert read.without([found]) == others


@pytest.mark.parametrize(
    "question", ["recent advances in papers", "ferns in recent papers", "latest"]
)
def test_other_words_are_not_an_order(question: str) -> None:
    assert QuestionText.of(question).order([]) is None


@given(st.lists(st.sampled_from(_PHRASES), max_size=12).map(" ".join))
def test_any_text_can_be_read(text: str) -> None:
    read = QuestionText.of(text)
    years = read.years(this_year=2026)
    found = [one for one in (years, *read.authors(years), read.order([])) if one]
    for one in found:
        assert 0 <= one.start < one.end <= len(read.words)
    assert len(read.without(found).split()) <= len(text.replace('"', ' " ').split())
    read.terms(found)
