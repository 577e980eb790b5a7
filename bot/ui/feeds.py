"""Followed feeds and announcement channels as text for Discord; pure functions."""

from __future__ import annotations

import calendar
from collections.abc import Sequence

from bot.markdown import clip, count, escape, link, split_messages, time_ahead, timestamp
from storage.announcements.digest_schedule import DigestSchedule, Frequency
from storage.announcements.models import CountedSubscription, SubscriptionOptions
from storage.feeds.models import CountedFeed, Feed, IngestResult
from storage.redaction import redact_url

_MAX_PROBLEMS = 3  # of one check


def format_feed_list(feeds: Sequence[CountedFeed]) -> str:
    """Returns the followed feeds, a paragraph each, as many as fit in a message."""
    return split_messages([_list_item(feed) for feed in feeds], max_messages=1, noun="feed")[0]


def format_feed(feed: CountedFeed) -> str:
    """Returns all details of a followed feed."""
    added_by = escape(feed.added_by.name or "an unknown user", 80)
    venue = escape(feed.venue, 100) if feed.venue else "as the feed says"
    review = "need a moderator's review" if feed.is_reviewed else "are announced right away"
    papers = f"{feed.papers:,}"
    if feed.last_new_entry_at:
        papers += f" · latest entry {timestamp(feed.last_new_entry_at)}"
    checked = timestamp(feed.last_success_at) if feed.last_success_at else "none yet"
    lines = [
        f"### {feed_link(feed.title, feed.url, 300)}",
        escape(redact_url(feed.url), 500),
        f"Feed {feed.id} · added by {added_by} {timestamp(feed.added_at)}",
        f"**Venue** {venue}",
        f"**New entries** {review}",
        f"**Papers** {papers}",
        f"**Last successful check** {checked}",
    ]
    if feed.paused_because:
        lines.append(f"**Next check** ⏸️ none while paused ({escape(feed.paused_because, 300)})")
    else:
        lines.append(f"**Next check** {time_ahead(feed.next_poll_at)}")
    if feed.failures:
        since = f" since {timestamp(feed.failing_since)}" if feed.failing_since else ""
        lines.append(
            f"⚠️ Failing{since} ({count(feed.failures, 'failed check')}): "
            f"{escape(feed.last_error, 500)}"
        )
    if feed.held:
        lines.append(
            f"🌊 {count(feed.held, 'new entry')} held, because the feed had far more than "
            "usual at once. Nothing is added or announced until you decide."
        )
    if pending := _pending(feed):
        lines.append(f"🔎 Waiting for review: {', '.join(pending)}. Run `/feed check` to review.")
    return "\n".join(lines)


def feed_link(title: str, url: str, limit: int) -> str:
    """Returns a feed's title as a link, or alone if the URL has secrets."""
    shown = redact_url(url)
    return link(title or shown, url if url == shown else None, limit)


def describe_followed(feed: CountedFeed, announced: int) -> str:
    """Returns the reply to following a feed; ``announced`` is how many papers are announced."""
    text = f"📡 Now following **{escape(feed.title, 200)}**. "
    if not feed.papers:
        text += "It has no papers yet."
    elif not announced:
        added = count(feed.papers, "existing paper")
        text += f"Added its {added} without announcing {'it' if feed.papers == 1 else 'them'}."
    elif announced >= feed.papers:
        text += f"Added and announced its {count(feed.papers, 'existing paper')}."
    else:
        text += f"Added its {count(feed.papers, 'existing paper')} and announced the newest"
        text += f" {announced:,}." if announced > 1 else " one."
    if feed.is_reviewed:
        text += " New entries will need a moderator's review."
    text += f" Next check {time_ahead(feed.next_poll_at)}."
    if feed.duplicates:
        text += (
            f"\n⚖️ {count(feed.duplicates, 'entry')} may already be in the list. "
            "Run `/feed check` to review."
        )
    return text


def describe_poll(
    feed: Feed, result: IngestResult | None, problems: Sequence[str], error: str
) -> str:
    """Returns the result of checking a feed; ``result`` is None if the feed hasn't changed."""
    title = escape(feed.title, 150)
    if error:
        return f"⚠️ **{title}**: {escape(error, 300)}"
    if result is None:
        return f"✅ **{title}**: nothing new since the last check."
    warnings = [f"\n-# ⚠️ {escape(problem, 200)}" for problem in problems[:_MAX_PROBLEMS]]
    return f"✅ **{title}**: {summarize_ingest(result)}.{''.join(warnings)}"


