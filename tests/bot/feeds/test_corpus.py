"""Every real and every hostile feed in ../shared, parsed in the sandbox as the bot does it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.feeds.parser import FeedTooLarge, NotAFeed, ParsedFeed, Parser, open_parser
from tests.support.paths import shared_path

NOW = datetime(2026, 11, 23, tzinfo=UTC)
# Feeds for which the manifest counts other entries than the bot, and why.
EXPLAINED = {
    "arxiv_rdf_pre2024_hep-ex_2018-05-23.xml": 2,  # one is a new version of a listed paper
    "arxiv_rss20_csLG+csAI+csCL+statML_2026-09-24.xml": 3,  # the same
    "reader-empty.atom": 0,  # an entry without title and text
    "reader-empty.rss": 0,  # the same
    "reader-full.atom": 2,  # three entries without title and text
    "reader-full.rss": 2,  # the same
}


@pytest.fixture
async def parser() -> AsyncIterator[Parser]:
    async with open_parser(timedelta(seconds=60)) as opened:
        yield opened


def files_in(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file())


async def test_every_real_feed_parses(parser: Parser) -> None:
    folder = shared_path("feeds")
    files = {file.name: file for file in files_in(folder)}
    manifest = (folder / "MANIFEST.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t")[:2] for line in manifest[1:]]
    assert len(rows) > 80
    for name, items in rows:
        body = files[name].read_bytes()
        try:
            parsed = await parser.parse(body, f"https://example.org/{name}", NOW, "")
        except NotAFeed:
            assert items in {"?", "0"}, name
            continue
        if items != "?":
            assert len(parsed.entries) == EXPLAINED.get(name, int(items)), name
        assert len(parsed.entries) + len(parsed.problems) > 0 or items in {"?", "0"}, name
        for entry in parsed.entries:
            assert entry.key, name
            assert entry.draft.title, name


async def test_every_hostile_file_parses_or_is_rejected(parser: Parser) -> None:
    for file, body in [(file, file.read_bytes()) for file in files_in(shared_path("nasty"))]:
        said = await ask(parser, body, f"https://example.org/{file.name}")
        if isinstance(said, ParsedFeed):
            assert file.parent.name == "feeds", file.name
            assert "root:" not in str(said)
        else:
            assert said.endswith("."), file.name


async def ask(parser: Parser, body: bytes, url: str) -> ParsedFeed | str:
    try:
        return await parser.parse(body, url, NOW, "")
    except (NotAFeed, FeedTooLarge) as error:
        return str(error)
