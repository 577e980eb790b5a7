"""Texts about the lab's people: one of them, and all."""

from __future__ import annotations

from collections.abc import Sequence

from bot.markdown import count, escape, join_and, time_ahead, timestamp
from bot.sources.poller import SourceStatus
from storage.people import ids
from storage.people.models import Person
from storage.people.values import membership_text

_MAX_IDS = 10  # that are shown of a kind


def describe(person: Person) -> str:
    """Returns all that is known about a person, except for former names."""
    links = [
        f"{ids.LABELS[one.scheme]} [{escape(one.value, 60)}]({ids.page_url(one)})"
        for one in person.ids
    ]
    values = {
        "Other names": ", ".join(escape(name, 100) for name in person.other_names),
        "IDs": _listed(links, " · ") or "none yet. Add them with `/people edit`",
        "Not theirs": _listed([escape(ids.describe(one), 100) for one in person.foreign_ids]),
        "Member": membership_text(person.membership),
        "arXiv categories": ", ".join(person.categories),
        "Discord": f"<@{person.discord_id}>" if person.discord_id else "",
        "Papers that are certainly theirs": "are announced without a review"
        if person.is_trusted
        else "need a review",
    }
    lines = [f"### {escape(person.name, 100)}", f"-# Number {person.id}"]
    return "\n".join([*lines, *(f"**{name}** {value}" for name, value in values.items() if value)])


def warn_of_namesakes(namesakes: Sequence[Person]) -> str:
    """Returns a warning that others have the name of a person who was just added."""
    named = join_and([f"**{escape(one.name, 100)}** (number {one.id})" for one in namesakes[:3]])
    return (
        f"⚠️ The lab's people already include {named}. If that's the same person, press **Undo** "
        "and use `/people edit`."
    )


def list_lines(people: Sequence[Person]) -> list[str]:
    """Returns a heading and a line for each person."""
    if not people:
        return ["The list of people is empty. Add somebody with `/people add`."]
    lines = [f"### {count(len(people), 'person')}"]
    if without_ids := sum(not person.ids for person in people):
        lines.append(f"-# {count(without_ids, 'person')} without IDs. `/people edit` adds them.")
    return [*lines, *map(_line, people)]


def _listed(parts: Sequence[str], separator: str = ", ") -> str:
    """Returns a few parts on one line, and how many more there are."""
    shown = separator.join(parts[:_MAX_IDS])
    more = len(parts) - _MAX_IDS
    return f"{shown} and {more:,} more" if more > 0 else shown


def _line(person: Person) -> str:
    labels = dict.fromkeys(ids.LABELS[one.scheme] for one in person.ids)
    parts = [f"**{person.id}** {escape(person.name, 100)}", ", ".join(labels) or "no IDs"]
    parts.append(membership_text(person.membership))
    parts.append(f"<@{person.discord_id}>" if person.discord_id else "")
    return " · ".join(part for part in parts if part)


def describe_sources(statuses: Sequence[SourceStatus], *, is_watching: bool) -> str:
    """Returns the state of the services that are asked for papers by the lab's people."""
    lines = ["### 📡 Where I look for new papers by the lab's people"]
    if not is_watching:
        lines.append("⏸️ I'm not looking for any until you turn that on with `/people watch`.")
    return "\n".join([*lines, *(line for one in statuses for line in _status_lines(one))])


def _status_lines(status: SourceStatus) -> list[str]:
    state = status.state
    title = f"**{escape(status.title, 60)}**"
    if status.next_due_at is None:
        return [f"{title} · nobody to ask about yet"]
    asked = timestamp(state.last_success_at) if state.last_success_at else "never"
    left = count(status.requests_left, "request")
    parts = [f"last answer {asked}", f"next {time_ahead(status.next_due_at)}", f"{left} left today"]
    if status.unknown:
        parts.append(f"{count(len(status.unknown), 'ID')} that it doesn't know")
    lines = [" · ".join([title, *parts])]
    if state.failures:
        since = f" since {timestamp(state.failing_since)}" if state.failing_since else ""
        failures = count(state.failures, "failure")
        lines.append(f"⚠️ Failing{since} ({failures}): {escape(state.last_error, 300)}")
    return lines
