"""What happened to an entry, in sentences: the same facts for Discord and for the shell; pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.markdown import clip, count, escape, link, split_messages, timestamp
from storage.announcements.models import Announcement, DeliveryStatus, Subscription
from storage.feeds.models import EntryRecord
from storage.feeds.trace import ChannelTrace, Trace
from storage.models import Origin, Outcome, Paper

_SHOWN = 8  # entries of one answer
_BEHIND = {
    Origin.MODERATOR: "A moderator added it",
    Origin.IMPORT: "It came by an import",
    Origin.STARTER: "It came with the starter list",
    Origin.FEED: "A feed brought it that I watch no longer",
}


@dataclass(frozen=True, slots=True)
class TextStyle:
    """How texts from elsewhere, times, channels and commands are written in one place."""

    text: Callable[[str, int], str]
    time: Callable[[datetime], str]
    channel: Callable[[int], str]
    command: Callable[[str], str]


DISCORD = TextStyle(escape, timestamp, lambda number: f"<#{number}>", lambda name: f"`{name}`")
PLAIN = TextStyle(
    clip,
    lambda at: f"on {at:%Y-%m-%d at %H:%M} UTC",
    lambda number: f"Channel {number}",
    lambda name: name,
)


def lines(trace: Trace, style: TextStyle) -> list[str]:
    """Everything about a trace: the paper, its entries, its channels; a sentence each."""
    told = []
    if trace.paper is not None:
        told.append(_paper(trace.paper, style))
        if not trace.entries:
            added = trace.paper.provenance
            told.append(f"{_BEHIND[added.origin]} {style.time(added.created_at)}.")
    told += [entry(one, style) for one in trace.entries]
    told += [channel(one, trace, style) for one in trace.channels]
    if trace.paper is not None and not trace.channels:
        told.append("Nothing is announced in any channel.")
    return told


def card(trace: Trace, guild_id: int | None) -> str:
    """The same for Discord; of other servers' channels it tells only how many, and their fates."""
    told = []
    if trace.paper is not None:
        said = _paper(trace.paper, DISCORD)
        title = link(trace.paper.title, trace.paper.url, 300)
        told.append(f"### {title}\n{said}")
    if not trace.entries and trace.paper is not None:
        added = trace.paper.provenance
        told.append(f"📥 {_BEHIND[added.origin]} {timestamp(added.created_at)}.")
    told += [f"📥 {entry(one, DISCORD)}" for one in trace.entries[:_SHOWN]]
    if len(trace.entries) > _SHOWN:
        told.append(f"-# and {count(len(trace.entries) - _SHOWN, 'more entry')}")
    here = [
        one
        for one in trace.channels
        if one.subscription is None or one.subscription.guild_id == guild_id
    ]
    told += [f"📣 {channel(one, trace, DISCORD)}" for one in here]
    if elsewhere := len(trace.channels) - len(here):
        sent = sum(status(one) == DeliveryStatus.SENT for one in trace.channels if one not in here)
        told.append(f"-# In other servers: sent to {sent:,} of {count(elsewhere, 'channel')}.")
    if trace.paper is not None and not trace.channels:
        told.append("📣 Nothing is announced in any channel.")
    return split_messages(told, max_messages=1)[0]


def as_json(trace: Trace) -> dict[str, object]:
    """A trace as an object for other programs; each part with the sentence for people."""
    paper = trace.paper
    return {
        "asked": trace.query,
        "paper": paper.id if paper else None,
        "title": paper.title if paper else None,
        "removed_at": _iso(paper.removed_at) if paper else None,
        "entries": [_entry_json(one) for one in trace.entries],
        "channels": [_channel_json(one, trace) for one in trace.channels],
        "sentences": lines(trace, PLAIN),
    }


def entry(seen: EntryRecord, style: TextStyle) -> str:
    """What became of an entry of a feed."""
    feed = f"“{style.text(seen.feed_title, 100)}”"
    if seen.is_removed:
        feed += ", which I watch no longer,"
    first = " at its first poll" if seen.was_first_poll else ""
    head = f"{feed} brought it {style.time(seen.seen_at)}{first}"
    said = f"{head}{_became(seen, style)}"
    if seen.decided_by is not None and seen.decided_at is not None:
        said += (
            f" {style.text(seen.decided_by.name, 80)} decided that {style.time(seen.decided_at)}."
        )
    return said


def channel(one: ChannelTrace, trace: Trace, style: TextStyle) -> str:
    """What became of the paper in a channel."""
    told = one.announcement
    said = _sent(one, told, style) if told else _never(one.subscription, trace, style)
    gone = " Nothing is announced there any longer." if one.subscription is None else ""
    return f"{style.channel(one.channel_id)}: {said}{gone}"


def status(one: ChannelTrace) -> str:
    """What became of the paper in a channel, in a word or two."""
    return one.announcement.status.value if one.announcement else "not announced"


