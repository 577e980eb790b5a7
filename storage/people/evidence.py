"""Grades the claim that a paper is by somebody in the lab, and says why; pure.

A namesake must never be announced, so a grade rests on what several facts say together:

* **A**, proof: a confirmed id of the person, on a credit whose name agrees.
* **B**, strong: the full name, and two of a known co-author, a recognised affiliation, a usual
  category and another person of the lab. Also an entry in the person's own list at a service that
  names no authors.
* **C**, weak: the full name alone, or a confirmed id on a credit with another name.
* **D**: initials or a surname only; or the full name alone, if what else is known of the paper is
  that a co-author wrote a paper with a namesake, which a moderator refused.

A contradiction caps the grade at C: an id on the credit that isn't this person's, affiliations that
are all foreign, or a date outside the membership.

An id is only as good as who assigned it. Algorithms attach a few percent of works to the wrong
profile, OpenAlex repeats the ORCID of that profile, and publishers mistype ORCIDs. If the credited
name differs, that shows; the work of a namesake, though, is a flawless A. So an A may be announced
without asking (`Evidence.is_certain`) only if something that the wrong id can't bring along agrees:
the lab's affiliation, or the company that the person keeps, namely two known co-authors (the only
one, if there is but one). This is waived where nothing could agree, because the person has no known
co-authors at all, and for arXiv's author pages, which list what their owners claimed.
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from storage.models import PartialDate
from storage.people.agreement import Agreement, name_keys
from storage.people.matching import Claim, IndexedPeople, find_claims, with_index
from storage.people.models import (
    Affiliation,
    IdScheme,
    Membership,
    Person,
    PersonId,
    Witness,
)
from storage.text import fold

AUTHOR_PAGE = "arxiv_author"  # the source whose lists their owners claimed themselves
_ID_NAMES = {
    IdScheme.ORCID: "ORCID iD",
    IdScheme.OPENALEX: "OpenAlex ID",
    IdScheme.ARXIV: "arXiv author ID",
    IdScheme.DBLP: "DBLP ID",
    IdScheme.SEMANTIC_SCHOLAR: "Semantic Scholar ID",
}
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_MAX_AFFILIATION = 80  # characters in a reason
_STRONG = 2  # facts that make a full name strong evidence


class Grade(enum.StrEnum):
    """How sure it is that a paper is by a person; the best first."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"


@dataclass(frozen=True, slots=True)
class Known:
    """What a person's papers in the list say about them.

    ``coauthors`` are keys of full names (see `name_keys`), and so are ``strangers``, who wrote
    papers that moderators refused. ``affiliations``, which are folded, and ``ids`` are those on
    credits that moderators accepted, and contradict nothing.
    """

    coauthors: frozenset[str] = frozenset()
    strangers: frozenset[str] = frozenset()
    affiliations: frozenset[str] = frozenset()
    ids: frozenset[PersonId] = frozenset()


@dataclass(frozen=True, slots=True)
class Lab:
    """How the lab's papers are recognised: its affiliations by name and ROR, and its people."""

    affiliations: tuple[str, ...] = ()
    rors: frozenset[str] = frozenset()
    known: Mapping[int, Known] = field(default_factory=dict)  # by person


@dataclass(frozen=True, slots=True)
class Evidence:
    """The grade of a claim with its reason, a sentence.

    ``is_certain`` is whether it may be announced without asking, if moderators allow that.
    ``has_own_id`` is whether an id or a list of own works supports it. ``position`` is the place
    among the authors, from 0. ``other_ids`` are ids on the person's credits that aren't registered
    as theirs.
    """

    grade: Grade
    reason: str
    is_certain: bool = False
    is_within_membership: bool = True
    has_own_id: bool = False
    position: int = 0
    other_ids: tuple[PersonId, ...] = ()
    affiliations: tuple[Affiliation, ...] = ()


def grade_paper(
    people: Sequence[Person], witnesses: Sequence[Witness], lab: Lab
) -> dict[int, Evidence]:
    """Returns the evidence that a paper is by each person, by id; nobody's without a reason.

    ``people`` are all registered people, and ``witnesses`` all that is said about the paper, in any
    order. A credit with the id of one of several people of the same name is that person's alone.
    """
    date = first_public(witnesses)
    people = with_index(people)
    claims = find_claims(people, witnesses)
    found = {}
    for claim in claims:
        rivals = [other for other in claims if other is not claim and other.meets(claim)]
        if not claim.is_proven and any(rival.is_proven for rival in rivals):
            continue
        facts = _facts(claim, claims, witnesses, lab, date)
        has_double = not claim.is_proven and any(one.agreement for one in rivals)
        found[claim.person.id] = _weigh(claim, facts, people, date, lab, has_double=has_double)
    return found


