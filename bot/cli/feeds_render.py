"""What the shell prints about feeds: JSON for programs, and lines for people."""

from __future__ import annotations

import json
import os
from datetime import datetime
from typing import TYPE_CHECKING

from bot.markdown import count
from bot.ui import feeds as feed_cards
from storage import timestamps
from storage.feeds.models import CountedFeed, Entry
from storage.redaction import redact_url

if TYPE_CHECKING:
    from bot.feeds.discovery import ReadResult
    from bot.feeds.manage import FollowResult
    from bot.feeds.poller import Poll


# Some readers split lines at these characters, too, so they are escaped inside JSON.
_LINE_SEPARATORS = {0x2028: "\\u2028", 0x2029: "\\u2029", 0x85: "\\u0085"}


def feed_json(feed: CountedFeed) -> dict[str, object]:
    """Returns a feed as JSON."""
    return {
        "id": feed.id,
        "title": feed.title,
        "url": redact_url(feed.url),
        "venue": feed.venue,
        "review": feed.is_reviewed,
        "papers": feed.papers,
        "to_review": feed.reviews,
        "duplicates": feed.duplicates,
        "last_success_at": timestamps.to_iso(feed.last_success_at),
        "next_poll_at": None if feed.paused_because else timestamps.to_iso(feed.next_poll_at),
        "failures": feed.failures,
        "failing_since": timestamps.to_iso(feed.failing_since),
        "last_error": feed.last_error,
        "paused_because": feed.paused_because,
    }


def feed_lines(feed: CountedFeed) -> str:
    """Returns a feed for people, on a few lines."""
    lines = [f"{feed.id}  {feed.title}", f"    {redact_url(feed.url)}"]
    facts = [count(feed.papers, "paper")]
    if feed.venue:
        facts.append(f"venue {feed.venue}")
    if feed.is_reviewed:
        facts.append("new entries need review")
    if feed.last_success_at:
        facts.append(f"last success {_minute(feed.last_success_at)}")
    if feed.paused_because:
        facts.append(f"paused: {feed.paused_because}")
    else:
        facts.append(f"next check {_minute(feed.next_poll_at)}")
    if feed.reviews or feed.duplicates:
        facts.append(f"{feed.reviews + feed.duplicates:,} to review")
    lines.append(f"    {' · '.join(facts)}")
    if feed.failures:
        lines.append(f"    {count(feed.failures, 'failed check')}: {feed.last_error}")
    return "\n".join(lines)


def poll_json(poll: Poll) -> dict[str, object]:
    """Returns the result of a check; ``changed`` is false if nothing changed or it failed."""
    result = poll.result
    return {
        "feed": poll.feed.id,
        "title": poll.feed.title,
        "changed": result is not None,
        "added": [{"id": one.id, "title": one.title} for one in result.added] if result else [],
        "completed": len(result.updated) if result else 0,
        "duplicates": len(result.duplicates) if result else 0,
        "to_review": result.reviews if result else 0,
        "removed": result.removed if result else 0,
        "known": result.known if result else 0,
        "problems": list(poll.problems),
        "error": poll.error or None,
    }


def poll_lines(poll: Poll) -> str:
    """Returns the result of a check for people."""
    head = f"{poll.feed.id}  {poll.feed.title}: "
    if poll.error:
        return f"{head}{poll.error}"
    if poll.result is None:
        return f"{head}no changes."
    lines = [f"{head}{feed_cards.summarize_ingest(poll.result)}."]
    lines += [f"    #{paper.id} {paper.title}" for paper in poll.result.added]
    lines += [f"    {problem}" for problem in poll.problems]
    return "\n".join(lines)


def follow_json(result: FollowResult) -> dict[str, object]:
    """Returns what happened to a feed of an OPML file."""
    return {
        "url": redact_url(result.outline.url),
        "outcome": result.outcome.value,
        "feed": result.feed.id if result.feed else None,
        "sentence": result.sentence,
    }


def reading_json_line(reading: ReadResult) -> str:
    """Returns what was read from a source, as JSON on one line."""
    feed = reading.feed
    read = {
        "source": printable(reading.source),
        "title": feed.title if feed else None,
        "entries": [_entry_json(entry) for entry in feed.entries] if feed else [],
        "problems": list(feed.problems) if feed else [],
        "error": reading.error or None,
    }
    return json.dumps(read, ensure_ascii=False).translate(_LINE_SEPARATORS)


def reading_lines(reading: ReadResult) -> str:
    """Returns what was read from a source, for people."""
    if reading.feed is None:
        return f"{printable(reading.source)}: {reading.error}"
    feed = reading.feed
    title = feed.title or "untitled"
    lines = [f"{printable(reading.source)}: {title}, {count(len(feed.entries), 'entry')}"]
    for entry in feed.entries:
        draft = entry.draft
        lines.append(f"  {draft.title}{' (left out)' if entry.notice else ''}")
        facts = [", ".join(draft.author_names), str(draft.date or ""), draft.url or ""]
        lines.append(f"    {' · '.join(part for part in facts if part)}")
        lines.append(f"    {' '.join(draft.identifiers)}")
    lines += [f"  ! {problem}" for problem in feed.problems]
    return "\n".join(line for line in lines if line.strip())


def printable(source: str) -> str:
    """Returns a URL without secrets, or a file's name with bytes that aren't UTF-8 replaced."""
    name = os.fsencode(source).decode("utf-8", "replace")
    return redact_url(name) if "://" in name else name


def _entry_json(entry: Entry) -> dict[str, object]:
    draft = entry.draft
    return {
        "title": draft.title,
        "authors": list(draft.author_names),
        "authors_complete": draft.authors_complete,
        "link": draft.url,
        "date": str(draft.date) if draft.date else None,
        "venue": draft.venue,
        "identifiers": list(draft.identifiers),
        "notice": entry.notice.kind.value if entry.notice else None,
    }


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
