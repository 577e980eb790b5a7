"""What is recorded of changes to the list, as frozen records without behaviour."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from storage.models import Actor

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Recorded(Generic[_T]):
    """What a write returns: its result, and the id of the change that recorded it.

    ``change_id`` is None if the write changed nothing that can be undone.
    """

    value: _T
    change_id: int | None


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
