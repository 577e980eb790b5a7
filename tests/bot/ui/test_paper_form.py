from __future__ import annotations

from dataclasses import replace

import pytest

from bot.ui.paper_form import FormValues, from_form, to_form
from storage.errors import InvalidInput
from storage.models import PaperDraft
from tests.support.linear_time import assert_takes_linear_time


@pytest.mark.parametrize(
    ("typed", "names", "complete"),
    [
        ("Ada Lovelace\nAlan Turing", ("Ada Lovelace", "Alan Turing"), True),
        ("Ada Lovelace\net al.", ("Ada Lovelace",), False),
        ("Ada Lovelace,  et  al", ("Ada Lovelace",), False),
        ("Ada Lovelace and et al.", ("Ada Lovelace",), False),
        ("Ada Lovelace,\nAlan Chet Al", ("Ada Lovelace", "Alan Chet Al"), True),
    ],
)
def test_authors_are_one_per_line_and_may_end_in_et_al(
    typed: str, names: tuple[str, ...], *, complete: bool
) -> None:
    draft = from_form(FormValues(title="Small Models", authors=typed))
    assert (draft.authors, draft.authors_complete) == (names, complete)


@pytest.mark.parametrize("hostile", [", ", ",", "and ", "et al "])
def test_a_long_line_of_punctuation_takes_linear_time(hostile: str) -> None:
    def call(size: int) -> None:
        draft = from_form(FormValues(title="Small Models", authors=f"x {hostile * size}x"))
        assert set("".join(draft.authors)) <= {"x", " "}

    assert_takes_linear_time(call, 20_000)


def test_a_name_that_is_too_long_is_refused() -> None:
    with pytest.raises(InvalidInput, match="too long for one author"):
        from_form(FormValues(title="Small Models", authors="x" * 500))


def test_lines_that_were_left_as_they_were_stay() -> None:
    base = PaperDraft(
        title="Small Models", authors=("Kaur, M.", "Acme", "Bo Lee"), collectives=("Acme",)
    )
    assert from_form(to_form(base), base) == base
    typed = replace(to_form(base), authors="Kaur, M.\nAcme\nGarcia Marquez, Maria Jose")
    draft = from_form(typed, base)
    assert draft.authors == ("Kaur, M.", "Acme", "Maria Jose Garcia Marquez")
    assert draft.collectives == ("Acme",)
