from __future__ import annotations

import asyncio
import pickle
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from storage.bot_state import BotState
from storage.connection import Connection, connect
from storage.database import Database, open_database, open_for_reading, open_unchanged
from storage.errors import (
    DatabaseDamaged,
    DatabaseTooNew,
    DatabaseUnavailable,
    DatabaseUnusable,
    ImportInProgress,
    LabError,
)
from storage.library import open_library
from storage.schema import migrations
from tests.support.library_tables import dump
from tests.support.old_database import run_migrations
from tests.support.paths import ROOT
from tests.support.sqlite_files import run_sql

# Opens a database, and is killed after some statements of its migration.
KILLED_MIGRATION = """
import asyncio, os, signal, sqlite3, sys
from functools import partial
from pathlib import Path
from storage.database import open_database

class Killed(sqlite3.Connection):
    ran = 0
    def execute(self, sql, *values):
        if self.in_transaction:
            Killed.ran += 1
            if Killed.ran == int(sys.argv[2]):
                os.kill(os.getpid(), signal.SIGKILL)
        return super().execute(sql, *values)

async def migrate():
    connect = sqlite3.connect
    sqlite3.connect = lambda *args, **named: connect(
        *args, **named, **({} if named.get("uri") else {"factory": Killed})
    )
    async with open_database(Path(sys.argv[1])):
        pass

asyncio.run(migrate())
"""
# Opens a database while no file can get larger than the limit; prints the error.
FULL_DISK = """
import asyncio, resource, sys
from pathlib import Path
from storage.database import open_database
from storage.errors import DatabaseUnusable

async def migrate():
    async with open_database(Path(sys.argv[1])):
        pass

limit = int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    asyncio.run(migrate())
except DatabaseUnusable as error:
    print(error)
"""


def now() -> datetime:
    return datetime(2026, 11, 23, tzinfo=UTC)


def version(path: Path) -> int:
    with sqlite3.connect(path) as db:
        found = int(db.execute("PRAGMA user_version").fetchone()[0])
    db.close()
    return found


async def test_a_new_file_gets_every_migration_once(
    tmp_path: Path,
) -> None:
    path = tmp_path / "lab.db"
    for _ in range(2):
        async with open_database(path) as database, database.reading() as db:
            assert await db.value("PRAGMA journal_mode") == "wal"
            assert await db.value("PRAGMA foreign_keys") == 1
        assert version(path) == migrations()[-1].version
    assert not path.with_name("lab.db-wal").exists()


@pytest.mark.parametrize("number", [0, 1, 20, 9999])
async def test_a_file_of_another_program_is_refused_and_stays_as_it_is(
    tmp_path: Path, number: int
) -> None:
    path = tmp_path / "lab.db"
    run_sql(path, "CREATE TABLE notes (text)", f"PRAGMA user_version = {number}")
    content = path.read_bytes()
    for opened in (open_database(path), open_unchanged(path)):
        with pytest.raises(DatabaseUnusable, match="belongs to another program"):
            await opened.__aenter__()
    assert path.read_bytes() == content
    assert copies(path) == []


async def test_a_new_file_that_litestream_found_first_is_used(tmp_path: Path) -> None:
    path = tmp_path / "lab.db"
    run_sql(path, "CREATE TABLE _litestream_seq (id INTEGER PRIMARY KEY, seq INTEGER)")
    async with open_database(path):
        pass
    assert version(path) == migrations()[-1].version


@pytest.mark.slow
async def test_a_database_of_each_earlier_version_keeps_its_data(tmp_path: Path) -> None:
    with closing(sqlite3.connect(":memory:")) as empty:
        for known in migrations()[:-1]:
            run_migrations(empty, known.version, first=known.version)
            path = tmp_path / f"from-{known.version}.db"
            with closing(sqlite3.connect(path)) as old:
                empty.backup(old)
                sort_key = "place" if known.version < 7 else "sort_key"
                old.execute(
                    f"""INSERT INTO papers (title, title_key, abstract, authors_complete, venue,
                           {sort_key}, note, posted_by, origin, created_at, created_by,
                           created_by_name)
                       VALUES ('Kept', 'kept', '', 1, '', 1, '', '', 'import',
                               '2026-01-01T00:00:00.000000Z', 'shell', 'the shell')"""
                )
                old.execute(f"PRAGMA user_version = {known.version}")
                old.commit()
            async with open_library(path, now) as library:
                assert (await library.papers.get(1)).title == "Kept"


