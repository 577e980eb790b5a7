"""What travels between the outbox and Discord, as frozen records; no logic."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import datetime

from storage.announcements.digest_schedule import DigestSchedule
from storage.announcements.filters import ChannelFilter
from storage.models import Actor


@dataclass(frozen=True, slots=True)
class SubscriptionOptions:
    """What a channel hears, and how: whom it calls, and what is done with each message.

    ``role_id`` is a role to mention; ``has_thread`` begins a thread for discussion under each
    message; ``publishes`` sends it on to the servers that follow an announcement channel.
    """

    filters: ChannelFilter = field(default_factory=ChannelFilter)
    digest: DigestSchedule = field(default_factory=DigestSchedule)
    role_id: int | None = None
    has_thread: bool = False
    publishes: bool = False


@dataclass(frozen=True, slots=True)
class Subscription:
    """A channel that wants announcements, and how they go there."""

    id: int
    guild_id: int
    channel_id: int
    options: SubscriptionOptions
    created_by: Actor
    created_at: datetime
    is_paused: bool = False
    next_digest_at: datetime | None = None
    stopped_because: str = ""
    waiting: int = 0
    sent: int = 0


class PostKind(enum.StrEnum):
    """What a message of the bot's own is about."""

    PAPER = "paper"
    DIGEST = "digest"
    REVIEW = "review"
    NOTICE = "notice"
    SUGGESTION = "suggestion"
    OUTCOME = "outcome"


class PostState(enum.StrEnum):
    """Where a post stands: waiting, claimed by a send whose end is unknown, sent."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    SENT = "sent"


@dataclass(frozen=True, slots=True)
class Post:
    """One message that the bot sends by itself: about papers, to be reviewed, or a notice.

    ``destination_id`` is a channel's id, or for a direct message a user's.
    ``nonce`` goes with the message, so that Discord itself refuses a second one for a while;
    a claimed post may have been delivered, which only the channel's history tells. Its message then
    names ``claimed_papers``, and ``paper_ids`` are what these have become since. ``revision``
    counts the changes to what the post shows, and ``rendered_revision`` is the one its message
    shows.
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
    notice: str = ""
    revision: int = 0
    thread_due: bool = False
    publish_due: bool = False
    rendered_revision: int = 0

    @property
    def is_personal(self) -> bool:
        """Whether it goes to one person alone."""
        return self.kind is PostKind.OUTCOME

    @property
    def is_outdated(self) -> bool:
        """Whether something happened to its papers that its message does not show."""
        return self.revision != self.rendered_revision

    @property
    def nonce(self) -> str:
        """The same for every attempt at this post; at most 25 characters."""
        return f"herald-{self.id}"


class DeliveryStatus(enum.StrEnum):
    """What became of a paper in a channel."""

    WAITING = "waiting"
    FILTERED_OUT = "left out"
    SENDING = "sending"
    SENT = "sent"


@dataclass(frozen=True, slots=True)
class Announcement:
    """One paper in one channel: the only one there will ever be."""

    id: int
    paper_id: int
    channel_id: int
    status: DeliveryStatus
    created_at: datetime
    venue: str = ""
    post_id: int | None = None
    message_id: int | None = None
    sent_at: datetime | None = None
