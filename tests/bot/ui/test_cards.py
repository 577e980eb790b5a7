from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from discord.ui import Button
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.charts.chart import Picture
from bot.charts.statistics import paper_chart
from bot.ui import announcements as announcement_cards
from bot.ui import buttons, cards, review_cards
from bot.ui import feeds as feed_cards
from bot.ui import statistics as statistics_cards
from bot.ui.paper_form import PaperForm, to_form
from bot.ui.saved_query import SavedQuery
from storage.announcements.digest_schedule import DigestSchedule, Frequency
from storage.announcements.filters import ChannelFilter, Condition
from storage.announcements.models import (
    CountedSubscription,
    Post,
    PostKind,
    PostState,
    SubscriptionOptions,
)
from storage.feeds.models import CountedFeed, PendingEntry
from storage.models import (
    Author,
    Link,
    LinkKind,
    Origin,
    Outcome,
    Paper,
    PartialDate,
    Provenance,
    ResultPage,
)
from storage.papers.combine import as_draft
from storage.review.models import Proposal, Suggestion
from storage.search.related import Related
from storage.statistics import PaperStatistics
from tests.support.feeds import make_feed
from tests.support.library import MODERATOR

# The examples with 3,000 authors are intended; only their representations are long.
pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")

AT = datetime(2026, 11, 23, tzinfo=UTC)
HUGE = 2**62

words = st.text(max_size=300) | st.sampled_from(
    ["*" * 4000, "[x](y)" * 900, "\\" * 3000, "😀" * 2000, "a b " * 2000, "1. " * 500, "@everyone"]
)
urls = words.map(lambda text: f"https://example.org/{text}") | st.just("https://e.org/" + "x" * 900)
papers = st.builds(
    Paper,
    id=st.integers(1, HUGE),
    title=words.filter(bool),
    authors=st.lists(words.filter(bool), max_size=40).map(tuple)
    | st.just(tuple(f"Author Number {number}" for number in range(3000))),
    authors_complete=st.booleans(),
    abstract=words,
    venue=words,
    date=st.none() | st.builds(PartialDate, st.integers(1000, 9999)),
    identifiers=st.lists(
        st.sampled_from(["arxiv:2302.12433", "doi:10.1/x", "url:x.org", "doi:10.1/" + "y" * 900]),
        max_size=3,
        unique=True,
    ).map(tuple),
    links=st.lists(st.builds(Link, st.sampled_from(LinkKind), urls), max_size=8).map(tuple),
    note=words,
    tags=st.lists(words, max_size=8).map(tuple),
    posted_by=words,
    provenance=st.builds(Provenance, st.sampled_from(Origin), st.just(AT), st.just(MODERATOR)),
)
five = st.lists(papers, min_size=5, max_size=5, unique_by=lambda shown: shown.id).map(tuple)


def assert_fits(layout: Any) -> None:
    """Checks a layout against Discord's limits."""
    components = list(_walk(layout.to_components()))
    assert 1 <= len(components) <= 40
    texts = [part["content"] for part in components if part["type"] == 10]
    assert all(texts)
    assert sum(map(len, texts)) <= 4000
    custom_ids = [part["custom_id"] for part in components if "custom_id" in part]
    assert len(set(custom_ids)) == len(custom_ids)
    assert all(1 <= len(custom_id) <= 100 for custom_id in custom_ids)
    for part in components:
        if part["type"] == 1:
            assert 1 <= len(part["components"]) <= 5
        if part["type"] == 2:
            assert 1 <= len(part["label"]) <= 80
            assert len(part.get("url", "")) <= 512


def _walk(components: list[dict[str, Any]]) -> Any:
    for part in components:
        yield part
        yield from _walk(part.get("components", []))
        if "accessory" in part:
            yield from _walk([part["accessory"]])


def post(kind: PostKind = PostKind.PAPER) -> Post:
    entry = HUGE if kind is PostKind.REVIEW else None
    return Post(HUGE, HUGE, kind, PostState.WAITING, 0, AT, entry_id=entry)


def pending_entry(shown: Paper) -> PendingEntry:
    return PendingEntry(HUGE, HUGE, as_draft(shown), None, was_first_poll=False)


@settings(max_examples=40)
@given(shown=st.lists(papers, min_size=2, max_size=12, unique_by=lambda paper: paper.id))
async def test_a_digest_keeps_within_discords_limits(shown: list[Paper]) -> None:
    gone = [replace(paper, removed_at=AT) if n % 3 == 0 else paper for n, paper in enumerate(shown)]
    assert_fits(announcement_cards.digest(HUGE, gone, total=5_000, role_id=HUGE))


