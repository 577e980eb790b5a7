"""What the shell prints of feeds: records → objects for programs, and lines for people."""

from __future__ import annotations

import json
import os
from datetime import datetime
from typing import TYPE_CHECKING

from bot.ui import feeds as feed_cards
from storage.feeds.models import Entry, Feed

if TYPE_CHECKING:
    from bot.feeds.discovery import Reading
    from bot.feeds.manage import SubscribeResult
    from bot.feeds.poller import Poll


# An escaped line separator keeps one object on one line for every reader of lines.
_SEPARATORS = {0x2028: "\\u2028", 0x2029: "\\u2029", 0x85: "\\u0085"}


def feed_json(feed: Feed) -> dict[str, object]:
    """A watched feed."""
    return {
        "id": feed.id,
        "title": feed.title,
        "url": feed.url,
        "venue": feed.venue,
        "review": feed.is_reviewed,
        "papers": feed.papers,
        "to_review": feed.reviews,
        "duplicates": feed.duplicates,
        "last_success_at": _iso(feed.last_success_at),
        "next_poll_at": None if feed.paused_because else _iso(feed.next_poll_at),
        "failures": feed.failures,
        "failing_since": _iso(feed.failing_since),
        "last_error": feed.last_error,
        "paused_because": feed.paused_because,
    }


def feed_lines(feed: Feed) -> str:
    """A watched feed for people."""
    lines = [f"{feed.id}  {feed.title}", f"    {feed.url}"]
    facts = [_papers(feed.papers)]
    if feed.venue:
        facts.append(f"venue {feed.venue}")
    if feed.is_reviewed:
        facts.append("reviewed")
    if feed.last_success_at:
        facts.append(f"last read {_minute(feed.last_success_at)}")
    if feed.paused_because:
        facts.append(f"paused: {feed.paused_because}")
    else:
        facts.append(f"next {_minute(feed.next_poll_at)}")
    if feed.reviews or feed.duplicates:
        facts.append(f"{feed.reviews + feed.duplicates:,} waiting for a decision")
    lines.append(f"    {' · '.join(facts)}")
    if feed.failures:
        lines.append(f"    failed {feed.failures:,} times in a row: {feed.last_error}")
    return "\n".join(lines)


def poll_json(poll: Poll) -> dict[str, object]:
    """What came of reading a feed; ``changed`` is false where it was as before, or failed."""
    intake = poll.intake
    return {
        "feed": poll.feed.id,
        "title": poll.feed.title,
        "changed": intake is not None,
        "added": [{"id": one.id, "title": one.title} for one in intake.added] if intake else [],
        "completed": len(intake.completed) if intake else 0,
        "duplicates": len(intake.duplicates) if intake else 0,
        "to_review": intake.reviews if intake else 0,
        "removed": intake.removed if intake else 0,
        "known": intake.known if intake else 0,
        "problems": list(poll.problems),
        "error": poll.error or None,
    }


def poll_lines(poll: Poll) -> str:
    """What came of reading a feed, for people."""
    head = f"{poll.feed.id}  {poll.feed.title}: "
    if poll.error:
        return f"{head}{poll.error}"
    if poll.intake is None:
        return f"{head}nothing new since the last look."
    lines = [f"{head}{feed_cards.brought(poll.intake)}."]
    lines += [f"    #{paper.id} {paper.title}" for paper in poll.intake.added]
    lines += [f"    {problem}" for problem in poll.problems]
    return "\n".join(lines)


def tried_json(tried: SubscribeResult) -> dict[str, object]:
    """What became of a feed of a list."""
    return {
        "url": tried.outline.url,
        "outcome": tried.outcome.value,
        "feed": tried.feed.id if tried.feed else None,
        "sentence": tried.words,
    }


def reading_line(reading: Reading) -> str:
    """What was read in a source, as a JSON object on one line."""
    feed = reading.feed
    read = {
        "source": named(reading.source),
        "title": feed.title if feed else None,
        "entries": [_entry_json(entry) for entry in feed.entries] if feed else [],
        "problems": list(feed.problems) if feed else [],
        "error": reading.error or None,
    }
    return json.dumps(read, ensure_ascii=False).translate(_SEPARATORS)


def reading_lines(reading: Reading) -> str:
    """What was read in a source, for people."""
    if reading.feed is None:
        return f"{named(reading.source)}: {reading.error}"
    feed = reading.feed
    lines = [f"{named(reading.source)}: {feed.title or 'no title'}, {len(feed.entries):,} read"]
    for entry in feed.entries:
        draft = entry.draft
        lines.append(f"  {draft.title}")
        about = [", ".join(draft.authors), str(draft.date or ""), draft.url or ""]
        lines.append(f"    {' · '.join(part for part in about if part)}")
        lines.append(f"    {' '.join(draft.identifiers)}")
    lines += [f"  ! {problem}" for problem in feed.problems]
    return "\n".join(line for line in lines if line.strip())


def named(source: str) -> str:
    """A file's name as it can be printed, whatever its bytes are."""
    return os.fsencode(source).decode("utf-8", "replace")


def _entry_json(entry: Entry) -> dict[str, object]:
    draft = entry.draft
    return {
        "title": draft.title,
        "authors": list(draft.authors),
        "authors_complete": draft.authors_complete,
        "link": draft.url,
        "date": str(draft.date) if draft.date else None,
        "venue": draft.venue,
        "identifiers": list(draft.identifiers),
    }


def _papers(number: int) -> str:
    return "1 paper" if number == 1 else f"{number:,} papers"


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _iso(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds") if at else None