def first_public(witnesses: Iterable[Witness]) -> PartialDate | None:
    """Returns the first date that any witness gives: the earliest year, as precisely as known."""
    dates = [
        date
        for witness in witnesses
        for date in (witness.first_public, witness.draft.date)
        if date is not None
    ]
    return min(
        dates,
        key=lambda date: (date.year, date.month is None, date.day is None, date.first_day),
        default=None,
    )


@dataclass(frozen=True, slots=True)
class _Facts:
    """What agrees with a claim, besides names and ids."""

    colleagues: frozenset[int]  # ids of people in the lab
    coauthors: int  # known ones, whether of the lab or not
    companions: int  # distinct co-authors who are known or of the lab
    has_single_coauthor: bool
    has_stranger: bool
    has_affiliation: bool
    categories: tuple[str, ...]

    @property
    def count(self) -> int:
        """The number of kinds of facts."""
        kinds = (self.colleagues, self.coauthors, self.has_affiliation, self.categories)
        return sum(map(bool, kinds))

    @property
    def suggest_namesake(self) -> bool:
        """Whether the company of somebody else is all that is known of a paper's authors."""
        return self.has_stranger and not (self.companions or self.has_affiliation)

    def are_independent(self, known: Known) -> bool:
        """Returns whether they support an id that may be attached to the wrong work."""
        company = 1 if self.has_single_coauthor else _STRONG
        return self.has_affiliation or self.companions >= company or not known.coauthors


def _facts(
    claim: Claim,
    claims: Sequence[Claim],
    witnesses: Sequence[Witness],
    lab: Lab,
    date: PartialDate | None,
) -> _Facts:
    known = lab.known.get(claim.person.id, Known())
    lab_members = [
        other
        for other in claims
        if other is not claim
        and other.agreement is Agreement.FULL
        and not _foreign_ids(other.person, other.other_ids, ())
        and not _is_outside(other.person.membership, date)
    ]
    colleagues: set[int] = set()
    has_stranger = False
    coauthors = companions = most_others = 0
    for number, match in claim.matches.items():
        by_index = {
            other.matches[number].index: other.person.id
            for other in lab_members
            if number in other.matches and other.matches[number].agreement is Agreement.FULL
        }
        others = [index for index in range(len(witnesses[number].credits)) if index != match.index]
        members = {index for index in others if index in by_index}
        keys = {index: name_keys(witnesses[number].credits[index].name) for index in others}
        acquainted = {index for index in others if keys[index] & known.coauthors}
        has_stranger |= any(keys[index] & known.strangers for index in others)
        colleagues |= {by_index[index] for index in members}
        coauthors = max(coauthors, len(acquainted))
        companions = max(companions, len(acquainted | members))
        most_others = max(most_others, len(others))
    categories = {name for witness in witnesses for name in witness.categories}
    return _Facts(
        colleagues=frozenset(colleagues),
        coauthors=coauthors,
        companions=companions,
        has_single_coauthor=most_others == 1,
        has_stranger=has_stranger,
        has_affiliation=any(is_recognised(one, lab) for one in claim.affiliations),
        categories=tuple(sorted(categories & {*claim.person.categories})),
    )


def _best_grade(claim: Claim, facts: _Facts) -> Grade:
    """Returns the grade if nothing contradicts the claim."""
    if claim.is_proven:
        return Grade.A
    if claim.agreement is Agreement.FULL and facts.count >= _STRONG:
        return Grade.B
    if claim.agreement is Agreement.FULL and not claim.has_misplaced_id:
        return Grade.D if facts.suggest_namesake else Grade.C
    if claim.has_misplaced_id:
        return Grade.C
    if claim.agreement is Agreement.SHORT:
        return Grade.D
    return Grade.C if claim.is_named_otherwise else Grade.B


def _weigh(
    claim: Claim,
    facts: _Facts,
    people: IndexedPeople,
    date: PartialDate | None,
    lab: Lab,
    *,
    has_double: bool,
) -> Evidence:
    """Returns the evidence for a claim, after what contradicts it.

    A person ``has_double`` if the credit can as well be somebody else's of the lab.
    """
    person = claim.person
    best = _best_grade(claim, facts)
    known = lab.known.get(person.id, Known())
    contradictions = _contradictions(claim, people, date, lab)
    is_certain = (
        best is Grade.A
        and not contradictions
        and not claim.has_misplaced_id
        and claim.agreement is Agreement.FULL
        and _is_surely_within(person.membership, date)
        and not facts.suggest_namesake
        and (AUTHOR_PAGE in claim.listings or facts.are_independent(known))
    )
    return Evidence(
        grade=max(best, Grade.C) if contradictions else best,
        reason=_reason(claim, best, facts, contradictions, has_double=has_double),
        is_certain=is_certain,
        is_within_membership=not _is_outside(person.membership, date),
        has_own_id=claim.is_proven or claim.has_misplaced_id,
        position=claim.position,
        other_ids=claim.other_ids,
        affiliations=claim.affiliations,
    )


