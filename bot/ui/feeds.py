"""Watched feeds and announcement channels as lines of text, fit for Discord; pure."""

from __future__ import annotations

import calendar
from collections.abc import Sequence

from bot.markdown import clip, count, escape, link, moment
from storage.announcements.digest_schedule import Frequency
from storage.announcements.models import Subscription, SubscriptionOptions
from storage.feeds.models import Feed, IngestResult


def feeds(feeds: Sequence[Feed], limit: int = 3600) -> str:
    """The watched feeds, one paragraph each, as many as fit."""
    return _paragraphs([_feed(feed) for feed in feeds], limit, "feed")


def feed_in_full(feed: Feed) -> str:
    """Everything that is known of a watched feed."""
    lines = [f"### {link(feed.title or feed.url, feed.url, 300)}", escape(feed.url, 500)]
    lines.append(
        f"Feed number {feed.id} · added by {escape(feed.added_by.name or 'somebody', 80)} "
        f"{moment(feed.added_at)}"
    )
    lines.append(f"**Venue** {escape(feed.venue, 100) if feed.venue else 'as the feed gives it'}")
    lines.append(
        "**New entries** wait for a moderator"
        if feed.is_reviewed
        else "**New entries** are announced at once"
    )
    brought = f"**Papers** {count(feed.papers, 'paper')}"
    if feed.last_new_entry_at:
        brought += f", the last news {moment(feed.last_new_entry_at)}"
    lines.append(brought)
    read = f"read with success {moment(feed.last_success_at)}" if feed.last_success_at else "never"
    lines.append(f"**Last** {read}")
    if feed.paused_because:
        lines.append(f"**Next** ⏸️ never, while paused: {escape(feed.paused_because, 300)}")
    else:
        lines.append(f"**Next** {moment(feed.next_poll_at)}")
    if feed.failures:
        since = f" since {moment(feed.failing_since)}" if feed.failing_since else ""
        lines.append(
            f"⚠️ Failing{since}, {count(feed.failures, 'time')} in a row: "
            f"{escape(feed.last_error, 500)}"
        )
    waiting = [
        count(number, noun)
        for number, noun in ((feed.reviews, "entry"), (feed.duplicates, "possible duplicate"))
        if number
    ]
    if waiting:
        lines.append(f"🔎 Waiting for a decision by `/feed check`: {', '.join(waiting)}")
    return "\n".join(lines)


def began(feed: Feed, announced: int) -> str:
    """What is said of a feed that is watched since just now."""
    text = (
        f"📡 I watch **{escape(feed.title or feed.url, 200)}** from now on. "
        f"{count(feed.papers, 'paper')} of today {'is' if feed.papers == 1 else 'are'} in the "
        "list, "
    )
    if announced:
        text += f"of which I announce the {'newest' if announced == 1 else f'{announced} newest'}; "
    else:
        text += "unannounced; "
    text += "what comes next " + ("waits for a moderator." if feed.is_reviewed else "is announced.")
    text += f" The next look is {moment(feed.next_poll_at)}."
    if feed.duplicates:
        text += (
            f"\n⚖️ {count(feed.duplicates, 'entry')} may be papers that the list has already; "
            "`/feed check` lets you decide."
        )
    return text


def poll(feed: Feed, intake: IngestResult | None, problems: Sequence[str], error: str) -> str:
    """What came of reading a feed."""
    title = escape(feed.title or feed.url, 150)
    if error:
        return f"⚠️ **{title}**: {escape(error, 300)}"
    if intake is None:
        return f"✅ **{title}**: nothing new since the last look."
    problems = "".join(f"\n-# ⚠️ {escape(problem, 200)}" for problem in problems[:3])
    return f"✅ **{title}**: {brought(intake)}.{problems}"


def brought(intake: IngestResult) -> str:
    """What a poll brought, counted; in plain words, for the shell too."""
    parts = [count(len(intake.added), "new paper")]
    if intake.completed:
        parts.append(f"{len(intake.completed):,} completed")
    if intake.duplicates:
        parts.append(count(len(intake.duplicates), "possible duplicate"))
    if intake.reviews:
        parts.append(f"{count(intake.reviews, 'entry')} to review")
    if intake.removed:
        parts.append(f"{intake.removed:,} left out, since they were removed from the list")
    return ", ".join(parts)


