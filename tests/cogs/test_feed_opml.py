from __future__ import annotations

from dataclasses import replace

import pytest

from bot.formats.opml import MAX_BYTES, Outline, read_opml
from bot.settings import Settings
from tests.support.lab import Lab, reply_text
from tests.support.library import MODERATOR


def opml(*urls: str) -> tuple[str, bytes]:
    outlines = "".join(f"<outline text='Named' xmlUrl='{url}'/>" for url in urls)
    return (
        "feeds.opml",
        f"<opml><body><outline text='All'>{outlines}</outline></body></opml>".encode(),
    )


async def test_an_import_shows_the_result_for_each_feed(lab: Lab, source) -> None:
    _, home = source
    await lab.app.library.feeds.follow(f"{home}moved", "Known", "", MODERATOR)
    file = opml(f"{home}nothing", f"{home}page", f"{home}moved/", f"{home}missing", f"{home}feed")
    result = await lab.moderator.slash(lab.channel, "feed import", file=file)
    assert result.ephemeral
    lines = [line for line in reply_text(result).splitlines() if "**" in line]
    assert "I couldn't find a feed at" in lines[0]
    assert "👌" in lines[2]
    assert "has nothing at that URL" in lines[3]
    # The page leads to the same feed as the last line, and either may be read first.
    assert sorted(line[0] for line in (lines[1], lines[4])) == ["👌", "📡"]
    assert "Followed as" in lines[1] + lines[4]
    assert "Already followed" in lines[1] + lines[4]
    assert len(await lab.app.library.feeds.all()) == 2
    again = reply_text(
        await lab.moderator.slash(lab.channel, "feed import", file=opml(f"{home}feed"))
    )
    assert "Already followed" in again


async def test_an_exported_file_imports_with_venue_and_review(lab: Lab, source) -> None:
    _, home = source
    await lab.run(lab.moderator, "feed add", url=f"{home}feed", venue="ICML, 2023", review=True)
    result = await lab.moderator.slash(lab.channel, "feed export")
    assert result.ephemeral
    (file,) = result.response.attachments
    body = await file.read()
    assert read_opml(body) == (Outline(f"{home}feed", "News", "ICML, 2023", is_reviewed=True),)
    await lab.run(lab.moderator, "feed remove", feed="1")
    shown = await lab.run(lab.moderator, "feed import", file=(file.filename, body))
    assert "Followed as feed 1, with 1 paper so far" in shown
    feed = await lab.app.library.feeds.get(1)
    assert (feed.venue, feed.is_reviewed) == ("ICML, 2023", True)


async def test_feeds_beyond_fifty_are_left_for_the_next_import(lab: Lab, source) -> None:
    _, home = source
    urls = [f"{home}missing/{number}" for number in range(50)]
    file = opml(*urls, f"{home}feed")
    result = await lab.moderator.slash(lab.channel, "feed import", file=file)
    assert reply_text(result).count("has nothing at that URL") == 50
    assert reply_text(result).count("⏳") == 1
    assert not await lab.app.library.feeds.all()


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"nothing of the kind", "line 1 is malformed"),
        (b"<opml/>", "I couldn't find any feeds in that file"),
        (b"<!DOCTYPE x [<!ENTITY a 'b'>]><opml/>", "declares XML entities"),
        (b" " * (MAX_BYTES + 1), "larger than 1 MiB"),
    ],
)
async def test_a_bad_file_is_answered_privately(lab: Lab, body: bytes, sentence: str) -> None:
    result = await lab.moderator.slash(lab.channel, "feed import", file=("feeds.opml", body))
    assert sentence in reply_text(result)
    assert result.ephemeral


async def test_there_is_nothing_to_export_without_feeds(lab: Lab) -> None:
    result = await lab.moderator.slash(lab.channel, "feed export")
    assert "nothing to export" in reply_text(result)
    assert result.ephemeral


class TestWithAModeratorRole:
    """Discord shows the commands to everybody then, so only the checks in code protect them."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return replace(settings, moderator_role_ids=(123_456_789_012_345_678,))

    async def test_members_are_refused(self, lab: Lab, source) -> None:
        _, home = source
        await lab.app.library.feeds.follow(f"{home}moved", "Known", "", MODERATOR)
        for command, options in (("export", {}), ("import", {"file": opml(f"{home}feed")})):
            result = await lab.member.slash(lab.channel, f"feed {command}", **options)
            assert result.ephemeral
            assert "Only moderators" in reply_text(result)
        assert len(await lab.app.library.feeds.all()) == 1
