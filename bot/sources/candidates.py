"""Unites profiles of several sources that are evidently one person's, and sorts them; pure.

Only ids tell that: one that two sources share, or that one source links to. Names never do.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.sources.profile import Profile, span
from bot.sources.works import unique
from storage.names.affixes import without_author_id
from storage.names.matching import is_same_name
from storage.names.parser import parse_name
from storage.people.agreement import Agreement, agreement
from storage.people.evidence import Lab, is_recognised
from storage.people.ids import sort_ids
from storage.people.models import Affiliation, IdScheme, Person, PersonDraft, PersonId


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who may be meant, by profiles of one or several sources."""

    profiles: tuple[Profile, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names that the sources show, without numbers; each spelling once."""
        found: list[str] = []
        for name in (without_author_id(one.name) for one in self.profiles):
            if not any(is_same_name(parse_name(name), parse_name(known)) for known in found):
                found.append(name)
        return tuple(found)

    @property
    def ids(self) -> tuple[PersonId, ...]:
        """All ids, in the order of their schemes."""
        return sort_ids(person_id for one in self.profiles for person_id in one.ids)

    @property
    def affiliations(self) -> tuple[Affiliation, ...]:
        """All affiliations, once for each name."""
        return unique(place for one in self.profiles for place in one.affiliations)

    @property
    def years(self) -> tuple[int, int] | None:
        """The first and the last year with a work, as far as known."""
        return span(year for one in self.profiles for year in one.years or ())

    @property
    def work_count(self) -> int:
        """The number of works at the source that knows most, or 0."""
        return max(one.work_count for one in self.profiles)

    @property
    def works(self) -> tuple[str, ...]:
        """The titles of a few works, from the first source that names any."""
        return next((one.works for one in self.profiles if one.works), ())

    @property
    def sources(self) -> tuple[str, ...]:
        """The names of the sources."""
        return tuple(dict.fromkeys(one.source for one in self.profiles))


def select_profiles(profiles: Iterable[Profile], name: str, lab: Lab) -> tuple[Profile, ...]:
    """Returns the profiles that may be meant by a name, best first."""
    fitting = [one for one in profiles if _fit(one, name)]
    return tuple(sorted(fitting, key=lambda one: (-_fit(one, name), not _is_of_lab(one, lab))))


def unite(profiles: Sequence[Profile], name: str, lab: Lab) -> list[Candidate]:
    """Returns the candidates for a name, best first.

    Those whose full name fits come first, then people in the lab, those of whom works are known,
    those whom most sources know, and those who wrote most.
    """
    groups: list[list[Profile]] = []
    for profile in profiles:
        linked = [group for group in groups if _are_one(group, profile)]
        groups = [group for group in groups if group not in linked]
        groups.append([*(one for group in linked for one in group), profile])
    found = [Candidate(tuple(group)) for group in groups]
    return sorted(
        found,
        key=lambda one: (
            -max(_fit(profile, name) for profile in one.profiles),
            not any(_is_of_lab(profile, lab) for profile in one.profiles),
            not one.works,
            -len(one.sources),
            -one.work_count,
        ),
    )


def person_draft(candidate: Candidate, typed: str) -> PersonDraft:
    """Returns the person who a candidate is, by the name that was ``typed`` if that is a full one.

    Other full names that sources show are other names.
    """
    typed = without_author_id(typed)
    query = parse_name(typed)
    spelled = [name for name in candidate.names if is_same_name(parse_name(name), query)]
    shown = spelled[0] if spelled else typed if query.is_full else candidate.names[0]
    others = [
        name
        for name in candidate.names
        if parse_name(name).is_full and not is_same_name(parse_name(name), parse_name(shown))
    ]
    return PersonDraft(shown, tuple(others), candidate.ids)


def _are_one(group: Sequence[Profile], profile: Profile) -> bool:
    """Returns whether ids tell that a profile is that of a group, and none contradicts it."""
    ids = {one for member in group for one in member.ids}
    orcids, own = _orcids(ids), _orcids(profile.ids)
    is_contradictory = bool(orcids and own) and orcids.isdisjoint(own)
    return not (ids.isdisjoint(profile.ids) or is_contradictory)


def _orcids(ids: Iterable[PersonId]) -> set[PersonId]:
    return {one for one in ids if one.scheme is IdScheme.ORCID}


def _fit(profile: Profile, name: str) -> Agreement:
    """Returns how a profile fits a typed name; by an alternative name it fits less."""
    typed = Person(0, name)
    fit = agreement(typed, profile.name)
    if fit is Agreement.NONE and any(agreement(typed, other) for other in profile.other_names):
        return Agreement.SHORT
    return fit


def _is_of_lab(profile: Profile, lab: Lab) -> bool:
    return any(is_recognised(one, lab) for one in profile.affiliations)
