"""What members suggest, report and claim, and the answers, as frozen records without logic."""

from __future__ import annotations

import enum
import json
import zlib
from dataclasses import dataclass
from datetime import datetime

from storage.models import NO_MEMBER, Actor, Outcome, Paper, PaperDraft
from storage.papers.snapshots import differences_to_json
from storage.people.models import Person


class _FromMember:
    """What a member sent to the moderators."""

    __slots__ = ()
    member_id: int
    decided_by: Actor | None

    @property
    def is_pending(self) -> bool:
        """Whether it waits for a moderator."""
        return self.decided_by is None

    @property
    def has_member(self) -> bool:
        """Whether the member hasn't deleted their data, and so can be told what became of it."""
        return self.member_id != NO_MEMBER


@dataclass(frozen=True, slots=True)
class Suggestion(_FromMember):
    """A paper that a member suggested, and what became of it: ``REVIEW`` while it is pending.

    ``paper_id`` is the paper that a pending suggestion resembles, and later the one it became.
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


class Decision(enum.IntEnum):
    """What a moderator decides about an entry or a suggestion; the numbers are in custom ids.

    ``SAME`` declines it if it resembles no paper.
    """

    SAME = 0
    ADD = 1
    DECLINE = 2


class CompletionDecision(enum.StrEnum):
    """What a moderator decides about a `Proposal`, as it is typed in the shell."""

    ACCEPT = "accept"
    REJECT = "reject"


class SuggestionStatus(enum.StrEnum):
    """Whether a suggestion is accepted for review, and if not, why."""

    ACCEPTED = "accepted"
    KNOWN = "known"
    PENDING = "pending"
    REMOVED = "removed"
    TOO_MANY = "too many"
    QUEUE_FULL = "queue full"


@dataclass(frozen=True, slots=True)
class SuggestionResult:
    """The answer to a suggestion.

    ``suggestion`` is the accepted one or, if one of the same paper is ``PENDING``, that one.
    ``paper`` is the known paper or, for an accepted suggestion, one that it resembles.
    ``retry_at`` is when a member with ``TOO_MANY`` may suggest again.
    """

    status: SuggestionStatus
    suggestion: Suggestion | None = None
    paper: Paper | None = None
    retry_at: datetime | None = None


class Problem(enum.StrEnum):
    """What a member says is wrong with a paper."""

    TEXT = "text"
    AUTHORS = "authors"
    VENUE = "venue"
    LINK = "link"
    DUPLICATE = "duplicate"
    NOT_OURS = "not ours"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Report(_FromMember):
    """A problem with a paper that a member reported, and what became of it.

    ``paper`` is the paper as it is now, which may be removed, or the one that it was merged into.
    ``outcome`` is ``REVIEW`` while the report is pending, then ``UPDATED`` or ``DECLINED``.
    """

    id: int
    paper: Paper
    problem: Problem
    note: str
    member_id: int
    member_name: str
    reported_at: datetime
    outcome: Outcome
    decided_by: Actor | None = None


@dataclass(frozen=True, slots=True)
class AccountClaim(_FromMember):
    """A member's claim to be one of the lab's people, and what became of it.

    ``person`` is None if they were removed from the lab's people. ``outcome`` is ``REVIEW`` while
    the claim is pending, then ``UPDATED`` or ``DECLINED``, which the claim of a member who deletes
    their data is, too.
    """

    id: int
    person_id: int
    person: Person | None
    member_id: int
    member_name: str
    claimed_at: datetime
    outcome: Outcome
    decided_by: Actor | None = None

    @property
    def name(self) -> str:
        """The person's name, or a substitute."""
        return self.person.name if self.person else "somebody who was removed"


@dataclass(frozen=True, slots=True)
class NewProposal:
    """What services say about a paper, and why that isn't sure, as a sentence."""

    draft: PaperDraft
    service: str
    reason: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """What services say about a paper of the list without it being sure.

    ``paper`` is the paper as it is now, and ``after`` what it would become. The ``id`` is 0 if the
    proposal isn't saved.
    """

    id: int
    paper: Paper
    after: PaperDraft
    draft: PaperDraft
    service: str
    reason: str

    @property
    def fingerprint(self) -> int:
        """A number that tells what would change from what else would."""
        return zlib.crc32(json.dumps(differences_to_json(self.paper, self.after)).encode())


class ReportStatus(enum.StrEnum):
    """Whether a report is accepted for review, and if not, why."""

    ACCEPTED = "accepted"
    PENDING = "pending"
    TOO_MANY = "too many"
    QUEUE_FULL = "queue full"


@dataclass(frozen=True, slots=True)
class ReportResult:
    """The answer to a report.

    ``report`` is the accepted one or, if the member's own is ``PENDING``, that one. ``retry_at`` is
    when a member with ``TOO_MANY`` may report again.
    """

    status: ReportStatus
    report: Report | None = None
    retry_at: datetime | None = None
