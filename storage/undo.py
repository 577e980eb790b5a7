"""Undoing a recorded change, unless something it touched was changed since.

An undo is a change too: undoing it redoes what it undid.
"""

from __future__ import annotations

import enum
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from storage import moderator_settings
from storage.announcements import subscription_settings
from storage.audit import log as audit_log
from storage.audit import queries as change_queries
from storage.audit import serialization
from storage.audit.models import (
    AbbreviationChange,
    Change,
    ChangeAction,
    FeedChange,
    ImportChange,
    ModeratorsChange,
    NameChange,
    NameDecisions,
    PaperChange,
    PeopleChange,
    PeopleState,
    Recorded,
    ReviewChange,
    Settings,
    SettingsChange,
    SubscriptionChange,
)
from storage.audit.queries import ChangeHistory
from storage.authors import decisions as name_decisions
from storage.connection import Connection
from storage.curation import merge as curation_merge
from storage.errors import LabError
from storage.feeds import settings as feed_settings
from storage.models import Actor, Paper
from storage.papers import queries as paper_queries
from storage.papers import writes as paper_writes
from storage.papers.snapshots import PaperSnapshot, take_snapshot
from storage.people import records as people_records
from storage.review import resolutions
from storage.search import abbreviation_decisions

_MAX_NAMED = 3  # papers that an error names

_C = TypeVar("_C", bound=Change)
_S = TypeVar("_S")


class ChangedSince(LabError):
    """What a change touched was changed again by ``later``, which has to be undone first."""

    def __init__(self, subject: str, later: int) -> None:
        super().__init__(f"{subject} been changed since then. Undo change {later} first.")
        self.later = later


async def get_history(db: Connection, change_id: int) -> ChangeHistory:
    """Returns a change with what it goes back to; raises `LabError` if there is no such change."""
    history = await change_queries.find_history(db, change_id)
    if history is None:
        raise LabError("I couldn't find that change.")
    return history


def takes_long(history: ChangeHistory) -> bool:
    """Returns whether undoing a change may take as long as an import."""
    return isinstance(history.original, ImportChange)


async def undo(
    db: Connection, history: ChangeHistory, actor: Actor, at: datetime
) -> Recorded[Change]:
    """Undoes a change in the caller's transaction, and records that.

    The history may have been read before the transaction. Raises `LabError` if the change is
    undone already, or if what it touched was changed since.
    """
    change, original = history.change, history.original
    if isinstance(change, PaperChange) and change.part_of is not None:
        raise LabError(f"You can only undo this together with the rest of change {change.part_of}.")
    if change.is_undone or not await _toggle(db, history.chain):
        raise LabError("That has already been undone.")
    kind = _KINDS[type(original)]
    before = await kind.load(db, original)
    await kind.require_unchanged(db, change, original, before)
    await kind.apply(db, original, _Version.AFTER if original.is_undone else _Version.BEFORE, at)
    after = await kind.load(db, original)
    change_id = await audit_log.record_undo(
        db, at, actor, change, kind.to_text(before), kind.to_text(after)
    )
    return Recorded(change, change_id)


async def _toggle(db: Connection, chain: Sequence[Change]) -> bool:
    """Flips which changes of a chain are in effect; returns whether that was still as read."""
    rows = await db.all(
        """UPDATE changes SET is_active = NOT is_active
           WHERE id IN (SELECT value FROM json_each(?)) RETURNING id, is_active""",
        [json.dumps([change.id for change in chain])],
    )
    return {row["id"]: bool(row["is_active"]) for row in rows} == {
        change.id: change.is_undone for change in chain
    }


class _Version(enum.Enum):
    """Which state to restore: that before the original change (undo) or after it (redo)."""

    BEFORE = enum.auto()
    AFTER = enum.auto()


