"""What members propose, as frozen records; no logic."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime

from storage.models import Actor, Outcome, Paper, PaperDraft


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A paper that a member proposed, and what became of it; ``REVIEW`` while it waits.

    While it waits, ``paper_id`` is a paper that it resembles; afterwards the one that it became.
    """

    id: int
    draft: PaperDraft
    note: str
    member_id: int
    member_name: str
    suggested_at: datetime
    outcome: Outcome
    paper_id: int | None = None
    decided_by: Actor | None = None
    decided_at: datetime | None = None

    @property
    def waits(self) -> bool:
        """Whether a moderator is to decide it."""
        return self.decided_at is None


class Reply(enum.StrEnum):
    """What a member is told at once."""

    TAKEN = "taken"
    KNOWN = "known"
    WAITING = "waiting"
    REMOVED = "removed"
    TOO_MANY = "too many"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Offer:
    """The catalogue's answer to a suggestion.

    ``paper`` is the known one, or of a taken suggestion one that it resembles; ``again_at`` is when
    a member who made too many may go on.
    """

    reply: Reply
    suggestion: Suggestion | None = None
    paper: Paper | None = None
    again_at: datetime | None = None
