from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from storage.search.tokens import Token, split_tokens


def test_a_text_is_split_into_words_phrases_and_fields() -> None:
    assert list(split_tokens('deep -Venue:“Nature Physics” "open')) == [
        Token("deep", "", "deep", is_negated=False, is_unfinished=False),
        Token(
            '-Venue:"Nature Physics"',
            "venue",
            "Nature Physics",
            is_negated=True,
            is_unfinished=False,
        ),
        Token('"open', "", "open", is_negated=False, is_unfinished=False),
    ]


def test_only_the_given_fields_are_fields() -> None:
    (token,) = split_tokens("C++:", ("tag",))
    assert (token.field, token.value) == ("", "C++:")
    (token,) = split_tokens("tag:a ", ("tag",))
    assert (token.field, token.value, token.is_unfinished) == ("tag", "a", True)


@given(st.text())
def test_any_text_is_split(text: str) -> None:
    for token in split_tokens(text):
        assert '"' not in token.value
