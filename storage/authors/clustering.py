"""Groups credited names into people and picks the people that a query means; pure, no SQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from storage.names.affixes import without_author_id
from storage.names.matching import are_compatible, identity_keys, matches_query
from storage.names.parser import Name, parse_name


@dataclass(frozen=True, slots=True)
class NameVariant:
    """One credited spelling of a name, with what moderators decided about it.

    ``name`` ends in the id that tells namesakes apart, if the credits have one.
    ``person`` is the name of the person that moderators assigned the variant to. ``is_split`` is
    true if they said that the variant is nobody's but its own, and ``is_former`` if it is a former
    name, which is never shown. ``is_registered`` is true if the variant is a name of one of the
    lab's people.
    """

    id: int
    name: str
    paper_count: int
    person: str | None = None
    is_split: bool = False
    is_former: bool = False
    is_registered: bool = False

    @property
    def parsed(self) -> Name:
        """The parsed name (cached by the parser)."""
        return parse_name(self.name)

    @property
    def is_identifying(self) -> bool:
        """Whether the variant identifies a person by itself: a full name, or a decided one."""
        return self.parsed.is_full or self.is_decided

    @property
    def is_decided(self) -> bool:
        """Whether moderators decided whose the variant is."""
        return self.person is not None or self.is_split


@dataclass(frozen=True, slots=True)
class Person:
    """All the variants that are attributed to one person, best first."""

    variants: tuple[NameVariant, ...]

    @property
    def credited_name(self) -> str:
        """The name that stands for the person, as it is credited."""
        decided = [variant.person for variant in self.variants if variant.person is not None]
        return decided[0] if decided else self.variants[0].name

    @property
    def name(self) -> str:
        """The display name."""
        return without_author_id(self.credited_name)

    @property
    def is_identified(self) -> bool:
        """Whether any variant identifies the person by itself."""
        return any(variant.is_identifying for variant in self.variants)

    @property
    def is_known(self) -> bool:
        """Whether any paper credits the person, or they are registered as one of the lab's."""
        return any(variant.paper_count or variant.is_registered for variant in self.variants)

    @property
    def paper_count(self) -> int:
        """The number of papers that credit any of the variants."""
        return sum(variant.paper_count for variant in self.variants)

    @property
    def public_variants(self) -> tuple[str, ...]:
        """The display name and the other credited variants, without former names.

        A short variant that fits only a former name is left out too: “J. Old” would give away
        that Jane New was called Old.
        """
        former = [variant.parsed for variant in self.variants if variant.is_former]
        public = [variant for variant in self.variants if not variant.is_former]
        full_names = [
            name
            for name in (parse_name(self.name), *(variant.parsed for variant in public))
            if name.is_full
        ]

        def is_safe(variant: NameVariant) -> bool:
            return (
                variant.is_identifying
                or not any(are_compatible(name, variant.parsed) for name in former)
                or any(are_compatible(name, variant.parsed) for name in full_names)
            )

        others = [variant.name for variant in public if variant.paper_count and is_safe(variant)]
        return tuple(dict.fromkeys([self.name, *map(without_author_id, others)]))

    def matches(self, query: Name) -> bool:
        """Returns whether the person can be meant by a query.

        Variants that are attributed only by rule don't count, unless there are no others.
        """
        identifying = [variant for variant in self.variants if variant.is_identifying]
        return any(matches_query(variant.parsed, query) for variant in identifying or self.variants)


