from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from storage.search.tokens import Token, split_tokens


def token(text: str, value: str, field: str = "", **flags: bool) -> Token:
    names = ("is_negated", "is_phrase", "is_loose", "is_unfinished")
    return Token(text, field, value, **{name: flags.get(name, False) for name in names})


def test_a_text_is_split_into_words_phrases_and_fields() -> None:
    assert list(split_tokens('deep -Venue:“Nature Physics” ~lens -~"two words" "open')) == [
        token("deep", "deep"),
        token(
            '-Venue:"Nature Physics"',
            "Nature Physics",
            "venue",
            is_negated=True,
            is_phrase=True,
        ),
        token("~lens", "lens", is_loose=True),
        token('-~"two words"', "two words", is_negated=True, is_loose=True, is_phrase=True),
        token('"open', "open"),
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
