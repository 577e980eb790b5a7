"""What can go wrong with the lab's people; the text of each error is a finished sentence."""

from __future__ import annotations

from collections.abc import Sequence

from storage.errors import InvalidInput, LabError
from storage.people import ids
from storage.people.models import Person, PersonId


class PersonNotFound(LabError):
    """Nobody among the lab's people has the number, name, id or account."""

    def __init__(self, text: str, similar: Sequence[str] = ()) -> None:
        hint = f" Did you mean {' or '.join(f'“{name}”' for name in similar)}?" if similar else ""
        super().__init__(f"I couldn't find “{text[:100]}” among the lab's people.{hint}")
        self.text = text


class PersonAmbiguous(LabError):
    """The text could mean any of several people."""

    def __init__(self, text: str, people: Sequence[Person]) -> None:
        shown = [f"{person.name} (number {person.id})" for person in people[:8]]
        if more := len(people) - len(shown):
            shown.append("another" if more == 1 else f"{more} others")
        super().__init__(
            f"“{text[:100]}” could be {', '.join(shown[:-1])} or {shown[-1]}. Use the number."
        )
        self.people = tuple(people)


class IdTaken(InvalidInput):
    """An id belongs to somebody else already."""

    def __init__(self, taken: PersonId, owner_id: int, owner: str) -> None:
        super().__init__(f"The {ids.describe(taken)} belongs to {owner} (number {owner_id}).")
        self.taken = taken
        self.owner_id = owner_id


class IdForeign(InvalidInput):
    """An id is known not to be a person's."""

    def __init__(self, foreign: PersonId, person_id: int, name: str) -> None:
        super().__init__(
            f"The {ids.describe(foreign)} is known to be somebody else's, not that of {name} "
            f"(number {person_id}). If it's theirs after all, enter it in `/people edit`."
        )
        self.foreign = foreign
        self.person_id = person_id


class AccountTaken(InvalidInput):
    """A Discord account belongs to somebody else already."""

    def __init__(self, owner_id: int, owner: str) -> None:
        super().__init__(f"That Discord account belongs to {owner} (number {owner_id}).")
        self.owner_id = owner_id


class NameTaken(InvalidInput):
    """A name can't be one person's other name, since it is another author's."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"“{name}” is another author's name. If they're the same person, merge them first."
        )
        self.name = name
