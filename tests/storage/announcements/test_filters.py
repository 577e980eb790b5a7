from __future__ import annotations

import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from storage.announcements.digest_schedule import DigestSchedule, Frequency
from storage.announcements.filters import parse_filter
from storage.errors import InvalidInput
from storage.models import PaperDetails

AT = datetime(2026, 11, 23, tzinfo=UTC)


def paper() -> PaperDetails:
    return PaperDetails(
        title="Pythia: analysing large language models",
        authors=("Stella Biderman", "Édouard Grave"),
        venue="ICML Workshop",
        tags=("open data",),
        abstract="We train fine-tuned models.",
    )


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", True),
        ("author:biderman", True),
        ('author:"S. Biderman"', True),
        ("author:grave", True),
        ("author:nobody", False),
        ("author:nobody author:grave", True),  # of one field, any will do
        ("~analyze", True),
        ("~models ~training", True),
        ('~"tuned finely"', False),
        ('~"fine tune model"', True),
        ("-~trains", False),
        ("~unrelated", False),
        ("author:biderman venue:icml", True),
        ("author:biderman venue:acl", False),
        ("-venue:arxiv", True),
        ("-venue:icml", False),
        ('tag:"open data"', True),
        ("tag:open", False),
        ("feed:3", True),
        ("feed:#3 feed:4", True),
        ("-feed:3", False),
        ("feed:4", False),
        ("pythia finetuned", True),
        ("“language models” -video", True),
        ("pythia video", False),
        ("-models", False),
    ],
)
def test_a_paper_passes_or_fails_the_filters(text: str, *, wanted: bool) -> None:
    asked = parse_filter(text)
    assert asked.matches(paper(), feed_id=3) is wanted
    assert (asked.rejection_reason(paper(), 3) is None) is wanted
    assert parse_filter(str(asked)) == asked


def test_a_rejection_names_the_conditions_that_fail() -> None:
    asked = parse_filter('author:nobody author:"no one" pythia')
    assert asked.rejection_reason(paper(), None) == 'author:nobody author:"no one"'
    assert parse_filter("pythia -tag:x -models").rejection_reason(paper(), None) == "-models"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("year:2023", "“year:” isn.t a filter"),
        ("feed:arxiv", "the feed's number"),
        ("author:!!!", "no letters or digits"),
        ("venue: icml", "“venue:” has no value. Write it right after the colon"),
        ("-Feed:", "“-Feed:” has no value"),
        ("?", "no letters or digits"),
        (" ".join(f"w{n}" for n in range(31)), "at most 30"),
    ],
)
def test_an_invalid_filter_is_rejected_with_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        parse_filter(text)


@pytest.mark.slow
@example(text='"tag:x" "-y" "a b" tag:"c:d"')
@given(st.text(max_size=80))
def test_any_text_parses_or_is_rejected_with_a_sentence(text: str) -> None:
    with contextlib.suppress(InvalidInput):
        asked = parse_filter(text)
        assert parse_filter(str(asked)) == asked


@pytest.mark.parametrize(
    ("schedule", "after", "due"),
    [
        (DigestSchedule(), datetime(2026, 1, 1, tzinfo=UTC), None),
        (
            DigestSchedule(Frequency.DAILY, 9 * 60, time_zone="Europe/Berlin"),
            datetime(2026, 6, 1, 7, tzinfo=UTC),  # nine o'clock sharp: the next one
            datetime(2026, 6, 2, 7, tzinfo=UTC),
        ),
        (
            DigestSchedule(Frequency.DAILY, 9 * 60, time_zone="Europe/Berlin"),
            datetime(2026, 3, 28, 12, tzinfo=UTC),  # the clocks go forward that night
            datetime(2026, 3, 29, 7, tzinfo=UTC),
        ),
        (
            DigestSchedule(
                Frequency.DAILY, 2 * 60 + 30, time_zone="Europe/Berlin"
            ),  # left out on that day
            datetime(2026, 3, 29, 0, tzinfo=UTC),
            datetime(2026, 3, 29, 1, 30, tzinfo=UTC),
        ),
        (
            DigestSchedule(Frequency.WEEKLY, 0, weekday=6, time_zone="Asia/Tokyo"),
            datetime(2026, 11, 25, tzinfo=UTC),
            datetime(2026, 11, 28, 15, tzinfo=UTC),
        ),
    ],
)
def test_the_next_digest_is_due_in_its_time_zone(
    schedule: DigestSchedule, after: datetime, due: datetime | None
) -> None:
    assert schedule.next_digest(after) == due


def test_a_tilde_is_kept_and_belongs_to_words_only() -> None:
    text = '~memorize -~"language model" plain'
    assert str(parse_filter(text)) == text
    with pytest.raises(InvalidInput, match="in front of a word"):
        parse_filter("venue:~icml")
