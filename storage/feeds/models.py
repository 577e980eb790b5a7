"""Feeds and their entries, as frozen records without logic."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime

from storage.models import Actor, Outcome, Paper, PaperDraft
from storage.redaction import redacted_repr


@redacted_repr
@dataclass(frozen=True, slots=True)
class Feed:
    """A feed that the bot follows, with the state that the next poll needs.

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


@dataclass(frozen=True, slots=True)
class FeedCounts:
    """How many feeds are followed, and how many of them fail or aren't polled."""

    feeds: int = 0
    failing: int = 0
    paused: int = 0


@redacted_repr
@dataclass(frozen=True, slots=True)
class CountedFeed(Feed):
    """A feed with the number of its papers, and of its entries that wait for a moderator.

    ``duplicates`` are possible duplicates, and ``reviews`` new entries. Those ``held`` of the
    latter came with far more than usual, and are decided together.
    """

    papers: int
    duplicates: int
    reviews: int
    held: int = 0


@redacted_repr
@dataclass(frozen=True, slots=True)
class FeedSettings:
    """What moderators set for a feed; entries of a reviewed one wait for them."""

    title: str
    url: str
    venue: str
    is_reviewed: bool


class NoticeKind(enum.StrEnum):
    """What an item of a journal's feed is if it isn't a paper."""

    FRONT_MATTER = "front matter"
    CORRECTION = "correction"
    RETRACTION = "retraction"
    CONCERN = "concern"


@dataclass(frozen=True, slots=True)
class Notice:
    """A part of an issue, such as its editorial board, or a notice about a paper.

    ``titles`` are readings of the title that the paper has, the likeliest first.
    """

    kind: NoticeKind
    titles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """An item of a feed; ``key`` identifies it among the feed's items, across polls.

    An item with a ``notice`` isn't a paper, and is left out of the list. Of arXiv's items,
    ``categories`` are known, the primary one first, and whether they're ``is_cross_list``: listed
    in one of these later than in others.
    """

    key: str
    draft: PaperDraft
    notice: Notice | None = None
    categories: tuple[str, ...] = ()
    is_cross_list: bool = False


@dataclass(frozen=True, slots=True)
class PendingEntry:
    """An entry that waits for a moderator: of a reviewed feed, or a possible duplicate.

    ``paper_id`` is the paper that a possible duplicate resembles. An entry that
    ``was_first_poll`` was in the feed when it was polled first, and is never announced.
    """

    id: int
    feed_id: int
    draft: PaperDraft
    paper_id: int | None
    was_first_poll: bool


@dataclass(frozen=True, slots=True)
class EntryRecord:
    """What became of an entry: when it was seen in which feed, and what a moderator decided.

    ``is_removed`` is true if its feed isn't followed any more, so that nobody can decide it;
    ``is_held`` if it was held because the feed brought far more entries than usual at once. If it
    was left out as a ``notice``, ``paper_id`` is the paper that it is about.
    """

    id: int
    feed_id: int
    feed_title: str
    outcome: Outcome
    paper_id: int | None
    seen_at: datetime
    was_first_poll: bool
    is_removed: bool = False
    is_held: bool = False
    notice: NoticeKind | None = None
    decided_by: Actor | None = None
    decided_at: datetime | None = None


@redacted_repr
@dataclass(frozen=True, slots=True)
class FeedState:
    """What a successful poll records in the feed's row.

    An empty ``url`` or ``body_hash`` leaves the recorded one, and so does a ``title`` if moderators
    have set another.
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
    """What became of the entries of one poll; a silent poll announces nothing.

    ``held`` of the ``reviews`` are held because there were far more than usual, and ``left_out``
    are entries that aren't papers.
    """

    added: tuple[Paper, ...] = ()
    updated: tuple[Paper, ...] = ()
    duplicates: tuple[tuple[PaperDraft, Paper], ...] = ()
    known: int = 0
    reviews: int = 0
    held: int = 0
    removed: int = 0
    left_out: int = 0
    is_silent: bool = False
