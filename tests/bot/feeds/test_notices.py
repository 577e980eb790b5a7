"""Parts of an issue and corrections in journals' feeds aren't papers, and `/feed why` says so."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.feeds.notices import read_notice
from bot.feeds.parser import parse_feed
from bot.ui.feeds import summarize_ingest
from bot.ui.trace import PLAIN, sentences
from storage.feeds.models import FeedState, IngestResult, NoticeKind
from storage.library import Library
from storage.models import Origin, PaperDraft
from tests.support.lab import NOW
from tests.support.library import MODERATOR
from tests.support.linear_time import assert_takes_linear_time

URL = "https://journal.example/rss"


@pytest.mark.parametrize(
    "title",
    [
        "Editorial Board",
        "EDITORIAL BOARD",
        "Editorial Board, Volume 12, Issue 3",
        "Editorial Board and Contents",
        "Editorial board members",
        "Issue Information",
        "Issue Information – Table of Contents",
        "Table of Contents",
        "Contents list",
        "Inside front cover",
        "Back Cover",
        "Front Cover: On Moss (J. Moss 3/2026)",
        "Cover Picture: Moss in Spring",
        "Masthead",
        "In This Issue",
        "Aims & Scope",
        "Guide for authors",
        "Instructions for Contributors",
        "List of Reviewers 2026",
        "Acknowledgement to Reviewers",
        "Subject Index",
        "Publication Information",
    ],
)
def test_parts_of_an_issue_are_recognized(title: str) -> None:
    notice = read_notice(title)
    assert notice is not None
    assert notice.kind is NoticeKind.FRONT_MATTER


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("Author Correction: On Moss", NoticeKind.CORRECTION),
        ("Publisher Correction: On Moss", NoticeKind.CORRECTION),
        ("Correction: On Moss", NoticeKind.CORRECTION),
        ("Correction to: On Moss", NoticeKind.CORRECTION),
        ("Correction to “On Moss”", NoticeKind.CORRECTION),
        ("Corrections to 'On Moss'", NoticeKind.CORRECTION),
        ("Correction for Roe et al., On Moss", NoticeKind.CORRECTION),
        ("Correction: Roe et al. On Moss. Mosses 2026, 12, 34", NoticeKind.CORRECTION),
        ("Erratum: On Moss [J. Moss 12, 34 (2026)]", NoticeKind.CORRECTION),
        ("Erratum to: On Moss", NoticeKind.CORRECTION),
        ("Erratum to On Moss", NoticeKind.CORRECTION),
        ("Erratum for the Report “On Moss” by J. Roe et al.", NoticeKind.CORRECTION),
        ("Corrigendum to “On Moss” [J. Moss 12 (2026) 1–10]", NoticeKind.CORRECTION),
        ("CORRIGENDUM: On Moss", NoticeKind.CORRECTION),
        ("Addendum: On Moss", NoticeKind.CORRECTION),
        ("Retraction: On Moss", NoticeKind.RETRACTION),
        ("Retraction Note: On Moss", NoticeKind.RETRACTION),
        ("Retraction Note to: On Moss", NoticeKind.RETRACTION),
        ("Retraction notice to “On Moss” [J. Moss 12 (2026) 1–10]", NoticeKind.RETRACTION),
        ("Notice of Retraction: On Moss", NoticeKind.RETRACTION),
        ("RETRACTED: On Moss", NoticeKind.RETRACTION),
        ("Retracted Article: On Moss", NoticeKind.RETRACTION),
        ("[Retracted] On Moss", NoticeKind.RETRACTION),
        ("WITHDRAWN: On Moss", NoticeKind.RETRACTION),
        ("Expression of Concern: On Moss", NoticeKind.CONCERN),
        ("Editorial Expression of Concern: On Moss", NoticeKind.CONCERN),
    ],
)
def test_a_notice_has_the_title_of_its_paper(title: str, kind: NoticeKind) -> None:
    notice = read_notice(title)
    assert notice is not None
    assert notice.kind is kind
    assert "On Moss" in notice.titles


@pytest.mark.parametrize("title", ["Author Correction", "Erratum", "Corrigendum.", "Retraction"])
def test_a_notice_may_name_no_paper(title: str) -> None:
    notice = read_notice(title)
    assert notice is not None
    assert notice.titles == ()


@pytest.mark.parametrize(
    "title",
    [
        "Editorial",
        "Correction of Spelling Errors by Machines",
        "Corrections in Bayesian Inference",
        "Error Correction for Qubits",
        "Retraction Algorithms on Manifolds",
        "Retractions in Science Are Rising",
        "Contents of Honey",
        "Editorial Boards and Power: A Study of Journals",
        "Cover Crops and Soil",
        "Front Matter Matters: How Prefaces Are Read",
        "The Table of Contents Problem",
        "Withdrawn Children in Schools",
        "Concerns about Expression",
        "Weekly report",
        "",
    ],
)
def test_papers_are_none(title: str) -> None:
    assert read_notice(title) is None


@given(st.text())
def test_any_title_is_accepted(title: str) -> None:
    for text in (title, f"Correction: {title}", f"Erratum to “{title}"):
        notice = read_notice(text)
        assert notice is None or all(notice.titles)


@pytest.mark.parametrize("start", ["Correction: ", "Erratum for ", "Cover", "Editorial Board "])
@pytest.mark.parametrize("unit", ["“", "'a ", "et al ", "(20", " ", "a"])
def test_titles_take_linear_time(start: str, unit: str) -> None:
    assert_takes_linear_time(lambda size: read_notice(start + unit * size), 40_000)


def feed_of(*titles: str) -> bytes:
    items = "".join(
        f"<item><title>{title}</title><link>https://journal.example/{quote(title)}</link></item>"
        for title in titles
    )
    text = f"<rss version='2.0'><channel><title>J. Moss</title>{items}</channel></rss>"
    return text.encode()


async def check(library: Library, feed_id: int, *titles: str) -> IngestResult:
    state = FeedState(URL, "J. Moss", "", "", NOW + timedelta(hours=1))
    found = parse_feed(feed_of(*titles), URL, NOW).entries
    return await library.feeds.ingest(await library.feeds.get(feed_id), found, state)


async def why(library: Library, query: str) -> str:
    return "\n".join(sentences(await library.traces.get(query), PLAIN))


async def test_notices_are_left_out_and_feed_why_says_why(library: Library) -> None:
    await library.subscriptions.subscribe(1, 2, MODERATOR)
    await library.papers.upsert(PaperDraft("On Moss"), Origin.IMPORT, MODERATOR)
    feed = (await library.feeds.follow(URL, "J. Moss", "", MODERATOR)).value
    await check(library, feed.id, "On Fern")
    titles = (
        *("Editorial Board", "Author Correction: On Moss", "Retraction: On Algae"),
        *("Expression of Concern: On Moss", "On Lichen"),
    )
    result = await check(library, feed.id, *titles)
    assert [paper.title for paper in result.added] == ["On Lichen"]
    assert result.left_out == 4
    assert summarize_ingest(result) == "1 new paper, 4 left out (not papers)"
    assert await library.papers.count() == 3
    assert (await check(library, feed.id, *titles)).left_out == 0

    board = await why(library, "Editorial Board")
    assert "“J. Moss” listed it on" in board
    assert "left out, because it's part of the issue and not a paper. Run /curate add" in board
    correction = await why(library, "Author Correction: On Moss")
    assert "listed a correction on" in correction
    assert "left out, because it's about #1 and not a paper of its own." in correction
    assert "is #1 in the list" not in correction
    paper = await why(library, "On Moss")
    assert "“On Moss” is #1 in the list." in paper
    assert "listed a correction on" in paper
    assert "listed an expression of concern on" in paper
    retraction = await why(library, "Retraction: On Algae")
    assert "left out, because its paper isn't in the list." in retraction


async def test_notices_do_not_count_when_a_feed_brings_many_papers(library: Library) -> None:
    feed = (await library.feeds.follow(URL, "J. Moss", "", MODERATOR)).value
    await check(library, feed.id, "On Fern")
    notices = [f"Correction: On Moss {number}" for number in range(30)]
    result = await check(library, feed.id, "On Fern", *notices, "On Lichen")
    assert (result.held, result.left_out, len(result.added)) == (0, 30, 1)