def page_buttons() -> list[Button[Any]]:
    return [
        buttons.ResultsPageButton(HUGE, HUGE, 10**9, "◀ Previous"),
        buttons.ResultsPageButton(HUGE, HUGE, 10**9 + 2, "Next ▶"),
    ]


@pytest.mark.slow
@settings(max_examples=60)
@given(shown=papers)
async def test_a_papers_card_keeps_within_discords_limits(shown: Paper) -> None:
    assert_fits(cards.Layout(cards.full_card(shown)))
    reasons = (shown.authors[:3] or ("x" * 300,), ("w" * 90,) * 4, ("t" * 90,) * 4)
    related = [Related(replace(shown, id=HUGE - n), *reasons) for n in range(4)]
    assert_fits(cards.Layout(cards.full_card(shown, related)))
    assert_fits(announcement_cards.announcement(shown, announced_venue="arXiv", role_id=HUGE))
    assert_fits(announcement_cards.announcement(replace(shown, removed_at=AT), role_id=HUGE))
    assert_fits(review_cards.entry_review(pending_entry(shown), shown.title, shown))
    assert_fits(cards.random_paper(shown, HUGE, HUGE))
    assert_fits(
        cards.Layout(*cards.paper_with(shown, "?" * 600, buttons.RemoveButton(1, shown.id)))
    )


@pytest.mark.slow
@settings(max_examples=40)
@given(shown=five, name=words.filter(bool), total=st.integers(5, 10**7))
async def test_a_list_of_papers_keeps_within_discords_limits(
    shown: tuple[Paper, ...], name: str, total: int
) -> None:
    results = ResultPage(shown, total)
    query = SavedQuery(words=name, author=name)
    heading = cards.escape(name, 200)
    assert_fits(
        cards.results_page(
            heading, results, words=["a"], remark="!" * 260, page_buttons=page_buttons()
        )
    )
    author = Author(
        name=name,
        variants=(name, *[f"variant {number}" for number in range(50)]),
        paper_count=total,
        papers_by_year=tuple((year, 1) for year in range(1900, 2026)),
        venues=tuple((f"{name} {number}", number) for number in range(50)),
        coauthors=tuple((f"{name} {number}", number) for number in range(50)),
    )
    assert_fits(cards.author_page(author, results, page_buttons()))
    assert SavedQuery.from_text(query.to_text()) == query


@pytest.mark.parametrize(
    ("papers_by_year", "undated", "shown"),
    [
        (((2018, 1), (2020, 4)), 0, "5 papers · 2018 to 2020\n`2018 ▂·█ 2020`"),
        (((2018, 1), (2020, 4)), 2, "7 papers · 2018 to 2020 · 2 without a date\n`2018 ▂·█ 2020`"),
        (((2018, 1),), 0, "1 paper · 2018"),
        ((), 3, "3 papers without a date"),
    ],
)
def test_an_authors_card_has_a_small_bar_of_papers_by_year(
    papers_by_year: tuple[tuple[int, int], ...], undated: int, shown: str
) -> None:
    total = sum(number for _, number in papers_by_year) + undated
    author = Author("Ann Lee", ("Ann Lee",), total, papers_by_year)
    card = cards.author_page(author, ResultPage((), total)).to_components()[0]
    assert card["components"][0]["content"] == f"### Ann Lee\n{shown}"


@pytest.mark.slow
@settings(max_examples=40)
@given(shown=five, note=words, outcome=st.sampled_from(Outcome), data=st.data())
async def test_review_cards_keep_within_discords_limits(
    shown: tuple[Paper, ...], note: str, outcome: Outcome, data: st.DataObject
) -> None:
    similarity = data.draw(st.booleans())
    private = Link(LinkKind.CODE, f"https://lab.example/{'0a1b' * 8}/code")
    suggestions = [
        Suggestion(
            *(one.id, replace(as_draft(one), links=(private,)), note, HUGE, note or "mika", AT),
            outcome=Outcome.REVIEW,
            paper_id=one.id if similarity else None,
        )
        for one in shown
    ]
    assert_fits(review_cards.suggestion_review(suggestions[0], shown[0] if similarity else None))
    entries = [
        replace(pending_entry(one), id=one.id, paper_id=one.id if similarity else None)
        for one in shown
    ]
    proposals = [
        Proposal(one.id, one, as_draft(shown[-1]), as_draft(one), service=note, reason=note)
        for one in shown
    ]
    for page in (suggestions, entries, proposals):
        similar = {one.id: one for one in shown}
        queue = review_cards.QueuePage(
            page[: review_cards.PAGE_SIZE], 10**6, 3, HUGE, {1: note}, similar
        )
        assert_fits(queue.layout(review_cards.status("✅ Done. " * 20, buttons.UndoButton(HUGE))))
    decided = replace(suggestions[0], outcome=outcome, decided_by=MODERATOR, decided_at=AT)
    assert_fits(review_cards.suggestion_review(decided, shown[0]))
    assert_fits(review_cards.suggestion_outcome(HUGE, decided, shown[0]))
    assert_fits(cards.notice(review_cards.member_suggestions([decided] * 10)))


