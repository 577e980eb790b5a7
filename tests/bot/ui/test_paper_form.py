from __future__ import annotations

import pytest

from bot.ui.paper_form import FormValues, from_form
from storage.errors import InvalidInput


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
def test_a_long_line_of_punctuation_is_parsed_quickly(hostile: str) -> None:
    with pytest.raises(InvalidInput, match="too long for one author"):
        from_form(FormValues(title="Small Models", authors=f"x {hostile * 200_000}x"))