def summarize_ingest(result: IngestResult) -> str:
    """Returns what a check found, counted by outcome; also for the shell."""
    parts = [count(len(result.added), "new paper") if result.added else "no new papers"]
    if result.updated:
        parts.append(f"{len(result.updated):,} updated")
    if result.duplicates:
        parts.append(count(len(result.duplicates), "possible duplicate"))
    if result.held:
        parts.append(f"{count(result.held, 'entry')} held (far more than usual)")
    if result.reviews > result.held:
        parts.append(f"{count(result.reviews - result.held, 'entry')} to review")
    if result.removed:
        parts.append(f"{result.removed:,} skipped (removed from the list)")
    if result.left_out:
        parts.append(f"{result.left_out:,} left out (not papers)")
    return ", ".join(parts)


def format_subscriptions(subscriptions: Sequence[CountedSubscription]) -> str:
    """Returns the channels of a server that get new papers, one paragraph each, as many as fit."""
    lines = [_subscription(subscription) for subscription in subscriptions]
    return split_messages(lines, max_messages=1, noun="channel")[0]


def describe_options(options: SubscriptionOptions) -> str:
    """Returns which papers a channel gets and how, or "" if each paper as soon as possible."""
    parts = []
    if options.filters.conditions:
        conditions = clip(str(options.filters), 300).replace("`", "'")
        parts.append(f"papers matching `{conditions}`")
    if options.digest.frequency is not Frequency.OFF:
        parts.append(describe_digest(options.digest))
    if options.role_id:
        parts.append(f"mentioning <@&{options.role_id}>")
    if options.has_thread:
        parts.append("with discussion threads")
    if options.tag_id:
        parts.append("tagged")
    if options.publishes:
        parts.append("published to following servers")
    return ", ".join(parts)


def describe_digest(digest: DigestSchedule) -> str:
    """Returns, for example, “weekly digest on Mondays at 9:00 (Europe/Berlin)”."""
    weekday = calendar.day_name[digest.weekday]
    day = f" on {weekday}s" if digest.frequency is Frequency.WEEKLY else ""
    time = f"{digest.minute // 60}:{digest.minute % 60:02}"
    return f"{digest.frequency} digest{day} at {time} ({escape(digest.time_zone, 60)})"


def _list_item(feed: CountedFeed) -> str:
    title = feed_link(feed.title, feed.url, 300)
    venue = f" → {escape(feed.venue, 60)}" if feed.venue else ""
    facts = [count(feed.papers, "paper")]
    if feed.last_success_at:
        facts.append(f"checked {timestamp(feed.last_success_at)}")
    if feed.paused_because:
        facts.append(f"⏸️ paused ({escape(feed.paused_because, 100)})")
    else:
        facts.append(f"next check {time_ahead(feed.next_poll_at)}")
    if feed.is_reviewed:
        facts.append("reviewed")
    if feed.held:
        facts.append(f"🌊 {feed.held:,} held: far more than usual; decide with `/feed show`")
    if pending := _pending(feed):
        facts.append(f"🔎 {', '.join(pending)} to review with `/feed check`")
    lines = [f"`{feed.id}` **{title}**{venue}", f"-# {' · '.join(facts)}"]
    if feed.failures:
        failed = count(feed.failures, "failed check")
        lines.append(f"-# ⚠️ {failed}: {escape(feed.last_error, 200)}")
    return "\n".join(lines)


def _pending(feed: CountedFeed) -> list[str]:
    """Returns how many entries of a feed are waiting for a moderator, by kind."""
    kinds = ((feed.reviews - feed.held, "entry"), (feed.duplicates, "possible duplicate"))
    return [count(number, noun) for number, noun in kinds if number]


def _subscription(subscription: CountedSubscription) -> str:
    facts = [f"{count(subscription.sent, 'paper')} announced"]
    if subscription.waiting:
        facts.append(f"{subscription.waiting:,} queued")
    if subscription.refused:
        refused = count(subscription.refused, "paper")
        facts.append(f"⚠️ {refused} refused by Discord: {escape(subscription.refusal, 200)}")
    if subscription.stopped_because:
        facts.append(f"⚠️ stopped: {escape(subscription.stopped_because, 200)}")
    if subscription.is_paused:
        facts.append("⏸️ paused")
    if subscription.next_digest_at:
        facts.append(f"next digest {time_ahead(subscription.next_digest_at)}")
    line = f"<#{subscription.channel_id}> · {' · '.join(facts)}"
    options = describe_options(subscription.options)
    return f"{line}\n-# {options}" if options else line
