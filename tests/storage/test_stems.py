from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.stems import stem, stem_all


@pytest.mark.parametrize(
    "words",
    [
        "memorise memorize memorisation memorization memorising memorizes",
        "colour color colours coloured",
        "behaviour behavior behavioural behaviors",
        "centre center centres centered",
        "fibre fiber fibres",
        "analyse analyze analysis analysing analyzed",
        "catalogue catalog catalogues",
        "defence defense",
        "programme program programmes programs",
        "modelling modeling models model modelled",
        "generalise generalize generalisation",
        "neighbourhood neighborhood neighbourhoods",
        "neighbours neighbor",
        "supervised supervision supervise",
        "precise precision precisely",
        "infer inference inferred",
        "llm llms",
    ],
)
def test_forms_and_spellings_of_a_word_have_one_stem(words: str) -> None:
    assert len(set(stem_all(words.split()))) == 1


@pytest.mark.parametrize(
    "pair", ["four for", "hour hor", "rise rize", "prise prize", "university universe", "news new"]
)
def test_other_words_have_other_stems(pair: str) -> None:
    one, other = pair.split()
    assert stem(one) != stem(other)


def test_words_of_other_languages_are_kept() -> None:
    assert stem_all(["注", "größe", "x1", ""]) == ["注", "größe", "x1", ""]


@given(st.lists(st.text()))
def test_any_words_have_stems(words: list[str]) -> None:
    assert len(stem_all(words)) == len(words)
