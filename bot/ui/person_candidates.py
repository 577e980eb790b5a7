"""What a search for people found, for a moderator who chooses one of them; pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from discord.ui import Container, Separator, TextDisplay

from bot.markdown import clip, count, escape, escape_sentence, join_and, join_or
from bot.sources.candidates import Candidate
from bot.sources.find_people import FoundPeople
from bot.ui import cards
from storage.people import ids
from storage.people.models import Person, PersonId

_MAX_LABEL = 80  # characters of a button
_MAX_IDS = 5
_MAX_AFFILIATIONS = 3


def page(found: FoundPeople, people: Sequence[Person]) -> Container[Any]:
    """Returns a card with the numbered candidates; ``people`` are those of the lab."""
    card: Container[Any] = Container(accent_colour=cards.NEUTRAL)
    card.add_item(TextDisplay(f"### 🔎 Who is {escape(found.name, 100)}?"))
    for number, candidate in enumerate(found.candidates, start=1):
        card.add_item(Separator())
        card.add_item(TextDisplay(describe(candidate, people, f"{number} · ")))
    if lines := _remarks(found):
        card.add_item(Separator())
        card.add_item(TextDisplay("\n".join(lines)))
    return card


def nobody(found: FoundPeople) -> str:
    """Returns what to say if nobody was found."""
    asked = join_or([escape(title, 40) for title in found.asked])
    text = (
        f"🔎 I couldn't find {escape(found.name, 100)} at {asked}. Try their full name as papers "
        "credit it, or add them by hand with `/people add`."
    )
    return "\n".join([text, *(f"-# ⚠️ {escape(problem, 200)}" for problem in found.problems)])


def describe(candidate: Candidate, people: Sequence[Person] = (), prefix: str = "") -> str:
    """Returns who a candidate is: affiliations, years, works, and the ids to take.

    It says which of ``people`` have one of the ids.
    """
    places = [escape(one.name, 70) for one in candidate.affiliations[:_MAX_AFFILIATIONS]]
    facts = [", ".join(places), _years(candidate)]
    facts += [count(candidate.work_count, "work")] if candidate.work_count else []
    lines = [f"**{prefix}{escape(candidate.names[0], 100)}**"]
    if others := candidate.names[1:]:
        lines.append(f"-# Also {escape(', '.join(others), 150)}")
    lines.append(" · ".join(filter(None, facts)) or "No works known")
    lines += [f"- {escape(title, 110)}" for title in candidate.works]
    lines.append(" · ".join(map(_id_link, candidate.ids[:_MAX_IDS])))
    lines += [
        f"-# ✅ Registered: {escape(one.name, 100)} (number {one.id})"
        for one in people
        if not {*one.ids}.isdisjoint(candidate.ids)
    ]
    return "\n".join(lines)


def choice_label(number: int, candidate: Candidate) -> str:
    """Returns the label of the button that chooses a candidate."""
    return clip(f"{number} · {candidate.names[0]}", _MAX_LABEL)


def person_label(person: Person) -> str:
    """Returns the label of the button that gives the ids to a registered person."""
    return f"{clip(person.name, 60)} (number {person.id})"


def whose(candidate: Candidate, namesakes: Sequence[Person], refusals: Sequence[str]) -> str:
    """Returns the question whose ids a candidate's are, with what speaks against some people."""
    lines = [
        "### 👥 Whose IDs are these?",
        describe(candidate),
        *(f"-# ⚠️ {line}" for line in (_other_id(one, candidate.ids) for one in namesakes) if line),
        *(f"-# ⛔ {escape_sentence(sentence, 300)}" for sentence in refusals),
    ]
    return "\n".join(lines)


def _other_id(person: Person, candidate_ids: Sequence[PersonId]) -> str:
    """Returns a remark on a person who has other ids of the same services, or nothing."""
    schemes = {one.scheme for one in candidate_ids}
    other = [ids.describe(one) for one in person.ids if one.scheme in schemes]
    if not other:
        return ""
    name = f"{escape(person.name, 100)} (number {person.id})"
    return f"{name} has another {escape(join_and(other), 200)}."


def _remarks(found: FoundPeople) -> list[str]:
    """Returns which sources failed, and which know more people of that name."""
    lines = [f"-# ⚠️ {escape(problem, 200)}" for problem in found.problems]
    if found.more:
        known = join_and([f"{escape(title, 40)} {total:,}" for title, total in found.more])
        lines.append(
            f"-# There are more people of that name: {known} in all. If none of these is right, "
            "try a middle name, or give the IDs to `/people add`."
        )
    return lines


def _years(candidate: Candidate) -> str:
    if candidate.years is None:
        return ""
    first, last = candidate.years
    return str(first) if first == last else f"{first} to {last}"


def _id_link(person_id: PersonId) -> str:
    label, value = ids.LABELS[person_id.scheme], escape(person_id.value, 60)
    return f"{label} [{value}]({ids.page_url(person_id)})"
