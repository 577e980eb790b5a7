"""The values of changes as the JSON text in their rows, and back."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import astuple
from typing import Any

from storage import timestamps
from storage.audit.models import (
    AbbreviationChange,
    Change,
    ChangeAction,
    ChangeKind,
    DroppedAnnouncement,
    FeedChange,
    ImportChange,
    ModeratorsChange,
    NameChange,
    NameDecision,
    NameDecisions,
    PaperChange,
    PeopleChange,
    PeopleState,
    Resolution,
    ReviewChange,
    ReviewKind,
    SubscriptionChange,
    Transfer,
)
from storage.connection import Row
from storage.models import Actor, Outcome
from storage.papers.snapshots import PaperSnapshot, snapshot_from_json, snapshot_to_json

_SETTINGS_CHANGES: Mapping[ChangeKind, tuple[Callable[..., Change], tuple[str, ...]]] = {
    ChangeKind.FEED: (FeedChange, ("feed_id",)),
    ChangeKind.SUBSCRIPTION: (SubscriptionChange, ("guild_id", "channel_id")),
    ChangeKind.MODERATORS: (ModeratorsChange, ("guild_id",)),
    ChangeKind.ABBREVIATION: (AbbreviationChange, ("abbreviation_id",)),
}


def to_text(values: Mapping[str, Any]) -> str:
    """Returns plain values as JSON text."""
    return json.dumps(values, ensure_ascii=False)


def snapshot_to_text(snapshot: PaperSnapshot | None, merged_into: int | None = None) -> str:
    """Returns a snapshot as JSON text; ``merged_into`` is the target of a merge."""
    values = snapshot_to_json(snapshot) if snapshot is not None else {}
    return to_text(values | ({"into": merged_into} if merged_into is not None else {}))


def decisions_to_text(decisions: NameDecisions) -> str:
    """Returns decisions about names as JSON text."""
    return to_text(_decision_values(decisions))


def people_to_text(state: PeopleState) -> str:
    """Returns the state of people as JSON text."""
    return to_text(
        {
            "people": {str(number): values for number, values in state.people.items()},
            "names": _decision_values(state.names),
            "trust": state.is_trusted,
            "watch": state.is_watched,
        }
    )


def transfer_to_text(transfer: Transfer) -> str:
    """Returns what a merge moved as JSON text."""
    return to_text(
        {
            "into": transfer.into,
            "became": transfer.merged_ids,
            "entries": transfer.entry_ids,
            "announcements": transfer.announcements,
            "dropped": [astuple(one) for one in transfer.dropped],
        }
    )


def resolution_to_text(resolution: Resolution) -> str:
    """Returns a resolution as JSON text."""
    return to_text(
        {
            "kind": resolution.kind,
            "id": resolution.item_id,
            "before": resolution.before,
            "after": resolution.after,
        }
    )


def change_from_row(row: Row) -> Change:
    """Returns the change in a row of ``changes``, joined with its name and ``is_in_effect``."""
    kind = ChangeKind(row["kind"])
    before, after = json.loads(row["before"]), json.loads(row["after"])
    common: dict[str, Any] = {
        "id": row["id"],
        "at": timestamps.from_text(row["at"]),
        "actor": Actor(row["actor"], row["actor_name"]),
        "action": ChangeAction(row["action"]),
        "undoes": row["undoes"],
        "is_undone": not row["is_in_effect"],
    }
    match kind:
        case ChangeKind.PAPER:
            return PaperChange(
                **common,
                paper_id=row["paper_id"],
                before=_snapshot(before),
                after=_snapshot(after),
                merged_into=after.get("into"),
                transfer=_transfer(row["moved"]),
                resolution=_resolution(row["resolution"]),
                part_of=row["part_of"],
            )
        case ChangeKind.NAME:
            return NameChange(
                **common, name=row["name"], before=_decisions(before), after=_decisions(after)
            )
        case ChangeKind.PEOPLE:
            return PeopleChange(**common, before=_people(before), after=_people(after))
        case (
            ChangeKind.FEED
            | ChangeKind.SUBSCRIPTION
            | ChangeKind.MODERATORS
            | ChangeKind.ABBREVIATION
        ):
            settings_class, columns = _SETTINGS_CHANGES[kind]
            target = {name: row[name] for name in columns}
            return settings_class(**common, **target, before=before, after=after)
        case ChangeKind.IMPORT:
            outcomes = {Outcome(name): number for name, number in after.items()}
            return ImportChange(**common, outcomes=outcomes)
        case ChangeKind.REVIEW:
            return ReviewChange(
                **common,
                title=after["title"],
                outcome=Outcome(after["outcome"]),
                resolution=_resolution(row["resolution"]),
            )


def _snapshot(values: dict[str, Any]) -> PaperSnapshot | None:
    return snapshot_from_json(values) if "title" in values else None


def _decision_values(decisions: NameDecisions) -> dict[str, Any]:
    return {
        name: {"person": decision.person, "former": decision.is_former} if decision else None
        for name, decision in decisions.items()
    }


def _people(values: dict[str, Any]) -> PeopleState:
    people = {int(number): person for number, person in values["people"].items()}
    names = _decisions(values["names"])
    return PeopleState(people, names, values["trust"], values.get("watch"))


def _decisions(values: dict[str, Any]) -> NameDecisions:
    return {
        name: NameDecision(decision["person"], bool(decision["former"])) if decision else None
        for name, decision in values.items()
    }


def _transfer(text: str | None) -> Transfer | None:
    if text is None:
        return None
    values = json.loads(text)
    return Transfer(
        into=values["into"],
        merged_ids=tuple(values["became"]),
        entry_ids=tuple(values["entries"]),
        announcements=tuple((number, post_id) for number, post_id in values["announcements"]),
        dropped=tuple(DroppedAnnouncement(*one) for one in values["dropped"]),
    )


def _resolution(text: str | None) -> Resolution | None:
    if text is None:
        return None
    values = json.loads(text)
    return Resolution(ReviewKind(values["kind"]), values["id"], values["before"], values["after"])
