from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import main
from bot.starter import load_starter
from storage.library import open_library
from storage.models import Origin, PaperDraft
from tests.support.library import MODERATOR

WORKS = {
    "/works/10.5555/lab.7": {"title": ["Long Memories"], "author": [{"family": "Lovelace"}]},
    "/works/10.5555/moss": {"title": [load_starter()[0].title]},
}


class Crossref(BaseHTTPRequestHandler):
    """A registry, in a thread because the shell runs its own event loop."""

    def do_GET(self) -> None:
        work = WORKS.get(self.path)
        body = json.dumps({"message": work}).encode()
        self.send_response(200 if work else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Logs nothing."""


@pytest.fixture
def crossref(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Crossref)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    home = f"http://127.0.0.1:{server.server_port}"
    for name in ("CROSSREF_URL", "DATACITE_URL", "DOI_URL", "ARXIV_API_URL"):
        monkeypatch.setenv(name, home)
    monkeypatch.setenv("FEED_ALLOW_PRIVATE", "yes")
    yield
    server.shutdown()
    thread.join()
    server.server_close()


def lookup(folder: Path, *words: str) -> Result:
    database = str(folder / "lab.db")
    runner = CliRunner()
    runner.invoke(main, ["--database", database, "import", "--starter", "--yes"])
    return runner.invoke(main, ["--database", database, "lookup", *words])


@pytest.mark.usefixtures("crossref")
def test_lookup_prints_a_paper(tmp_path: Path) -> None:
    result = lookup(tmp_path, "https://doi.org/10.5555/lab.7")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("Long Memories\n")
    assert "https://doi.org/10.5555/lab.7" in result.stdout
    found = json.loads(lookup(tmp_path, "10.5555/lab.7", "--json").stdout)
    assert (found["id"], found["resembles"], found["doi"]) == (None, None, "10.5555/lab.7")
    assert found["authors"] == ["Lovelace"]


@pytest.mark.usefixtures("crossref")
def test_a_renamed_author_is_looked_up_under_the_new_name(tmp_path: Path) -> None:
    lookup(tmp_path, "10.5555/lab.7")

    async def rename() -> None:
        async with open_library(tmp_path / "lab.db", lambda: datetime.now(UTC)) as library:
            await library.papers.upsert(
                PaperDraft("Engines", ("Lovelace",)), Origin.IMPORT, MODERATOR
            )
            await library.authors.rename("Lovelace", "Ada King", MODERATOR)

    asyncio.run(rename())
    assert "Lovelace" not in lookup(tmp_path, "10.5555/lab.7").stdout


@pytest.mark.usefixtures("crossref")
def test_lookup_says_if_the_paper_is_in_the_list(tmp_path: Path) -> None:
    assert "Possible duplicate of #" in lookup(tmp_path, "10.5555/moss").stdout
    entry = "@misc{a, title={ProofNet}, eprint={2302.12433}}"
    assert "Already in the list as #" in lookup(tmp_path, entry).stdout


@pytest.mark.usefixtures("crossref")
def test_a_paper_that_is_not_found_is_an_error(tmp_path: Path) -> None:
    result = lookup(tmp_path, "10.5555/none")
    assert result.exit_code == 1
    assert "Neither Crossref nor DataCite knows" in result.stderr


@pytest.mark.usefixtures("crossref")
def test_a_list_of_ids_is_looked_up_and_imported(tmp_path: Path) -> None:
    words = ["--database", str(tmp_path / "lab.db"), "import", "-", "--json"]
    lines = "# my papers\n- doi: 10.5555/lab.7\nhttps://doi.org/10.5555/none\n"
    result = CliRunner().invoke(main, words, input=lines)
    report = json.loads(result.stdout)
    assert (report["added"], report["rejected"], result.exit_code) == (1, 1, 1)
    assert "I couldn't look up “https://doi.org/10.5555/none”" in report["details"][0]["reason"]
    assert report["details"][0]["line"] == 3
