from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.lookup.suggestion import draft_suggestion
from storage.errors import InvalidInput
from storage.models import Link, LinkKind


@pytest.mark.parametrize(
    ("source", "title", "identifiers", "links"),
    [
        ("2304.01373v2", "arXiv:2304.01373", ("arxiv:2304.01373",), ()),
        (
            "https://arxiv.org/abs/2304.01373",
            "arXiv:2304.01373",
            ("arxiv:2304.01373",),
            (),
        ),
        ("https://doi.org/10.1000/X", "doi:10.1000/x", ("doi:10.1000/x",), ()),
        (
            "https://www.example.org/paper (by us)",
            "example.org/paper",
            ("url:example.org/paper",),
            (Link(LinkKind.PAGE, "https://www.example.org/paper"),),
        ),
        ("  S4:\n state  spaces ", "S4: state spaces", (), ()),
    ],
)
def test_a_suggestion_becomes_a_draft(
    source: str, title: str, identifiers: tuple[str, ...], links: tuple[Link, ...]
) -> None:
    draft = draft_suggestion(source)
    assert (draft.title, draft.identifiers, draft.links) == (title, identifiers, links)


@given(st.text(max_size=600))
def test_any_suggestion_becomes_a_draft_or_is_rejected(text: str) -> None:
    try:
        draft = draft_suggestion(text)
    except InvalidInput as error:
        assert "isn't a paper" in str(error)  # noqa: PT017 - both ends are good
    else:
        assert 1 <= len(draft.title) <= 300
