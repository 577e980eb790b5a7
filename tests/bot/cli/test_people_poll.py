"""Tests of `lab-herald people poll`, which asks services on this machine."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bot.cli import main

ORCID = "0000-0002-1825-0097"
PEOPLE = f"name,orcid,openalex,categories\nAnn Lee,{ORCID},,cs.CL\nBo Chen,,,\n"


class Services:
    """Serves works as OpenAlex does; Crossref fails, and the others have nothing."""

    def __init__(self) -> None:
        self.works: list[dict[str, Any]] = []
        services = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status = 500 if self.path.startswith("/crossref") else 404
                body = b"{}"
                if self.path.startswith("/openalex"):
                    meta = {"count": len(services.works), "per_page": 100, "next_cursor": None}
                    status = 200
                    body = json.dumps({"meta": meta, "results": services.works}).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def add(self, title: str, day: str, *names: str) -> None:
        self.works.append(
            {
                "id": f"https://openalex.org/W{len(self.works) + 1}",
                "doi": f"https://doi.org/10.5555/{len(self.works) + 1}",
                "title": title,
                "display_name": title,
                "publication_date": day,
                "publication_year": int(day[:4]),
                "type": "article",
                "authorships": [
                    {
                        "author": {
                            "id": None,
                            "display_name": name,
                            "orcid": f"https://orcid.org/{ORCID}" if name == "Ann Lee" else None,
                        },
                        "institutions": [],
                        "raw_author_name": name,
                    }
                    for name in names
                ],
            }
        )


@pytest.fixture
def services() -> Iterator[Services]:
    found = Services()
    thread = threading.Thread(target=found.server.serve_forever, args=(0.01,))
    thread.start()
    yield found
    found.server.shutdown()
    thread.join()
    found.server.server_close()


class Replay:
    """Runs commands on days of the past, with the services on this machine."""

    def __init__(self, folder: Path, services: Services) -> None:
        self._database = folder / "lab.db"
        home = f"http://127.0.0.1:{services.server.server_port}"
        names = ("arxiv_listing", "arxiv_author", "openalex", "crossref", "orcid", "dblp")
        self._env = {f"{name.upper()}_URL": f"{home}/{name}" for name in names}
        self._env["SEMANTIC_SCHOLAR_URL"] = f"{home}/semantic_scholar"
        self._env["LAB_HERALD_SPEEDUP"] = "100000"

    def __call__(self, day: str, *words: str) -> Result:
        result = CliRunner().invoke(
            main,
            ["--database", str(self._database), *words],
            env={**self._env, "LAB_HERALD_TODAY": day},
        )
        assert result.exit_code == 0, result.output
        return result

    def json(self, day: str, *words: str) -> Any:
        return json.loads(self(day, *words, "--json").stdout)


def test_a_year_is_replayed_from_the_first_look_to_unasked_announcements(
    tmp_path: Path, services: Services
) -> None:
    shell = Replay(tmp_path, services)
    (tmp_path / "people.csv").write_text(PEOPLE, "utf-8")
    shell("2026-01-05", "people", "import", str(tmp_path / "people.csv"), "--yes")
    for number in range(20):
        services.add(f"An old paper about {number} owls", "2025-10-02", "Ann Lee", "Bo Chen")

    first = shell.json("2026-01-05", "people", "poll")
    backlog = shell.json("2026-01-05", "queue", "list")

    assert first["added"] == []
    assert {one["source"] for one in first["failures"]} == {"crossref"}
    assert len(backlog) == 20
    assert all(card["backlog"] and card["grade"] == "A" for card in backlog)
    assert backlog[0]["person"] == {"number": 1, "name": "Ann Lee"}
    assert backlog[0]["also"] == [{"person": {"number": 2, "name": "Bo Chen"}}]

    numbers = [str(card["number"]) for card in backlog]
    shell("2026-01-05", "queue", "decide", *numbers, "add")
    shell("2026-01-05", "people", "trust", "on")
    services.add("A new paper about owls", "2026-01-08", "Ann Lee", "Bo Chen")
    services.add("A namesake's paper on moths", "2026-01-08", "Ann Lee", "Max Muster", "Eva Berg")

    second = shell.json("2026-01-09", "people", "poll")
    (asked,) = shell.json("2026-01-09", "queue", "list")

    assert [card["title"] for card in second["added"]] == ["A new paper about owls"]
    assert second["added"][0]["identifiers"] == ["doi:10.5555/21"]
    assert (asked["title"], asked["grade"]) == ("A namesake's paper on moths", "A")
    assert shell.json("2026-01-09", "people", "poll")["added"] == []


def test_a_poll_is_described_in_text(tmp_path: Path, services: Services) -> None:
    shell = Replay(tmp_path, services)
    assert "No sources are due." in shell("2026-01-05", "people", "poll").output
    (tmp_path / "people.csv").write_text(PEOPLE, "utf-8")
    shell("2026-01-05", "people", "import", str(tmp_path / "people.csv"), "--yes")
    services.add("A new paper about owls", "2026-01-04", "Ann Lee")

    output = shell("2026-01-05", "people", "poll").output

    assert "OpenAlex: 1 request, 1 work" in output
    assert "Crossref: " in output
