"""What each source says about people of a name, by pairs of an answer and the expected profiles."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from bot.settings import Settings
from bot.sources.profile import PeopleSource, Profile
from bot.sources.registry import make_sources
from bot.sources.source import NotAnAnswer, Response
from storage.errors import LabError
from storage.people.models import IdScheme, PersonId

FIXTURES = Path(__file__).with_name("fixtures")
SETTINGS = Settings(contact="lab@example.org", openalex_api_key="CANARY-0123456789")
SOURCES = {one.name: one for one in make_sources(SETTINGS) if isinstance(one, PeopleSource)}
OWN_IDS = {
    "openalex": PersonId(IdScheme.OPENALEX, "A5000000001"),
    "orcid": PersonId(IdScheme.ORCID, "0000-0002-1825-0097"),
    "dblp": PersonId(IdScheme.DBLP, "17/1926-1"),
}


def response(body: bytes) -> Response:
    return Response(
        "https://example.org/", body, "application/json", datetime(2026, 8, 20, tzinfo=UTC)
    )


def works_of(name: str) -> bytes:
    (file,) = [one for one in FIXTURES.glob(f"{name}.*") if ".expected" not in one.name]
    return file.read_bytes()


def profile_json(profile: Profile) -> dict[str, Any]:
    places = [f"{one.name} ({one.ror})" if one.ror else one.name for one in profile.affiliations]
    return {
        "name": profile.name,
        "ids": list(map(str, profile.ids)),
        "other_names": list(profile.other_names),
        "affiliations": places,
        "years": list(profile.years) if profile.years else None,
        "work_count": profile.work_count,
        "works": list(profile.works),
    }


def test_three_sources_can_be_searched_for_people() -> None:
    assert list(SOURCES) == ["openalex", "orcid", "dblp"]


@pytest.mark.parametrize("name", list(SOURCES))
def test_an_answer_gives_the_expected_profiles(name: str) -> None:
    source = SOURCES[name]
    page = source.read_people(response((FIXTURES / f"{name}_people.json").read_bytes()))
    expected = json.loads((FIXTURES / f"{name}_people.expected.json").read_text(encoding="utf-8"))
    completed = source.read_profile(response(works_of(name)), page.profiles[0])
    assert completed is not None
    assert {
        "total": page.total,
        "profiles": list(map(profile_json, page.profiles)),
        "completed": profile_json(completed),
    } == expected
    assert {one.source for one in page.profiles} == {name}


@pytest.mark.parametrize("name", list(SOURCES))
def test_a_damaged_answer_is_refused_or_read_in_part(name: str) -> None:
    source = SOURCES[name]
    profile = Profile(name, "Ada Nightjar", (OWN_IDS[name],))
    readers = [
        (source.read_people, (FIXTURES / f"{name}_people.json").read_bytes(), ()),
        (source.read_profile, works_of(name), (profile,)),
    ]
    rng = random.Random(name)
    for read, body, arguments in readers:
        for _ in range(200):
            start = rng.randrange(len(body))
            cut = body[:start] + rng.randbytes(rng.randrange(3)) + body[start + rng.randrange(40) :]
            try:
                read(response(cut), *arguments)
            except (ValueError, LabError):  # that it isn't an answer
                continue


@pytest.mark.parametrize("name", list(SOURCES))
@pytest.mark.parametrize("body", [b"[]", b"{}", b"null", b"<html></html>", b""])
def test_what_is_no_answer_is_refused(name: str, body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the one base of what JSON and readers raise
        SOURCES[name].read_people(response(body))


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("openalex", {"meta": {"count": 0}, "results": []}),
        ("orcid", {"expanded-result": None, "num-found": 0}),
        ("dblp", {"result": {"hits": {"@total": "0", "@sent": "0"}}}),
    ],
)
def test_nobody_is_an_answer(name: str, body: dict[str, Any]) -> None:
    page = SOURCES[name].read_people(response(json.dumps(body).encode()))
    assert (page.profiles, page.total) == ((), 0)


def test_a_page_of_several_people_is_nobodys_profile() -> None:
    body = works_of("dblp").replace(b"<person ", b'<person publtype="disambiguation" ')
    profile = Profile("dblp", "Ada Nightjar", (OWN_IDS["dblp"],))
    assert SOURCES["dblp"].read_profile(response(body), profile) is None


def test_an_orcid_is_taken_from_the_page_or_from_credits_that_agree() -> None:
    profile = Profile("dblp", "Ada Nightjar", (OWN_IDS["dblp"],))
    body = works_of("dblp")
    (own, credited) = (
        PersonId(IdScheme.ORCID, one) for one in ("0000-0001-5109-3700", "0000-0002-1825-0097")
    )
    url = f"<url>https://orcid.org/{own.value}</url></person>".encode()
    contradicted = body.replace(
        b'<author pid="17/1926-1">Ada Nightjar 0001</author>\n<title>',
        b'<author pid="17/1926-1" orcid="0000-0001-5109-3700">Ada Nightjar</author>\n<title>',
    )
    assert contradicted != body
    for sent, expected in (
        (body, [credited]),
        (body.replace(b"</person>", url), [own]),
        (contradicted, []),
    ):
        found = SOURCES["dblp"].read_profile(response(sent), profile)
        assert found is not None
        assert list(found.ids[1:]) == expected


@pytest.mark.parametrize("typed", ['Ada "Nightjar', "Ada | $Nightjar", "Ada Nightjar 0001", "王伟"])
def test_any_name_is_a_valid_request(typed: str) -> None:
    asked = {name: one.search_request(typed).url for name, one in SOURCES.items()}
    queries = {name: parse_qs(urlsplit(url).query) for name, url in asked.items()}
    assert queries["openalex"]["mailto"] == ["lab@example.org"]
    assert queries["openalex"]["search"] == [typed.removesuffix(" 0001")]
    assert queries["orcid"]["q"][0].count('"') % 2 == 0
    assert "|" not in queries["dblp"]["q"][0]
    assert ("0001" in queries["dblp"]["q"][0]) is ("0001" in typed)


def test_a_profile_of_many_works_shows_the_newest_ones_once() -> None:
    body = works_of("dblp").replace(
        b"Counting n &lt; 3 Owls by <i>Their</i> Echoes.", b"Counting Owls."
    )
    profile = replace(Profile("dblp", "Ada Nightjar", (OWN_IDS["dblp"],)), work_count=1)
    found = SOURCES["dblp"].read_profile(response(body), profile)
    assert found is not None
    assert found.works == ("Counting Owls (2026)", "Bats and Their Maps (2025)")
    assert (found.work_count, found.years) == (2, (2025, 2026))


def test_something_else_than_a_bibliography_is_refused() -> None:
    profile = Profile("dblp", "Ada Nightjar", (OWN_IDS["dblp"],))
    with pytest.raises(NotAnAnswer):
        SOURCES["dblp"].read_profile(response(b"<html><body/></html>"), profile)
