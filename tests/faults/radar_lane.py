"""A lane on which papers are found for the lab's people, decided, announced and completed."""

from __future__ import annotations

import json
import random
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.app import open_app
from bot.settings import Settings
from storage.models import Origin, PaperDraft, PartialDate
from storage.people.models import Credit, IdScheme, PersonDraft, PersonId, Witness
from storage.review.found_papers import CardDecision
from tests.faults.child import THEIRS
from tests.faults.crash_lane import Lane
from tests.faults.discord_standin import GUILD, MODERATORS, PAPERS, announced
from tests.support.completion_server import CompletionServer, KnownPaper
from tests.support.library import MODERATOR

_ASKED = {
    "source asked, not answered": "source",
    "service asked about a paper, not answered": "lookup",
    "found paper announced, not answered": "kept send",
}
_DONE = {
    "papers found, before their COMMIT": ("before", "found"),
    "after found papers' COMMIT": ("after", "found"),
    "before the source's COMMIT": ("before", "answer"),
    "after the source's COMMIT": ("after", "answer"),
    "card queued, before its COMMIT": ("before", "told"),
    "after a card's COMMIT": ("after", "told"),
    "found paper decided or announced, before its COMMIT": ("before", "decision"),
    "after a decision's COMMIT": ("after", "decision"),
    "paper completed, before its COMMIT": ("before", "completion"),
    "after a completion's COMMIT": ("after", "completion"),
    "before the record of a completion": ("before", "completed"),
    "before any statement of a radar's day": ("before", "statement"),
    "after any statement of a radar's day": ("after", "statement"),
}
RADAR_POINTS = (*_ASKED, *_DONE)
_ACCEPTED = 20  # papers of somebody whose next ones are announced unasked
_DAYS = 6  # of a life; its services have more works on each of the first four
_LACKING = 3  # papers in the list that have only a DOI
_IDS = {"Ann Lee": "A1", "Cleo Day": "A2", "Dan Fox": "A3"}


@dataclass
class Services(CompletionServer):
    """OpenAlex, which has more works each time, and what completes papers."""

    batches: list[list[dict[str, Any]]] = field(default_factory=list)
    polls: int = 0
    lane: RadarLane | None = None

    async def serve(self, request: web.Request) -> web.Response:
        is_source = "authorships.author" in request.query_string
        self.polls += is_source
        if self.lane:
            await self.lane.reach("source" if is_source else "lookup")
        status, body, headers = self.answer(request.raw_path)
        return web.Response(status=status, body=body, headers=headers)

    def _openalex(self, path: str, query: dict[str, str]) -> Any:
        if not query["filter"].startswith("authorships"):
            return super()._openalex(path, query)
        works = [work for batch in self.batches[: self.polls] for work in batch]
        return {"results": works, "meta": {"count": len(works), "next_cursor": None}}


@dataclass(frozen=True)
class Findings:
    """The outcome of a run: titles that were lost, are there twice or wrongly, or half-written."""

    point: str
    kills: int
    lost: list[str]
    twice: list[str]
    wrong: list[str]
    unannounced: list[int]
    announced_twice: list[int]
    asked_twice: list[str]
    broken: int

    @property
    def is_good(self) -> bool:
        return not (
            self.lost
            or self.twice
            or self.wrong
            or self.unannounced
            or self.announced_twice
            or self.asked_twice
            or self.broken
        )


class RadarLane(Lane):
    """Runs the bot with sources and services."""

    asked = _ASKED
    done = _DONE
    between_lives = timedelta(days=10)
    _services: Services

    async def run_radar(self, number: int, services: Services) -> Findings:
        """Kills the bot at a point and at another one, then lets it finish undisturbed."""
        rng = random.Random(number)
        point = RADAR_POINTS[number % len(RADAR_POINTS)]
        self._loses_writes = number % 4 >= 2
        self._begin(number, (1,), timedelta())
        self._services = services
        services.lane, services.polls = self, 0
        services.batches = [_batch(number, place) for place in range(4)]
        kills = await self._live(0, point, rng)
        kills += await self._live(1, rng.choice(RADAR_POINTS), rng)
        assert await self._live(2, "", rng) == 0, "the last life did not end well"
        return self._find(point, kills)

    async def _run_bot(self, life: int, told: dict[str, Any]) -> int:
        told |= {"days": _DAYS, "seconds": 90}
        told["settings"] = self._services.addresses()
        return await super()._run_bot(life, told)

    def _find(self, point: str, kills: int) -> Findings:
        ours = [
            work["title"]
            for batch in self._services.batches
            for work in batch
            if THEIRS not in work["title"]
        ]
        with closing(sqlite3.connect(self._folder / "lab.db")) as database:
            rows = database.execute("SELECT id, title FROM papers WHERE title LIKE 'Found %'")
            papers = dict(rows.fetchall())
            (broken,) = database.execute(_BROKEN).fetchone()
        titles = Counter(papers.values())
        there = Counter(announced(self._discord.standing(PAPERS)))
        cards = [json.dumps(one["components"]) for one in self._discord.standing(MODERATORS)]
        found = [work["title"] for batch in self._services.batches for work in batch]
        return Findings(
            point,
            kills,
            lost=[title for title in ours if not titles[title]],
            twice=[title for title, count in titles.items() if count > 1],
            wrong=[title for title in titles if title not in ours],
            unannounced=[paper for paper in papers if not there[paper]],
            announced_twice=[paper for paper, count in there.items() if count > 1],
            asked_twice=[title for title in found if sum(title in card for card in cards) > 1],
            broken=broken,
        )


