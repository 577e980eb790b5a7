"""Tests of where authors' comments say that a preprint was accepted."""

from __future__ import annotations

import pytest

from bot.formats.acceptance import read_acceptance


@pytest.mark.parametrize(
    ("comment", "venue", "year"),
    [
        ("Accepted at ICML 2023 (Oral), 9 pages", "ICML", 2023),
        ("12 pages. To appear in Proceedings of ICML 2023", "ICML", 2023),
        ("accepted to the NeurIPS 2022 Datasets and Benchmarks Track",
         "NeurIPS Datasets and Benchmarks Track", 2022),
        ("Accepted for publication in Physical Review D", "Physical Review D", None),
        ("Accepted as a conference paper at ICLR'24; code is online", "ICLR", 2024),
        ("Published in Transactions on Machine Learning Research",
         "Transactions on Machine Learning Research", None),
        ("ACL 2023, 20 pages", "ACL", 2023),
    ],
)  # fmt: skip
def test_the_venue_and_the_year_are_read(comment: str, venue: str, year: int | None) -> None:
    assert read_acceptance(comment) == (venue, year)


@pytest.mark.parametrize(
    "comment",
    [
        "",
        "9 pages, 3 figures",
        "Submitted to ICML 2023",
        "Under review, ICML 2023",
        "Not accepted at ICML 2023, under review",
        "accepted by all reviewers",
        "v2: corrected typos. Figure 2023",
    ],
)
def test_other_comments_name_no_venue(comment: str) -> None:
    assert read_acceptance(comment) is None
