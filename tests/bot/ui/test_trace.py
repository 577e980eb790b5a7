from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.ui import trace as trace_card
from storage.announcements.models import (
    Announcement,
    DeliveryStatus,
    Subscription,
    SubscriptionOptions,
)
from storage.feeds.models import EntryRecord
from storage.feeds.trace import ChannelTrace, Trace
from storage.models import Outcome, PaperDraft
from tests.support.library import MODERATOR
from tests.support.papers import paper_of

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
PAPER = paper_of(PaperDraft(title="A Paper"), 7)
SEEN = EntryRecord(1, 3, "News", Outcome.ADDED, 7, AT, was_first_poll=False)
SUBSCRIPTION = Subscription(
    id=1,
    guild_id=100,
    channel_id=11,
    options=SubscriptionOptions(),
    created_by=MODERATOR,
    created_at=AT - timedelta(days=1),
    is_paused=False,
    next_digest_at=None,
    stopped_because="",
    waiting=0,
)


def sentence(status: DeliveryStatus | None, **changes: object) -> str:
    """What is said of the paper in a channel."""
    told = Announcement(1, 7, 11, status, AT) if status else None
    one = replace(ChannelTrace(11, SUBSCRIPTION, told), **changes)
    return trace_card.channel(one, Trace("x", PAPER, (SEEN,), (one,)), trace_card.PLAIN)


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (Outcome.ADDED, ": a new paper."),
        (Outcome.UPDATED, "the list had that paper, #7, which it completed"),
        (Outcome.UNCHANGED, "the list had that paper already, #7"),
        (Outcome.DUPLICATE, "may be the same paper as #7"),
        (Outcome.REVIEW, "a moderator is to decide by /feed check"),
        (Outcome.DECLINED, "it is not ours"),
        (Outcome.REMOVED, "removed from the list on purpose"),
    ],
)
def test_every_outcome_of_an_entry_has_its_sentence(outcome: Outcome, said: str) -> None:
    told = trace_card.entry(replace(SEEN, outcome=outcome), trace_card.PLAIN)
    assert told.startswith("“News” brought it on 2026-11-23 at 12:00 UTC")
    assert said in told


def test_an_entry_whose_former_self_waits_says_so() -> None:
    told = trace_card.entry(
        replace(SEEN, outcome=Outcome.UNCHANGED, paper_id=None), trace_card.PLAIN
    )
    assert "an earlier entry of that title waits for a moderator" in told


def test_every_fate_in_a_channel_has_its_sentence() -> None:
    assert sentence(DeliveryStatus.SENDING).startswith(
        "Channel 11: being sent. It is sent within a minute"
    )
    gone = sentence(DeliveryStatus.WAITING, subscription=None)
    assert gone == "Channel 11: waiting. Nothing is announced there any longer."
    sent = Announcement(1, 7, 11, DeliveryStatus.SENT, AT, message_id=77, sent_at=AT)
    assert sentence(None, announcement=sent).endswith("https://discord.com/channels/100/11/77")
    assert "channels" not in sentence(None, announcement=sent, subscription=None)
    assert sentence(None) == "Channel 11: not announced."


def test_the_same_facts_are_there_for_programs() -> None:
    sent = Announcement(1, 7, 11, DeliveryStatus.SENT, AT, message_id=77, sent_at=AT)
    trace = Trace(
        "#7", PAPER, (SEEN,), (ChannelTrace(11, SUBSCRIPTION, sent), ChannelTrace(12, None, None))
    )
    told = trace_card.as_json(trace)
    assert told["paper"] == 7
    assert told["sentences"] == trace_card.lines(trace, trace_card.PLAIN)
    first, second = told["channels"]  # type: ignore[misc]
    assert (first["fate"], first["message"], first["server"]) == ("sent", 77, 100)
    assert (second["fate"], second["server"]) == ("not announced", None)


def test_an_answer_keeps_within_discords_limits_whatever_feeds_and_channels_there_are() -> None:
    entries = tuple(replace(SEEN, id=n, feed_title="*[x](y)" * 90) for n in range(40))
    trouble = replace(SUBSCRIPTION, stopped_because="_no_ " * 400)
    waiting = Announcement(1, 7, 11, DeliveryStatus.WAITING, AT)
    channels = tuple(ChannelTrace(n, trouble, waiting) for n in range(200))
    shown = trace_card.card(Trace("x", replace(PAPER, title="*" * 900), entries, channels), 100)
    assert len(shown) <= 3900
    assert "32 more entries" in shown
    assert shown.endswith("more lines")
    assert "In other servers: sent to 0 of 200 channels" in trace_card.card(
        Trace("x", PAPER, entries, channels), 5
    )
