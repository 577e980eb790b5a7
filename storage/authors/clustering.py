"""Who is who among credited names: forms → people, and whom a question means; pure, no SQL."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from storage.names.matching import answers_to, compatible, identity_keys
from storage.names.parser import Name, parse_name


@dataclass(frozen=True, slots=True)
class NameVariant:
    """One credited form of a name.

    ``papers`` counts its papers. ``person`` is the name by which moderators said that its person
    is shown, ``is_apart`` that it is nobody's but its own, ``is_former`` that it is never shown.
    """

    id: int
    name: str
    papers: int
    person: str | None = None
    is_apart: bool = False
    is_former: bool = False

    @property
    def parsed(self) -> Name:
        """The name taken apart."""
        return parse_name(self.name)

    @property
    def stands(self) -> bool:
        """Whether the form is somebody by itself: written out, or decided."""
        return self.parsed.is_full or self.person is not None or self.is_apart


@dataclass(frozen=True, slots=True)
class Person:
    """The forms that count for one person, the best of them first."""

    forms: tuple[NameVariant, ...]

    @property
    def name(self) -> str:
        """The name to show."""
        decided = [form.person for form in self.forms if form.person is not None]
        return decided[0] if decided else self.forms[0].name

    @property
    def is_written(self) -> bool:
        """Whether a form of it is somebody by itself."""
        return any(form.stands for form in self.forms)

    @property
    def papers(self) -> int:
        """How many papers the forms have together."""
        return sum(form.papers for form in self.forms)

    @property
    def shown_forms(self) -> tuple[str, ...]:
        """The name to show, then the other forms; none that is, or betrays, a former name."""
        former = [form.parsed for form in self.forms if form.is_former]
        open_names = [parse_name(self.name), *(f.parsed for f in self.forms if not f.is_former)]
        open_full = [name for name in open_names if name.is_full]
        others = [
            form.name
            for form in self.forms
            if not form.is_former
            and form.papers
            and (
                form.stands
                or not any(compatible(name, form.parsed) for name in former)
                or any(compatible(name, form.parsed) for name in open_full)
            )
        ]
        return tuple(dict.fromkeys([self.name, *others]))

    def answers(self, asked: Name) -> bool:
        """Whether it may be meant; a form that counts for it only by rule says nothing."""
        speaking = [form for form in self.forms if form.stands] or self.forms
        return any(answers_to(form.parsed, asked) for form in speaking)


def group(forms: Iterable[NameVariant]) -> list[Person]:
    """Group credited forms into people.

    Written-out names are one person's only when all their words agree, or when a moderator said
    so. A bare surname or initials count for a person while that is the one compatible written-out
    name among the forms, and else stand alone.
    """
    written: list[list[NameVariant]] = []
    by_key: dict[str, list[NameVariant]] = {}
    by_family: dict[str, list[list[NameVariant]]] = {}
    short: list[NameVariant] = []
    for form in sorted(set(forms), key=_first):
        if not form.stands:
            short.append(form)
            continue
        keys = _keys(form)
        own = next((by_key[key] for key in keys if key in by_key), None)
        if own is None:
            own = []
            written.append(own)
        own.append(form)
        for key in keys:
            by_key.setdefault(key, own)
        for family in form.parsed.family_keys:
            by_family.setdefault(family, []).append(own)
    alone: dict[tuple[str, ...], list[NameVariant]] = {}
    for form in short:
        near = {id(own): own for key in form.parsed.family_keys for own in by_family.get(key, ())}
        people = [own for own in near.values() if counts_for(form, own)]
        if len(people) == 1:
            people[0].append(form)
        else:
            alone.setdefault((*form.parsed.words, form.parsed.suffix), []).append(form)
    return [Person(tuple(sorted(found, key=_first))) for found in (*written, *alone.values())]


def counts_for(short: NameVariant, forms: Iterable[NameVariant]) -> bool:
    """Whether a short form is compatible with a written-out name among these."""
    return any(
        form.parsed.is_full and not form.is_apart and compatible(form.parsed, short.parsed)
        for form in forms
    )


def choose(matching: Sequence[Person], asked: Name) -> list[Person]:
    """The people meant: an exact name first, then written-out names, then what else is credited."""
    for tier in ([one for one in matching if one.is_written], list(matching)):
        exact = [
            identity
            for identity in tier
            if any(
                form.parsed.words == asked.words
                for form in identity.forms
                if form.stands or not identity.is_written
            )
        ]
        if tier:
            return exact if len(exact) == 1 else tier
    return []


def _keys(form: NameVariant) -> list[str]:
    """What makes written-out forms one person's; a decision before the letters."""
    if form.is_apart:
        return [f"#{form.id}"]
    letters = sorted(identity_keys(form.parsed)) if form.parsed.is_full else []
    return [f"@{form.person}", *letters] if form.person is not None else letters


def _first(form: NameVariant) -> tuple[bool, bool, bool, int, str]:
    """Decided forms come first, so that others of the same letters join them; then the best.

    “Stella Biderman” is a better name to show than “Biderman, Stella” and “STELLA BIDERMAN”.
    """
    is_plain = "," not in form.name and not form.name.isupper()
    return (
        form.person is None,
        not form.parsed.is_full,
        not is_plain and not form.parsed.is_east_asian,
        -form.papers,
        form.name,
    )