@dataclass(frozen=True, slots=True)
class _Kind(Generic[_C, _S]):
    """How changes of one kind are undone and redone.

    ``load`` reads the present state of what a change touched, and ``apply`` gives it the state that
    it had before or after the change. ``require_unchanged`` raises `ChangedSince` if that would
    overwrite something done after the change to undo, its first argument after ``db``.
    """

    load: Callable[[Connection, _C], Awaitable[_S]]
    require_unchanged: Callable[[Connection, Change, _C, _S], Awaitable[None]]
    apply: Callable[[Connection, _C, _Version, datetime], Awaitable[None]]
    to_text: Callable[[_S], str]


async def _load_paper(db: Connection, original: PaperChange) -> PaperSnapshot:
    return await take_snapshot(db, await _get_paper(db, original.paper_id))


async def _load_outcomes(_db: Connection, original: ImportChange) -> Mapping[str, Any]:
    return {outcome.value: number for outcome, number in original.outcomes.items()}


async def _load_review(_db: Connection, original: ReviewChange) -> Mapping[str, Any]:
    return {"title": original.title, "outcome": original.outcome}


async def _require_papers_unchanged(
    db: Connection, change: Change, original: Change, _present: object
) -> None:
    later = await change_queries.later_paper_changes(db, change, original, _MAX_NAMED + 1)
    if not later:
        return
    names = [f"#{paper_id}" for paper_id, _ in later[:_MAX_NAMED]]
    if len(later) > _MAX_NAMED:
        names.append("others")
    *most, last = names
    subject = f"{', '.join(most)} and {last} have" if most else f"{last} has"
    raise ChangedSince(subject, later[0][1])


async def _apply_papers(
    db: Connection,
    original: PaperChange | ImportChange | ReviewChange,
    version: _Version,
    at: datetime,
) -> None:
    is_undo = version is _Version.BEFORE
    await (_undo_papers if is_undo else _redo_papers)(db, original, at)
    restore = resolutions.undo if is_undo else resolutions.redo
    if isinstance(original, ImportChange):
        async for resolution in change_queries.resolutions(db, original):
            await restore(db, resolution)
    elif original.resolution is not None:
        await restore(db, original.resolution)


async def _undo_papers(db: Connection, original: Change, at: datetime) -> None:
    """Undoes the steps of a change, the last one first, and then what it added."""
    async for step in change_queries.steps(db, original, backwards=True):
        paper = await _get_paper(db, step.paper_id)
        if step.before is None:
            continue
        if step.action is not ChangeAction.MERGE:
            await paper_writes.restore_snapshot(db, paper, step.before, at)
        elif step.transfer is not None:
            await curation_merge.unmerge(db, paper, step.before, step.transfer, at)
        else:
            raise LabError(
                f"#{paper.id} was merged by an earlier version of me, which didn't record how to "
                "undo that."
            )
    async for paper_ids in change_queries.added_papers(db, original):
        await paper_writes.undo_insert(db, paper_ids, at)


async def _redo_papers(db: Connection, original: Change, at: datetime) -> None:
    async for paper_ids in change_queries.added_papers(db, original):
        await paper_writes.redo_insert(db, paper_ids)
    async for step in change_queries.steps(db, original, backwards=False):
        paper = await _get_paper(db, step.paper_id)
        if step.transfer is not None:
            transfer = await curation_merge.absorb(db, paper, step.transfer.into, at)
            await audit_log.replace_transfer(db, step.id, transfer)
        elif step.after is not None:
            await paper_writes.restore_snapshot(db, paper, step.after, at)


async def _get_paper(db: Connection, paper_id: int) -> Paper:
    (paper,) = await paper_queries.load(db, [paper_id])
    return paper


async def _load_decisions(db: Connection, original: NameChange) -> NameDecisions:
    return await name_decisions.decisions(db, original.after)


async def _require_names_unchanged(
    db: Connection, change: Change, original: NameChange, present: NameDecisions
) -> None:
    if present == (original.before if original.is_undone else original.after):
        return
    later = await change_queries.later_name_change(db, change, [*original.after])
    if later is None:
        raise LabError("Those names have been changed since then.")
    raise ChangedSince("Those names have", later)


