"""Fixtures that several rooms share, and the material that is no part of the repository."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import hypothesis
import pytest
import simcord
from hypothesis import HealthCheck

from bot.app import App, open_app
from bot.client import LabHerald
from bot.settings import Settings
from bot.starter import load_starter
from storage.library import Library, open_library
from storage.models import Actor, Origin
from tests.support.lab import HOME, Lab, StillClock, furnish, unforeseen
from tests.support.paths import SHARED

NOBODY = "http://127.0.0.1:9"  # where nothing listens: no test asks the services themselves
# A slow machine is no finding, and a library that examples share is meant.
hypothesis.settings.register_profile(
    "lab",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
hypothesis.settings.load_profile("lab")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--crash-runs", type=int, default=21, help="how often the crash matrix kills the bot"
    )
    parser.addoption(
        "--moderator-runs", type=int, default=15, help="how many random moderators change a list"
    )


@pytest.fixture(scope="session")
def publications_page() -> str:
    """The text of a lab's real publications page."""
    page = SHARED / "seeds" / "lab-publications.txt"
    if not page.is_file():
        pytest.skip("the real publications page (../shared/seeds) is not on this machine")
    return page.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def lab_sheet() -> Path:
    """A lab's real spreadsheet of its papers."""
    sheet = SHARED / "seeds" / "lab-papers-sheet.csv"
    if not sheet.is_file():
        pytest.skip("the lab's spreadsheet (../shared/seeds) is not on this machine")
    return sheet


@pytest.fixture(scope="session")
def openapi() -> Path:
    """Discord's own description of its HTTP API."""
    found = SHARED / "discord" / "openapi.json"
    if not found.is_file():
        pytest.skip("Discord's API description (../shared/discord) is not on this machine")
    return found


@pytest.fixture(scope="session")
def recorded_answers() -> Path:
    """What arXiv, Crossref and DataCite really answered."""
    found = SHARED / "lookup"
    if not found.is_dir():
        pytest.skip("the services' recorded answers (../shared/lookup) are not on this machine")
    return found


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        home_guild_ids=(HOME,),
        database_path=tmp_path / "lab.db",
        feed_allow_private=True,
        feed_timeout=timedelta(seconds=5),
        arxiv_api_url=NOBODY,
        crossref_url=NOBODY,
        datacite_url=NOBODY,
    )


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
async def app(settings: Settings, clock: StillClock) -> AsyncIterator[App]:
    async with open_app(settings, clock) as app:
        await app.library.papers.upsert_many(
            reversed(load_starter()), Origin.STARTER, Actor("starter", "the starter list")
        )
        yield app


@pytest.fixture
def simcord_bot(app: App) -> LabHerald:
    return app.client


@pytest.fixture
async def lab(app: App, simcord_env: simcord.Env, clock: StillClock) -> AsyncIterator[Lab]:
    yield furnish(app, simcord_env, clock)
    assert unforeseen(simcord_env.errors) == []


@pytest.fixture
async def library(tmp_path: Path, clock: StillClock) -> AsyncIterator[Library]:
    async with open_library(tmp_path / "lab.db", clock) as opened:
        yield opened
