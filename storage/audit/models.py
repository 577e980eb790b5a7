"""What is recorded of changes to the list, as frozen records without behaviour."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from storage.models import Actor, Outcome, Paper


@dataclass(frozen=True, slots=True)
class ChangeTarget:
    """What was arranged otherwise: a feed, or what a channel of a server hears."""

    feed_id: int | None = None
    guild_id: int | None = None
    channel_id: int | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One recorded change: who did what to which paper, or to whose name, and before and after.

    Or what it is ``about`` is a feed or a channel. A bulk change (``import``) has none of these,
    and in ``after`` how many drafts became what; nor has a decision that changed no paper
    (``review``). ``resolution`` is what waited for a moderator and was decided, ``moved`` what went
    over to another paper that this one was made a part of, ``part_of`` the whole of a part,
    ``undoes`` the change that this one took back; ``is_undone`` says that it does not stand.
    """

    id: int
    at: datetime
    actor: Actor
    action: str
    paper_id: int | None
    name: str | None = None
    about: ChangeTarget | None = None
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    moved: dict[str, Any] | None = None
    resolution: dict[str, Any] | None = None
    part_of: int | None = None
    undoes: int | None = None
    is_undone: bool = False
    parts: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class LogPage:
    """A page of the log of changes, newest first, and whether there are others beside it."""

    changes: tuple[Change, ...]
    has_newer: bool
    has_older: bool


@dataclass(frozen=True, slots=True)
class Undone:
    """A change that was taken back, and the number of the change that took it back."""

    change: Change
    change_id: int


@dataclass(frozen=True, slots=True)
class SettingChange:
    """That a channel hears otherwise now, and the change to undo; trouble that ended is none."""

    change_id: int | None


@dataclass(frozen=True, slots=True)
class Resolution:
    """What became of something that waited for a moderator, and the change that decided it."""

    outcome: Outcome
    paper: Paper | None
    change_id: int


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of many drafts, and the change to undo for all; none where nothing changed."""

    outcomes: Counter[Outcome]
    change_id: int | None