async def _apply_decisions(
    db: Connection,
    original: NameChange,
    version: _Version,
    _at: datetime,
) -> None:
    decisions = original.before if version is _Version.BEFORE else original.after
    await name_decisions.decide(db, decisions)


async def _load_people(db: Connection, original: PeopleChange) -> PeopleState:
    return await people_records.load_state(db, original.after)


async def _require_people_unchanged(
    db: Connection, change: Change, original: PeopleChange, present: PeopleState
) -> None:
    if present == (original.before if original.is_undone else original.after):
        return
    touched = original.after
    later = await change_queries.later_name_change(db, change, [*touched.names], [*touched.people])
    if later is None:
        raise LabError("Those people have been changed since then.")
    raise ChangedSince("Those people have", later)


async def _apply_people(
    db: Connection, original: PeopleChange, version: _Version, _at: datetime
) -> None:
    state = original.before if version is _Version.BEFORE else original.after
    await people_records.apply_state(db, state)
    await name_decisions.decide(db, state.names)


async def _require_settings_unchanged(
    db: Connection, change: Change, original: SettingsChange, present: Settings
) -> None:
    expected = original.before if original.is_undone else original.after
    if all(present.get(name) == expected.get(name) for name in original.changed_settings):
        return
    later = await change_queries.later_settings_change(db, change, original)
    if later is None:
        raise LabError(
            "That has been changed since then, but not by a moderator, so I can't undo it."
        )
    raise ChangedSince("That has", later)


def _settings_kind(
    load: Callable[[Connection, int], Awaitable[Settings]],
    apply: Callable[[Connection, int, Settings, datetime], Awaitable[None]],
) -> _Kind[SettingsChange, Settings]:
    """Returns how changes to settings are undone; those that a change left alone stay as they are.

    ``load`` and ``apply`` read and change the settings of what has an id.
    """

    async def load_present(db: Connection, original: SettingsChange) -> Settings:
        return await load(db, original.target_id)

    async def restore(
        db: Connection, original: SettingsChange, version: _Version, at: datetime
    ) -> None:
        state = original.before if version is _Version.BEFORE else original.after
        settings = {name: state[name] for name in original.changed_settings}
        await apply(db, original.target_id, settings, at)

    return _Kind(load_present, _require_settings_unchanged, restore, serialization.to_text)


# How each kind of change is undone.
_KINDS: dict[type[Change], _Kind[Any, Any]] = {
    PaperChange: _Kind(
        load=_load_paper,
        require_unchanged=_require_papers_unchanged,
        apply=_apply_papers,
        to_text=serialization.snapshot_to_text,
    ),
    ImportChange: _Kind(
        load=_load_outcomes,
        require_unchanged=_require_papers_unchanged,
        apply=_apply_papers,
        to_text=serialization.to_text,
    ),
    ReviewChange: _Kind(
        load=_load_review,
        require_unchanged=_require_papers_unchanged,
        apply=_apply_papers,
        to_text=serialization.to_text,
    ),
    NameChange: _Kind(
        load=_load_decisions,
        require_unchanged=_require_names_unchanged,
        apply=_apply_decisions,
        to_text=serialization.decisions_to_text,
    ),
    PeopleChange: _Kind(
        load=_load_people,
        require_unchanged=_require_people_unchanged,
        apply=_apply_people,
        to_text=serialization.people_to_text,
    ),
    FeedChange: _settings_kind(feed_settings.load, feed_settings.apply),
    SubscriptionChange: _settings_kind(subscription_settings.load, subscription_settings.apply),
    ModeratorsChange: _settings_kind(moderator_settings.load, moderator_settings.apply),
    AbbreviationChange: _settings_kind(abbreviation_decisions.load, abbreviation_decisions.apply),
}
