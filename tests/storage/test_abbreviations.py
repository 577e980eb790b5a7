from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.abbreviations import find_abbreviations
from tests.support.linear_time import assert_takes_linear_time


def found(text: str) -> list[tuple[str, str]]:
    return [(one.short, one.long) for one in find_abbreviations(text)]


@pytest.mark.parametrize(
    ("text", "short", "long"),
    [
        ("We train large language models (LLMs) on code.", "llm", "large language model"),
        ("Neural machine translation (NMT) works.", "nmt", "neural machine translation"),
        ("We use NMT (neural machine translation).", "nmt", "neural machine translation"),
        ("A long short-term memory (LSTM)", "lstm", "long short term memory"),
        ("out-of-vocabulary (OOV) words", "oov", "out of vocabulary"),
        ("Graph parsing (GP; Lee, 1999)", "gp", "graph parsing"),
        ("It is hard. Word sense disambiguation (WSD)", "wsd", "word sense disambiguation"),
        ("electroencephalography (EEG)", "eeg", "electroencephalography"),
    ],
)
def test_an_explained_abbreviation_is_found(text: str, short: str, long: str) -> None:
    assert found(text) == [(short, long)]


@pytest.mark.parametrize(
    "text",
    [
        "no parentheses",
        "see the figure (Fig. 2)",
        "as is known (Lee and Chen, 2019)",
        "several (e.g. two) things (see below)",
        "unrelated words (XYZ)",
        "an unfinished (NMT",
        "BLEU (BLEU)",
        "()",
    ],
)
def test_other_parentheses_explain_nothing(text: str) -> None:
    assert found(text) == []


def test_all_forms_of_a_long_form_have_the_same_stems() -> None:
    texts = ("language models (LMs)", "Language Model (LM)", "language modeling (LM)")
    assert {one.stems for text in texts for one in find_abbreviations(text)} == {"languag model"}


def test_a_text_counts_once_for_all_forms_of_a_long_form() -> None:
    assert found("Random forests (RF) and RF (random forest)") == [("rf", "random forests")]


@given(st.text(alphabet="ab AB().,;-s"))
def test_any_text_is_read(text: str) -> None:
    for one in find_abbreviations(text):
        assert one.short.isalnum()
        assert len(one.short) < len(one.long)


@pytest.mark.parametrize("text", ["(", "(AB)", "a b (AB", "word " * 30 + "(ABC) "])
def test_long_texts_take_linear_time(text: str) -> None:
    assert_takes_linear_time(lambda size: find_abbreviations(text * size), 8_000)
