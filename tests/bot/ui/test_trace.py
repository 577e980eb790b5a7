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
from storage.models import Origin, Outcome, PaperDraft
from storage.review.found_papers import RADAR
from tests.support.library import MODERATOR
from tests.support.papers import make_paper

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
PAPER = make_paper(PaperDraft(title="A Paper"), 7)
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
    """Returns the sentence about the paper in a channel."""
    announcement = Announcement(1, 7, 11, status, AT) if status else None
    channel = replace(ChannelTrace(11, SUBSCRIPTION, announcement), **changes)
    trace = Trace("x", PAPER, (SEEN,), (channel,))
    return trace_card.channel_sentence(channel, trace, trace_card.PLAIN)


@pytest.mark.parametrize(
    ("outcome", "result"),
    [
        (Outcome.ADDED, "added as a new paper."),
        (Outcome.UPDATED, "already in the list as #7; missing details were filled in."),
        (Outcome.UNCHANGED, "already in the list as #7."),
        (Outcome.DUPLICATE, "possible duplicate of #7. Run /feed check in Discord to review it."),
        (
            Outcome.REVIEW,
            "waiting for a moderator's review. Run /feed check in Discord to review it.",
        ),
        (Outcome.DECLINED, "declined as not one of ours."),
        (Outcome.REMOVED, "skipped, because this paper had been removed from the list."),
    ],
)
def test_every_outcome_of_an_entry_has_its_sentence(outcome: Outcome, result: str) -> None:
    shown = trace_card.entry_sentence(replace(SEEN, outcome=outcome), trace_card.PLAIN)
    assert shown == f"“News” listed it on 2026-11-23 at 12:00 UTC: {result}"


def test_an_entry_whose_earlier_version_waits_for_review_says_so() -> None:
    shown = trace_card.entry_sentence(
        replace(SEEN, outcome=Outcome.UNCHANGED, paper_id=None), trace_card.PLAIN
    )
    assert "an earlier entry with this title is waiting for review" in shown


def test_an_entry_that_waited_when_its_feed_was_unfollowed_says_so() -> None:
    for outcome in (Outcome.DUPLICATE, Outcome.REVIEW):
        shown = trace_card.entry_sentence(
            replace(SEEN, outcome=outcome, is_removed=True), trace_card.PLAIN
        )
        assert shown.startswith("“News” (no longer followed) listed it")
        assert shown.endswith("it was waiting for review when the feed was unfollowed.")


def test_every_status_in_a_channel_has_its_sentence() -> None:
    assert sentence(DeliveryStatus.SENDING) == "Channel 11: being sent."
    assert sentence(DeliveryStatus.WAITING).startswith("Channel 11: queued. It'll be sent within a")
    off = sentence(DeliveryStatus.WAITING, subscription=None)
    assert off == "Channel 11: queued. Announcements there have been turned off."
    sent = Announcement(1, 7, 11, DeliveryStatus.SENT, AT, message_id=77, sent_at=AT)
    assert sentence(None, announcement=sent).endswith("https://discord.com/channels/100/11/77")
    assert "channels" not in sentence(None, announcement=sent, subscription=None)
    assert sentence(None) == "Channel 11: not announced."


def test_discord_links_to_the_message_instead_of_showing_its_url() -> None:
    sent = Announcement(1, 7, 11, DeliveryStatus.SENT, AT, message_id=77, sent_at=AT)
    channel = ChannelTrace(11, SUBSCRIPTION, sent)
    shown = trace_card.channel_sentence(
        channel, Trace("x", PAPER, (SEEN,), (channel,)), trace_card.DISCORD
    )
    assert shown.endswith(" [Open the message](https://discord.com/channels/100/11/77)")


def test_the_json_has_the_same_facts() -> None:
    sent = Announcement(1, 7, 11, DeliveryStatus.SENT, AT, message_id=77, sent_at=AT)
    channels = (ChannelTrace(11, SUBSCRIPTION, sent), ChannelTrace(12, None, None))
    trace = Trace("#7", PAPER, (SEEN,), channels)
    data = trace_card.as_json(trace)
    assert data["paper"] == 7
    assert data["sentences"] == trace_card.sentences(trace, trace_card.PLAIN)
    first, second = data["channels"]  # type: ignore[misc]
    assert (first["fate"], first["message"], first["server"]) == ("sent", 77, 100)
    assert (second["fate"], second["server"]) == ("not announced", None)


def test_a_card_keeps_within_discords_limits_whatever_feeds_and_channels_there_are() -> None:
    entries = tuple(replace(SEEN, id=n, feed_title="*[x](y)" * 90) for n in range(40))
    stopped = replace(SUBSCRIPTION, stopped_because="_no_ " * 400)
    queued = Announcement(1, 7, 11, DeliveryStatus.WAITING, AT)
    channels = tuple(ChannelTrace(n, stopped, queued) for n in range(200))
    shown = trace_card.card(Trace("x", replace(PAPER, title="*" * 900), entries, channels), 100)
    assert len(shown) <= 3900
    assert "32 more entries" in shown
    assert shown.endswith("more lines")
    assert "In other servers: announced in 0 of 200 channels" in trace_card.card(
        Trace("x", PAPER, entries, channels), 5
    )


def test_a_paper_that_was_added_without_a_review_says_so() -> None:
    added = replace(PAPER.provenance, origin=Origin.FEED, created_by=RADAR)
    shown = trace_card.card(Trace("#7", replace(PAPER, provenance=added)), None)
    assert "It was added without a review <t:" in shown
