"""What waits for a moderator, as JSON and as text for the shell."""

from __future__ import annotations

from typing import Any, TypeAlias

from bot.cli import render
from storage.feeds.models import PendingEntry
from storage.papers.snapshots import differences_to_json
from storage.people.models import Person, Witness
from storage.review.found_cards import Card
from storage.review.models import AccountClaim, Proposal, Report, Suggestion
from storage.review.queue import QueueItem

Item: TypeAlias = Card | QueueItem

# What can wait, by the last digit of its number; see `number_of`.
KINDS: tuple[type, ...] = (Card, PendingEntry, Suggestion, Report, AccountClaim, Proposal)
_NAMES = ("card", "entry", "suggestion", "report", "claim", "completion")
_MAX_KINDS = 10


def number_of(item: Item) -> int:
    """Returns the number of an item in the queue, which no item of another kind has."""
    return item.id * _MAX_KINDS + KINDS.index(type(item))


def parse_number(number: int) -> tuple[type | None, int]:
    """Returns the kind and the id of the item that has a number; no kind if none can have it."""
    item_id, kind = divmod(number, _MAX_KINDS)
    return KINDS[kind] if kind < len(KINDS) else None, item_id


def item_json(item: Item) -> dict[str, Any]:
    """Returns an item as JSON values; only cards have a ``person``."""
    title, identifiers = _about(item)
    values = {
        "number": number_of(item),
        "kind": _NAMES[KINDS.index(type(item))],
        "title": title,
        "identifiers": [*identifiers],
    }
    if isinstance(item, Proposal):
        values |= _proposal_json(item)
    return values | _card_json(item) if isinstance(item, Card) else values


def item_lines(item: Item) -> str:
    """Returns an item as lines of text."""
    title, _ = _about(item)
    head = f"{number_of(item)}  {title}"
    if isinstance(item, Proposal):
        lines = [head, f"    completion of #{item.paper.id}, {item.service}: {item.reason}"]
        return "\n".join([*lines, *render.change_lines(item.paper, item.after)])
    if not isinstance(item, Card):
        return f"{head}\n    {_NAMES[KINDS.index(type(item))]}"
    people = ", ".join(f"{one.name} (number {one.id})" for one in item.people)
    lines = [head, f"    {item.grade}  {people}: {item.reason}"]
    if item.paper_id is not None:
        lines.append(f"    resembles #{item.paper_id}")
    return "\n".join(lines)


def _about(item: Item) -> tuple[str, tuple[str, ...]]:
    """Returns the title and the identifiers of what an item is about."""
    if isinstance(item, AccountClaim):
        return f"{item.member_name} says that they're {item.name}.", ()
    details = item.paper if isinstance(item, Report | Proposal) else item.draft
    return details.title, details.identifiers


def _proposal_json(proposal: Proposal) -> dict[str, Any]:
    return {
        "paper": proposal.paper.id,
        "service": proposal.service,
        "reason": proposal.reason,
        "changes": differences_to_json(proposal.paper, proposal.after),
    }


def _card_json(card: Card) -> dict[str, Any]:
    return {
        "person": _person_json(card.person),
        "also": [{"person": _person_json(one)} for one in card.also],
        "grade": card.grade.value,
        "reason": card.reason,
        "witnesses": [_witness_json(one) for one in card.witnesses],
        "backlog": card.is_backlog,
        "resembles": card.paper_id,
    }


def _person_json(person: Person) -> dict[str, Any]:
    return {"number": person.id, "name": person.name}


def _witness_json(witness: Witness) -> dict[str, Any]:
    first_public = witness.first_public or witness.draft.date
    return {
        "source": witness.source,
        "key": witness.key,
        "first_public": str(first_public) if first_public else None,
    }
