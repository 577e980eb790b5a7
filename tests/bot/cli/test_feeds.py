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
from bot.cli.feeds_render import reading_lines
from bot.feeds.discovery import ReadResult
from bot.feeds.parser import parse_feed
from storage.database_lock import lock_database
from tests.support.feed_server import ITEM
from tests.support.lab import NOW

ITEMS = ITEM.format("Old news", "old")
FEED = f"<rss version='2.0'><channel><title>News</title>{ITEMS}</channel></rss>"
PAGE = "<html><head><link rel='alternate' type='application/rss+xml' href='/feed'></head></html>"
ARXIV = """<feed xmlns='http://www.w3.org/2005/Atom'><title>arXiv</title><entry>
  <id>http://arxiv.org/abs/2302.12433v1</id><title>ProofNet</title>
  <author><name>Zhangir Azerbayev</name></author><author><name>Jeremy Avigad</name></author>
  <published>2023-02-24T00:00:00Z</published><link href='http://arxiv.org/abs/2302.12433v1'/>
  </entry><entry><id>x</id></entry></feed>"""


class Site:
    """A server on 127.0.0.1, in a thread because the shell runs its own event loop."""

    def __init__(self) -> None:
        self.pages = {"/feed": FEED, "/page": PAGE, "/nothing": "<html>Nothing.</html>"}
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = site.pages.get(self.path)
                self.send_response(200 if body else 404)
                self.send_header("Content-Length", str(len((body or "").encode())))
                self.end_headers()
                self.wfile.write((body or "").encode())

            def log_message(self, *_: object) -> None:
                """Logs nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.home = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    yield site
    site.close()


class Shell:
    """Runs commands on one database, with local feeds allowed."""

    def __init__(self, folder: Path) -> None:
        self.database = folder / "lab.db"

    def __call__(self, *words: str) -> Result:
        return CliRunner().invoke(main, ["--database", str(self.database), "feeds", *words])

    def json(self, *words: str, exit_code: int = 0) -> Any:
        result = self(*words, "--json")
        assert result.exit_code == exit_code, result.output
        return json.loads(result.stdout)

    def lines(self, *words: str, exit_code: int = 0) -> list[Any]:
        result = self("read", *words)
        assert result.exit_code == exit_code, result.output
        return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.setenv("FEED_ALLOW_PRIVATE", "yes")
    return Shell(tmp_path)


def test_a_feed_is_added_listed_checked_and_explained(shell: Shell, site: Site) -> None:
    assert "You don't follow any feeds yet" in shell("list").stdout
    added = shell.json("add", f"{site.home}/page", "--venue", "Newsletter", "--review")
    assert (added["id"], added["title"], added["url"]) == (1, "News", f"{site.home}/feed")
    assert (added["papers"], added["review"], added["announced"]) == (1, True, 0)
    (listed,) = shell.json("list")
    assert listed == {name: value for name, value in added.items() if name != "announced"}
    for part in (
        "1  News",
        "venue Newsletter",
        "new entries need review",
        "last success",
        "next check",
    ):
        assert part in shell("list").stdout

    assert shell.json("poll") == []
    assert "No feeds are due" in shell("poll").stdout
    site.pages["/feed"] = FEED.replace("<item>", ITEM.format("Brand new", "new") + "<item>")
    (poll,) = shell.json("poll", "1")
    assert (poll["to_review"], poll["known"], poll["added"], poll["error"]) == (1, 1, [], None)
    assert "1 to review" in shell("list").stdout
    trace = shell.json("why", "http://www.example.org/new?utm_source=x")
    assert trace["entries"][0]["outcome"] == "review"
    assert trace["paper"] is None
    assert "Run /feed check in Discord to review it" in shell("why", "Brand new").stdout


def test_a_check_prints_new_papers_and_leaves_them_to_the_bot(shell: Shell, site: Site) -> None:
    assert shell("add", f"{site.home}/feed", "--newest", "1").exit_code == 0
    broken = "<item><guid>x</guid></item>"
    site.pages["/feed"] = FEED.replace(
        "<item>", ITEM.format("Brand new", "new") + broken + "<item>", 1
    )
    shown = shell("poll", "1").stdout
    assert "1  News: 1 new paper." in shown
    assert "#2 Brand new" in shown
    assert "neither a title nor any text" in shown
    trace = shell.json("why", "#2")
    assert (trace["paper"], trace["title"]) == (2, "Brand new")
    assert trace["channels"] == []
    assert "It hasn't been announced in any channel." in shell("why", "2").stdout

    del site.pages["/feed"]
    (poll,) = shell.json("poll", "1", exit_code=1)
    assert "has nothing at that URL" in poll["error"]
    assert shell("poll", "1").exit_code == 1
    assert "2 failed checks: " in shell("list").stdout


def test_no_feed_is_checked_while_the_bot_runs(shell: Shell, site: Site) -> None:
    assert shell("add", f"{site.home}/feed").exit_code == 0
    with lock_database(shell.database):
        result = shell("poll")
        assert result.exit_code == 1
        assert "Another Lab Herald is using" in result.stderr
        assert shell("list").exit_code == 0


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("add", "nonsense"), "start with http"),
        (("add", "{}/nothing"), "I couldn't find a feed"),
        (("poll", "7"), "I don't follow the feed “#7”"),
        (("why", "nothing known"), "I couldn't find “nothing known”"),
        (("import", "missing.opml"), "Can't read missing.opml"),
        (("read", "missing.xml"), "1 of 1 source can't be read"),
    ],
)
def test_a_failure_prints_one_sentence_and_exits_with_an_error(
    shell: Shell, site: Site, words: tuple[str, ...], sentence: str
) -> None:
    result = shell(*(word.format(site.home) for word in words))
    assert result.exit_code == 1
    assert sentence in result.stderr
    assert "Traceback" not in result.output


def test_read_prints_one_json_object_per_line_in_the_given_order(
    shell: Shell, site: Site, tmp_path: Path
) -> None:
    good, bad = tmp_path / "arxiv.xml", tmp_path / "bad\u2028.xml"
    good.write_text(ARXIV, encoding="utf-8")
    bad.write_text("nothing of the kind", encoding="utf-8")
    sources = [str(bad), f"{site.home}/page", str(good), f"{site.home}/nothing", str(tmp_path)]
    read = shell.lines(*sources, exit_code=1)
    assert [one["source"] for one in read] == sources
    assert [bool(one["error"]) for one in read] == [True, False, False, True, True]
    assert read[1]["title"] == "News"
    assert "I couldn't find a feed" in read[3]["error"]
    (entry,) = read[2]["entries"]
    assert entry == {
        "title": "ProofNet",
        "authors": ["Zhangir Azerbayev", "Jeremy Avigad"],
        "authors_complete": True,
        "link": "https://arxiv.org/abs/2302.12433",
        "date": "2023-02-24",
        "venue": "arXiv",
        "identifiers": entry["identifiers"],
        "notice": None,
    }
    assert entry["identifiers"][0] == "arxiv:2302.12433"
    assert len(read[2]["problems"]) == 1
    assert not shell.database.exists()
    assert [json.loads(line) for line in shell("read", "--json", str(good)).stdout.splitlines()]


def test_read_prints_text_on_a_terminal() -> None:
    feed = parse_feed(ARXIV.encode(), "https://lab.org/feed", NOW)
    shown = reading_lines(ReadResult("a.xml", feed)).splitlines()
    assert shown[:3] == [
        "a.xml: arXiv, 1 entry",
        "  ProofNet",
        "    Zhangir Azerbayev, Jeremy Avigad · 2023-02-24 · https://arxiv.org/abs/2302.12433",
    ]
    assert shown[-1].startswith("  ! Entry 2 has neither a title nor any text")
    assert reading_lines(ReadResult("b.xml", error="It is broken.")) == "b.xml: It is broken."


def test_a_page_without_a_feed_and_an_invalid_file_name_are_errors(
    shell: Shell, site: Site
) -> None:
    link = "<link rel='alternate' type='application/rss+xml' href='{}'>"
    site.pages["/page"] = f"<html>{link.format('/gone')}{link.format('/nothing')}</html>"
    page, name = shell.lines(f"{site.home}/page", "a\0b", exit_code=1)
    assert "I couldn't find a feed" in page["error"]
    assert name["error"] == "That isn't a valid file name."


def test_many_files_are_read_in_order_except_those_that_are_too_large(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEED_MAX_BYTES", "65536")
    files = [tmp_path / f"{number}.xml" for number in range(70)]
    for number, file in enumerate(files):
        file.write_text(FEED.replace("Old news", f"News {number}"), encoding="utf-8")
    files[7].write_text(FEED + " " * 65536, encoding="utf-8")
    read = shell.lines(*map(str, files), exit_code=1)
    titles = [one["entries"][0]["title"] if one["entries"] else one["error"] for one in read]
    assert titles[7] == "It is larger than 0.1 MiB."
    assert titles[:7] + titles[8:] == [f"News {number}" for number in range(70) if number != 7]


def test_exported_feeds_can_be_imported(shell: Shell, site: Site, tmp_path: Path) -> None:
    assert shell("add", f"{site.home}/feed", "--venue", "ICML").exit_code == 0
    file = tmp_path / "feeds.opml"
    assert shell("export", "-o", str(file)).exit_code == 0
    assert "Already followed" in shell("import", str(file)).stdout
    shell.database.unlink()
    (tried,) = shell.json("import", str(file))
    assert (tried["outcome"], tried["feed"], tried["url"]) == ("watched", 1, f"{site.home}/feed")
    assert shell.json("list")[0]["venue"] == "ICML"
    file.write_text("<opml><outline xmlUrl='http://127.0.0.1:1/x'/></opml>", encoding="utf-8")
    result = shell("import", str(file))
    assert result.exit_code == 1
    assert "couldn't reach" in result.stdout
    file.write_text("<opml/>", encoding="utf-8")
    assert "couldn't find any feeds in that file" in shell("import", str(file)).stderr


def test_only_the_exported_list_shows_secrets(shell: Shell, site: Site, tmp_path: Path) -> None:
    secret = "?token=CANARY"
    item = f"<item><title>A</title><link>{site.home}/a{secret}</link><guid>{site.home}{secret}"
    untitled = f"<rss version='2.0'><channel>{item}</guid></item></channel></rss>"
    site.pages |= {f"/feed{secret}": untitled, f"/other{secret}": untitled}
    opml = tmp_path / "feeds.opml"
    opml.write_text(
        "<opml><body>"
        + "".join(f"<outline xmlUrl='{site.home}/{one}{secret}'/>" for one in ("other", "no"))
        + "</body></opml>"
    )
    whole = f"{site.home}/feed{secret}"
    results = [shell("add", whole), shell("add", whole), shell("add", whole, "--json")]
    results += [shell("add", f"http://ann:CANARY@{site.home[7:]}/feed")]
    results += [shell("read", whole, f"{site.home}/no{secret}"), shell("read", "--json", whole)]
    results += [shell("import", str(opml)), shell("import", "--json", str(opml))]
    del site.pages[f"/feed{secret}"]
    results += [shell("poll", "1"), shell("poll", "1", "--json")]
    results += [shell("list"), shell("list", "--json"), shell("why", f"{site.home}/a")]
    results += [shell("why", f"{site.home}/b{secret}"), shell("why", "A", "--json")]
    main_words = ["--database", str(shell.database)]
    for words in (["export", "--format", "json"], ["search", "A"], ["lookup", whole], ["check"]):
        results.append(CliRunner().invoke(main, [*main_words, *words]))
    for result in results:
        assert "CANARY" not in result.output
        assert result.exception is None or isinstance(result.exception, SystemExit)
    assert f"1  127.0.0.1\n    {site.home}/feed?token=…" in results[0].stdout
    exported = shell("export").stdout
    assert f'xmlUrl="{whole}"' in exported
    assert exported.count("CANARY") == 2
