"""Finds the lab's people whom the witnesses of a paper name, identify or list; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from storage.names.parser import parse_name
from storage.people.agreement import Agreement, agreement, exchange_names, written_forms
from storage.people.models import Affiliation, Credit, IdScheme, Person, PersonId, Witness


@dataclass(frozen=True, slots=True)
class Match:
    """The credit of one witness that is most likely a person's.

    ``index`` is None if a list of the person's own works names no authors, or only others.
    """

    source: str
    index: int | None = None
    credit: Credit | None = None
    agreement: Agreement = Agreement.NONE
    own_ids: frozenset[IdScheme] = frozenset()
    is_listed: bool = False
    has_misplaced_id: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """All that the witnesses of one paper say about one person.

    ``matches`` are by the number of the witness. ``is_named_otherwise`` is whether one of them
    credits only other people.
    """

    person: Person
    matches: Mapping[int, Match]
    is_named_otherwise: bool

    @property
    def agreement(self) -> Agreement:
        """The best agreement of any credit."""
        return max(one.agreement for one in self.matches.values())

    @property
    def id_schemes(self) -> frozenset[IdScheme]:
        """The schemes of the person's ids on credits whose name agrees."""
        found = [one.own_ids for one in self.matches.values() if one.agreement]
        return frozenset().union(*found)

    @property
    def listings(self) -> tuple[str, ...]:
        """The sources whose list of the person's own works has the paper, under no other name."""
        return tuple(
            sorted(
                {
                    one.source
                    for one in self.matches.values()
                    if one.is_listed and not one.has_misplaced_id
                }
            )
        )

    @property
    def is_proven(self) -> bool:
        """Whether an id or a list of own works comes with a name that agrees."""
        return bool(self.agreement and (self.id_schemes or self.listings))

    @property
    def has_misplaced_id(self) -> bool:
        """Whether an id of the person, or a list of their works, comes with another name."""
        return any(one.has_misplaced_id for one in self.matches.values())

    @property
    def credits(self) -> list[Credit]:
        """The person's credits by name."""
        return [one.credit for one in self.matches.values() if one.credit and one.agreement]

    @property
    def position(self) -> int:
        """The place among the authors, from 0."""
        return min((one.index for one in self.matches.values() if one.index is not None), default=0)

    @property
    def other_ids(self) -> tuple[PersonId, ...]:
        """Ids on the person's credits that aren't registered as theirs."""
        found = {one for credit in self.credits for one in credit.ids}
        return tuple(sorted(found - {*self.person.ids}))

    @property
    def affiliations(self) -> tuple[Affiliation, ...]:
        """The affiliations of the person's credits."""
        found = {one for credit in self.credits for one in credit.affiliations}
        return tuple(sorted(found, key=lambda one: (one.name, one.ror)))

    def meets(self, other: Claim) -> bool:
        """Returns whether two people's names are on the same credit."""
        return any(
            match.agreement
            and number in other.matches
            and match.index == other.matches[number].index
            for number, match in self.matches.items()
        )


class IndexedPeople(tuple[Person, ...]):  # noqa: SLOT001 - the index is an attribute
    """People with an index of their names and ids: a credit is compared with few of them."""

    def __init__(self, _people: Iterable[Person] = ()) -> None:
        self._by_number = {person.id: person for person in self}
        self._by_key: dict[str | PersonId, set[int]] = {}
        for person in self:
            keys: set[str | PersonId] = {*person.ids}
            keys |= {key for name in written_forms(person) for key in name.family_keys}
            for key in keys:
                self._by_key.setdefault(key, set()).add(person.id)

    def candidates(self, witness: Witness) -> list[Person]:
        """Returns the few people who can be meant by a witness, by family names and ids."""
        found = {
            number
            for credit in witness.credits
            for key in (*credit.ids, *_family_keys(credit.name))
            if key in self._by_key
            for number in self._by_key[key]
        }
        if witness.listed_for is not None:
            found |= {witness.listed_for} & self._by_number.keys()
        return [self._by_number[number] for number in sorted(found)]

    def belongs_to_another(self, one: PersonId, person: Person) -> bool:
        """Returns whether somebody else than a person is registered with an id."""
        return one in self._by_key and self._by_key[one] != {person.id}


def with_index(people: Sequence[Person]) -> IndexedPeople:
    """Returns people with their index."""
    return people if isinstance(people, IndexedPeople) else _index(tuple(people))


@lru_cache(maxsize=4)
def _index(people: tuple[Person, ...]) -> IndexedPeople:
    """Makes an index; cached, because one decision after the other is about the same people."""
    return IndexedPeople(people)


@lru_cache(maxsize=65_536)
def _family_keys(credited: str) -> frozenset[str]:
    """Returns what a credited name may have in common with a person's, in either order."""
    name = parse_name(credited)
    return name.family_keys | exchange_names(name).family_keys


def find_claims(people: Sequence[Person], witnesses: Sequence[Witness]) -> list[Claim]:
    """Returns a claim for each person whom a witness names, identifies or lists."""
    people = with_index(people)
    by_person: dict[int, dict[int, Match]] = {}
    for number, witness in enumerate(witnesses):
        for person in people.candidates(witness):
            match = _match(person, witness)
            if match is not None:
                by_person.setdefault(person.id, {})[number] = match
    naming = [
        number for number, one in enumerate(witnesses) if one.credits and one.draft.authors_complete
    ]
    return [
        Claim(
            person,
            by_person[person.id],
            any(
                number not in by_person[person.id] or not by_person[person.id][number].agreement
                for number in naming
            ),
        )
        for person in people
        if person.id in by_person
    ]


def _match(person: Person, witness: Witness) -> Match | None:
    """Returns the credit that is most likely a person's: by id and name, by name, or by id."""
    is_listed = witness.listed_for == person.id
    best: tuple[bool, Agreement, bool, int] | None = None
    match, has_misplaced_id = None, False
    for index, credit in enumerate(witness.credits):
        own = frozenset(one.scheme for one in credit.ids if one in person.ids)
        fit = agreement(person, credit.name)
        has_misplaced_id |= bool(own) and not fit
        rank = (bool(own and fit), fit, bool(own), len(own) - len(credit.ids))
        if (own or fit) and (best is None or rank > best):
            best, match = rank, Match(witness.source, index, credit, fit, own, is_listed)
    if match is not None:
        is_misplaced = has_misplaced_id or (is_listed and not match.agreement)
        return replace(match, has_misplaced_id=is_misplaced)
    if not is_listed:
        return None
    is_misplaced = bool(witness.credits) and witness.draft.authors_complete
    return Match(witness.source, is_listed=True, has_misplaced_id=is_misplaced)