async def test_sent_posts_survive_the_migration_to_more_kinds(tmp_path: Path) -> None:
    path = tmp_path / "from-3.db"
    old = sqlite3.connect(path)
    run_migrations(old, 3)
    old.execute(
        """INSERT INTO posts (channel_id, kind, notice, state, created_at, message_id)
           VALUES (2, 'notice', 'Kept', 'sent', '2026-01-01T00:00:00.000000Z', 4)"""
    )
    old.execute("PRAGMA user_version = 3")
    old.commit()
    old.close()
    async with open_library(path, now) as library:
        post = await library.outbox.find_post(1)
    assert post is not None
    assert (post.notice, post.message_id, post.suggestion_id) == ("Kept", 4, None)


async def test_posts_keep_everything_in_the_migration_to_reports(tmp_path: Path) -> None:
    path = tmp_path / "from-14.db"
    old = sqlite3.connect(path)
    run_migrations(old, 14)
    old.executescript(
        """INSERT INTO papers (id, title, title_key, abstract, authors_complete, venue, sort_key,
                               note, posted_by, origin, created_at, created_by, created_by_name)
               VALUES (1, 'Kept', 'kept', '', 1, '', 1, '', '', 'import', '2026', 'shell', '');
           INSERT INTO suggestions (id, title_key, draft, note, member_id, member_name,
                                    suggested_at, outcome)
               VALUES (5, '', '{}', '', 8, 'mika', '2026-01-01T00:00:00.000000Z', 'review');
           INSERT INTO posts (id, destination_id, kind, suggestion_id, state, created_at,
                              message_id, revision, claimed_papers) VALUES
               (3, 2, 'paper', NULL, 'claimed', '2026-01-01T00:00:00.000000Z', NULL, 2, '[1]'),
               (4, 2, 'suggestion', 5, 'sent', '2026-01-01T00:00:00.000000Z', 6, 0, '[]'),
               (9, 2, 'notice', NULL, 'waiting', '2026-01-01T00:00:00.000000Z', NULL, 0, '[]');
           INSERT INTO announcements (paper_id, channel_id, created_at, post_id)
               VALUES (1, 2, '2026-01-01T00:00:00.000000Z', 3);
           INSERT INTO refused_posts VALUES (3, 2, 'Invalid body', 1);
           DELETE FROM posts WHERE id = 9;
           PRAGMA user_version = 14;"""
    )
    old.close()
    async with open_library(path, now) as library:
        claimed = await library.outbox.find_post(3)
        sent = await library.outbox.find_post(4)
        (announcement,) = await library.outbox.for_paper(1)
        later = await library.outbox.enqueue_notice(2, "Later")
    assert claimed is not None
    assert (claimed.revision, claimed.claimed_papers, claimed.paper_ids) == (2, (1,), (1,))
    assert sent is not None
    assert (sent.suggestion_id, sent.message_id) == (5, 6)
    assert (announcement.post_id, announcement.refusal) == (3, "Invalid body")
    assert later == 10  # no id, and so no nonce, is used twice


def write_old_database(path: Path, *extra: str) -> dict[str, list[Any]]:
    """Writes a database of the first version; returns its tables."""
    with closing(sqlite3.connect(path)) as old:
        run_migrations(old, 1)
        old.execute("INSERT INTO venue_counts VALUES ('Kept', 7)")
        for statement in extra:
            old.execute(statement)
        old.execute("PRAGMA user_version = 1")
        old.commit()
    return dump(path)


def copies(path: Path) -> list[Path]:
    """The copies that were made before migrations."""
    return sorted(path.with_name("backups").glob("lab-upgrade-*.db"))


