"""Explains what is known about a link, also as a paper by the lab's people."""

from __future__ import annotations

from dataclasses import replace

from bot.markdown import join_and
from bot.sources.registry import source_title
from storage.errors import TraceNotFound
from storage.feeds.trace import Trace
from storage.library import Library
from storage.models import Outcome
from storage.people.evidence import Lab
from storage.review.found_cards import Card


async def trace(library: Library, lab: Lab, query: str) -> Trace:
    """Returns what `Traces.get` does, with the evidence that a paper is by somebody in the lab.

    Raises `TraceNotFound` if there is neither.
    """
    found = await library.found_papers.find_named(query, lab)
    try:
        known = await library.traces.get(query)
    except TraceNotFound:
        if found is None:
            raise
        known = Trace(query.strip(), None)
    return replace(known, evidence=_sentences(found)) if found else known


def _sentences(card: Card) -> tuple[str, ...]:
    """Returns who named the paper, what the evidence for each person is, and what was decided."""
    sources = dict.fromkeys(source_title(one.source) for one in card.witnesses)
    lines = [f"“{card.draft.title}” was found at {join_and([*sources])}."]
    for person, evidence in zip(card.people, card.evidence, strict=True):
        number = f" (number {person.id})" if card.has_namesake(person) else ""
        lines.append(f"{person.name}{number}, grade {evidence.grade}: {evidence.reason}")
    if card.outcome is Outcome.REVIEW and card.is_listed:
        lines.append("It's waiting for a moderator.")
    elif card.outcome is Outcome.REVIEW:
        lines.append("That isn't enough evidence to ask a moderator.")
    elif card.outcome is Outcome.DECLINED:
        lines.append("A moderator declined it.")
    return tuple(lines)
