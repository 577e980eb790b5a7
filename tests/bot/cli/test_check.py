"""`lab-herald check`; Discord is a stand-in on this machine."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import main
from bot.operations.database_check import check_disks
from bot.operations.findings import Level, Topic
from bot.settings import Settings
from storage.announcements.models import SubscriptionOptions
from storage.database_lock import lock_database
from storage.library import open_library
from storage.models import Actor, Origin, PaperDraft
from storage.privacy.deletion_list import DeletionFile
from storage.timestamps import utc_now
from tests.faults.discord_standin import (
    FORUM,
    GUILD,
    MODERATORS,
    PAPERS,
    TOKEN,
    Fault,
    StandIn,
    open_stand_in,
    redirected,
    too_many,
)
from tests.support.damage import damage, damage_search
from tests.support.library import MODERATOR

_EVERYONE = {"id": str(GUILD), "type": 0, "allow": "0"}
_SEND_MESSAGES = 1 << 11
_REQUIRE_TAG = 1 << 4


class Shell:
    """Runs commands on one database, in a folder without a `.env`."""

    def __init__(self, folder: Path) -> None:
        self.database = folder / "lab.db"

    def __call__(self, *words: str) -> Result:
        return CliRunner().invoke(main, ["--database", str(self.database), *words])

    async def ask_discord(self) -> Result:
        """Checks everything, while the stand-in runs in this event loop."""
        return await asyncio.to_thread(self, "check")


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DISCORD_TOKEN", TOKEN)
    monkeypatch.setenv("HOME_GUILD_IDS", str(GUILD))
    monkeypatch.setenv("CONTACT", "lab@example.org")
    return Shell(tmp_path)


@pytest.fixture
async def stand_in() -> AsyncIterator[StandIn]:
    async with open_stand_in() as stand_in:
        with redirected(stand_in.address):
            yield stand_in


def level_of(result: Result, words: str) -> str:
    """Returns the mark of the line with these words."""
    (line,) = [line for line in result.stdout.splitlines() if words in line]
    return line[0]


def test_everything_that_is_wrong_is_listed_and_nothing_created(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("DISCORD_TOKEN")
    monkeypatch.setenv("POLL_INTERVAL", "often")
    monkeypatch.setenv("BACKUP_KEEP", "-1")
    env = "FEED_TIMOUT=5s\nMY_OWN_VARIABLE=1\nLOG_LEVEL=DEBUG\nfeed_max_bytes=1000000\n"
    env += "CONTACT: lab@example.org\n\n=1\nHEALTH_PORT\n"
    (tmp_path / ".env").write_text(env, encoding="utf-8")
    result = shell("check", "--offline")
    assert result.exit_code == 1
    assert level_of(result, "DISCORD_TOKEN isn't set") == "✗"
    assert level_of(result, "POLL_INTERVAL must be") == "✗"
    assert level_of(result, "BACKUP_KEEP must be") == "✗"
    assert level_of(result, "Did you mean FEED_TIMEOUT?") == "!"
    assert level_of(result, "Did you mean FEED_MAX_BYTES?") == "!"
    assert level_of(result, "MY_OWN_VARIABLE in .env isn't a setting") == "!"
    for line in (5, 7, 8):
        assert level_of(result, f"Line {line} of .env can't be read") == "!"
    assert result.stderr == ""
    assert level_of(result, "doesn't exist yet") == "✓"
    assert "ready" not in result.stdout
    assert [path.name for path in tmp_path.iterdir()] == [".env"]


def test_a_good_setup_is_ready_and_stays_as_it_is(
    shell: Shell, starter_database: Path, tmp_path: Path
) -> None:
    shutil.copyfile(starter_database, shell.database)
    before = shell.database.read_bytes()
    result = shell("check", "--offline")
    assert result.exit_code == 0, result.output
    assert "✓ The list has 20 papers." in result.stdout
    assert "✓ The bot is ready to run." in result.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["lab.db"]
    assert shell.database.read_bytes() == before


def test_a_folder_is_no_database(shell: Shell, tmp_path: Path) -> None:
    shell.database.mkdir()
    environ = {**os.environ, "DATABASE_PATH": str(shell.database)}  # the option refuses a folder
    command = [sys.executable, "-m", "bot", "check", "--offline"]
    result = subprocess.run(command, capture_output=True, text=True, check=False, env=environ)
    assert (result.returncode, result.stderr) == (1, "")
    assert f"✗ The database {shell.database} isn't a file." in result.stdout
    assert [*tmp_path.iterdir()] == [shell.database]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read and write everywhere")
def test_missing_permissions_are_sentences(shell: Shell, tmp_path: Path) -> None:
    shell.database.touch()
    for locked, action in ((shell.database, "write"), (tmp_path, "open")):
        locked.chmod(0o400)
        result = shell("check", "--offline")
        assert level_of(result, f"You have no permission to {action}") == "✗"
        assert "Error: " in shell("privacy", "show", "123456789012345678").stderr
    tmp_path.chmod(0o700)


def test_a_folder_that_backups_cannot_be_made_in_is_found(
    shell: Shell, starter_database: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shutil.copyfile(starter_database, shell.database)
    (tmp_path / "file").touch()
    for folder, reason in (
        ("file", "isn't a folder"),
        ("file/backups", "can't be created"),
        ("no/backups", "can't be created"),
    ):
        monkeypatch.setenv("BACKUP_DIR", folder)
        result = shell("check", "--offline")
        assert (result.exit_code, level_of(result, f"for backups {reason}")) == (1, "✗")


def test_backups_on_another_disk_need_room_there(tmp_path: Path) -> None:
    disk = Path("/dev/shm")  # nothing is written there
    if not disk.is_dir() or disk.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no other disk")
    database = tmp_path / "lab.db"
    with database.open("wb") as file:  # a hole, which takes no room
        file.truncate(shutil.disk_usage(disk).free + 10**9)
    findings = list(check_disks(Settings(database_path=database, backup_dir=disk)))
    assert [one.topic for one in findings] == [Topic.DATABASE, Topic.BACKUPS]
    assert "BACKUP_DIR" not in findings[0].text
    assert findings[1].level is Level.WARNING
    assert "is free on the disk of the backups, and one needs" in findings[1].text
    without = Settings(database_path=database, backup_dir=disk, backup_keep=0)
    assert [one.topic for one in check_disks(without)] == [Topic.DATABASE]


def test_a_folder_that_is_gone_is_a_problem_of_the_disk(tmp_path: Path) -> None:
    (finding,) = check_disks(Settings(database_path=tmp_path / "gone" / "lab.db"))
    assert finding.level is Level.PROBLEM
    assert "can't be checked: No such file or directory" in finding.text


def test_a_path_that_is_too_long_is_a_sentence(shell: Shell) -> None:
    shell.database = shell.database.with_name("a" * 300)
    result = shell("check", "--offline")
    assert level_of(result, "can't be checked: File name too long") == "✗"


def test_misspelled_names_in_the_environment_are_found(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("POLL_INTERVALL", "HOME_GUILD_ID", "DB_URL", "PORT", "TZ"):
        monkeypatch.setenv(name, "1")
    shown = shell("check", "--offline").stdout
    assert (
        "! POLL_INTERVALL in the environment isn't a setting. Did you mean POLL_INTERVAL?" in shown
    )
    assert "Did you mean HOME_GUILD_IDS?" in shown
    assert shown.count("in the environment") == 2


async def test_a_list_of_deletions_that_would_not_help_is_found(shell: Shell) -> None:
    async with open_library(shell.database, utc_now) as library:
        await library.papers.upsert(PaperDraft(title="A"), Origin.IMPORT, Actor("discord:7", "Ada"))
        await library.privacy.delete(7)
    check = partial(asyncio.to_thread, shell, "check", "--offline")
    assert "list of deletions" not in (await check()).stdout
    file = DeletionFile.of(shell.database).path
    file.write_text("{", encoding="utf-8")
    assert level_of(await check(), "The list of deletions") == "✗"
    file.unlink()
    assert level_of(await check(), "lacks 1 member who deleted their data") == "!"


def test_a_database_in_use_is_read(shell: Shell) -> None:
    async def run() -> Result:
        async with open_library(shell.database, utc_now) as library:
            await library.feeds.follow("https://e.org/feed?token=a-secret-token", "", "", MODERATOR)
            with lock_database(shell.database):
                return await asyncio.to_thread(shell, "check", "--offline")

    result = asyncio.run(run())
    assert result.exit_code == 0, result.output
    assert "✓ 1 feed, none failing." in result.stdout


async def test_feeds_and_sources_that_fail_are_warnings_without_secrets(shell: Shell) -> None:
    secret = "https://e.org/feed?token=a-secret-token"
    async with open_library(shell.database, utc_now) as library:
        for url in (secret, "https://e.org/paused", "https://e.org/good"):
            await library.feeds.follow(url, "", "", MODERATOR)
        await library.feeds.record_failure(1, f"{secret} isn't there.", utc_now())
        await library.feeds.pause(2, "too many papers", MODERATOR)
        await library.sources.count_request("dblp")
        await library.sources.record_failure("dblp", "It's down.", utc_now())
    result = await asyncio.to_thread(shell, "check", "--offline")
    assert result.exit_code == 0, result.output
    assert level_of(result, "Feed 1 (https://e.org/feed") == "!"
    assert level_of(result, ") isn't checked: too many papers") == "!"
    assert level_of(result, "DBLP has been failing since") == "!"
    assert "Feed 3" not in result.stdout
    assert "none failing" not in result.stdout
    assert "a-secret-token" not in result.stdout


def test_json_has_every_finding(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISCORD_TOKEN")
    result = shell("check", "--offline", "--json")
    assert result.exit_code == 1
    findings = json.loads(result.stdout)
    assert {"level": "problem", "topic": "settings"}.items() <= findings[0].items()
    assert {frozenset(one) for one in findings} == {frozenset({"level", "topic", "text"})}


def test_an_older_and_a_newer_database_are_told_apart(shell: Shell, starter_database: Path) -> None:
    shutil.copyfile(starter_database, shell.database)
    with sqlite3.connect(shell.database) as db:
        (version,) = db.execute("PRAGMA user_version").fetchone()
        db.execute(f"PRAGMA user_version = {version - 1}")
    result = shell("check", "--offline")
    assert result.exit_code == 0
    assert level_of(result, "is of an earlier version") == "!"
    with sqlite3.connect(shell.database) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (version - 1,)
        db.execute(f"PRAGMA user_version = {version + 1}")
    result = shell("check", "--offline")
    assert result.exit_code == 1
    assert level_of(result, "was written by a newer version") == "✗"


def test_a_clock_that_went_back_is_a_problem(shell: Shell) -> None:
    async def add() -> None:
        future = datetime.now(UTC) + timedelta(days=3)
        async with open_library(shell.database, lambda: future) as library:
            await library.feeds.follow("https://e.org/feed", "", "", MODERATOR)

    asyncio.run(add())
    result = shell("check", "--offline")
    assert result.exit_code == 1
    assert level_of(result, "Set the clock.") == "✗"


@pytest.mark.usefixtures("stand_in")
async def test_discord_accepts_a_good_setup(shell: Shell) -> None:
    async with open_library(shell.database, utc_now) as library:
        await library.subscriptions.subscribe(GUILD, PAPERS, MODERATOR)
    result = await shell.ask_discord()
    assert result.exit_code == 0, result.output
    assert "✓ Discord accepts the token of Lab Herald." in result.stdout
    assert "✓ The server “Open Lab” is set up." in result.stdout
    assert "! There's no moderators' channel" in result.stdout


async def test_an_invented_token_is_refused(
    shell: Shell, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "a" * 60)
    result = await shell.ask_discord()
    assert result.exit_code == 1
    assert "✗ Discord doesn't accept DISCORD_TOKEN." in result.stdout
    assert stand_in.asked == ["GET /users/@me"]


async def test_every_channel_role_and_tag_is_checked(
    shell: Shell, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME_GUILD_IDS", f"{GUILD}, 123456789012345678")
    monkeypatch.setenv("MODERATOR_ROLE_IDS", "323456789012345678")
    monkeypatch.setenv("MODERATORS_CHANNEL_ID", str(MODERATORS))
    stand_in.channel_changes[PAPERS] = {
        "permission_overwrites": [_EVERYONE | {"deny": str(_SEND_MESSAGES)}]
    }
    stand_in.channel_changes[FORUM] = {"flags": _REQUIRE_TAG}
    async with open_library(shell.database, utc_now) as library:
        for guild_id, channel_id in ((GUILD, PAPERS), (GUILD, FORUM), (GUILD, 5), (6, 7)):
            await library.subscriptions.subscribe(guild_id, channel_id, MODERATOR)
    result = await shell.ask_discord()
    assert result.exit_code == 1
    assert level_of(result, "#papers in “Open Lab”: the bot lacks Send Messages") == "✗"
    assert level_of(result, "#papers in “Open Lab”: posts need a tag there") == "✗"
    assert level_of(result, "the channel 5 that announces papers was deleted") == "✗"
    assert level_of(result, "has no role 323456789012345678, which moderates") == "✗"
    assert level_of(result, "isn't a member of the server 123456789012345678") == "✗"
    assert level_of(result, "isn't a member of the server 6 any more") == "!"
    assert level_of(result, "can be read by members") == "!"


async def test_what_was_deleted_or_stopped_since_is_found(shell: Shell, stand_in: StandIn) -> None:
    options = {PAPERS: SubscriptionOptions(role_id=8), FORUM: SubscriptionOptions(tag_id=9)}
    stand_in.channel_changes[FORUM] = {"flags": _REQUIRE_TAG}
    async with open_library(shell.database, utc_now) as library:
        for channel_id, one in options.items():
            await library.subscriptions.subscribe(GUILD, channel_id, MODERATOR, one)
        await library.outbox.stop(PAPERS, "I may not write there.")
    result = await shell.ask_discord()
    assert result.exit_code == 1
    assert level_of(result, "the role 8 to mention was deleted") == "✗"
    assert level_of(result, "the tag of its posts was deleted") == "✗"
    assert level_of(result, "announcements are stopped (I may not write there). /announce") == "✗"


@pytest.mark.usefixtures("stand_in")
async def test_a_replay_is_refused_and_its_clock_is_not_discord_s(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAB_HERALD_TODAY", "2020-01-31")
    result = await shell.ask_discord()
    assert result.exit_code == 1
    assert level_of(result, "The bot doesn't run with LAB_HERALD_TODAY") == "✗"
    assert level_of(result, " seconds behind Discord's. Set the clock.") == "✗"


async def test_discord_that_is_down_is_one_line(shell: Shell, stand_in: StandIn) -> None:
    await stand_in.go_down()
    result = await shell.ask_discord()
    assert result.exit_code == 1
    assert level_of(result, "Discord can't be reached") == "✗"
    assert "Traceback" not in result.output


async def test_a_long_rate_limit_of_discord_is_one_line(shell: Shell, stand_in: StandIn) -> None:
    stand_in.fail("guild", too_many(3600))
    result = await shell.ask_discord()
    assert result.exit_code == 1
    assert level_of(result, "Discord can't be reached (Too many requests. Retry in 3600") == "✗"


async def test_a_date_that_is_none_is_no_clock(shell: Shell, stand_in: StandIn) -> None:
    stand_in.fail("guild", Fault(500, headers={"Date": "soon"}))
    result = await shell.ask_discord()
    assert result.exit_code == 0, result.output


def test_finds_a_damaged_database(shell: Shell, starter_database: Path) -> None:
    shutil.copyfile(starter_database, shell.database)
    damage(shell.database)
    result = shell("check", "--offline")
    assert result.exit_code == 1
    assert f"✗ The database {shell.database} is damaged (" in result.stdout
    assert "✓ The database" not in result.stdout
    assert "The bot is ready" not in result.stdout
    assert "Traceback" not in result.output


@pytest.mark.parametrize("keep", ["0", "7"])
def test_names_the_damaged_tables_and_the_last_good_backup(
    shell: Shell, starter_database: Path, monkeypatch: pytest.MonkeyPatch, keep: str
) -> None:
    monkeypatch.setenv("BACKUP_KEEP", keep)
    shutil.copyfile(starter_database, shell.database)
    assert shell("backup").exit_code == 0
    (made,) = (shell.database.parent / "backups").glob("*.db")
    damage(shell.database, "credits")
    with lock_database(shell.database):  # the bot runs
        shown = shell("check", "--offline").stdout
    assert "; damaged tables: credits)" in shown
    assert f"`lab-herald restore {made}`" in shown


def test_needs_no_folder_for_backups_that_are_turned_off(
    shell: Shell, starter_database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BACKUP_KEEP", "0")
    monkeypatch.setenv("BACKUP_DIR", str(shell.database.parent / "not" / "mounted"))
    shutil.copyfile(starter_database, shell.database)
    damage_search(shell.database, "version")
    with lock_database(shell.database):
        shown = shell("check", "--offline").stdout
    assert "✗ The search index is damaged (" in shown
    assert "can't be created" not in shown
    assert [path.name for path in shell.database.parent.glob(".*")] == []


def test_finds_a_damaged_search_index_and_repairs_it(
    shell: Shell, starter_database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "a" * 60)
    shutil.copyfile(starter_database, shell.database)
    found = shell("search", "protein").stdout
    damage_search(shell.database, "version")
    result = shell("search", "protein")
    assert result.exit_code == 1
    assert "The search index is damaged, so that didn't work" in result.stderr
    result = shell("check", "--offline")
    assert result.exit_code == 1
    assert "✗ The search index is damaged (" in result.stdout
    assert "✓ The list has 20 papers" in result.stdout
    with lock_database(shell.database):  # the bot runs
        assert "✗ The search index is damaged (" in shell("check", "--offline").stdout
        refused = shell("check", "--repair", "--offline")
        assert refused.exit_code == 1
        assert "Another Lab Herald is using" in refused.stderr
    result = shell("check", "--repair", "--offline")
    assert result.exit_code == 0, result.output
    assert "✓ Rebuilt the search index of 20 papers.\n" in result.stdout
    assert "lab-before-repair-" in result.stdout
    assert shell("search", "protein").stdout == found
    assert "needs no repair" in shell("check", "--repair", "--offline").stdout


def test_repairs_nothing_if_papers_are_damaged(shell: Shell, starter_database: Path) -> None:
    shutil.copyfile(starter_database, shell.database)
    damage(shell.database, "papers", "words")
    before = shell.database.read_bytes()
    result = shell("check", "--repair", "--offline")
    assert result.exit_code == 1
    assert f"The database {shell.database} is damaged (" in result.stderr
    assert shell.database.read_bytes() == before
