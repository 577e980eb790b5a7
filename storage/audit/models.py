"""What the change log holds, as frozen records: one type for each kind of change."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Generic, TypeAlias, TypeVar

from storage.models import Actor, Outcome
from storage.papers.snapshots import PaperSnapshot
from storage.redaction import redacted_repr

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Recorded(Generic[_T]):
    """What a write returns: its result, and the id of the change that recorded it.

    ``change_id`` is None if the write changed nothing that can be undone.
    """

    value: _T
    change_id: int | None


class ChangeKind(enum.StrEnum):
    """What a change was made to; an undo has the kind of what it undoes."""

    PAPER = "paper"
    NAME = "name"
    FEED = "feed"
    SUBSCRIPTION = "subscription"
    MODERATORS = "moderators"
    ABBREVIATION = "abbreviation"
    PEOPLE = "people"
    IMPORT = "import"
    REVIEW = "review"


class ChangeAction(enum.StrEnum):
    """What a change did."""

    ADD = "add"
    UPDATE = "update"
    EDIT = "edit"
    TAG = "tag"
    REMOVE = "remove"
    RESTORE = "restore"
    MERGE = "merge"
    SPLIT = "split"
    RENAME = "rename"
    IMPORT = "import"
    REVIEW = "review"
    UNDO = "undo"


class ReviewKind(enum.StrEnum):
    """What can wait for a moderator, by the table that holds it."""

    ENTRY = "entries"
    SUGGESTION = "suggestions"
    REPORT = "reports"
    FOUND = "found_papers"
    ACCOUNT = "account_claims"
    COMPLETION = "completion_proposals"


Settings: TypeAlias = Mapping[str, Any]  # by name, with values as in JSON
ReviewState: TypeAlias = Mapping[str, str | int | None]


@dataclass(frozen=True, slots=True)
class NameDecision:
    """What is decided about a name: its person, and whether it is a former name.

    ``person`` is the name that its person is shown by, or None if it is nobody else's name.
    """

    person: str | None
    is_former: bool = False


# Maps a name to its decision, or to None if there is none.
NameDecisions: TypeAlias = Mapping[str, NameDecision | None]


@dataclass(frozen=True, slots=True)
class PeopleState:
    """What a change to the lab's people touched: people by number, None for nobody, and names.

    ``is_trusted`` is whether everybody's certain papers are announced without a review, and
    ``is_watched`` whether services are asked for their papers; each is None if the change didn't
    touch it.
    """

    people: Mapping[int, Settings | None]
    names: NameDecisions
    is_trusted: bool | None = None
    is_watched: bool | None = None


@dataclass(frozen=True, slots=True)
class DroppedAnnouncement:
    """An announcement of a merge's target that was deleted, since the source's had been sent."""

    id: int
    channel_id: int
    created_at: str
    is_filtered_out: int
    venue: str


@dataclass(frozen=True, slots=True)
class Transfer:
    """What a merge moved from a paper to the one that it was merged into.

    ``merged_ids`` are papers that had been merged into it before; ``announcements`` are ids of
    announcements, each with the id of its post if it had one.
    """

    into: int
    merged_ids: tuple[int, ...] = ()
    entry_ids: tuple[int, ...] = ()
    announcements: tuple[tuple[int, int | None], ...] = ()
    dropped: tuple[DroppedAnnouncement, ...] = ()


@dataclass(frozen=True, slots=True)
class Resolution:
    """How something that waited for a moderator was resolved."""

    kind: ReviewKind
    item_id: int
    before: ReviewState
    after: ReviewState


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One recorded change: who did what and when.

    ``undoes`` is the change that this one undid. Since undos can be undone, too, ``original_id`` is
    the change at the end of that chain; every second undo in it is a redo. ``is_undone`` is true
    while this change is not in effect.
    """

    id: int
    at: datetime
    actor: Actor
    action: ChangeAction
    undoes: int | None = None
    original_id: int | None = None
    is_redo: bool = False
    is_undone: bool = False

    @property
    def is_undo(self) -> bool:
        """Whether this undid its original, as opposed to redoing it."""
        return self.undoes is not None and not self.is_redo


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperChange(Change):
    """A change to a paper.

    ``before`` and ``after`` are None for an addition; the next change tells what was added.
    ``merged_into`` is the paper that a merge made this one a part of; ``transfer`` is None for a
    merge by an early version, which can't be undone. ``resolution`` is what a moderator resolved by
    the change. ``part_of`` is the change that this one is a part of, which is undone as a whole,
    and ``parts`` are this one's own parts.
    """

    paper_id: int
    before: PaperSnapshot | None = None
    after: PaperSnapshot | None = None
    merged_into: int | None = None
    transfer: Transfer | None = None
    resolution: Resolution | None = None
    part_of: int | None = None
    parts: tuple[PaperChange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NameChange(Change):
    """A decision about names; ``name`` is the one that its person is shown by."""

    name: str
    before: NameDecisions
    after: NameDecisions


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsChange(Change):
    """A change to settings; ``target_field`` holds the id of what they belong to."""

    kind: ClassVar[ChangeKind]
    target_field: ClassVar[str]

    before: Settings
    after: Settings

    @property
    def target_id(self) -> int:
        """The id of what the settings belong to."""
        return int(getattr(self, self.target_field))

    @property
    def changed_settings(self) -> tuple[str, ...]:
        """The names of the settings that differ."""
        return tuple(name for name in self.before if self.before[name] != self.after.get(name))


@redacted_repr
@dataclass(frozen=True, slots=True, kw_only=True)
class FeedChange(SettingsChange):
    """A change to a feed's settings."""

    kind = ChangeKind.FEED
    target_field = "feed_id"

    feed_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionChange(SettingsChange):
    """A change to what is announced in a channel, and how."""

    kind = ChangeKind.SUBSCRIPTION
    target_field = "channel_id"

    guild_id: int
    channel_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeratorsChange(SettingsChange):
    """A change to the moderators' roles or channel, made in a server."""

    kind = ChangeKind.MODERATORS
    target_field = "guild_id"

    guild_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AbbreviationChange(SettingsChange):
    """A decision about what an abbreviation stands for in searches."""

    kind = ChangeKind.ABBREVIATION
    target_field = "abbreviation_id"

    abbreviation_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleChange(Change):
    """A change to the lab's people, to whose papers need a review, or to watching them."""

    before: PeopleState
    after: PeopleState

    @property
    def changes_trust(self) -> bool:
        """Whether it changed whose papers are announced without a review."""
        before = self.before.people
        return self.after.is_trusted is not None or any(
            (before[number] or {}).get("trust") != (person or {}).get("trust")
            for number, person in self.after.people.items()
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportChange(Change):
    """An import: how many drafts had which outcome. Its parts are changes to papers."""

    outcomes: Mapping[Outcome, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewChange(Change):
    """A resolution that changed no paper. ``resolution`` is None for an undo of one."""

    title: str
    outcome: Outcome
    resolution: Resolution | None = None


@dataclass(frozen=True, slots=True)
class LogPage:
    """A page of the change log, newest first, and whether there are newer and older pages."""

    changes: tuple[Change, ...]
    has_newer: bool
    has_older: bool
