from __future__ import annotations

import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.models import Filters
from storage.search.query import Query, match_expression, parse, parse_years
from storage.text import fold, index_text


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Café  AU lait", "cafe au lait"),
        ("Małgorzata Połacin", "malgorzata polacin"),
        (r"$\mathcal{O}(T^2)$", "o t2"),
        ("O(T²)", "o t2"),
        ("don't don’t", "dont dont"),
        ("Fine-tuning", "fine tuning"),
        ("“quoted” — dash", "quoted dash"),
        ("深層学習", "深 層 学 習"),
        ("Straße ÆON", "strasse aeon"),
        ("snake_case", "snake case"),
        ("BLOOM+1", "bloom 1"),
        ("", ""),
    ],
)
def test_text_is_folded(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_compounds_are_indexed_in_both_spellings() -> None:
    assert index_text("Fine-tuning models") == "fine tuning models finetuning"


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_a_query_is_parsed() -> None:
    query = parse(
        'tuned "logit lens" -bloom author:biderman venue:"ICML" year:2022..2023 tag:x mod'
    )
    assert query == Query(
        terms=("tuned", "logit lens", "mod"),
        excluded=("bloom",),
        filters=Filters("biderman", "ICML", "x", 2022, 2023),
        last_is_prefix=True,
        quoted=("logit lens",),
    )
    assert query.title_key == "tuned logit lens mod"


def test_text_that_is_not_syntax_is_searched_as_words() -> None:
    assert parse("year:soon author: -").terms == ("year soon", "author")
    assert parse("a AND b").terms == ("a", "and", "b")
    assert parse("“curly quotes” x").terms == ("curly quotes", "x")


def test_a_closed_quotation_is_not_a_prefix() -> None:
    assert not parse('"whole phrase"').last_is_prefix
    assert not parse("word author:x").last_is_prefix
    assert not parse("word -other").last_is_prefix
    assert parse("word").last_is_prefix


def test_only_a_closed_quotation_is_a_required_phrase() -> None:
    assert parse('deep "open to the end').quoted == ()
    assert parse('“one word” and "several words"').quoted == ("one word", "several words")
    assert parse('-"not this" author:"nor this"').quoted == ()


def test_filters_in_the_query_override_options() -> None:
    assert parse("author:a", Filters(author="b", venue="v")).filters == Filters("a", "v")


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("2023", (2023, 2023)),
        ("2021..2023", (2021, 2023)),
        ("2023-2021", (2021, 2023)),
        ("2021..", (2021, None)),
        ("..2023", (None, 2023)),
        ("0001..9999", (1, 9999)),
        ("0000", None),
        ("0000..2023", None),
        ("soon", None),
        ("..", None),
        ("20212023", None),
        ("", None),
    ],
)
def test_years_are_parsed(text: str, span: tuple[int | None, int | None] | None) -> None:
    assert parse_years(text) == span


def test_an_empty_query_has_no_expression() -> None:
    assert match_expression(parse("")) == ""
    assert match_expression(parse("-only -not")) == ""
    assert "NOT" in match_expression(parse("word -not"))


@pytest.mark.slow
@settings(max_examples=2_000)
@given(st.text(max_size=60) | st.text(alphabet='ab"-:*()^{}+NEARORD \\', max_size=40))
def test_no_text_is_a_syntax_error(text: str) -> None:
    expression = match_expression(parse(text))
    if expression:
        _INDEX.execute("SELECT rowid FROM t WHERE t MATCH ?", [expression]).fetchall()


_INDEX = sqlite3.connect(":memory:")
_INDEX.execute("CREATE VIRTUAL TABLE t USING fts5 (title, authors, venue, tags, abstract)")
