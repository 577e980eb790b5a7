from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.markdown import author_list, clip, count, escape, link, split_messages


@given(st.text(), st.integers(1, 200))
def test_escaped_text_fits_and_has_no_active_markup(text: str, limit: int) -> None:
    shown = escape(text, limit)
    assert len(shown) <= limit
    index = 0
    while index < len(shown):
        if shown[index] == "\\":
            index += 2
            continue
        assert shown[index] not in "*_~`|<>[]()@#"
        index += 1
    assert "\n" not in shown


@given(st.text(), st.integers(1, 100))
def test_clipped_text_fits(text: str, limit: int) -> None:
    assert len(clip(text, limit)) <= limit


@given(st.lists(st.text(min_size=1, max_size=60), max_size=300), st.booleans())
def test_an_author_list_fits(people: list[str], complete: bool) -> None:  # noqa: FBT001
    assert len(author_list(people, complete=complete, limit=300)) <= 300


def test_a_long_author_list_says_how_many_more_there_are() -> None:
    people = [f"Author {number}" for number in range(20)]
    shown = author_list(people, complete=True, limit=100)
    assert shown.startswith("Author 0, Author 1")
    assert shown.endswith(f"and {20 - shown.count('Author')} more")
    assert author_list(["A", "B"], complete=True, limit=100) == "A and B"
    assert author_list(["A"], complete=False, limit=100) == "A, et al."


def test_list_marks_and_headings_are_escaped() -> None:
    assert escape("- not a list") == "\\- not a list"
    assert escape("1. not a list") == "1\\. not a list"
    assert escape("# not a heading") == "\\# not a heading"
    assert escape("state-of-the-art 3.5") == "state-of-the-art 3.5"


def test_invisible_characters_are_dropped() -> None:
    assert escape("a\u202eb\u200bc\x00d\ne") == "abcd e"


def test_text_is_truncated_at_a_word() -> None:
    assert escape("one two three four five", 15) == "one two three…"
    assert clip("one two three four five", 15) == "one two three…"


def test_a_link_needs_a_valid_url_that_fits() -> None:
    assert link("A [b]", "https://x.org/(1)", 100) == "[A \\[b\\]](https://x.org/%281%29)"
    assert link("A", "javascript:alert(1)", 100) == "A"
    assert link("A", "https://x.org/a b", 100) == "A"
    assert link("A" * 50, "https://x.org/" + "y" * 90, 100) == "A" * 50
    assert link("A", None, 100) == "A"


def test_numbers_agree_with_their_nouns() -> None:
    assert [count(number, "paper") for number in (0, 1, 1204)] == [
        "0 papers",
        "1 paper",
        "1,204 papers",
    ]
    assert count(2, "entry") == "2 entries"


def test_lines_are_packed_into_as_few_messages_as_possible() -> None:
    assert split_messages([]) == [""]
    assert split_messages(["a", "b"]) == ["a\nb"]
    lines = ["aaaa", "bbbb", "cccc"]
    assert split_messages(lines, limit=10, max_messages=2) == ["aaaa\nbbbb", "cccc"]
    assert split_messages(lines, limit=6, max_messages=2) == ["aaaa", "bbbb\n-# and 1 more line"]
    assert split_messages(lines, limit=6, max_messages=1, noun="feed") == [
        "aaaa\n-# and 2 more feeds"
    ]
