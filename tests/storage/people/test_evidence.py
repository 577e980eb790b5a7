"""Tests of grading the claim that a paper is by somebody of the lab."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.models import PaperDraft, PartialDate
from storage.people.agreement import Agreement, agreement, name_keys
from storage.people.evidence import Evidence, Grade, Known, Lab, first_public, grade_paper
from storage.people.models import (
    Affiliation,
    Credit,
    IdScheme,
    Membership,
    Person,
    PersonId,
    Witness,
)

ORCID = PersonId(IdScheme.ORCID, "0000-0002-1825-0097")
OPENALEX = PersonId(IdScheme.OPENALEX, "A5023888391")
STRANGER = PersonId(IdScheme.ORCID, "0000-0001-5109-3700")
STELLA = Person(1, "Stella Biderman", ids=(ORCID,), categories=("cs.CL",))
LEO = Person(2, "Leo Gao")
LAB = Lab(("EleutherAI",))
OURS = Affiliation("EleutherAI")
ELSEWHERE = Affiliation("University of Elsewhere")
DAY = PartialDate(2026, 5, 12)
_SOURCES = ("openalex", "crossref", "dblp", "arxiv_listing", "orcid")


def _credit(name: str, *ids: PersonId, at: tuple[Affiliation, ...] = ()) -> Credit:
    return Credit(name, ids, at)


def _witness(
    *credits: Credit,
    source: str = "openalex",
    day: PartialDate | None = DAY,
    categories: tuple[str, ...] = (),
    listed_for: int | None = None,
    complete: bool = True,
) -> Witness:
    draft = PaperDraft("A title", tuple(one.name for one in credits), complete)
    return Witness(source, "W1", draft, credits, day, categories, listed_for)


def _known(*coauthors: str) -> Lab:
    keys = frozenset(key for name in coauthors for key in name_keys(name))
    return Lab(LAB.affiliations, known={1: Known(coauthors=keys)})


def _grade(
    *witnesses: Witness,
    person: Person = STELLA,
    others: tuple[Person, ...] = (LEO,),
    lab: Lab = LAB,
) -> Evidence | None:
    return grade_paper([person, *others], witnesses, lab).get(person.id)


def _letter(evidence: Evidence | None) -> str | None:
    return evidence.grade.value if evidence else None


@pytest.mark.parametrize(
    ("credited", "expected"),
    [
        ("Stella Biderman", Agreement.FULL),
        ("Biderman, Stella", Agreement.FULL),
        ("Stella Rose Biderman", Agreement.FULL),
        ("Biderman Stella", Agreement.SHORT),
        ("S. Biderman", Agreement.SHORT),
        ("Biderman", Agreement.SHORT),
        ("Sarah Biderman", Agreement.NONE),
        ("Stella Smith", Agreement.NONE),
        ("Biderman Collaboration", Agreement.NONE),
        ("", Agreement.NONE),
    ],
)
def test_a_credited_name_agrees_in_full_or_in_short_or_not(
    credited: str, expected: Agreement
) -> None:
    assert agreement(STELLA, credited) is expected


@pytest.mark.parametrize(
    ("names", "credited", "expected"),
    [
        (("Xiao-Ming Li",), "Xiaoming Li", Agreement.FULL),
        (("Jean-Pierre Müller",), "Jean-Pierre Mueller", Agreement.FULL),
        (("Jean-Pierre Müller",), "J.-P. Muller", Agreement.SHORT),
        (("Julius Robert Smith",), "J. Robert Smith", Agreement.FULL),
        (("Wei Wang", "Wei Y. Wang"), "Wei X. Wang", Agreement.NONE),
        (("Wei Wang", "Wei Y. Wang"), "Wei Y. Wang", Agreement.FULL),
        (("Ana Diaz", "Ana Lopez"), "Ana Lopez", Agreement.FULL),
        (("王伟",), "王伟", Agreement.FULL),
        (("Wei Wang",), "王伟", Agreement.NONE),
    ],
)
def test_spellings_of_one_name_agree(
    names: tuple[str, ...], credited: str, expected: Agreement
) -> None:
    assert agreement(Person(1, names[0], other_names=names[1:]), credited) is expected


@pytest.mark.parametrize(
    ("dblp", "credited", "expected"),
    [
        ("17/1926-2", "Wei Wang 0002", Agreement.FULL),
        ("17/1926-2", "Wang, Wei 0002", Agreement.FULL),
        ("17/1926-2", "Wei Wang", Agreement.FULL),
        ("17/1926-2", "W. Wang", Agreement.SHORT),
        ("17/1926-2", "Wei Wang 0001", Agreement.NONE),
        ("17/1926-2", "Wang Wei 0001", Agreement.NONE),
        ("17/1926-2", "Wei Wang 0012", Agreement.NONE),
        ("17/1926-12", "Wei Wang 0012", Agreement.FULL),
        ("w/WeiWang", "Wei Wang 0001", Agreement.FULL),
        ("17/1926", "Wei Wang 0001", Agreement.FULL),
    ],
)
def test_people_of_one_name_are_told_apart_by_their_numbers_at_dblp(
    dblp: str, credited: str, expected: Agreement
) -> None:
    person = Person(1, "Wei Wang", ids=(PersonId(IdScheme.DBLP, dblp),))
    assert agreement(person, credited) is expected


def test_a_former_name_is_credited_but_never_shown() -> None:
    person = replace(STELLA, former_names=("Stella Smith",))

    evidence = _grade(_witness(_credit("Stella Smith", ORCID)), person=person)

    assert evidence is not None
    assert evidence.grade is Grade.A
    assert evidence.reason == "Credited to Stella Biderman with this person's ORCID iD."


def test_a_confirmed_id_on_a_credit_whose_name_agrees_is_proof() -> None:
    assert _letter(_grade(_witness(_credit("Stella Biderman", ORCID)))) == "A"
    assert _letter(_grade(_witness(_credit("S. Biderman", ORCID)))) == "A"


def test_an_id_on_a_credit_of_another_name_is_weak_and_never_certain() -> None:
    evidence = _grade(_witness(_credit("Maria Schmidt", ORCID)))

    assert evidence is not None
    assert (evidence.grade, evidence.is_certain) == (Grade.C, False)
    assert evidence.reason == "An ID of Stella Biderman is on a credit with another name."


def test_an_id_that_slipped_to_a_co_author_keeps_a_paper_from_being_certain() -> None:
    slipped = _witness(_credit("Stella Biderman"), _credit("Maria Schmidt", ORCID))
    right = _witness(_credit("Stella Biderman", ORCID), source="crossref")

    evidence = _grade(slipped, right, lab=Lab())

    assert _letter(_grade(slipped)) == "C"
    assert evidence is not None
    assert (evidence.grade, evidence.is_certain) == (Grade.A, False)


def test_the_authors_own_page_at_arxiv_is_proof_and_certain() -> None:
    page = _witness(_credit("Stella Biderman"), source="arxiv_author", listed_for=1)

    evidence = _grade(page, lab=_known("Somebody Else"))

    assert evidence is not None
    assert (evidence.grade, evidence.is_certain) == (Grade.A, True)


def test_a_record_without_authors_is_strong_until_another_source_names_some() -> None:
    record = _witness(source="orcid", listed_for=1)

    assert _letter(_grade(record)) == "B"
    assert _letter(_grade(record, _witness(_credit("Stella Biderman")))) == "A"
    assert _letter(_grade(record, _witness(_credit("Maria Schmidt")))) == "C"


def test_a_list_whose_authors_are_cut_off_does_not_contradict() -> None:
    cut = _witness(_credit("Maria Schmidt"), source="dblp", listed_for=1, complete=False)

    assert _letter(_grade(cut)) == "B"


def test_a_full_name_with_two_facts_is_strong_and_alone_is_weak() -> None:
    alone = _credit("Stella Biderman")
    at_lab = _credit("Stella Biderman", at=(OURS,))

    assert _letter(_grade(_witness(alone))) == "C"
    assert _letter(_grade(_witness(alone, categories=("cs.CL",)))) == "C"
    assert _letter(_grade(_witness(at_lab, categories=("cs.CL",)))) == "B"
    assert _letter(_grade(_witness(at_lab, _credit("Leo Gao")))) == "B"
    assert _letter(_grade(_witness(at_lab, _credit("Hailey S")), lab=_known("Hailey S"))) == "C"
    assert _letter(_grade(_witness(at_lab, _credit("Ann Lee")), lab=_known("Ann Lee"))) == "B"


def test_facts_may_come_from_different_witnesses() -> None:
    listing = _witness(_credit("Stella Biderman"), source="arxiv_listing", categories=("cs.CL",))
    indexed = _witness(_credit("S. Biderman", at=(OURS,)))

    assert _letter(_grade(listing, indexed)) == "B"


@pytest.mark.parametrize("name", ["S. Biderman", "Biderman", "Biderman, S."])
def test_initials_or_a_surname_stay_at_the_lowest_grade_whatever_agrees(name: str) -> None:
    witness = _witness(_credit(name, at=(OURS,)), _credit("Leo Gao"), categories=("cs.CL",))

    assert _letter(_grade(witness)) == "D"


def test_a_group_or_a_stranger_is_nobody_of_the_lab() -> None:
    assert _grade(_witness(_credit("EleutherAI Collaboration"), _credit("Maria Schmidt"))) is None


@pytest.mark.parametrize(
    ("credit", "what"),
    [
        (_credit("Stella Biderman", ORCID, STRANGER), "the credit has another ORCID iD"),
        (_credit("Stella Biderman", ORCID, at=(ELSEWHERE,)), "the affiliation is University of"),
    ],
)
def test_contradictions_cap_the_grade_and_are_named(credit: Credit, what: str) -> None:
    evidence = _grade(_witness(credit))

    assert evidence is not None
    assert (evidence.grade, evidence.is_certain) == (Grade.C, False)
    assert what in evidence.reason


def test_one_affiliation_of_several_is_enough_and_those_of_accepted_papers_are_known() -> None:
    credit = _credit("Stella Biderman", ORCID, at=(ELSEWHERE,))
    known = Lab(
        ("EleutherAI",), known={1: Known(affiliations=frozenset({"university of elsewhere"}))}
    )

    assert _letter(_grade(_witness(replace(credit, affiliations=(ELSEWHERE, OURS))))) == "A"
    assert (
        _letter(_grade(_witness(credit), _witness(_credit("Stella Biderman", at=(OURS,))))) == "A"
    )
    assert _letter(_grade(_witness(credit), lab=known)) == "A"
    assert _letter(_grade(_witness(credit), lab=Lab())) == "A"


def test_institutions_of_one_name_are_told_apart_by_ror() -> None:
    lab = Lab(("Northeastern University",), frozenset({"04t5xt781"}))
    credit = _credit(
        "Stella Biderman", ORCID, at=(Affiliation("Northeastern University", "03awzbc87"),)
    )

    assert _letter(_grade(_witness(credit), lab=lab)) == "C"


def test_a_known_foreign_id_and_an_id_of_somebody_else_of_the_lab_contradict() -> None:
    credit = _credit("Stella Biderman", ORCID, OPENALEX)
    leo = replace(LEO, ids=(OPENALEX,))

    assert _letter(_grade(_witness(credit))) == "A"
    assert _letter(_grade(_witness(credit), person=replace(STELLA, foreign_ids=(OPENALEX,)))) == "C"
    assert _letter(_grade(_witness(credit), others=(leo,))) == "C"


def test_a_second_id_of_a_service_contradicts_until_it_is_accepted() -> None:
    person = replace(STELLA, ids=(PersonId(IdScheme.OPENALEX, "A1"),))
    witness = _witness(_credit("Stella Biderman", OPENALEX, at=(OURS,)), categories=("cs.CL",))
    lab = Lab(LAB.affiliations, known={1: Known(ids=frozenset({OPENALEX}))})

    assert _letter(_grade(witness, person=person)) == "C"
    assert _letter(_grade(witness, person=person, lab=lab)) == "B"


def test_a_date_outside_the_membership_contradicts() -> None:
    witness = _witness(_credit("Stella Biderman", ORCID))
    left = replace(STELLA, membership=Membership(end=date(2026, 5, 11)))
    leaves = replace(STELLA, membership=Membership(end=date(2026, 5, 12)))
    joined = replace(STELLA, membership=Membership(start=date(2026, 5, 13)))

    assert _letter(_grade(witness, person=left)) == "C"
    assert _letter(_grade(witness, person=joined)) == "C"
    assert _letter(_grade(witness, person=leaves)) == "A"


def test_the_first_public_date_counts_not_that_of_the_published_version() -> None:
    preprint = _witness(_credit("Stella Biderman"), source="arxiv_listing")
    published = _witness(
        _credit("Stella Biderman", ORCID), source="crossref", day=PartialDate(2027, 1, 5)
    )
    left = replace(STELLA, membership=Membership(end=date(2026, 6, 30)))

    assert first_public([published, preprint]) == DAY
    assert _letter(_grade(published, person=left)) == "C"
    assert _letter(_grade(published, preprint, person=left)) == "A"


def test_a_year_alone_is_never_certain_of_somebody_who_left() -> None:
    left = replace(STELLA, membership=Membership(end=date(2028, 6, 30)))
    for day, is_certain in ((PartialDate(2026), False), (DAY, True), (None, False)):
        evidence = _grade(_witness(_credit("Stella Biderman", ORCID), day=day), person=left)
        assert evidence is not None
        assert (evidence.grade, evidence.is_certain) == (Grade.A, is_certain)


def test_two_people_of_one_name_are_told_apart_by_ids() -> None:
    double = Person(7, "Stella Biderman", ids=(STRANGER,))
    people = [STELLA, double]

    hers = grade_paper(people, [_witness(_credit("Stella Biderman", ORCID))], Lab())
    others = grade_paper(people, [_witness(_credit("Stella Biderman", STRANGER))], Lab())
    unclear = grade_paper(people, [_witness(_credit("Stella Biderman"))], Lab())

    assert [*hers] == [1]
    assert [*others] == [7]
    assert {number: one.grade for number, one in unclear.items()} == {1: Grade.C, 7: Grade.C}
    assert "it may be somebody else in the lab" in unclear[1].reason


def test_a_wrong_id_on_a_namesakes_work_is_not_certain() -> None:
    """Checks that an id needs known company, since algorithms attach some works wrongly."""
    lab = _known("Ann Lee", "Bo Berg", "Cy Diaz")
    her = _credit("Stella Biderman", ORCID)

    def is_certain(*coauthors: str, at: tuple[Affiliation, ...] = ()) -> bool:
        credits = [replace(her, affiliations=at), *map(_credit, coauthors)]
        evidence = _grade(_witness(*credits), lab=lab)
        return evidence is not None and evidence.is_certain

    assert not is_certain()
    assert not is_certain("Max Muster", "Eva Muster")
    assert not is_certain("Ann Lee", "Eva Muster")
    assert is_certain("Ann Lee")
    assert is_certain("Ann Lee", "Bo Berg", "Eva Muster")
    assert is_certain("Ann Lee", "Leo Gao", "Eva Muster")
    assert is_certain("Max Muster", at=(OURS,))


def test_the_company_of_a_namesake_is_left_out_unless_something_else_agrees() -> None:
    strangers = frozenset(name_keys("Max Muster"))
    lab = Lab(LAB.affiliations, known={1: Known(strangers=strangers)})
    max_muster = _credit("Max Muster")

    def letter(credit: Credit, *others: Credit) -> str | None:
        return _letter(_grade(_witness(credit, max_muster, *others), lab=lab))

    assert letter(_credit("Stella Biderman")) == "D"
    assert letter(_credit("Stella Biderman"), _credit("Leo Gao")) == "C"
    assert letter(_credit("Stella Biderman", at=(OURS,))) == "C"
    assert letter(_credit("Stella Biderman", ORCID)) == "A"


def test_the_reason_counts_company_once() -> None:
    witness = _witness(
        _credit("Stella Biderman", ORCID), _credit("Leo Gao"), _credit("Ann Lee"), _credit("B. C")
    )

    evidence = _grade(witness, lab=_known("Leo Gao", "Ann Lee"))

    assert evidence is not None
    assert evidence.reason == (
        "Credited to Stella Biderman with this person's ORCID iD; "
        "one co-author from the lab; one known co-author."
    )


_names = st.sampled_from(
    ["Stella Biderman", "S. Biderman", "Stella Smith", "Leo Gao", "Ann Lee", "Wei Wang"]
)
_ids = st.lists(st.sampled_from([ORCID, OPENALEX, STRANGER]), max_size=1)
_credits = st.builds(
    lambda name, ids, at: Credit(name, tuple(ids), tuple(at)),
    _names,
    _ids,
    st.lists(st.sampled_from([OURS, ELSEWHERE]), max_size=1),
)
_witnesses = st.lists(
    st.builds(
        lambda credits, source, day, categories, listed_for: _witness(
            *credits, source=source, day=day, categories=tuple(categories), listed_for=listed_for
        ),
        st.lists(_credits, max_size=3),
        st.sampled_from([*_SOURCES, "arxiv_author"]),
        st.sampled_from([DAY, PartialDate(2026), PartialDate(2024, 3, 1), None]),
        st.lists(st.sampled_from(["cs.CL", "math.CO"]), max_size=1),
        st.sampled_from([None, 1, 2]),
    ),
    min_size=1,
    max_size=3,
)
_PEOPLE = (
    replace(STELLA, membership=Membership(date(2025, 1, 1), date(2027, 1, 1))),
    LEO,
    Person(3, "Ann Lee", ids=(OPENALEX,)),
)
_LAB = _known("Leo Gao", "Wei Wang")


@settings(max_examples=60, deadline=None)
@given(_witnesses, st.randoms())
def test_the_order_of_witnesses_and_people_does_not_matter(
    witnesses: list[Witness], random: Random
) -> None:
    expected = grade_paper(_PEOPLE, witnesses, _LAB)
    shuffled, people = list(witnesses), list(_PEOPLE)
    random.shuffle(shuffled)
    random.shuffle(people)

    assert grade_paper(people, shuffled, _LAB) == expected


@settings(max_examples=60, deadline=None)
@given(_witnesses)
def test_an_unrelated_person_and_a_repeated_witness_change_nothing(
    witnesses: list[Witness],
) -> None:
    expected = grade_paper(_PEOPLE, witnesses, _LAB)
    stranger = Person(9, "Zoe Unrelated", ids=(PersonId(IdScheme.DBLP, "1/1"),))

    assert grade_paper([*_PEOPLE, stranger], witnesses, _LAB) == expected
    assert grade_paper(_PEOPLE, [*witnesses, *witnesses], _LAB) == expected


@settings(max_examples=60, deadline=None)
@given(_witnesses, st.sampled_from(["foreign id", "affiliation", "membership"]))
def test_a_contradiction_never_raises_a_grade(witnesses: list[Witness], kind: str) -> None:
    before = grade_paper(_PEOPLE, witnesses, _LAB).get(1)
    foreign = PersonId(IdScheme.ORCID, "0000-0003-0000-0000")
    stella, *others = _PEOPLE
    if kind == "membership":
        stella = replace(stella, membership=Membership(end=date(2000, 1, 1)))
    witnesses = [
        replace(
            witness,
            credits=tuple(
                replace(credit, ids=(*credit.ids, foreign))
                if kind == "foreign id"
                else replace(credit, affiliations=(ELSEWHERE,))
                if kind == "affiliation"
                else credit
                for credit in witness.credits
            ),
        )
        for witness in witnesses
    ]

    after = grade_paper([stella, *others], witnesses, _LAB).get(1)

    assert (before is None) == (after is None)
    if before is not None and after is not None:
        assert after.grade >= before.grade
        assert before.is_certain or not after.is_certain
        has_name = any(agreement(stella, one.name) for w in witnesses for one in w.credits)
        assert after.grade >= Grade.C or not has_name or kind == "membership"