async def test_names_are_parsed_again_in_the_migration_to_collectives(tmp_path: Path) -> None:
    path = tmp_path / "from-21.db"
    old = sqlite3.connect(path)
    run_migrations(old, 21)
    old.executescript(
        """INSERT INTO names (id, name, letters, family_key, initial, is_full)
               VALUES (1, 'Smith JA', 'smithja', 'ja', 's', 1),
                      (2, 'Ann Lee', 'annlee', 'lee', 'a', 1);
           PRAGMA user_version = 21;"""
    )
    old.close()
    async with open_library(path, now):
        pass
    new = sqlite3.connect(path)
    rows = new.execute("SELECT letters, family_key, initial, is_full FROM names ORDER BY id")
    assert list(rows) == [("jasmith", "smith", "j", 0), ("annlee", "lee", "a", 1)]
    new.close()


async def test_names_with_ids_identify_people_after_the_migration(tmp_path: Path) -> None:
    path = tmp_path / "from-28.db"
    old = sqlite3.connect(path)
    run_migrations(old, 28)
    old.executescript(
        """INSERT INTO names (id, name, letters, family_key, initial, is_full)
               VALUES (1, 'W. Wang 0001', 'wwang', 'wang', 'w', 0),
                      (2, 'W. Wang', 'wwang', 'wang', 'w', 0);
           PRAGMA user_version = 28;"""
    )
    old.close()
    async with open_library(path, now):
        pass
    with closing(sqlite3.connect(path)) as new:
        assert list(new.execute("SELECT is_full FROM names ORDER BY id")) == [(1,), (0,)]


async def test_a_database_is_copied_before_it_is_migrated(tmp_path: Path) -> None:
    path = tmp_path / "lab.db"
    before = write_old_database(path)
    for _ in range(2):
        async with open_database(path):
            pass
    (copied,) = copies(path)
    assert version(copied) == 1
    after = dump(copied)
    assert after.pop("backup_copy")
    assert after == before
    async with open_database(tmp_path / "new.db"):
        pass
    assert copies(path) == [copied]


async def test_a_failing_migration_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "lab.db"
    before = write_old_database(path, "CREATE TABLE posts (in_the_way TEXT)")
    with pytest.raises(DatabaseUnusable) as caught:
        async with open_database(path):
            pass
    (copied,) = copies(path)
    assert str(caught.value) == (
        f"The database {path} couldn't be upgraded to this version of Lab Herald, so it was left "
        f"as it was: table posts already exists. A copy of it is {copied}."
    )
    assert dump(path) == before
    assert version(path) == 1


@pytest.mark.parametrize("statements", [2, 40, 100])
def test_a_migration_that_is_killed_leaves_the_file_as_it_was(
    tmp_path: Path, statements: int
) -> None:
    path = tmp_path / "lab.db"
    before = write_old_database(path)
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_MIGRATION, str(path), str(statements)], cwd=ROOT, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    assert path.with_name("lab.db-wal").exists()
    assert (dump(path), version(path)) == (before, 1)


async def test_a_database_that_cannot_be_copied_is_not_migrated(tmp_path: Path) -> None:
    path = tmp_path / "lab.db"
    before = write_old_database(path)
    with pytest.raises(DatabaseUnusable, match=r"wasn't upgraded .+ couldn't be backed up first\."):
        async with open_database(path, backup_dir=tmp_path / "not" / "mounted"):
            pass
    assert (dump(path), version(path)) == (before, 1)


def test_a_disk_that_gets_full_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "lab.db"
    before = write_old_database(path)
    size = path.stat().st_size
    for limit in (size // 2, size + 3 * 4096):  # room for less than the copy, and for little more
        failed = subprocess.run(
            [sys.executable, "-c", FULL_DISK, str(path), str(limit)],
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        )
        (sentence,) = failed.stdout.splitlines()
        assert f"The database {path}" in sentence
        assert ("A copy of it is" in sentence) is (limit > size)
        assert (dump(path), version(path)) == (before, 1)


async def test_a_locked_file_fails_after_the_timeout_and_recovers(tmp_path: Path) -> None:
    path = tmp_path / "lab.db"
    async with open_database(path, timedelta(milliseconds=50)) as database:
        state = BotState(database, now)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseUnavailable, match="locked"):
            await state.set_value("name", "lost")
        number = state.save_query("question")
        await state.close()
        other.execute("ROLLBACK")
        other.close()
        assert await state.find_value("name") is None
        await state.set_value("name", "kept")
        state.save_query("another question")
        await state.close()
        assert await BotState(database, now).load_query(number) == "question"


