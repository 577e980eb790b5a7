from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import simcord
from lab_world import HOME, Lab, StillClock, furnish, unforeseen

from bot.app import App, open_app
from bot.client import LabHerald
from bot.settings import Settings
from bot.starter import load_starter
from storage.records import Actor, Origin


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        home_guild_ids=(HOME,),
        database_path=tmp_path / "lab.db",
        feed_allow_private=True,
        feed_timeout=timedelta(seconds=5),
    )


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
async def app(settings: Settings, clock: StillClock) -> AsyncIterator[App]:
    async with open_app(settings, clock) as app:
        await app.library.admit_all(
            load_starter(), Origin.STARTER, Actor("starter", "the starter list")
        )
        yield app


@pytest.fixture
def simcord_bot(app: App) -> LabHerald:
    return app.client


@pytest.fixture
async def lab(app: App, simcord_env: simcord.Env, clock: StillClock) -> AsyncIterator[Lab]:
    yield furnish(app, simcord_env, clock)
    assert unforeseen(simcord_env.errors) == []
