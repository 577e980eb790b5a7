from __future__ import annotations

import pytest

from storage.papers.titles import is_bare_reference
from tests.support.linear_time import assert_takes_linear_time


@pytest.mark.parametrize(
    "text",
    [
        *("arXiv:2399.99999", "2304.01373", "arXiv 2304.01373v2", "[2304.01373]", "math/0309136"),
        *("doi:10.1000/x", "https://doi.org/10.1000/x", "DOI: 10.1000/x.", "info:doi/10.1000/x"),
        *("https://lab.example/paper", "lab.example/paper", "www.lab.example", "127.0.0.1:9/p"),
        *("978-3-16-148410-0", "ISBN 978 3 16 148410 0", "ISBN:080442957X"),
        "oai:arXiv.org:2304.01373",
        "arXiv:2304.01373, doi:10.1000/x",
    ],
)  # fmt: skip
def test_a_reference_is_no_title(text: str) -> None:
    assert is_bare_reference(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", "🦑", "1984", "Node.js", "C++", "GPT-4", "Attention Is All You Need"),
        *("ProofNet arXiv:2302.12433", "10.1000/x explained", "and/or", "2048"),
    ],
)
def test_other_text_may_be_a_title(text: str) -> None:
    assert not is_bare_reference(text)


@pytest.mark.parametrize("unit", ["a.", "a-", "1-", "arxiv:", "doi/", "10.1/", "a.b/", "1.1."])
def test_hostile_text_takes_linear_time(unit: str) -> None:
    assert_takes_linear_time(lambda size: is_bare_reference(unit * size), 100_000)
    assert_takes_linear_time(lambda size: is_bare_reference(f"{unit * size}!x"), 100_000)
