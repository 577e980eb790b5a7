from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.names.author_list import (
    AuthorList,
    given_first,
    parse_author_list,
    parse_author_names,
)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ()),
        ("Ann Lee", ("Ann Lee",)),
        ("Ann Lee, Bo Chen and Cy Dee", ("Ann Lee", "Bo Chen", "Cy Dee")),
        ("Ann Lee, Bo Chen, and Cy Dee.", ("Ann Lee", "Bo Chen", "Cy Dee")),
        ("Ann Lee; Bo Chen", ("Ann Lee", "Bo Chen")),
        ("Ann Lee; Bo Chen & Cy Dee", ("Ann Lee", "Bo Chen", "Cy Dee")),
        ("Ann Lee|Bo Chen\nCy Dee", ("Ann Lee", "Bo Chen", "Cy Dee")),
        ("Lee, Ann; Chen, Bo", ("Lee, Ann", "Chen, Bo")),
        ("Lee, Ann and Chen, Bo", ("Lee, Ann", "Chen, Bo")),
        ("Lee, Ann", ("Lee, Ann",)),
        ("Ann Lee (MIT (Boston)), Bo Chen (ETH)", ("Ann Lee", "Bo Chen")),
        ("Kaur, M., Shukla, A.", ("Kaur, M.", "Shukla, A.")),
        ("Kaur, MK, Shukla, A", ("Kaur, MK", "Shukla, A")),
        ("A. Turing and G. Hopper.", ("A. Turing", "G. Hopper")),
        ("Turing, A., Hopper, G. M.", ("Turing, A.", "Hopper, G. M.")),
        ("Turing, A., Hopper, G. M., and Lee, B.", ("Turing, A.", "Hopper, G. M.", "Lee, B.")),
        ("A. B and C. D", ("A. B", "C. D")),
        ("By Ann Lee* and Bo Chen2", ("Ann Lee", "Bo Chen")),
        ("[1] Alan Turing, III and Bo Chen", ("Alan Turing, III", "Bo Chen")),
        ("Ann Lee, Ann Lee", ("Ann Lee",)),
    ],
)
def test_names_joined_in_one_text_are_separated(text: str, names: tuple[str, ...]) -> None:
    assert parse_author_list(text) == AuthorList(names)


def test_a_comma_separates_people_where_bare_surnames_are_expected() -> None:
    assert parse_author_list("Li, Zhang", bare_surnames=True).names == ("Li", "Zhang")
    assert parse_author_list("Li, Zhang").names == ("Li, Zhang",)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Ann Lee et al", ("Ann Lee",)),
        ("Ann Lee, et al.", ("Ann Lee",)),
        ("Ann Lee and others", ("Ann Lee",)),
        ("Lee, Ann; Chen, Bo; et al.", ("Lee, Ann", "Chen, Bo")),
        ("Le Scao, et al. (incl. Tow, and Gao). ", ("Le Scao", "Tow", "Gao")),
        ("et al.", ()),
    ],
)
def test_an_author_list_that_ends_in_et_al_is_incomplete(text: str, names: tuple[str, ...]) -> None:
    assert parse_author_list(text) == AuthorList(names, is_complete=False)


@pytest.mark.parametrize(
    ("texts", "names", "is_complete"),
    [
        (["Ann Lee", " Bo\t Chen, "], ("Ann Lee", "Bo Chen"), True),
        (["Ann Lee", "et al."], ("Ann Lee",), False),
        (["Ann Lee,  et  al"], ("Ann Lee",), False),
        (["Ann Lee and et al."], ("Ann Lee",), False),
        (["Ann Chet Al", "Et Al Smith"], ("Ann Chet Al", "Et Al Smith"), True),
        (["Wei Wang", "", "Wei Wang"], ("Wei Wang", "Wei Wang"), True),
    ],
)
def test_texts_with_one_name_each_are_authors(
    texts: list[str], names: tuple[str, ...], *, is_complete: bool
) -> None:
    assert parse_author_names(texts) == AuthorList(names, is_complete=is_complete)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Lovelace, Ada", "Ada Lovelace"),
        ("Ada Lovelace", "Ada Lovelace"),
        ("Alan Turing, III", "Alan Turing, III"),
        ("King, Martin, Jr.", "King, Martin, Jr."),
        ("Lovelace, ", "Lovelace,"),
    ],
)
def test_an_inverted_name_is_put_in_order(name: str, expected: str) -> None:
    assert given_first(name) == expected


def test_each_inverted_name_of_a_list_is_put_in_order_once() -> None:
    assert parse_author_list("Lee, Ann; Ann Lee").with_given_first() == AuthorList(("Ann Lee",))


@given(st.text())
def test_any_text_can_be_parsed_as_an_author_list(text: str) -> None:
    for name in parse_author_list(text).names:
        assert any(char.isalpha() for char in name)
    parse_author_names([text])


@pytest.mark.parametrize("hostile", [", ", "and ", "et al ", "(", "(a", "A. ", "1 ", "\n", " & "])
def test_a_long_hostile_text_is_read_quickly(hostile: str) -> None:
    parse_author_list(f"x {hostile * 50_000}x")
    parse_author_names([f"x {hostile * 50_000}x"])


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (
            "Ada Lovelace1, Charles Babbage12 and Mary Somerville2",
            "Ada Lovelace|Charles Babbage|Mary Somerville",
        ),
        ("Ada Lovelace*†, Charles Babbage‡", "Ada Lovelace|Charles Babbage"),
        ("/u/Quiet_Reader61", "/u/Quiet_Reader61"),
        ("reader12; other_reader9", "reader12|other_reader9"),
        ("Team42", "Team42"),
    ],
)
def test_footnote_numbers_are_dropped_but_the_digits_of_handles_stay(text: str, names: str) -> None:
    assert "|".join(parse_author_list(text).names) == names
