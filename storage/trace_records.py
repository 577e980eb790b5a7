"""What is known of how an entry or a paper went through the house, as frozen records; no logic."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from storage.feed_records import SeenEntry
from storage.post_records import Announcement, Route
from storage.records import Paper


@dataclass(frozen=True, slots=True)
class ChannelTrace:
    """One channel, and what became of a paper in it.

    Without a ``route`` the channel hears no longer; without an ``announcement`` the paper was
    never for it. ``refusal`` names the conditions that the paper does not meet today; ``failures``
    counts the sends to the channel that failed since the last good one, and ``retry_at`` is when
    the next is tried.
    """

    channel_id: int
    route: Route | None
    announcement: Announcement | None
    refusal: str | None = None
    failures: int = 0
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """Everything that is known of what was asked for.

    ``paper`` may be a removed one; ``entries`` are in the order in which they were seen;
    ``channels`` is empty without a paper.
    """

    asked: str
    paper: Paper | None
    entries: tuple[SeenEntry, ...] = ()
    channels: tuple[ChannelTrace, ...] = ()
