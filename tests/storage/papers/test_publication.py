from __future__ import annotations

from dataclasses import replace

import pytest

from storage.library import Library
from storage.models import Origin, PaperDraft
from storage.papers.combine import merge_metadata
from storage.publication import (
    EntryType,
    Publication,
    expand_pages,
    from_json,
    normalize,
    page_range,
    to_json,
)
from tests.support.library import MODERATOR, added

ARTICLE = PaperDraft(
    title="A Paper",
    venue="TMLR",
    identifiers=("doi:10.1000/x",),
    publication=Publication(EntryType.ARTICLE, volume="3", pages="1–9", editors=("Ed Ito",)),
)
SILENT = replace(ARTICLE, publication=Publication())


@pytest.mark.parametrize(
    ("written", "pages"),
    [
        ("1--9", "1–9"),
        ("1-9", "1–9"),
        ("1 – 9, 12--14", "1–9, 12–14"),
        ("S-12", "S-12"),
        ("e1234", "e1234"),
        ("", ""),
    ],
)
def test_ranges_of_pages_have_an_en_dash(written: str, pages: str) -> None:
    assert page_range(written) == pages


def test_details_are_shown_on_one_line() -> None:
    assert str(ARTICLE.publication) == "Journal article, vol. 3, pp. 1–9, edited by Ed Ito"
    assert not Publication()
    assert str(Publication()) == ""


def test_only_stated_details_are_stored() -> None:
    assert to_json(ARTICLE.publication) == {
        "entry_type": "article",
        "volume": "3",
        "pages": "1–9",
        "editors": ["Ed Ito"],
    }
    assert from_json(to_json(ARTICLE.publication)) == ARTICLE.publication


def test_a_detail_is_one_line_and_not_a_whole_text() -> None:
    details = Publication(volume=" 3\n(a) ", publisher="x" * 301, editors=("", "Ed  Ito", "Ed Ito"))
    assert normalize(details) == Publication(volume="3 (a)", editors=("Ed Ito",))


def test_the_details_of_a_preprint_do_not_describe_the_published_version() -> None:
    preprint = replace(
        ARTICLE,
        venue="arXiv",
        publication=Publication(EntryType.MISC, volume="abs/1", number="2", pages="1", issn="1"),
    )
    for one, other in [(ARTICLE, preprint), (preprint, ARTICLE)]:
        assert merge_metadata(one, other).publication == ARTICLE.publication
    assert not merge_metadata(preprint, SILENT).publication
    assert merge_metadata(ARTICLE, SILENT).publication == ARTICLE.publication


async def test_details_are_kept_completed_and_undone(library: Library) -> None:
    number = (await added(library, SILENT)).id
    update = await library.papers.upsert(ARTICLE, Origin.IMPORT, MODERATOR)
    assert (await library.papers.get(number)).publication == ARTICLE.publication
    await library.papers.upsert(SILENT, Origin.IMPORT, MODERATOR)
    assert (await library.papers.get(number)).publication == ARTICLE.publication
    undone = await library.undo(update.change_id, MODERATOR)
    assert not (await library.papers.get(number)).publication
    await library.undo(undone.change_id, MODERATOR)
    assert (await library.papers.get(number)).publication == ARTICLE.publication


async def test_a_moderators_details_are_not_overwritten(library: Library) -> None:
    number = (await added(library, ARTICLE, Origin.MODERATOR)).id
    more = Publication(EntryType.ARTICLE, volume="4", number="1", pages="2–3", issn="1234-5678")
    await library.papers.upsert(replace(ARTICLE, publication=more), Origin.IMPORT, MODERATOR)
    assert (await library.papers.get(number)).publication == ARTICLE.publication


@pytest.mark.parametrize(
    ("written", "pages"),
    [
        ("123-8", "123–128"),
        ("1139-42", "1139–1142"),
        ("123-128", "123–128"),
        ("e12-3", "e12-3"),
        ("199-3", "199–3"),
        ("7", "7"),
        ("", ""),
    ],
)
def test_pubmeds_pages_are_completed(written: str, pages: str) -> None:
    assert expand_pages(written) == pages