@pytest.mark.slow
@settings(max_examples=40)
@given(title=words, error=words, number=st.integers(1, 60))
async def test_lists_of_feeds_and_channels_keep_within_discords_limits(
    title: str, error: str, number: int
) -> None:
    filters = ChannelFilter((Condition("word", title or "a"),) * 30)
    schedule = DigestSchedule(Frequency.WEEKLY, time_zone="America/Argentina/ComodRivadavia")
    options = SubscriptionOptions(filters, schedule, HUGE, has_thread=True, publishes=True)
    feed = make_feed(
        CountedFeed,
        title=title,
        venue=title,
        first_polled_at=AT,
        last_success_at=AT,
        failures=3,
        last_error=error,
        failing_since=AT,
        last_new_entry_at=AT,
        last_notice="failing",
        paused_because=error,
        is_reviewed=True,
        papers=7,
        duplicates=2,
        reviews=2,
    )
    subscription = CountedSubscription(
        id=1,
        guild_id=1,
        channel_id=HUGE,
        options=options,
        created_by=MODERATOR,
        created_at=AT,
        is_paused=True,
        next_digest_at=AT,
        stopped_because=error,
        waiting=3,
        sent=4,
    )
    assert_fits(
        announcement_cards.notice(
            replace(post(PostKind.NOTICE), notice=cards.escape(error, 3000) or "!")
        )
    )
    assert_fits(cards.notice(feed_cards.format_feed_list([feed] * number)))
    assert_fits(cards.notice(feed_cards.format_subscriptions([subscription] * number)))


@settings(max_examples=40)
@given(shown=papers)
async def test_the_form_fits_any_paper(shown: Paper) -> None:
    async def on_submit(*_: object) -> None:
        pass

    form = PaperForm(
        f"Edit #{shown.id}",
        to_form(as_draft(shown)),
        on_submit,
        kind="edit",
        numbers=(shown.id,),
        base=as_draft(shown),
    ).to_dict()
    assert len(form["title"]) <= 45
    assert len(form["components"]) <= 5
    for label in form["components"]:
        field = label["component"]
        assert len(label["label"]) <= 45
        assert len(label.get("description") or "") <= 100
        assert len(field.get("value") or "") <= field["max_length"] <= 4000
        assert len(field.get("placeholder") or "") <= 100


@pytest.fixture(scope="module")
def message_schema(openapi: Path) -> dict[str, Any]:
    """Discord's schema of a message that is sent, with ids as numbers allowed too."""
    described = json.loads(openapi.read_text(encoding="utf-8"))
    described["components"]["schemas"]["SnowflakeType"] = {"type": ["string", "integer"]}
    described["$ref"] = "#/components/schemas/MessageCreateRequest"
    return described


async def test_an_announcement_conforms_to_discords_schema(
    message_schema: dict[str, Any],
) -> None:
    shown = Paper(
        id=1,
        title="A title",
        authors=("A", "B"),
        authors_complete=False,
        abstract="An abstract.",
        venue="ICML",
        date=PartialDate(2023),
        identifiers=("arxiv:2302.12433", "doi:10.1/x"),
        links=(Link(LinkKind.CODE, "https://example.org/code"),),
        note="Oral",
        tags=("tag",),
        posted_by="C",
        provenance=Provenance(Origin.FEED, AT, MODERATOR),
    )
    body = {"components": announcement_cards.announcement(shown).to_components(), "flags": 1 << 15}
    jsonschema.Draft202012Validator(message_schema).validate(body)


@pytest.mark.parametrize("is_drawn", [True, False])
def test_statistics_conform_to_discords_schema_and_limits(
    message_schema: dict[str, Any], *, is_drawn: bool
) -> None:
    labels = tuple((f"*{number}* {'x' * 300}", HUGE) for number in range(10))
    counted = PaperStatistics(HUGE, ((1000, 1), (9999, HUGE)), labels, HUGE, HUGE, labels)
    unwritable = tuple("計" * 60 for _ in range(10))
    picture = Picture(b"PNG", unwritable) if is_drawn else None
    text = statistics_cards.papers_text(counted, cards.escape("y" * 500, 250))
    chart = paper_chart(counted, statistics_cards.BARS)
    layout, files = statistics_cards.statistics_card(text, chart, picture)
    assert_fits(layout)
    assert len(files) == is_drawn
    body = {"components": layout.to_components(), "flags": 1 << 15}
    jsonschema.Draft202012Validator(message_schema).validate(body)
