"""Finds people by what somebody types: a number, an id, an account or a name; pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from storage.names.matching import are_told_apart, is_same_name, matches_query
from storage.names.parser import Name, parse_name
from storage.names.similarity import similarity
from storage.people.agreement import written_forms
from storage.people.errors import PersonAmbiguous, PersonNotFound
from storage.people.ids import author_numbers, find_id
from storage.people.models import Person
from storage.text import fold

_NUMBER = re.compile(r"#?(\d{1,9})")
_MENTION = re.compile(r"<@!?(\d+)>")
_MIN_SIMILARITY = 60  # of 100, from which a name is suggested as a correction
_MAX_CORRECTIONS = 3


def get_one(people: Sequence[Person], text: str) -> Person:
    """Returns the person meant; raises `PersonNotFound`, or `PersonAmbiguous` if it's several."""
    text = " ".join(text.split())
    found = _by_key(people, text)
    if not found:
        query = parse_name(text)
        found = [one for one in people if any(_is_same(name, query) for name in written_forms(one))]
        found = [one for one in found if query.author_id in author_numbers(one.ids)] or found
        if not found and query.family:
            found = [
                one
                for one in people
                if any(matches_query(name, query) for name in written_forms(one))
            ]
        if not found:
            raise PersonNotFound(text, _corrections(people, query))
    if len(found) > 1:
        raise PersonAmbiguous(text, found)
    return found[0]


def find_people(people: Sequence[Person], text: str) -> list[Person]:
    """Returns the people of whom every word of a text starts a word of some name, by name."""
    found = _by_key(people, text) or [
        one
        for one in people
        if any(
            all(any(word.startswith(typed) for word in words) for typed in fold(text).split())
            for words in (
                fold(name).split() for name in (one.name, *one.other_names, *one.former_names)
            )
        )
    ]
    return sorted(found, key=lambda one: (fold(one.name), one.id))


def _by_key(people: Sequence[Person], text: str) -> list[Person]:
    """Returns the people with a number, a Discord account or an id."""
    if match := _MENTION.fullmatch(text.strip()):
        return [one for one in people if one.discord_id == int(match[1])]
    if match := _NUMBER.fullmatch(text.strip()):
        by_number = [one for one in people if one.id == int(match[1])]
        if by_number:
            return by_number
    person_id = find_id(text)
    return [one for one in people if person_id in one.ids] if person_id else []


def _is_same(name: Name, query: Name) -> bool:
    return is_same_name(name, query) and not are_told_apart(name, query)


def _corrections(people: Sequence[Person], query: Name) -> list[str]:
    scores = {
        one.name: max(similarity(query, parse_name(name)) for name in (one.name, *one.other_names))
        for one in people
    }
    ranked = sorted(scores, key=lambda name: (-scores[name], name))
    return [name for name in ranked if scores[name] >= _MIN_SIMILARITY][:_MAX_CORRECTIONS]
