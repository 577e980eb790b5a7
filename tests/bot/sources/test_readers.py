"""What each source says, by pairs of an answer in its shape and the witnesses expected of it."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.settings import Settings
from bot.sources.registry import make_sources
from bot.sources.source import NotAnAnswer, Question, Response, Source
from storage.errors import LabError
from storage.people.models import Credit, IdScheme, Person, PersonId, Witness

FIXTURES = Path(__file__).with_name("fixtures")
NOW = datetime(2026, 8, 20, 8, tzinfo=UTC)
ADA = Person(
    1,
    "Ada Nightjar",
    ids=(
        PersonId(IdScheme.ORCID, "0000-0002-1825-0097"),
        PersonId(IdScheme.OPENALEX, "A5000000001"),
        PersonId(IdScheme.ARXIV, "nightjar_a_1"),
        PersonId(IdScheme.DBLP, "17/1926-1"),
        PersonId(IdScheme.SEMANTIC_SCHOLAR, "1741101"),
    ),
    categories=("cs.CL", "cs.LG"),
)
SOURCES = {source.name: source for source in make_sources(Settings())}


def answer_of(name: str) -> bytes:
    (file,) = [one for one in FIXTURES.glob(f"{name}.*") if ".expected" not in one.name]
    return file.read_bytes()


def question_to(source: Source) -> Question:
    return Question(source.subjects([ADA])[:1], (ADA,))


def read(source: Source, body: bytes) -> Any:
    question = question_to(source)
    content_type = "application/atom+xml" if body.startswith(b"<?xml") else "application/json"
    response = Response(source.request(question).url, body, content_type, NOW)
    return source.read(response, question)


def witness_json(witness: Witness) -> dict[str, Any]:
    draft = witness.draft
    return {
        "key": witness.key,
        "title": draft.title,
        "authors": list(draft.authors),
        "venue": draft.venue,
        "date": str(draft.date),
        "identifiers": list(draft.identifiers),
        "credits": list(map(_credit_json, witness.credits)),
        "first_public": str(witness.first_public),
        "categories": list(witness.categories),
        "listed_for": witness.listed_for,
    }


def _credit_json(credit: Credit) -> list[Any]:
    places = [f"{one.name} ({one.ror})" if one.ror else one.name for one in credit.affiliations]
    return [credit.name, list(map(str, credit.ids)), places]


@pytest.mark.parametrize("name", list(SOURCES))
def test_an_answer_gives_the_expected_witnesses(name: str) -> None:
    reading = read(SOURCES[name], answer_of(name))
    expected = json.loads((FIXTURES / f"{name}.expected.json").read_text(encoding="utf-8"))
    found = [witness_json(one) for one in reading.witnesses]
    assert {"cursor": reading.cursor, "witnesses": found} == expected
    assert {one.source for one in reading.witnesses} == {name}
    assert not reading.problems


@pytest.mark.parametrize("name", [one for one in SOURCES if "arxiv" not in one])
def test_a_known_work_is_only_read_again_if_it_has_changed_or_for_somebody_else(name: str) -> None:
    source, body = SOURCES[name], answer_of(name)
    question = question_to(source)
    response = Response("", body, "", NOW)
    first = source.read(response, question)
    known = frozenset(one.fingerprint for one in first.witnesses)
    assert len(known) == len(first.witnesses) > 0
    asked = replace(question, known=known)
    again = source.read(response, asked)
    assert (again.witnesses, again.unchanged, again.cursor) == ((), len(known), first.cursor)
    title = first.witnesses[0].draft.title.split()[0].encode()
    changed = source.read(replace(response, body=body.replace(title, title + b"x", 1)), asked)
    assert [one.key for one in changed.witnesses] == [first.witnesses[0].key]
    if first.witnesses[0].listed_for is not None:
        other = replace(asked.subjects[0], people=(replace(ADA, id=2),))
        theirs = source.read(response, replace(asked, subjects=(other,)))
        assert len(theirs.witnesses) == len(known)


@pytest.mark.parametrize("name", list(SOURCES))
def test_a_damaged_answer_is_refused_or_read_in_part_but_never_breaks_the_reader(name: str) -> None:
    body = answer_of(name)
    rng = random.Random(name)
    for _ in range(300):
        start = rng.randrange(len(body))
        cut = body[:start] + rng.randbytes(rng.randrange(3)) + body[start + rng.randrange(40) :]
        try:
            reading = read(SOURCES[name], cut)
        except (ValueError, LabError):  # that it isn't an answer
            continue
        assert not any("Traceback" in problem for problem in reading.problems), cut


@given(data=st.data())
@settings(max_examples=60)
@pytest.mark.parametrize("name", [one for one in SOURCES if "arxiv" not in one and one != "dblp"])
def test_a_value_of_another_type_is_read_as_none(name: str, data: st.DataObject) -> None:
    answer = json.loads(answer_of(name))
    places = list(_places(answer))
    for parent, key in data.draw(st.lists(st.sampled_from(places), min_size=1, max_size=4)):
        parent[key] = data.draw(st.sampled_from(ODD_VALUES))
    try:
        reading = read(SOURCES[name], json.dumps(answer).encode())
    except NotAnAnswer:
        return
    assert not any("Traceback" in problem for problem in reading.problems), reading.problems
    for witness in map(witness_json, reading.witnesses):  # none has half of a surrogate pair
        json.dumps(witness, ensure_ascii=False).encode()


ODD_VALUES = [
    None,
    True,
    0,
    -1,
    10**30,
    1.5,
    "",
    "x",
    "\u202e\ud800<b>&#x0;",
    [],
    [None],
    {},
    [{}],
    [[]],
]


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yields all containers of a JSON value with each of their keys."""
    if isinstance(value, dict | list):
        for key, child in value.items() if isinstance(value, dict) else enumerate(value):
            yield value, key
            yield from _places(child)
