"""What travels between feeds and the catalogue, as frozen records; no logic."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from storage.models import Actor, Outcome, Paper, PaperDraft


@dataclass(frozen=True, slots=True)
class Feed:
    """A watched feed, with what the next poll needs to know.

    ``last_new_entry_at`` is when it last had an entry that was not seen before, ``last_notice``
    the last notice to moderators about it (``failing`` or ``stale``), ``pending_url`` where the
    last poll was permanently redirected, and ``publisher_hints`` what the feed says about when to
    poll it, as the poller stores it. New entries of a feed that ``is_reviewed`` wait for a
    moderator.
    """

    id: int
    url: str
    title: str
    venue: str
    etag: str
    last_modified: str
    next_poll_at: datetime
    first_polled_at: datetime | None
    last_success_at: datetime | None
    failures: int
    last_error: str
    failing_since: datetime | None
    last_new_entry_at: datetime | None
    last_notice: str
    body_hash: str
    pending_url: str
    publisher_hints: str
    paused_because: str
    is_reviewed: bool
    added_by: Actor
    added_at: datetime
    papers: int = 0
    duplicates: int = 0
    reviews: int = 0


@dataclass(frozen=True, slots=True)
class FeedTerms:
    """What moderators decide of a feed; its entries wait for them where it is reviewed."""

    title: str
    url: str
    venue: str
    is_reviewed: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """One item of a feed: ``key`` tells it from the feed's other items, across polls."""

    key: str
    draft: PaperDraft


@dataclass(frozen=True, slots=True)
class PendingEntry:
    """An entry that waits for a moderator: of a reviewed feed, or a possible duplicate.

    ``paper_id`` is the paper that a possible duplicate resembles; ``is_news`` is false for an entry
    that stood in its feed at the first poll.
    """

    id: int
    feed_id: int
    draft: PaperDraft
    paper_id: int | None
    is_news: bool


@dataclass(frozen=True, slots=True)
class SeenEntry:
    """What became of an entry: when it was seen in which feed, and how a moderator decided.

    Where the feed ``is_removed``, nobody decides it any more.
    """

    id: int
    feed_id: int
    feed_title: str
    outcome: Outcome
    paper_id: int | None
    seen_at: datetime
    was_first_poll: bool
    is_removed: bool = False
    decided_by: Actor | None = None
    decided_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FeedState:
    """What a successful poll leaves in the feed's row; what is empty of url and hash stays.

    The title is taken only by a feed that goes by its address; moderators may have chosen another.
    """

    url: str
    title: str
    etag: str
    last_modified: str
    next_poll_at: datetime
    body_hash: str = ""
    pending_url: str = ""
    publisher_hints: str = ""


@dataclass(frozen=True, slots=True)
class IngestResult:
    """What one poll brought: papers added (announced unless the poll was silent), by outcome."""

    added: tuple[Paper, ...] = ()
    completed: tuple[Paper, ...] = ()
    duplicates: tuple[tuple[PaperDraft, Paper], ...] = ()
    known: int = 0
    reviews: int = 0
    removed: int = 0
    silent: bool = False
