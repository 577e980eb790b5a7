"""The running bot asks sources about the people in its registry."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer

from bot.app import App, open_app
from storage.announcements.models import PostKind
from storage.people.models import IdScheme, PersonDraft, PersonId
from tests.support.lab import FakeClock
from tests.support.library import MODERATOR, deliver
from tests.support.source_server import SourceServer

ORCID = PersonId(IdScheme.ORCID, "0000-0002-1825-0097")


@pytest.fixture
async def server() -> AsyncIterator[SourceServer]:
    server = SourceServer()
    async with TestServer(server.app()) as running:
        server.home = str(running.make_url("")).rstrip("/")
        yield server


@pytest.fixture
def clock() -> FakeClock:
    clock = FakeClock()
    clock.now = datetime(2026, 8, 20, 8, tzinfo=UTC)
    return clock


@pytest.fixture
async def app(server: SourceServer, tmp_path: Path, clock: FakeClock) -> AsyncIterator[App]:
    settings = replace(server.settings(moderators_channel_id=7), database_path=tmp_path / "lab.db")
    async with open_app(settings, clock) as app:
        yield app


async def test_sources_are_asked_while_watching_is_on(app: App, server: SourceServer) -> None:
    await app.poll_sources()
    assert server.asked == []  # there's nobody to ask about
    await app.library.people.add(PersonDraft("Ada Nightjar", ids=(ORCID,)), MODERATOR)
    server.add("Counting Owls by Their Echoes", ORCID.value)
    await app.library.people.set_watching(MODERATOR, is_watched=False)
    await app.poll_sources()
    assert server.asked == []
    await app.library.people.set_watching(MODERATOR, is_watched=True)
    await app.poll_sources()
    services = {one.service for one in server.asked}
    assert services == {"openalex", "crossref", "a", "orcid"}
    (card,) = await app.library.found_papers.cards(app.settings.lab)
    assert card.draft.title == "Counting Owls by Their Echoes"
    count = len(server.asked)
    await app.poll_sources()
    assert len(server.asked) == count


async def test_moderators_get_cards_of_what_is_found_later(
    app: App, server: SourceServer, clock: FakeClock
) -> None:
    await app.library.people.add(PersonDraft("Ada Nightjar", ids=(ORCID,)), MODERATOR)
    server.add("Counting Owls by Their Echoes", ORCID.value)
    await app.poll_sources()
    assert await deliver(app.library) == []
    clock.advance(timedelta(days=8))
    server.add("Counting Bats by Their Echoes", ORCID.value, day="2026-08-27")

    await app.poll_sources()

    (post,) = await deliver(app.library)
    assert (post.kind, post.destination_id) == (PostKind.FOUND, 7)
    await app.poll_sources()
    assert await deliver(app.library) == []
