"""The status of the running bot: whether it can do its work, and what keeps it from that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

MAX_POLL_AGE = timedelta(minutes=10)  # due feeds are looked for every 30 seconds
MAX_OUTBOX_AGE = timedelta(minutes=30)  # rate limits and Discord's hiccups pass sooner
_MAX_NUMBERS = 20  # of lost shards


@dataclass(frozen=True, slots=True)
class Status:
    """The status at one moment.

    ``lost_shards`` are the connections to Discord, by number, that it should have but lacks.
    ``last_poll_at`` is when it last looked for due feeds, since ``started_at``. ``database_error``
    says why the database can't be used, or is empty; ``outbox_messages`` is 0 if it can't.
    """

    now: datetime
    started_at: datetime
    shard_count: int
    lost_shards: Sequence[int]
    last_poll_at: datetime | None
    database_error: str
    outbox_messages: int
    outbox_oldest_at: datetime | None

    @property
    def is_connected(self) -> bool:
        """Whether all connections to Discord are up."""
        return not self.lost_shards

    @property
    def is_database_usable(self) -> bool:
        """Whether the database can be read and isn't known to be damaged."""
        return not self.database_error

    @property
    def outbox_age(self) -> timedelta:
        """How long the oldest message has been waiting to be sent."""
        return self.now - self.outbox_oldest_at if self.outbox_oldest_at else timedelta()

    @property
    def is_ready(self) -> bool:
        """Whether the bot can do its work."""
        return not self.problems

    @property
    def problems(self) -> tuple[str, ...]:
        """Why the bot can't do its work, as sentences."""
        return tuple(self._problems())

    def _problems(self) -> Iterator[str]:
        if len(self.lost_shards) == self.shard_count:
            yield "The bot isn't connected to Discord."
        elif self.lost_shards:
            lost = len(self.lost_shards)
            numbers = ", ".join(map(str, self.lost_shards[:_MAX_NUMBERS]))
            more = ", …" if lost > _MAX_NUMBERS else ""
            verb = "isn't" if lost == 1 else "aren't"
            yield (
                f"{lost} of {self.shard_count} shards {verb} connected to Discord: {numbers}{more}."
            )
        if self.database_error:
            yield f"The database can't be used: {self.database_error.rstrip('.')}."
        if self.now - (self.last_poll_at or self.started_at) > MAX_POLL_AGE:
            minutes = MAX_POLL_AGE.total_seconds() / 60
            yield f"No feeds have been checked for more than {minutes:.0f} minutes."
        if self.outbox_age > MAX_OUTBOX_AGE:
            minutes = self.outbox_age.total_seconds() / 60
            yield f"A message has been waiting to be sent for {minutes:.0f} minutes."
