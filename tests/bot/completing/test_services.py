"""Services' answers are read whatever they contain, and what isn't an answer is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.completing import services
from storage.models import PaperDraft

_NAMES = (
    "results", "data", "message", "items", "title", "titles", "DOI", "doi", "type", "author",
    "authors", "authorships", "name", "given", "family", "display_name", "ids",
    "externalIds", "ArXiv", "venue", "year", "publicationDate", "publication_date", "issued",
    "date-parts", "primary_location", "source", "landing_page_url", "container-title",
    "update-to", "models", "datasets", "spaces", "id", "likes", "abstract",
    "abstract_inverted_index", "publicationVenue", "journal", "posted",
)  # fmt: skip
_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=30)
    | st.sampled_from(
        ["10.1000/a", "2303.08112", "https://arxiv.org/abs/2303.08112", "2023-04-03"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_NAMES), inner, max_size=6)
    ),
    max_leaves=25,
)
_READERS: tuple[Callable[[bytes], Any], ...] = (
    services.read_openalex,
    services.read_crossref_works,
    services.read_semantic_scholar,
    services.read_retractions,
    services.read_repositories,
)


@given(
    body=st.dictionaries(st.sampled_from(["results", "message", "data", *_NAMES]), _VALUES)
    | st.builds(lambda value: {"results": [value], "data": [value]}, _VALUES)
    | st.builds(lambda value: {"message": {"items": [value]}, "models": [value]}, _VALUES)
    | _VALUES
)
def test_any_json_is_read_or_refused(body: Any) -> None:
    for read in _READERS:
        try:
            found = read(json.dumps(body).encode())
        except ValueError:
            continue
        assert isinstance(found, tuple)


@pytest.mark.parametrize("read", _READERS[:3])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><title>Down for maintenance</title>",
        b"[]",
        b"null",
        b'{"message": []}',
        b"\xff",
    ],
)
def test_what_is_not_an_answer_is_refused(read: Callable[[bytes], Any], body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read(body)


def test_one_record_that_cannot_be_read_does_not_take_the_others_with_it() -> None:
    works = [
        {"title": ["x"], "type": {}},
        {"title": {"a": 1}},
        {"title": "A Lens", "type": "article"},
    ]
    assert services.read_openalex(json.dumps({"results": works}).encode()) == (
        PaperDraft(title="A Lens"),
    )
