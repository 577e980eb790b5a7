from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.markdown import clip, count, escape, link, names


@given(st.text(), st.integers(1, 200))
def test_escaped_text_fits_and_holds_no_bare_mark(text: str, limit: int) -> None:
    shown = escape(text, limit)
    assert len(shown) <= limit
    place = 0
    while place < len(shown):
        if shown[place] == "\\":
            place += 2
            continue
        assert shown[place] not in "*_~`|<>[]()@#"
        place += 1
    assert "\n" not in shown


@given(st.text(), st.integers(1, 100))
def test_clipped_text_fits(text: str, limit: int) -> None:
    assert len(clip(text, limit)) <= limit


@given(st.lists(st.text(min_size=1, max_size=60), max_size=300), st.booleans())
def test_a_line_of_names_fits(people: list[str], complete: bool) -> None:  # noqa: FBT001
    assert len(names(people, complete=complete, limit=300)) <= 300


def test_long_lists_of_names_say_how_many_more() -> None:
    people = [f"Author {number}" for number in range(20)]
    shown = names(people, complete=True, limit=100)
    assert shown.startswith("Author 0, Author 1")
    assert shown.endswith(f"and {20 - shown.count('Author')} more")
    assert names(["A", "B"], complete=True, limit=100) == "A and B"
    assert names(["A"], complete=False, limit=100) == "A, et al."


def test_lists_and_headings_in_a_title_are_text() -> None:
    assert escape("- not a list") == "\\- not a list"
    assert escape("1. not a list") == "1\\. not a list"
    assert escape("# not a heading") == "\\# not a heading"
    assert escape("state-of-the-art 3.5") == "state-of-the-art 3.5"


def test_what_cannot_be_seen_is_dropped() -> None:
    assert escape("a\u202eb\u200bc\x00d\ne") == "abcd e"


def test_a_cut_ends_at_a_word() -> None:
    assert escape("one two three four five", 15) == "one two three…"
    assert clip("one two three four five", 15) == "one two three…"


def test_a_link_is_one_only_where_its_address_is_fit_for_it() -> None:
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
