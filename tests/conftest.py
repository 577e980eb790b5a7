"""Fixtures that several folders share, and material from outside the repository."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Generator
from datetime import timedelta
from importlib import import_module
from multiprocessing import forkserver
from pathlib import Path
from pkgutil import walk_packages

import hypothesis
import pytest
import simcord
from aiohttp.test_utils import TestServer
from coverage import Coverage
from hypothesis import HealthCheck
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

import bot.feeds
import storage
from bot.app import App, open_app
from bot.client import LabHerald
from bot.settings import Settings
from bot.starter import load_starter
from storage.database import Database, open_database
from storage.library import Library, open_library
from storage.models import Actor, Origin
from tests.support.lab import HOME, FakeClock, Lab, open_lab, plain_commands, unexpected_errors
from tests.support.lookup_server import LookupServer
from tests.support.paths import ROOT, shared_path

# Coverage of storage and feeds isn't measured in these tests, which add nothing to that of the
# others (`storage/` and `bot/feeds/` have their own): measuring takes half as long again.
_UNMEASURED = [
    ROOT / "tests" / path
    for path in (
        *("benchmarks", "bot/completing", "bot/demo", "bot/formats", "bot/importing", "bot/lookup"),
        *("bot/ui", "bot/sources/test_explain.py", "bot/sources/test_poller.py"),
        *(f"bot/cli/test_{name}.py" for name in ("complete", "import_url", "lookup", "queue")),
        *(f"bot/cli/test_people{name}.py" for name in ("", "_find", "_poll")),
        *(f"cogs/test_curate_{name}.py" for name in ("add", "import_list", "import_url")),
        *(f"cogs/test_feed{name}.py" for name in ("", "_opml", "_why")),
        *(f"cogs/test_{name}.py" for name in ("command_mentions", "export", "forms", "help")),
        *(f"cogs/test_{name}.py" for name in ("found_papers", "lookups", "people", "permissions")),
        *(f"cogs/test_{name}.py" for name in ("review_queue", "setup", "setup_check", "suggest")),
        *("faults/test_crashes.py", "faults/test_discord_fails.py"),
        *("faults/test_radar_crashes.py", "faults/test_restores.py", "test_shared_cases.py"),
    )
]
# One worker starts the browser, one builds the docs site, and one does everything that kills bots.
_TOGETHER = {
    "tests/bot/demo/test_browser.py": "browser",
    "tests/test_docs_site.py": "docs site",
    **{
        f"tests/faults/test_{name}.py": "crashes"
        for name in ("crashes", "machine_fails", "radar_crashes", "restores")
    },
}
NO_SERVER = "http://127.0.0.1:9"  # the discard port: no test sends requests to the real services
# Examples may be slow, and they share their test's library on purpose.
hypothesis.settings.register_profile(
    "lab",
    deadline=None,
    # Continuous integration tries the same examples each time: what breaks it is the change.
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
hypothesis.settings.load_profile("lab")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--crash-runs", type=int, default=23, help="runs of the crash matrix")
    parser.addoption("--restores", type=int, default=8, help="restores of backups")
    parser.addoption(
        "--moderator-runs", type=int, default=15, help="lists that random moderators change"
    )
    parser.addoption("--traffic-minutes", type=float, default=0.2, help="minutes of the soak test")
    parser.addoption("--traffic-seed", type=int, default=1, help="the seed of its random traffic")


@pytest.fixture(scope="session", autouse=True)
def fork_server() -> None:
    """Starts the server of worker processes with all that any of them imports."""
    forkserver.set_forkserver_preload(["bot.app"])
    forkserver.ensure_running()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Returns more workers than processors, since tests wait for processes and servers."""
    return 2 * (os.cpu_count() or 1)