async def test_a_newer_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "lab.db"
    newer = sqlite3.connect(path)
    newer.execute("PRAGMA user_version = 999")
    newer.close()
    with pytest.raises(DatabaseTooNew, match="newer version of Lab Herald") as caught:
        async with open_database(path):
            pass
    assert (caught.value.found, caught.value.known) == (999, migrations()[-1].version)


async def test_an_unusable_file_raises_a_readable_error(tmp_path: Path) -> None:
    path = tmp_path / "lab.db"
    path.write_text("this is a letter, not a database, and long enough to be read as one " * 20)
    for unusable in (path, tmp_path):
        with pytest.raises(DatabaseUnusable, match=r"can't be used|isn't a database or is damaged"):
            async with open_database(unusable):
                pass
    with pytest.raises(DatabaseUnusable, match="doesn't exist"):
        async with open_database(tmp_path / "missing" / "lab.db"):
            pass


async def test_a_file_that_cannot_be_opened_leaves_no_thread_behind(tmp_path: Path) -> None:
    before = {*threading.enumerate()}
    with pytest.raises(sqlite3.OperationalError):
        await connect(tmp_path)
    left = {*threading.enumerate()} - before
    assert not [thread for thread in left if "connection" in thread.name]


async def test_an_exception_or_a_cancellation_rolls_back_the_transaction(tmp_path: Path) -> None:
    async with open_database(tmp_path / "lab.db") as database:

        async def write(value: str, *, then: BaseException | None) -> None:
            async with database.transaction() as db:
                await db.run("INSERT INTO bot_state VALUES (?, 'x')", [value])
                if then is not None:
                    raise then

        with pytest.raises(ValueError, match="no"):
            await write("error", then=ValueError("no"))
        with pytest.raises(asyncio.CancelledError):
            await write("cancelled", then=asyncio.CancelledError())
        await write("good", then=None)
        async with database.reading() as db:
            assert [row[0] for row in await db.all("SELECT name FROM bot_state")] == ["good"]


async def test_only_durable_transactions_are_synced(tmp_path: Path) -> None:
    async with open_database(tmp_path / "lab.db") as database:

        async def level(*, durable: bool, error: Exception | None = None) -> int:
            async with database.transaction(durable=durable) as db:
                if error is not None:
                    raise error
                return int(await db.value("PRAGMA synchronous"))

        normal, full = 1, 2
        assert await level(durable=False) == normal
        assert await level(durable=True) == full
        with pytest.raises(ValueError, match="no"):
            await level(durable=True, error=ValueError("no"))
        assert await level(durable=False) == normal


async def test_transactions_of_two_coroutines_do_not_mix(tmp_path: Path) -> None:
    async with open_database(tmp_path / "lab.db") as database:

        async def write(name: str, *, fail: bool) -> None:
            async with database.transaction() as db:
                await db.run("INSERT INTO bot_state VALUES (?, 'x')", [name])
                await asyncio.sleep(0)
                if fail:
                    raise ValueError(name)

        results = await asyncio.gather(
            *(write(str(number), fail=number % 2 == 1) for number in range(20)),
            return_exceptions=True,
        )
        assert sum(isinstance(result, ValueError) for result in results) == 10
        async with database.reading() as db:
            assert await db.value("SELECT COUNT(*) FROM bot_state") == 10


async def test_only_replies_refuse_to_wait_for_an_import(tmp_path: Path) -> None:
    async with open_database(tmp_path / "lab.db") as database:

        async def write(name: str, *, in_reply: bool) -> None:
            async with database.transaction(in_reply=in_reply) as db:
                await db.run("INSERT INTO bot_state VALUES (?, 'x')", [name])

        async with database.transaction(in_reply=True, importing=True) as db:
            timer = asyncio.ensure_future(write("timer", in_reply=False))
            with pytest.raises(ImportInProgress, match="An import is in progress"):
                await write("refused", in_reply=True)
            await db.run("INSERT INTO bot_state VALUES ('import', 'x')")
            assert not timer.done()
        await timer
        async with database.transaction() as db:
            reply = asyncio.ensure_future(write("reply", in_reply=True))
            await db.run("INSERT INTO bot_state VALUES ('short', 'x')")
            assert not reply.done()
        await reply
        async with database.reading() as db:
            rows = await db.all("SELECT name FROM bot_state ORDER BY name")
            assert [row[0] for row in rows] == ["import", "reply", "short", "timer"]


