"""What happened to a link, in sentences for Discord and the shell; pure functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.markdown import clip, count, escape, link, split_messages, time_ahead, timestamp
from storage import timestamps
from storage.announcements.models import Announcement, DeliveryStatus, Subscription
from storage.feeds.models import EntryRecord, NoticeKind
from storage.feeds.trace import ChannelTrace, Trace
from storage.models import Origin, Outcome, Paper
from storage.redaction import redact_text
from storage.review.found_papers import RADAR

_MAX_ENTRIES = 8  # of one card
_ORIGINS = {
    Origin.MODERATOR: "A moderator added it",
    Origin.IMPORT: "It was imported",
    Origin.STARTER: "It came with the starter list",
    Origin.FEED: "A feed that's no longer followed added it",
}


_NOTICES = {
    NoticeKind.CORRECTION: "a correction",
    NoticeKind.RETRACTION: "a retraction",
    NoticeKind.CONCERN: "an expression of concern",
}


@dataclass(frozen=True, slots=True)
class TextStyle:
    """How a surface writes text from elsewhere, times, channels, commands and message links."""

    text: Callable[[str, int], str]
    time: Callable[[datetime], str]
    time_ahead: Callable[[datetime], str]
    channel: Callable[[int], str]
    command: Callable[[str], str]
    message: Callable[[str], str]


def _utc_time(at: datetime) -> str:
    return f"on {at:%Y-%m-%d at %H:%M} UTC"


DISCORD = TextStyle(
    text=escape,
    time=timestamp,
    time_ahead=time_ahead,
    channel=lambda channel_id: f"<#{channel_id}>",
    command=lambda name: f"`{name}`",
    message=lambda url: f" [Open the message]({url})" if url else "",
)
PLAIN = TextStyle(
    text=clip,
    time=_utc_time,
    time_ahead=_utc_time,
    channel=lambda channel_id: f"Channel {channel_id}",
    command=lambda name: f"{name} in Discord",
    message=lambda url: f" {url}" if url else "",
)


def sentences(trace: Trace, style: TextStyle) -> list[str]:
    """Returns a sentence each for the paper, its origin, its feed entries and its channels."""
    found = []
    if trace.paper is not None:
        found.append(_paper_sentence(f"“{style.text(trace.paper.title, 300)}”", trace.paper, style))
        if not trace.entries:
            found.append(_origin_sentence(trace.paper, style))
    found += [entry_sentence(entry, style) for entry in trace.entries]
    found += [style.text(one, 400) for one in trace.evidence]
    found += [channel_sentence(channel, trace, style) for channel in trace.channels]
    if trace.paper is not None and not trace.channels:
        found.append("It hasn't been announced in any channel.")
    return found


def card(trace: Trace, guild_id: int | None) -> str:
    """Returns the sentences for Discord; channels of other servers are only counted."""
    lines = []
    if trace.paper is not None:
        lines.append(f"### {link(trace.paper.title, trace.paper.url, 300)}")
        lines.append(_paper_sentence("It", trace.paper, DISCORD))
        if not trace.entries:
            lines.append(f"📥 {_origin_sentence(trace.paper, DISCORD)}")
    lines += [f"📥 {entry_sentence(entry, DISCORD)}" for entry in trace.entries[:_MAX_ENTRIES]]
    if len(trace.entries) > _MAX_ENTRIES:
        lines.append(f"-# and {count(len(trace.entries) - _MAX_ENTRIES, 'more entry')}")
    lines += [f"📡 {escape(one, 400)}" for one in trace.evidence]
    lines += _channel_lines(trace, guild_id)
    return split_messages(lines, max_messages=1)[0]


def as_json(trace: Trace) -> dict[str, object]:
    """Returns a trace as an object for other programs, with the sentences for people."""
    paper = trace.paper
    return {
        "asked": redact_text(trace.query),
        "paper": paper.id if paper else None,
        "title": paper.title if paper else None,
        "removed_at": timestamps.to_iso(paper.removed_at) if paper else None,
        "entries": [_entry_json(entry) for entry in trace.entries],
        "channels": [_channel_json(channel, trace) for channel in trace.channels],
        "sentences": sentences(trace, PLAIN),
    }


def entry_sentence(entry: EntryRecord, style: TextStyle) -> str:
    """Returns when a feed listed the paper, what came of it, and who decided that."""
    feed = f"“{style.text(entry.feed_title, 100)}”"
    if entry.is_removed:
        feed += " (no longer followed)"
    first = ", on its first check" if entry.was_first_poll else ""
    subject = _NOTICES.get(entry.notice, "it") if entry.notice else "it"
    result = _entry_result(entry, style)
    text = f"{feed} listed {subject} {style.time(entry.seen_at)}{first}: {result}"
    if entry.decided_by is not None and entry.decided_at is not None:
        name = style.text(entry.decided_by.name, 80)
        text += f" Reviewed by {name} {style.time(entry.decided_at)}."
    return text


def channel_sentence(channel: ChannelTrace, trace: Trace, style: TextStyle) -> str:
    """Returns whether and when the paper was announced in a channel, and if not, why."""
    if channel.announcement is not None:
        text = _delivery(channel, channel.announcement, style)
    else:
        text = f"not announced{_why_not(channel.subscription, trace, style)}."
    if channel.subscription is None:
        text += " Announcements there have been turned off."
    return f"{style.channel(channel.channel_id)}: {text}"


def status_label(channel: ChannelTrace) -> str:
    """Returns the delivery status of the paper in a channel, for programs."""
    return channel.announcement.status.value if channel.announcement else "not announced"


def _paper_sentence(subject: str, paper: Paper, style: TextStyle) -> str:
    if paper.removed_at is None:
        return f"{subject} is #{paper.id} in the list."
    removed = style.time(paper.removed_at)
    return f"{subject} (#{paper.id}) was removed from the list {removed}. Feeds won't add it again."


def _origin_sentence(paper: Paper, style: TextStyle) -> str:
    added = paper.provenance
    when = style.time(added.created_at)
    if added.created_by == RADAR:
        return (
            f"It was added without a review {when}, because it's certainly by one of the lab's "
            "people."
        )
    origin = _ORIGINS[added.origin]
    if added.origin is Origin.FEED and not added.created_by.key.startswith("feed:"):
        origin = _ORIGINS[Origin.MODERATOR]  # found for the lab's people, and accepted
    return f"{origin} {when}."


def _channel_lines(trace: Trace, guild_id: int | None) -> list[str]:
    """Returns a line for each channel of this server, and one for all other servers."""
    if not trace.channels:
        return ["📣 It hasn't been announced in any channel."] if trace.paper is not None else []
    here = [
        channel
        for channel in trace.channels
        if channel.subscription is None or channel.subscription.guild_id == guild_id
    ]
    lines = [f"📣 {channel_sentence(channel, trace, DISCORD)}" for channel in here]
    elsewhere = [channel for channel in trace.channels if channel not in here]
    if elsewhere:
        sent = sum(status_label(channel) == DeliveryStatus.SENT for channel in elsewhere)
        total = count(len(elsewhere), "channel")
        lines.append(f"-# In other servers: announced in {sent:,} of {total}.")
    return lines


def _notice_result(entry: EntryRecord, style: TextStyle) -> str:
    add = f"Run {style.command('/curate add')} if you want it in the list."
    if entry.notice is NoticeKind.FRONT_MATTER:
        return f"left out, because it's part of the issue and not a paper. {add}"
    if entry.paper_id is None:
        return f"left out, because its paper isn't in the list. {add}"
    return f"left out, because it's about #{entry.paper_id} and not a paper of its own."


def _entry_result(entry: EntryRecord, style: TextStyle) -> str:
    if entry.notice is not None:
        return _notice_result(entry, style)
    if entry.is_removed and entry.outcome in {Outcome.DUPLICATE, Outcome.REVIEW}:
        return "it was waiting for review when the feed was unfollowed."
    if entry.outcome is Outcome.UNCHANGED and entry.paper_id is None:
        return "skipped, because an earlier entry with this title is waiting for review."
    if entry.outcome is Outcome.REVIEW and entry.is_held:
        show = style.command("/feed show")
        return (
            "held, because the feed had far more new papers than usual at once. Nothing is "
            f"announced until a moderator decides. Run {show} to decide."
        )
    if entry.outcome is Outcome.ADDED and entry.was_first_poll:
        return (
            "added as a new paper. Papers from a first check aren't announced unless a moderator "
            "asked for the newest ones."
        )
    number, check = f"#{entry.paper_id}", style.command("/feed check")
    return {
        Outcome.ADDED: "added as a new paper.",
        Outcome.UPDATED: f"already in the list as {number}; missing details were filled in.",
        Outcome.UNCHANGED: f"already in the list as {number}.",
        Outcome.DUPLICATE: f"possible duplicate of {number}. Run {check} to review it.",
        Outcome.REVIEW: f"waiting for a moderator's review. Run {check} to review it.",
        Outcome.DECLINED: "declined as not one of ours.",
    }.get(entry.outcome, "skipped, because this paper had been removed from the list.")


def _delivery(channel: ChannelTrace, announcement: Announcement, style: TextStyle) -> str:
    match announcement.status:
        case DeliveryStatus.SENT if announcement.sent_at is not None:
            url = _message_url(announcement, channel.subscription)
            return f"announced {style.time(announcement.sent_at)}.{style.message(url)}"
        case DeliveryStatus.FILTERED_OUT if channel.rejection_reason is not None:
            return f"filtered out by “{style.text(channel.rejection_reason, 200)}”."
        case DeliveryStatus.FILTERED_OUT:
            return "filtered out by the filters that the channel had at the time."
        case DeliveryStatus.REFUSED:
            reason = style.text(announcement.refusal, 300).rstrip(".")
            retry = style.command("/announce list")
            return f"refused by Discord: {reason}. {retry} has a button that sends it again."
        case DeliveryStatus.SENDING:
            return f"being sent.{_delay(channel, style)}"
        case _:
            soon = " It'll be sent within a minute while the bot is running."
            return f"queued.{_delay(channel, style, soon)}"


def _message_url(announcement: Announcement, subscription: Subscription | None) -> str:
    if subscription is None or announcement.message_id is None:
        return ""
    path = f"{subscription.guild_id}/{announcement.channel_id}/{announcement.message_id}"
    return f"https://discord.com/channels/{path}"


def _delay(channel: ChannelTrace, style: TextStyle, default: str = "") -> str:
    """Returns what holds up a queued paper, or ``default`` if nothing does."""
    subscription = channel.subscription
    if subscription is None:
        return ""
    resume = style.command("/announce resume")
    if subscription.stopped_because:
        reason = style.text(subscription.stopped_because, 300).rstrip(".")
        return (
            f" Sending failed: {reason}. I'll try again when the channel's permissions change, and "
            f"once a day. Run {resume} to try right away."
        )
    if subscription.is_paused:
        return f" Announcements there are paused. Run {resume} to continue."
    if channel.retry_at is not None and channel.failures:
        failed = count(channel.failures, "attempt")
        again = style.time_ahead(channel.retry_at)
        return f" {failed} failed on Discord's side. Next attempt {again}."
    if subscription.next_digest_at:
        return f" Next digest {style.time_ahead(subscription.next_digest_at)}."
    return default


def _why_not(subscription: Subscription | None, trace: Trace, style: TextStyle) -> str:
    """Returns why a channel never got the paper, as the end of a sentence; "" if unknown."""
    if subscription is not None and trace.paper is not None:
        started = subscription.created_at
        if trace.paper.provenance.created_at < started:
            return f", because announcements there only started {style.time(started)}"
    added = [entry for entry in trace.entries if entry.outcome is Outcome.ADDED]
    if any(entry.was_first_poll for entry in added):
        return ", because it came with a feed's first check"
    if not added:
        return ", because no feed listed it as new"
    return ""


def _entry_json(entry: EntryRecord) -> dict[str, object]:
    return {
        "feed": entry.feed_id,
        "feed_title": entry.feed_title,
        "outcome": entry.outcome.value,
        "notice": entry.notice.value if entry.notice else None,
        "paper": entry.paper_id,
        "first_poll": entry.was_first_poll,
        "seen_at": timestamps.to_iso(entry.seen_at),
        "decided_by": entry.decided_by.name if entry.decided_by else None,
        "decided_at": timestamps.to_iso(entry.decided_at),
        "sentence": entry_sentence(entry, PLAIN),
    }


def _channel_json(channel: ChannelTrace, trace: Trace) -> dict[str, object]:
    announcement, subscription = channel.announcement, channel.subscription
    return {
        "channel": channel.channel_id,
        "server": subscription.guild_id if subscription else None,
        "fate": status_label(channel),
        "unmet": channel.rejection_reason,
        "stopped_because": subscription.stopped_because if subscription else "",
        "paused": subscription.is_paused if subscription else False,
        "failures": channel.failures,
        "next_digest_at": timestamps.to_iso(subscription.next_digest_at) if subscription else None,
        "message": announcement.message_id if announcement else None,
        "sent_at": timestamps.to_iso(announcement.sent_at) if announcement else None,
        "sentence": channel_sentence(channel, trace, PLAIN),
    }
