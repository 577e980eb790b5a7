"""`lab-herald import URL`, with a server in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import main

FILES = {
    "/publications": (
        "text/html",
        (
            "<ul><li>Jane Roe, Bo Lee. <a href='/lamps'>On the Nature of Lamps</a>. Journal of "
            "Lamps, 2023.<li>Jane Roe. <a href='/wicks'>A Short History of Wicks</a>. Journal of "
            "Lamps, 2022.</ul>"
        ),
    ),
    "/papers.bib": ("text/plain", "@misc{a, title={Ferns}, author={Jane Roe}}\n@misc{b, year=1}"),
}


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        content_type, text = FILES.get(self.path, ("", ""))
        self.send_response(200 if text else 404)
        self.send_header("Content-Type", content_type)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_values: object) -> None:
        """Prints nothing."""


@pytest.fixture
def site() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def run(folder: Path, *words: str, allow_private: bool = True) -> Result:
    env = {"FEED_ALLOW_PRIVATE": "1" if allow_private else "0"}
    return CliRunner(env=env).invoke(main, ["--database", str(folder / "lab.db"), *words])


def test_a_page_is_imported_from_its_url(tmp_path: Path, site: str) -> None:
    result = run(tmp_path, "import", f"{site}/publications")
    assert result.exit_code == 0, result.output
    assert "2 added" in result.stdout
    assert f"{site}/lamps" in run(tmp_path, "export").stdout


def test_problems_are_reported_like_those_of_a_file(tmp_path: Path, site: str) -> None:
    result = run(tmp_path, "import", f"{site}/papers.bib", f"{site}/publications")
    assert result.exit_code == 1
    assert f"{site}/papers.bib, line 2" in result.stdout
    assert "Nothing was imported because 1 entry can't be used." in result.stderr


def test_what_cannot_be_downloaded_is_an_error(tmp_path: Path, site: str) -> None:
    missing = run(tmp_path, "import", f"{site}/nowhere")
    assert (missing.exit_code, missing.stdout) == (1, "")
    assert "Error: 127.0.0.1 has nothing at that URL (HTTP 404)." in missing.stderr
    private = run(tmp_path, "import", f"{site}/publications", allow_private=False)
    assert private.exit_code == 1
    assert "on this machine or a private network" in private.stderr
