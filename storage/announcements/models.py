"""Subscriptions, posts and announcements, as frozen records without logic."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import datetime

from storage.announcements.digest_schedule import DigestSchedule
from storage.announcements.filters import ChannelFilter
from storage.models import Actor


@dataclass(frozen=True, slots=True)
class SubscriptionOptions:
    """Which papers a channel gets, and how.

    ``role_id`` is a role to mention, ``has_thread`` starts a discussion thread under each message,
    ``publishes`` publishes the messages of an announcement channel to its followers, and ``tag_id``
    is the tag of a forum's posts.
    """

    filters: ChannelFilter = field(default_factory=ChannelFilter)
    digest: DigestSchedule = field(default_factory=DigestSchedule)
    role_id: int | None = None
    has_thread: bool = False
    publishes: bool = False
    tag_id: int | None = None


@dataclass(frozen=True, slots=True)
class Subscription:
    """A channel in which papers are announced; ``waiting`` counts the papers not sent yet."""

    id: int
    guild_id: int
    channel_id: int
    options: SubscriptionOptions
    created_by: Actor
    created_at: datetime
    is_paused: bool
    next_digest_at: datetime | None
    stopped_because: str
    waiting: int


@dataclass(frozen=True, slots=True)
class CountedSubscription(Subscription):
    """A subscription with the number of papers announced in the channel so far.

    ``refused`` counts the papers whose messages Discord refused, the latest with this ``refusal``.
    """

    sent: int
    refused: int = 0
    refusal: str = ""


class PostKind(enum.StrEnum):
    """What a message that the bot sends on its own is about."""

    PAPER = "paper"
    DIGEST = "digest"
    REVIEW = "review"
    NOTICE = "notice"
    SUGGESTION = "suggestion"
    REPORT = "report"
    OUTCOME = "outcome"
    FOUND = "found"
    CLAIM = "claim"


class PostState(enum.StrEnum):
    """How far a post got; a claimed one may or may not have been delivered."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    SENT = "sent"


@dataclass(frozen=True, slots=True)
class Post:
    """A message that the bot sends on its own: an announcement, a review card or a notice.

    ``destination_id`` is a channel's id, or for a direct message a user's.

    A claimed post may have been delivered, which only the channel's history tells. Its message
    then names ``claimed_papers``; ``paper_ids`` are the same papers as they are now, after merges.

    ``revision`` counts the changes to what the post shows, and ``rendered_revision`` is the one
    that its message shows.
    """

    id: int
    destination_id: int
    kind: PostKind
    state: PostState
    attempts: int
    created_at: datetime
    claimed_at: datetime | None = None
    message_id: int | None = None
    paper_ids: tuple[int, ...] = ()
    claimed_papers: tuple[int, ...] = ()
    entry_id: int | None = None
    suggestion_id: int | None = None
    report_id: int | None = None
    found_paper_id: int | None = None
    claim_id: int | None = None
    notice: str = ""
    held_feed_id: int | None = None
    refused_post_id: int | None = None
    is_about_found: bool = False
    revision: int = 0
    rendered_revision: int = 0
    thread_due: bool = False
    publish_due: bool = False

    @property
    def is_direct_message(self) -> bool:
        """Whether it goes to a user and not to a channel."""
        return self.kind is PostKind.OUTCOME

    @property
    def is_outdated(self) -> bool:
        """Whether its message shows an earlier revision."""
        return self.revision != self.rendered_revision


class DeliveryStatus(enum.StrEnum):
    """What became of a paper in a channel."""

    WAITING = "waiting"
    FILTERED_OUT = "left out"
    SENDING = "sending"
    REFUSED = "refused"
    SENT = "sent"


@dataclass(frozen=True, slots=True)
class Announcement:
    """A paper in a channel, which is announced there at most once.

    ``venue`` is the paper's venue at that time, and ``refusal`` is why Discord refused the message.
    """

    id: int
    paper_id: int
    channel_id: int
    status: DeliveryStatus
    created_at: datetime
    venue: str = ""
    post_id: int | None = None
    message_id: int | None = None
    sent_at: datetime | None = None
    refusal: str = ""
