"""Drafts of what other programs and services write."""

from __future__ import annotations

import pytest

from bot.formats.records.draft_builder import build_draft
from storage.publication import Publication


def test_the_id_of_a_preprint_is_not_its_volume() -> None:
    stated = Publication(volume="abs/2101.00001", number="7")
    draft = build_draft(title="On Moss", venue="CoRR", publication=stated)
    assert draft.identifiers == ("arxiv:2101.00001",)
    assert draft.venue == "arXiv"
    assert draft.publication == Publication(number="7")


def test_the_volume_of_a_journal_is_no_id() -> None:
    stated = Publication(volume="2101", pages="1–9")
    draft = build_draft(title="On Moss", venue="Journal of Moss", publication=stated)
    assert draft.identifiers == ()
    assert draft.publication == stated


@pytest.mark.parametrize(
    ("venue", "shown"),
    [
        ("arXiv preprint arXiv:2101.00001v2", "arXiv"),
        ("ArXiv abs/2101.00001", "arXiv"),
        ("arXiv: Computation and Language", "arXiv"),
        ("arXiv (Cornell University)", "arXiv"),
        ("CoRR, vol. cs.CL/0112017", "arXiv"),
        ("arXiv Metadata Workshop", "arXiv Metadata Workshop"),
        ("Corr. Sci.", "Corr. Sci."),
    ],
)
def test_only_arxiv_itself_is_shown_as_arxiv(venue: str, shown: str) -> None:
    assert build_draft(title="On Moss", venue=venue).venue == shown
