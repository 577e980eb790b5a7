"""Tests of `lab-herald queue`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bot.cli import main
from storage.library import Library, open_library
from storage.models import PaperDraft, PartialDate
from storage.people.evidence import Lab
from storage.people.models import Credit, IdScheme, PersonDraft, PersonId, Witness
from storage.timestamps import utc_now
from tests.support.library import MODERATOR

ORCID = PersonId(IdScheme.ORCID, "0000-0002-1825-0097")
DAY = PartialDate(2026, 5, 12)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "lab.db"


def _fill(database: Path, fill: Callable[[Library], Awaitable[object]]) -> None:
    async def run() -> None:
        async with open_library(database, utc_now) as library:
            await fill(library)

    asyncio.run(run())


def _shell(database: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["--database", str(database), *words])


def _json(database: Path, *words: str, exit_code: int = 0) -> Any:
    result = _shell(database, *words, "--json")
    assert result.exit_code == exit_code, result.output
    return json.loads(result.stdout)


async def _three_cards(library: Library) -> None:
    await library.people.add(PersonDraft("Ann Lee", ids=(ORCID,)), MODERATOR)
    await library.people.add(PersonDraft("Bo Chen"), MODERATOR)
    said = []
    for number, credits in enumerate(
        [
            (Credit("Ann Lee", (ORCID,)), Credit("Bo Chen")),
            (Credit("Bo Chen"),),
            (Credit("B. Chen"),),
        ]
    ):
        draft = PaperDraft(
            f"A paper about {number} owls",
            tuple(one.name for one in credits),
            date=DAY,
            identifiers=(f"doi:10.1000/{number}",),
        )
        said.append(Witness("crossref", f"10.1000/{number}", draft, credits, DAY))
    await library.found_papers.ingest(said, Lab())
    await library.review.suggest(
        PaperDraft("A suggested paper"), "", (5, "mia"), daily_limit=3, channel_id=None
    )


def test_the_queue_lists_cards_with_their_people_and_other_things_without(database: Path) -> None:
    _fill(database, _three_cards)

    first, second, suggestion = _json(database, "queue", "list")

    assert first == {
        "number": 10,
        "kind": "card",
        "title": "A paper about 0 owls",
        "identifiers": ["doi:10.1000/0"],
        "person": {"number": 1, "name": "Ann Lee"},
        "also": [{"person": {"number": 2, "name": "Bo Chen"}}],
        "grade": "A",
        "reason": "Credited to Ann Lee with this person's ORCID iD; one co-author from the lab.",
        "witnesses": [{"source": "crossref", "key": "10.1000/0", "first_public": "2026-05-12"}],
        "backlog": False,
        "resembles": None,
    }
    assert (second["grade"], second["person"]["name"], second["also"]) == ("C", "Bo Chen", [])
    assert suggestion == {
        "number": 12,
        "kind": "suggestion",
        "title": "A suggested paper",
        "identifiers": [],
    }
    assert (
        "A  Ann Lee (number 1), Bo Chen (number 2): Credited to"
        in _shell(database, "queue", "list").output
    )


def test_several_are_decided_at_once_and_what_fails_is_named(database: Path) -> None:
    _fill(database, _three_cards)

    results = _json(database, "queue", "decide", "10", "12", "400", "add", exit_code=1)

    assert [one.get("outcome") for one in results] == ["added", "added", None]
    assert results[2] == {"number": 400, "error": "I couldn't find that card."}
    (left,) = _json(database, "queue", "list")
    assert left["number"] == 20
    again = _shell(database, "queue", "decide", "10", "20", "add")
    assert "1 of 2 couldn't be decided" in again.output


def test_a_person_is_taken_off_a_card_by_number(database: Path) -> None:
    _fill(database, _three_cards)

    decided = _shell(database, "queue", "decide", "10", "not-this-person", "--person", "2")
    card = _json(database, "queue", "list")[0]

    assert (
        "10 is still waiting, for the other people on its card. Undo it with: lab-herald undo"
        in decided.output
    )
    assert (card["person"]["number"], card["also"]) == (1, [])
    change = decided.output.split()[-1]
    assert _shell(database, "undo", change).exit_code == 0
    assert _json(database, "queue", "list")[0]["also"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("10", "add", "--person", "1"), "--person only works with"),
        (("12", "left-the-lab"), "left-the-lab only works for papers by the lab's people"),
        (("13", "add"), "resolved in Discord"),
        (("13", "accept"), "resolved in Discord"),
        (("14", "add"), "confirmed in Discord"),
        (("12", "accept"), "accept doesn't fit that one. Use add or not-ours"),
        (("15", "add"), "add doesn't fit that one. Use accept or reject"),
        (("15", "accept"), "couldn't find that card"),
        (("19", "add"), "Nothing in the queue has that number"),
        (("10", "same"), "doesn't resemble any paper"),
    ],
)
def test_decisions_that_do_not_fit_are_explained(
    database: Path, words: tuple[str, ...], message: str
) -> None:
    _fill(database, _three_cards)

    result = _shell(database, "queue", "decide", *words)

    assert result.exit_code == 1
    assert message in result.output


def test_a_claim_is_listed_without_a_person(database: Path) -> None:
    async def fill(library: Library) -> None:
        await library.people.add(PersonDraft("Ann Lee", ids=(ORCID,)), MODERATOR)
        await library.review.claim(1, (5, "mia"), channel_id=None)

    _fill(database, fill)

    (claim,) = _json(database, "queue", "list")

    assert claim == {
        "number": 14,
        "kind": "claim",
        "title": "mia says that they're Ann Lee.",
        "identifiers": [],
    }


def test_an_empty_queue_says_so(database: Path) -> None:
    assert _json(database, "queue", "list") == []
    assert "Nothing needs review." in _shell(database, "queue", "list").output