# Cards that wait, that moderators weren't asked about, or that have lost a part of what belongs to
# them, and papers that lack authors or a
# date, or the record that they were completed.
_BROKEN = """
SELECT (SELECT COUNT(*) FROM found_papers WHERE outcome = 'review' OR draft = '' OR title_key = '')
    + (SELECT COUNT(*) FROM found_papers
       WHERE NOT is_backlog AND told_by IS NULL AND decided_by <> 'radar')
    + (SELECT COUNT(*) FROM found_papers WHERE id NOT IN (SELECT found_paper_id FROM witnesses))
    + (SELECT COUNT(*) FROM found_papers WHERE id NOT IN (SELECT found_paper_id FROM claims))
    + (SELECT COUNT(*) FROM found_papers WHERE outcome = 'added' AND paper_id IS NULL)
    + (SELECT COUNT(*) FROM papers WHERE title LIKE 'Lacking %' AND (
           date IS NULL OR id NOT IN (SELECT paper_id FROM completions)
           OR 2 <> (SELECT COUNT(*) FROM credits WHERE paper_id = papers.id)))
    + (SELECT COUNT(*) FROM posts WHERE state <> 'sent')
"""


@asynccontextmanager
async def open_services() -> AsyncIterator[Services]:
    """Serves on a free port of this machine."""
    services = Services()
    services.papers = [
        KnownPaper(
            f"Lacking paper {number}", ("Ann Lee", "Bo Chen"), doi=f"10.5555/lacking.{number}"
        )
        for number in range(_LACKING)
    ]
    app = web.Application()
    app.router.add_get("/{rest:.*}", services.serve)
    async with TestServer(app) as server:
        services.home = str(server.make_url("")).rstrip("/")
        yield services


async def furnish_people(folder: Path, services: Services) -> None:
    """Adds people to the lane's database, one of them trusted, and papers that lack something."""
    settings = Settings(
        home_guild_ids=(GUILD,), database_path=folder / "before.db", **services.addresses()
    )
    start = datetime.now(UTC) - timedelta(days=2)
    async with open_app(settings, lambda: start) as app:
        library = app.library
        people = library.people
        for name, value in _IDS.items():
            ids = (PersonId(IdScheme.OPENALEX, value),)
            await people.add(PersonDraft(name, ids=ids), MODERATOR)
        for number in range(_ACCEPTED):
            draft = PaperDraft(f"An accepted paper {number}", ("Ann Lee", "Bo Chen"))
            credits = (Credit("Ann Lee", (PersonId(IdScheme.OPENALEX, "A1"),)), Credit("Bo Chen"))
            await library.found_papers.ingest(
                [Witness("openalex", f"old {number}", draft, credits)], settings.lab, is_first=True
            )
        for card in await library.found_papers.cards(settings.lab):
            await library.found_papers.decide(card.id, CardDecision.ADD, MODERATOR, settings.lab)
        await people.set_trust(MODERATOR, is_trusted=True)
        drafts = [PaperDraft(one.title, identifiers=(f"doi:{one.doi}",)) for one in services.papers]
        await library.papers.upsert_many(drafts, Origin.IMPORT, MODERATOR)
        await app.radar.poll()  # a first time, so that what comes is new


def _batch(number: int, place: int) -> list[dict[str, Any]]:
    """Returns works of a day: one that is certain, one to be asked about, and a namesake's."""
    day = (datetime.now(UTC) + timedelta(days=place)).date()
    return [
        _work(f"Found {number} {place}, which is certain", day, "Ann Lee", "Bo Chen"),
        _work(f"Found {number} {place}, which is asked about", day, "Dan Fox", "Eva Gray"),
        _work(f"Found {number} {place}, {THEIRS}", day, "Cleo Day", "Hal Ink"),
    ]


def _work(title: str, day: date, *authors: str) -> dict[str, Any]:
    return {
        "id": f"https://openalex.org/W{abs(hash(title))}",
        "title": title,
        "publication_date": str(PartialDate(day.year, day.month, day.day)),
        "type": "article",
        "authorships": [
            {
                "author": {
                    "id": f"https://openalex.org/{_IDS[name]}" if name in _IDS else None,
                    "display_name": name,
                },
                "raw_author_name": name,
            }
            for name in authors
        ],
    }
