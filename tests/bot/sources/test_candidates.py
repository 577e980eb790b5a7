"""Which profiles are one person, and which candidates come first."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.sources.candidates import Candidate, person_draft, select_profiles, unite
from bot.sources.profile import Profile
from storage.people.evidence import Lab
from storage.people.models import Affiliation, IdScheme, PersonId

ORCID = PersonId(IdScheme.ORCID, "0000-0002-1825-0097")
OTHER_ORCID = PersonId(IdScheme.ORCID, "0000-0001-5109-3700")
OPENALEX = PersonId(IdScheme.OPENALEX, "A5000000001")
DBLP = PersonId(IdScheme.DBLP, "17/1926")
NAME, NO_LAB = "Ada Nightjar", Lab()


def profile(source: str, *ids: PersonId, name: str = NAME, works: int = 0) -> Profile:
    return Profile(source, name, ids, work_count=works)


def sources(candidates: list[Candidate]) -> list[tuple[str, ...]]:
    return [one.sources for one in candidates]


def test_profiles_with_a_common_id_are_one_person() -> None:
    found = unite(
        [
            profile("openalex", OPENALEX, ORCID),
            profile("orcid", ORCID),
            profile("dblp", DBLP, ORCID),
        ],
        NAME,
        NO_LAB,
    )
    assert sources(found) == [("openalex", "orcid", "dblp")]
    assert found[0].ids == (ORCID, OPENALEX, DBLP)


def test_a_later_profile_unites_two_that_had_nothing_in_common() -> None:
    found = unite(
        [profile("openalex", OPENALEX), profile("orcid", ORCID), profile("dblp", ORCID, OPENALEX)],
        NAME,
        NO_LAB,
    )
    assert sources(found) == [("openalex", "orcid", "dblp")]


def test_a_common_name_alone_unites_nobody() -> None:
    found = unite(
        [profile("openalex", OPENALEX), profile("orcid", ORCID), profile("dblp", DBLP)],
        NAME,
        NO_LAB,
    )
    assert len(found) == 3


def test_profiles_with_different_orcids_stay_apart() -> None:
    found = unite(
        [profile("openalex", OPENALEX, ORCID), profile("dblp", DBLP, OPENALEX, OTHER_ORCID)],
        NAME,
        NO_LAB,
    )
    assert len(found) == 2


_PROFILES = st.builds(
    profile,
    st.sampled_from(["openalex", "orcid", "dblp"]),
    st.sampled_from([ORCID, OTHER_ORCID, OPENALEX, DBLP]),
    st.sampled_from([ORCID, OTHER_ORCID, OPENALEX, DBLP]),
)


@given(st.lists(_PROFILES, max_size=6))
def test_no_profile_is_lost_or_shown_twice(profiles: list[Profile]) -> None:
    found = [one for candidate in unite(profiles, NAME, NO_LAB) for one in candidate.profiles]
    assert sorted(found, key=repr) == sorted(profiles, key=repr)


def test_full_names_come_first_then_the_lab_then_what_most_sources_know() -> None:
    lab = Lab(affiliations=("Institute of Examples",))
    of_lab = Profile("dblp", NAME, (DBLP,), affiliations=(Affiliation("Institute of Examples"),))
    found = unite(
        [
            profile("orcid", PersonId(IdScheme.ORCID, "0000-0002-1694-233X"), name="A. Nightjar"),
            profile("openalex", OPENALEX, works=900),
            profile("openalex", PersonId(IdScheme.OPENALEX, "A5000000002"), ORCID, works=3),
            profile("orcid", ORCID),
            of_lab,
        ],
        NAME,
        lab,
    )
    assert sources(found) == [("dblp",), ("openalex", "orcid"), ("openalex",), ("orcid",)]
    assert [one.work_count for one in found] == [0, 3, 900, 0]


def test_only_people_of_that_name_are_selected() -> None:
    by_alias = Profile("dblp", "王伟", (DBLP,), other_names=("Ada Nightjar",))
    profiles = [
        profile("openalex", OPENALEX, name="Adam Nightjar"),
        profile("openalex", OPENALEX, name="A. Nightjar"),
        by_alias,
        profile("openalex", OPENALEX, name="Nightjar, Ada"),
        profile("dblp", DBLP, name="Ada Nightjar 0002"),
    ]
    assert [one.name for one in select_profiles(profiles, NAME, NO_LAB)] == [
        "Nightjar, Ada",
        "Ada Nightjar 0002",
        "A. Nightjar",
        "王伟",
    ]
    numbered = select_profiles(profiles, "Ada Nightjar 0001", NO_LAB)
    assert "Ada Nightjar 0002" not in [one.name for one in numbered]


def test_a_person_gets_the_typed_name_and_other_full_names() -> None:
    def name(typed: str, *names: str) -> tuple[str, tuple[str, ...]]:
        profiles = tuple(profile("dblp", DBLP, name=one) for one in names)
        draft = person_draft(Candidate(profiles), typed)
        assert draft.ids == (DBLP,)
        return draft.name, draft.other_names

    assert name("ada nightjar", "Ada Nightjar 0001") == ("Ada Nightjar", ())
    assert name("nightjar", "Ada Nightjar") == ("Ada Nightjar", ())
    assert name("A. Nightjar", "Ada Nightjar") == ("Ada Nightjar", ())
    assert name("Ada Nightjar", "A. Nightjar", "Ada Bea Nightjar") == (
        "Ada Nightjar",
        ("Ada Bea Nightjar",),
    )
    assert name("Ada Nightjar 0001", "NIGHTJAR, Ada") == ("NIGHTJAR, Ada", ())
