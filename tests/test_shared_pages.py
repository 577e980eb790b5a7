"""Reads the publication pages in ``../shared/pages``, which are in shapes that are in use."""

from __future__ import annotations

import json

import pytest

from bot.formats.pages.page import parse_publications_page
from tests.support.page_cases import fits, page_cases
from tests.support.paths import SHARED, shared_path

PAGES = SHARED / "pages"


@pytest.mark.parametrize("name", page_cases(PAGES) or ["(none)"])
def test_every_paper_of_a_shared_page_is_read_and_nothing_else(name: str) -> None:
    page = shared_path("pages") / name
    wanted = json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))["expect"]["papers"]
    papers = parse_publications_page(page.read_text(encoding="utf-8")).papers
    found = [
        {
            "title": paper.draft.title,
            "authors": list(paper.draft.authors),
            "date": str(paper.draft.date),
            "arxiv": paper.draft.arxiv,
            "doi": paper.draft.doi,
        }
        for paper in papers
    ]
    missing = [want for want in wanted if not any(fits(want, one) for one in found)]
    assert (missing, len(found)) == ([], len(wanted))