def in_messages(lines: Sequence[str], most: int = 5, room: int = 3600) -> list[str]:
    """Lines as the texts of at most so many messages; where they don't fit, it says how many."""
    texts = [""]
    for number, line in enumerate(lines):
        if len(texts[-1]) + len(line) + 1 > room:
            if len(texts) == most:
                texts[-1] += f"\n-# and {count(len(lines) - number, 'more line')}"
                break
            texts.append("")
        texts[-1] += f"\n{line}" if texts[-1] else line
    return texts


def subscriptions(subscriptions: Sequence[Subscription], limit: int = 3600) -> str:
    """The announcement channels of a server, one line each, as many as fit."""
    return _paragraphs(
        [_subscription(subscription) for subscription in subscriptions], limit, "channel"
    )


def how(options: SubscriptionOptions) -> str:
    """What a channel hears and how, in words fit for Discord; empty where it hears everything."""
    parts = []
    if options.filters.conditions:
        conditions = clip(str(options.filters), 300).replace("`", "'")
        parts.append(f"what meets `{conditions}`")
    digest = options.digest
    if digest.frequency is not Frequency.OFF:
        day = (
            f" on {calendar.day_name[digest.weekday]}"
            if digest.frequency is Frequency.WEEKLY
            else ""
        )
        at = f"{digest.minute // 60}:{digest.minute % 60:02}"
        parts.append(f"a {digest.frequency} digest{day} at {at} ({escape(digest.time_zone, 60)})")
    if options.role_id:
        parts.append(f"calling <@&{options.role_id}>")
    if options.has_thread:
        parts.append("each with a thread")
    if options.publishes:
        parts.append("published to followers")
    return ", ".join(parts)


def _feed(feed: Feed) -> str:
    title = link(feed.title or feed.url, feed.url, 300)
    lines = [f"`{feed.id}` **{title}**" + (f" → {escape(feed.venue, 60)}" if feed.venue else "")]
    facts = [count(feed.papers, "paper")]
    if feed.last_success_at:
        facts.append(f"last read {moment(feed.last_success_at)}")
    if feed.paused_because:
        facts.append(f"⏸️ paused: {escape(feed.paused_because, 100)}")
    else:
        facts.append(f"next {moment(feed.next_poll_at)}")
    if feed.is_reviewed:
        facts.append("reviewed")
    if feed.reviews:
        facts.append(f"🔎 {count(feed.reviews, 'entry')} to review, see `/feed check`")
    if feed.duplicates:
        facts.append(f"⚖️ {count(feed.duplicates, 'possible duplicate')}, see `/feed check`")
    lines.append(f"-# {' · '.join(facts)}")
    if feed.failures:
        lines.append(
            f"-# ⚠️ failed {count(feed.failures, 'time')} in a row: {escape(feed.last_error, 200)}"
        )
    return "\n".join(lines)


def _subscription(subscription: Subscription) -> str:
    facts = [f"{count(subscription.sent, 'paper')} announced"]
    if subscription.waiting:
        facts.append(f"{subscription.waiting:,} waiting")
    if subscription.stopped_because:
        facts.append(f"⚠️ stopped: {escape(subscription.stopped_because, 200)}")
    if subscription.is_paused:
        facts.append("⏸️ paused")
    if subscription.next_digest_at:
        facts.append(f"next digest {moment(subscription.next_digest_at)}")
    said = how(subscription.options)
    return f"<#{subscription.channel_id}> · {' · '.join(facts)}" + (f"\n-# {said}" if said else "")


def _paragraphs(paragraphs: Sequence[str], limit: int, noun: str) -> str:
    shown: list[str] = []
    room = limit
    for paragraph in paragraphs:
        if len(paragraph) + 1 > room:
            shown.append(f"and {count(len(paragraphs) - len(shown), f'more {noun}')}")
            break
        shown.append(paragraph)
        room -= len(paragraph) + 1
    return "\n".join(shown)