async def test_a_reader_sees_committed_data_and_cannot_write(tmp_path: Path) -> None:
    async with open_database(tmp_path / "lab.db") as database:
        async with database.transaction() as db:
            await db.run("INSERT INTO bot_state VALUES ('a', 'b')")
            async with database.reading() as reader:
                assert await reader.one("SELECT * FROM bot_state") is None
                with pytest.raises(sqlite3.OperationalError, match="readonly"):
                    await reader.run("DELETE FROM bot_state")
        async with database.reading() as reader:
            assert await reader.value("SELECT value FROM bot_state") == "b"


async def test_several_queries_run_in_the_thread_of_their_connection(tmp_path: Path) -> None:
    async with open_database(tmp_path / "papers.db") as database:
        threads = set()

        async def count(db: Connection) -> tuple[int, object]:
            threads.add(threading.get_ident())
            return await db.value("SELECT 20") + await db.value("SELECT 3"), await db.one(
                "SELECT 1 WHERE 0"
            )

        async def read_nothing(db: Connection) -> None:
            await db.all("SELECT * FROM missing")

        async def wait(_: Connection) -> None:
            await asyncio.sleep(0)

        assert await database.read(count) == (23, None)
        assert threading.get_ident() not in threads
        with pytest.raises(sqlite3.OperationalError, match="no such table: missing"):
            await database.read(read_nothing)
        with pytest.raises(RuntimeError, match="only its queries"):
            await database.read(wait)
        assert await database.read(count) == (23, None)


async def test_a_connection_for_reading_sees_what_is_committed_and_writes_nothing(
    tmp_path: Path,
) -> None:
    with pytest.raises(DatabaseUnavailable, match="isn't available") as caught:
        async with open_for_reading(tmp_path):
            pass
    assert str(tmp_path) not in str(caught.value)
    path = tmp_path / "lab.db"
    async with open_database(path) as database, open_for_reading(path) as reading:
        await BotState(database, now).set_value("name", "kept")
        assert await BotState(reading, now).find_value("name") == "kept"
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            await BotState(reading, now).set_value("name", "changed")


def test_an_unavailable_database_is_reported_by_another_process_in_the_same_words() -> None:
    for error in (DatabaseUnavailable("locked"), DatabaseDamaged("malformed")):
        received = pickle.loads(pickle.dumps(error))
        assert (type(received), str(received)) == (type(error), str(error))
        assert received.cause == error.cause


def test_a_connection_for_reading_creates_no_file(tmp_path: Path) -> None:
    async def read() -> None:
        async with open_for_reading(tmp_path / "missing.db"):
            pass

    with pytest.raises(DatabaseUnavailable, match="isn't available"):
        asyncio.run(read())
    assert [*tmp_path.iterdir()] == []


async def test_a_function_is_called_in_one_transaction_which_fails_as_a_whole(
    database: Database,
) -> None:
    columns = "INSERT INTO service_requests (name, free_at, is_running, day, requests) VALUES"

    async def add(db: Connection) -> int:
        number = await db.insert(f"{columns} ('a', '', 0, '', 1)")
        await db.run_many(f"{columns} (?, '', 0, '', ?)", [("b", 2), ("c", 3)])
        assert await db.run("UPDATE service_requests SET requests = 4 WHERE name <> 'a'") == 2
        return number

    async def fail(db: Connection) -> None:
        await db.run("DELETE FROM service_requests")
        raise LabError("No.")

    assert await database.write(add) == 1
    with pytest.raises(LabError, match="No"):
        await database.write(fail)
    async with database.reading() as db:
        rows = await db.all("SELECT requests FROM service_requests ORDER BY name")
    assert [row["requests"] for row in rows] == [1, 4, 4]