def is_recognised(affiliation: Affiliation, lab: Lab) -> bool:
    """Returns whether an affiliation is the lab's: by its ROR if both have one, else by name."""
    if affiliation.ror and lab.rors:
        return affiliation.ror in lab.rors
    words = fold(affiliation.name)
    return any(
        f" {name} " in f" {words} " or name.replace(" ", "") == words.replace(" ", "")
        for name in filter(None, map(fold, lab.affiliations))
    )


def _contradictions(
    claim: Claim, people: IndexedPeople, date: PartialDate | None, lab: Lab
) -> list[str]:
    """Returns what speaks against a claim, as parts of a sentence."""
    person = claim.person
    known = lab.known.get(person.id, Known())
    foreign = _foreign_ids(person, claim.other_ids, known.ids)
    foreign += [one for one in claim.other_ids if people.belongs_to_another(one, person)]
    found = [f"the credit has another {_ID_NAMES[one.scheme]}" for one in foreign]
    is_foreign = claim.affiliations and not any(
        is_recognised(one, lab) or fold(one.name) in known.affiliations
        for one in claim.affiliations
    )
    if is_foreign and (lab.affiliations or lab.rors):
        names = ", ".join(one.name for one in claim.affiliations)
        found.append(f"the affiliation is {names[:_MAX_AFFILIATION]}")
    if _is_outside(person.membership, date):
        found.append(f"it came out in {date}, outside their membership")
    return list(dict.fromkeys(found))


def _foreign_ids(
    person: Person, ids: Iterable[PersonId], accepted: Collection[PersonId]
) -> list[PersonId]:
    """Returns which ids on a person's credit are known, or must be expected, to be another's.

    A service has one id for a person, as a rule; further ones have to be accepted first.
    """
    schemes = {one.scheme for one in person.ids}
    return [
        one
        for one in ids
        if one in person.foreign_ids
        or (one not in person.ids and one.scheme in schemes and one not in accepted)
    ]


def _is_outside(membership: Membership, date: PartialDate | None) -> bool:
    if date is None:
        return False
    is_before = membership.start is not None and date.last_day < membership.start
    is_after = membership.end is not None and date.first_day > membership.end
    return is_before or is_after


def _is_surely_within(membership: Membership, date: PartialDate | None) -> bool:
    """Returns whether a date is known, and all that it can stand for is within a membership.

    A year alone is never enough for somebody who has left.
    """
    if date is None or (membership.start is not None and date.first_day < membership.start):
        return False
    return membership.end is None or (date.month is not None and date.last_day <= membership.end)


def _reason(
    claim: Claim,
    best: Grade,
    facts: _Facts,
    contradictions: Sequence[str],
    *,
    has_double: bool,
) -> str:
    parts = [_lead(claim, best)]
    if has_double:
        parts.append("it may be somebody else in the lab")
    colleagues = len(facts.colleagues)
    if colleagues:
        parts.append(f"{_number(colleagues, 'co-author')} from the lab")
    if further := facts.companions - colleagues:
        parts.append(_number(further, "known co-author"))
    if facts.suggest_namesake:
        parts.append("with a co-author of somebody else who has that name")
    if facts.has_affiliation:
        parts.append("the lab's affiliation")
    if facts.categories:
        parts.append(f"usual category {', '.join(facts.categories)}")
    text = "; ".join(parts)
    if contradictions:
        text += f"; but {' and '.join(contradictions)}"
    return f"{text}."


def _lead(claim: Claim, best: Grade) -> str:
    """Returns how the paper credits the person, by their current name."""
    name = claim.person.name
    if claim.id_schemes and best is Grade.A:
        ids = " and ".join(_ID_NAMES[scheme] for scheme in IdScheme if scheme in claim.id_schemes)
        return f"Credited to {name} with this person's {ids}"
    if claim.listings and best is Grade.A:
        return f"Credited to {name}, on this person's own list ({', '.join(claim.listings)})"
    if claim.agreement is Agreement.FULL:
        return f"Credited to {name} by name only"
    if claim.has_misplaced_id or (claim.is_named_otherwise and not claim.agreement):
        return f"An ID of {name} is on a credit with another name"
    if claim.agreement is Agreement.SHORT:
        return f"Credited to somebody whose initials or surname fit {name}"
    return f"On {name}'s own list ({', '.join(claim.listings)}), which names no authors"


def _number(number: int, noun: str) -> str:
    word = _NUMBERS[number] if number < len(_NUMBERS) else f"{number:,}"
    return f"{word} {noun}{'s' if number != 1 else ''}"