class FileGroups(LoadScopeScheduling):
    """Distributes tests one by one, but those of some files together.

    The mark `xdist_group` of xdist 3.8 has no effect with pytest 9.2, whose ids can't be changed.
    """

    def _split_scope(self, nodeid: str) -> str:
        return _TOGETHER.get(nodeid.partition("::")[0], nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> FileGroups:
    return FileGroups(config, log)


def pytest_collection_finish() -> None:
    """Imports what is measured, since a feature's first use may be in a test without measuring."""
    if Coverage.current():
        for package in (storage, bot.feeds):
            for module in walk_packages(package.__path__, f"{package.__name__}."):
                import_module(module.name)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Stops measuring coverage during tests of what isn't measured.

    A worker of xdist measures twice, which the mark `no_cover` doesn't know.
    """
    stopped: list[Coverage] = []
    if any(item.path.is_relative_to(path) for path in _UNMEASURED):
        while measuring := Coverage.current():
            measuring.stop()
            stopped.append(measuring)
    try:
        return (yield)
    finally:
        for one in reversed(stopped):
            one.start()


@pytest.fixture(scope="session")
def publications_page() -> str:
    """The text of a lab's real publications page."""
    return shared_path("seeds/lab-publications.txt").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def lab_sheet() -> Path:
    """A lab's real spreadsheet of its papers."""
    return shared_path("seeds/lab-papers-sheet.csv")


@pytest.fixture(scope="session")
def openapi() -> Path:
    """Discord's own description of its HTTP API."""
    return shared_path("discord/openapi.json")


@pytest.fixture(scope="session")
def recorded_answers() -> Path:
    """The folder of what arXiv, Crossref and DataCite really answered."""
    return shared_path("lookup")


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database without papers. Tests start from copies: a copy is faster than all migrations."""
    path = tmp_path_factory.mktemp("databases") / "empty.db"

    async def create() -> None:
        async with open_library(path, FakeClock()):
            pass

    asyncio.run(create())
    return path


@pytest.fixture(scope="session")
def starter_database(empty_database: Path) -> Path:
    """A database with the starter list, to be copied."""
    path = empty_database.with_name("starter.db")
    shutil.copyfile(empty_database, path)

    async def fill() -> None:
        async with open_library(path, FakeClock()) as library:
            actor = Actor("starter", "the starter list")
            await library.papers.upsert_many(reversed(load_starter()), Origin.STARTER, actor)

    asyncio.run(fill())
    return path


@pytest.fixture
def settings(tmp_path: Path, empty_database: Path) -> Settings:
    """Settings with an empty database that reach no server outside this machine."""
    path = tmp_path / "lab.db"
    shutil.copyfile(empty_database, path)
    return Settings(
        home_guild_ids=(HOME,),
        database_path=path,
        feed_allow_private=True,
        feed_timeout=timedelta(seconds=5),
        arxiv_api_url=NO_SERVER,
        crossref_url=NO_SERVER,
        datacite_url=NO_SERVER,
        doi_url=NO_SERVER,
        arxiv_listing_url=NO_SERVER,
        arxiv_author_url=NO_SERVER,
        openalex_url=NO_SERVER,
        orcid_url=NO_SERVER,
        dblp_url=NO_SERVER,
        semantic_scholar_url=NO_SERVER,
        huggingface_url=NO_SERVER,
        lab_herald_speedup=1_000_000,
    )


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def app(settings: Settings, starter_database: Path, clock: FakeClock) -> AsyncIterator[App]:
    """The bot with the starter list."""
    shutil.copyfile(starter_database, settings.database_path)
    async with open_app(settings, clock) as app:
        yield app


@pytest.fixture
def simcord_bot(app: App) -> LabHerald:
    """The bot that SimCord's own fixture runs."""
    return app.client


@pytest.fixture
async def lab(app: App, simcord_env: simcord.Env, clock: FakeClock) -> AsyncIterator[Lab]:
    """The bot in a lab's server.

    Any error that isn't a sentence for a person fails the test, and so does a command that a
    message names but that can't be clicked.
    """
    yield open_lab(app, simcord_env, clock)
    assert unexpected_errors(simcord_env.errors) == []
    assert plain_commands(simcord_env, app.client) == []


@pytest.fixture
async def database(tmp_path: Path, empty_database: Path) -> AsyncIterator[Database]:
    """The database of `library`."""
    path = Path(shutil.copyfile(empty_database, tmp_path / "lab.db"))
    async with open_database(path) as database:
        yield database


@pytest.fixture
async def library(database: Database, clock: FakeClock) -> AsyncIterator[Library]:
    """A library without papers."""
    library = Library(database, clock)
    yield library
    await library.bot_state.close()


@pytest.fixture
async def lookup_server() -> AsyncIterator[LookupServer]:
    """Stand-ins for the services that look papers up; they know no papers yet."""
    server = LookupServer()
    async with TestServer(server.app()) as running:
        server.home = str(running.make_url("/")).rstrip("/")
        yield server