def _paper(paper: Paper, style: TextStyle) -> str:
    said = f"It is #{paper.id} in the list: {style.text(paper.title, 300)}."
    if paper.removed_at is not None:
        said = (
            f"It is #{paper.id}, {style.text(paper.title, 300)}, which was removed from the list "
            f"{style.time(paper.removed_at)}; no feed brings it back."
        )
    return said


def _became(seen: EntryRecord, style: TextStyle) -> str:
    number, check = f"#{seen.paper_id}", style.command("/feed check")
    said = {
        Outcome.ADDED: ": a new paper.",
        Outcome.UPDATED: f"; the list had that paper, {number}, which it completed. It is no news.",
        Outcome.UNCHANGED: f"; the list had that paper already, {number}. It is no news.",
        Outcome.DUPLICATE: f"; it may be the same paper as {number}, which a moderator is to "
        f"decide by {check}.",
        Outcome.REVIEW: f"; the feed is reviewed, so a moderator is to decide by {check}.",
        Outcome.DECLINED: "; it is not ours, so it was left out.",
    }.get(seen.outcome, "; that paper was removed from the list on purpose, so it was left out.")
    if seen.outcome is Outcome.ADDED and seen.was_first_poll:
        said += " What a feed has then comes in silently, unless a moderator asked for the newest."
    if seen.is_removed and seen.outcome in {Outcome.DUPLICATE, Outcome.REVIEW}:
        said = "; a moderator was to decide it when the feed was removed."
    if seen.outcome is Outcome.UNCHANGED and seen.paper_id is None:
        said = "; an earlier entry of that title waits for a moderator."
    return said


def _sent(one: ChannelTrace, announcement: Announcement, style: TextStyle) -> str:
    match announcement.status:
        case DeliveryStatus.SENT if announcement.sent_at is not None:
            where = _message(announcement, one.subscription)
            return f"sent {style.time(announcement.sent_at)}.{where}"
        case DeliveryStatus.FILTERED_OUT if one.rejection_reason is not None:
            return f"left out, since it does not meet “{style.text(one.rejection_reason, 200)}”."
        case DeliveryStatus.FILTERED_OUT:
            return "left out by the conditions that the channel had then."
        case DeliveryStatus.SENDING:
            return f"being sent.{_trouble(one, style)}"
        case _:
            return f"waiting.{_trouble(one, style)}"


def _message(announcement: Announcement, subscription: Subscription | None) -> str:
    if subscription is None or announcement.message_id is None:
        return ""
    place = f"{subscription.guild_id}/{announcement.channel_id}/{announcement.message_id}"
    return f" https://discord.com/channels/{place}"


def _trouble(one: ChannelTrace, style: TextStyle) -> str:
    """Why what waits for a channel waits."""
    subscription = one.subscription
    if subscription is None:
        return ""
    if subscription.stopped_because:
        said = style.text(subscription.stopped_because, 300).rstrip(".")
        return f" It failed: {said}. {style.command('/announce resume')} tries again."
    if subscription.is_paused:
        return f" The channel is paused, until {style.command('/announce resume')}."
    if one.retry_at is not None and one.failures:
        failed = f"{count(one.failures, 'try')} failed"
        return f" {failed}, since Discord did not take it; the next is {style.time(one.retry_at)}."
    if subscription.next_digest_at:
        return f" The next digest is {style.time(subscription.next_digest_at)}."
    return " It is sent within a minute while the bot runs."


def _never(subscription: Subscription | None, trace: Trace, style: TextStyle) -> str:
    paper, entries = trace.paper, trace.entries
    if (
        subscription is not None
        and paper is not None
        and paper.provenance.created_at < subscription.created_at
    ):
        since = style.time(subscription.created_at)
        return f"not announced; the channel hears of what came since {since}."
    if any(one.outcome is Outcome.ADDED and one.was_first_poll for one in entries):
        return "not announced, since a feed's first poll is silent."
    if not any(one.outcome is Outcome.ADDED for one in entries):
        return "not announced, since no feed brought it as news."
    return "not announced."


def _entry_json(seen: EntryRecord) -> dict[str, object]:
    return {
        "feed": seen.feed_id,
        "feed_title": seen.feed_title,
        "outcome": seen.outcome.value,
        "paper": seen.paper_id,
        "first_poll": seen.was_first_poll,
        "seen_at": _iso(seen.seen_at),
        "decided_by": seen.decided_by.name if seen.decided_by else None,
        "decided_at": _iso(seen.decided_at),
        "sentence": entry(seen, PLAIN),
    }


def _channel_json(one: ChannelTrace, trace: Trace) -> dict[str, object]:
    told, subscription = one.announcement, one.subscription
    return {
        "channel": one.channel_id,
        "server": subscription.guild_id if subscription else None,
        "fate": status(one),
        "unmet": one.rejection_reason,
        "stopped_because": subscription.stopped_because if subscription else "",
        "paused": subscription.is_paused if subscription else False,
        "failures": one.failures,
        "next_digest_at": _iso(subscription.next_digest_at) if subscription else None,
        "message": told.message_id if told else None,
        "sent_at": _iso(told.sent_at) if told else None,
        "sentence": channel(one, trace, PLAIN),
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds") if at else None
