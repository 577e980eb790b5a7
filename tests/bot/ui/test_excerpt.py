from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.ui.excerpt import excerpt

TEXT = "We re-cast self-attention with one two three four Hölographic reduced representations."


def test_an_excerpt_shows_matches_in_bold_with_their_context() -> None:
    assert excerpt(TEXT, ["holograph"], 60) == "…with one two three four **Hölographic** reduced…"
    assert excerpt(TEXT, ["selfattention"], 50) == "We re-cast **self-attention** with one two…"
    assert excerpt(TEXT, ["nothing"], 60) == ""
    assert excerpt("", ["x"], 60) == ""


@given(st.text(), st.lists(st.text("abc", min_size=1), max_size=3), st.integers(20, 200))
def test_an_excerpt_fits(text: str, words: list[str], limit: int) -> None:
    assert len(excerpt(text, words, limit)) <= limit
