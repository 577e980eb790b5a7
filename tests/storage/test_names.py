from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.names import Name, answers_to, compatible, parse_name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Stella Biderman", Name(("stella",), ("biderman",))),
        ("Biderman, Stella", Name(("stella",), ("biderman",))),
        ("S. R. Biderman", Name(("s", "r"), ("biderman",))),
        ("J.-B. Delbrouck", Name(("j", "b"), ("delbrouck",))),
        ("Rogier van der Sluijs", Name(("rogier",), ("van", "der", "sluijs"))),
        ("Le Scao", Name((), ("le", "scao"))),
        ("Martin Luther King Jr.", Name(("martin", "luther"), ("king",))),
        ("King, Jr.", Name((), ("king",))),
        ("Biderman", Name((), ("biderman",))),
        ("", Name((), ())),
        ("Jr.", Name((), ())),
    ],
)
def test_a_name_is_taken_apart(text: str, name: Name) -> None:
    assert parse_name(text) == name
    assert name.family_key == (name.family[-1] if name.family else "")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Stella Biderman", "S. Biderman"),
        ("Stella Biderman", "Biderman"),
        ("Stella R. Biderman", "Stella Biderman"),
        ("Rogier van der Sluijs", "Sluijs, R."),
        ("Małgorzata Połacin", "Malgorzata Polacin"),
        ("O'Brien, Ann", "Ann O’Brien"),
    ],
)
def test_forms_of_one_name_are_compatible(one: str, other: str) -> None:
    assert compatible(parse_name(one), parse_name(other))
    assert compatible(parse_name(other), parse_name(one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Stella Biderman", "Anna Biderman"),
        ("Stella Biderman", "A. Biderman"),
        ("Stella Biderman", "Stella Raff"),
        ("Wei Li", "Wen Li"),
        ("J. R. Smith", "J. Q. Smith"),
    ],
)
def test_two_people_are_not_compatible(one: str, other: str) -> None:
    assert not compatible(parse_name(one), parse_name(other))


def test_a_person_answers_to_a_part_of_their_name() -> None:
    zambrano = parse_name("Juan Manuel Zambrano Chaves")
    assert answers_to(zambrano, parse_name("Juan Zambrano"))
    assert answers_to(zambrano, parse_name("Chaves"))
    assert not answers_to(zambrano, parse_name("Chaves Juan"))


@given(st.text())
def test_every_text_is_compatible_with_itself(text: str) -> None:
    assert compatible(parse_name(text), parse_name(text))