def cluster(variants: Iterable[NameVariant]) -> list[Person]:
    """Groups name variants into people.

    Full names belong to one person only if all their words agree or a moderator merged them, and
    no ids tell them apart. A full name without an id belongs to the only person of that name who
    has one. A bare surname or initials are attributed to a person if exactly one person among
    ``variants`` is compatible. Otherwise, these form a person of their own.
    """
    variants = set(variants)
    told_apart = _people_told_apart(variants)
    identified: list[list[NameVariant]] = []
    by_key: dict[str, list[NameVariant]] = {}
    by_family: dict[str, list[list[NameVariant]]] = {}
    short: list[NameVariant] = []
    for variant in sorted(variants, key=_sort_key):
        if not variant.is_identifying:
            short.append(variant)
            continue
        keys = _merge_keys(variant, told_apart)
        joining = keys if variant.person is None else keys[:1]
        own = next((by_key[key] for key in joining if key in by_key), None)
        if own is None:
            own = []
            identified.append(own)
        own.append(variant)
        for key in keys:
            by_key.setdefault(key, own)
        for family in variant.parsed.family_keys:
            by_family.setdefault(family, []).append(own)
    unattributed: dict[tuple[str, ...], list[NameVariant]] = {}
    for variant in short:
        relatives = {
            id(own): own for key in variant.parsed.family_keys for own in by_family.get(key, ())
        }
        people = [own for own in relatives.values() if is_attributable(variant, own)]
        if len(people) == 1:
            people[0].append(variant)
        else:
            spelling = (*variant.parsed.words, variant.parsed.suffix)
            unattributed.setdefault(spelling, []).append(variant)
    groups = [*identified, *unattributed.values()]
    return [Person(tuple(sorted(found, key=_sort_key))) for found in groups]


def is_attributable(short: NameVariant, variants: Iterable[NameVariant]) -> bool:
    """Returns whether a short variant is compatible with a full name among ``variants``."""
    return any(
        variant.parsed.is_full
        and not variant.is_split
        and are_compatible(variant.parsed, short.parsed)
        for variant in variants
    )


def select_matches(matching: Sequence[Person], query: Name) -> list[Person]:
    """Narrows the people that match a query to the most plausible ones.

    Identified people take precedence over the rest, and a single exact name over both.
    """
    for tier in ([person for person in matching if person.is_identified], list(matching)):
        if tier:
            exact = [person for person in tier if _has_exact_name(person, query)]
            return exact if len(exact) == 1 else tier
    return []


def _has_exact_name(person: Person, query: Name) -> bool:
    return any(
        variant.parsed.words == query.words
        for variant in person.variants
        if variant.is_identifying or not person.is_identified
    )


def _people_told_apart(variants: Iterable[NameVariant]) -> dict[str, set[str]]:
    """Returns for each full name the people of that name whom ids tell apart."""
    people: dict[str, set[str]] = {}
    for variant in variants:
        if variant.parsed.author_id:
            for key in identity_keys(variant.parsed):
                people.setdefault(key, set()).add(_told_apart_as(variant))
    return people


def _told_apart_as(variant: NameVariant) -> str:
    if variant.is_split:
        return f"/{variant.id}"
    return f"@{variant.person}" if variant.person is not None else f"#{variant.parsed.author_id}"


def _merge_keys(variant: NameVariant, told_apart: Mapping[str, set[str]]) -> list[str]:
    """Returns the keys that identifying variants of one person share, decisions first."""
    if variant.is_split:
        return [_told_apart_as(variant)]
    spellings = sorted(identity_keys(variant.parsed)) if variant.parsed.is_full else []
    people = {_told_apart_as(variant)}
    if not variant.parsed.author_id:
        people = {one for key in spellings for one in told_apart.get(key, ())}
    only = people.pop() if len(people) == 1 else ""
    keys = [f"{key}{only}" for key in spellings]
    return [f"@{variant.person}", *keys] if variant.person is not None else keys


def _sort_key(variant: NameVariant) -> tuple[bool, bool, bool, int, str]:
    """Sorts decided variants first, so that others with the same spelling join them.

    The rest is sorted by how well a variant serves as display name: “Stella Biderman” is better
    than “Biderman, Stella” or “STELLA BIDERMAN”.
    """
    is_plain = "," not in variant.name and not variant.name.isupper()
    return (
        variant.person is None,
        not variant.parsed.is_full,
        not is_plain and not variant.parsed.is_east_asian,
        -variant.paper_count,
        variant.name,
    )
