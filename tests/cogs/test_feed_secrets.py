"""A canary in every feed URL and setting, which no reply, file, log line or repr may show."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from discord import AppCommandOptionType, app_commands

from bot.formats.opml import read_opml
from bot.formats.writers.export import ExportFormat
from bot.lookup.resolver import ServiceUrls
from bot.settings import Settings
from storage.search.query import parse
from tests.support.forms import form_values
from tests.support.lab import Lab, reply_text

CANARY = "CANARY7f3a9c"
QUERY = f"token={CANARY}"
ITEM = """<item><title>{0}</title><link>{1}/post?id={0}&amp;token=CANARY7f3a9c</link>
<guid>{1}/guid/{0}?token=CANARY7f3a9c</guid></item>"""


@dataclass
class PrivateFeed:
    """A server that wants a token for its feed, which has no title and links with the token."""

    home: str = ""
    titles: list[str] = field(default_factory=lambda: ["First"])
    status: int = 200
    body: str = ""

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/{path:.*}", self.answer)
        return app

    async def answer(self, request: web.Request) -> web.Response:
        if request.query.get("token") != CANARY:
            return web.Response(status=401)
        if request.path == "/moved":
            return web.Response(status=301, headers={"Location": f"/feed?{QUERY}&moved=1"})
        if request.path == "/loop":
            return web.Response(status=302, headers={"Location": str(request.rel_url)})
        if request.path == "/page":
            link = f"<link rel=alternate type='application/rss+xml' href='/nothing?{QUERY}'>"
            return web.Response(text=f"<html>{link}</html>", content_type="text/html")
        if request.path not in {"/feed", "/other"} or self.status != 200:
            return web.Response(status=self.status if self.status != 200 else 404)
        items = "".join(ITEM.format(title, self.home) for title in self.titles)
        body = self.body or f"<rss version='2.0'><channel>{items}</channel></rss>"
        return web.Response(text=body, content_type="application/rss+xml")


@pytest.fixture
async def private() -> AsyncIterator[PrivateFeed]:
    feed = PrivateFeed()
    async with TestServer(feed.app()) as server:
        feed.home = str(server.make_url("")).rstrip("/")
        yield feed


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(
        settings,
        discord_token=f"{CANARY}.{CANARY}.{CANARY}",
        contact=f"https://lab.org/contact?{QUERY}",
        arxiv_api_url=f"http://127.0.0.1:9/arxiv?{QUERY}&x=",
        crossref_url=f"http://ann:{CANARY}@127.0.0.1:9/crossref",
        datacite_url=f"http://127.0.0.1:9/datacite?api_key={CANARY}&x=",
        doi_url=f"http://ann:{CANARY}@127.0.0.1:9/doi",
    )


def sent_by_bot(lab: Lab) -> str:
    """Returns everything that the bot has sent to Discord."""
    return "\n".join(
        f"{name} {json.dumps(payload, ensure_ascii=False, default=str)}"
        for kind, name, payload in lab.env.backend.transcript
        if kind == "HTTP"
    )


async def run_all(lab: Lab, private: PrivateFeed) -> str:
    """Uses every command that may name a feed or a lookup; returns the text of the replies."""
    url = f"{private.home}/feed?{QUERY}"
    moderator, shown = lab.moderator, []

    async def run(command: str, **options: object) -> None:
        shown.append(await lab.run(moderator, command, **options))

    await run("setup channel", channel=lab.channel)
    await run("announce here")
    for bad in ("missing", "page", "loop"):
        await run("feed add", url=f"{private.home}/{bad}?{QUERY}")
        await run("feed preview", url=f"{private.home}/{bad}?{QUERY}")
    for bad in (f"ftp://lab.org/{QUERY}?{QUERY}", f"http://ann:{CANARY}@127.0.0.1:9", f"?{QUERY}"):
        await run("feed add", url=bad)
    await run("feed preview", url=url)
    await run("feed add", url=url, review=True)
    await run("feed add", url=url)
    opml = f"<opml><body>{{}}<outline xmlUrl='{private.home}/nothing?{QUERY}'/></body></opml>"
    outline = f"<outline text='{url}' xmlUrl='{private.home}/moved?{QUERY}'/>"
    await run("feed import", file=("feeds.opml", opml.format(outline).encode()))
    private.titles.insert(0, "Second")
    for command in ("feed check", "feed list"):
        await run(command)
    for feed in ("1", url, f"{private.home}/feed?token=…", f"{url}x"):
        await run("feed show", feed=feed)
    for link in (
        f"{private.home}/post?id=First",
        f"{private.home}/no?{QUERY}",
        f"{'a' * 99}?{QUERY}",
    ):
        await run("feed why", link=link)
    await run("feed pause", feed="1", reason=f"because of {url}")
    await run("feed pause", feed="1")
    for command in ("feed list", "feed check", "curate history", "curate queue"):
        await run(command)
    await run("feed resume", feed="1")
    await run("feed edit", feed="1", url=f"{private.home}/other?{QUERY}")
    await run("feed edit", feed="1", url=f"{private.home}/missing?{QUERY}")
    await run("feed edit", feed="1", venue="ICML")
    await run("curate history")
    for source in (f"{private.home}/x?{QUERY}", "10.1000/182", "2302.12433", f"x y?{QUERY}"):
        await run("curate add", source=source)
    for text in (f"http://ann:{CANARY}@127.0.0.1:9/x", f"what?{QUERY}"):
        await run("curate add", source=text)
        await run("paper", paper=text)
        shown.append(await lab.run(lab.member, "suggest", source=text))
    choices = await moderator.autocomplete(lab.channel, "feed show", "feed", private.home[:12])
    shown += [choice["name"] for choice in choices]
    return "\n".join(shown)


async def fail_in_every_way(lab: Lab, private: PrivateFeed) -> None:
    """Lets the feed fail for days, as servers do, and recover, and be gone."""
    for status, body in ((500, ""), (403, ""), (429, ""), (200, "<html>"), (200, "{"), (404, "")):
        private.status, private.body = status, body
        lab.clock.advance(timedelta(days=2))
        await lab.app.poll()
        await lab.run(lab.moderator, "feed show", feed="1")
        await lab.run(lab.moderator, "feed check")
    private.status, private.body = 200, ""
    lab.clock.advance(timedelta(days=8))
    await lab.app.poll()
    private.status = 410
    lab.clock.advance(timedelta(days=8))
    await lab.app.poll()
    await lab.run(lab.moderator, "feed list")


async def test_no_reply_log_or_repr_shows_the_canary(
    lab: Lab, private: PrivateFeed, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "bot")
    caplog.set_level(logging.DEBUG, "storage")
    shown = await run_all(lab, private)
    await fail_in_every_way(lab, private)
    feeds = await lab.app.library.feeds.with_counts()
    log = await lab.app.library.audit.page()
    records = [settings, ServiceUrls.from_settings(settings), *feeds, *log.changes]
    assert CANARY not in repr(records)
    assert CANARY not in caplog.text
    assert CANARY not in shown
    assert CANARY not in sent_by_bot(lab)
    assert {feed.url for feed in feeds} >= {f"{private.home}/other?{QUERY}"}
    assert [feed.title for feed in feeds] == ["127.0.0.1"] * len(feeds)
    # It was really used, and really failed.
    assert "haven't been able to read the feed **127.0.0.1**" in sent_by_bot(lab)
    assert "token=…" in shown
    assert "HTTP 500" in caplog.text


@pytest.mark.parametrize("file_format", [one.value for one in ExportFormat])
async def test_no_export_shows_the_canary(lab: Lab, private: PrivateFeed, file_format: str) -> None:
    await lab.run(lab.moderator, "feed add", url=f"{private.home}/feed?{QUERY}")
    (paper,) = (await lab.app.library.search.find(parse("First"))).results.papers
    assert [name.partition(":")[0] for name in paper.identifiers] == ["url", "url", "guid"]
    assert paper.url == f"{private.home}/post?id=First"
    result = await lab.member.slash(lab.channel, "export", query="First", format=file_format)
    (file,) = result.response.attachments or result.followups[-1].attachments
    body = (await file.read()).decode()
    assert "First" in body
    assert CANARY not in body


async def test_only_the_list_of_feeds_for_moderators_has_whole_urls(
    lab: Lab, private: PrivateFeed
) -> None:
    url = f"{private.home}/feed?{QUERY}"
    await lab.run(lab.moderator, "feed add", url=url)
    result = await lab.moderator.slash(lab.channel, "feed export")
    assert result.ephemeral
    assert "Feed URLs can contain secrets" in reply_text(result)
    (outline,) = read_opml(await result.response.attachments[0].read())
    assert (outline.url, outline.title) == (url, "127.0.0.1")


async def test_a_form_hides_the_secrets_and_keeps_them(lab: Lab, private: PrivateFeed) -> None:
    url = f"{private.home}/feed?{QUERY}"
    await lab.run(lab.moderator, "feed add", url=url)
    opened = await lab.moderator.slash(lab.channel, "feed edit", feed="1")
    values = form_values(opened.modal)
    assert values["url"] == f"{private.home}/feed?token=…"
    saved = {**values, "title": "Renamed", "review": ["no"]}
    assert "Saved" in reply_text(await lab.moderator.submit_modal(opened, saved))
    feed = await lab.app.library.feeds.get(1)
    assert (feed.title, feed.url) == ("Renamed", url)

    opened = await lab.moderator.slash(lab.channel, "feed edit", feed="1")
    saved["url"] = f"{private.home}/other?token=…"
    refused = reply_text(await lab.moderator.submit_modal(opened, saved))
    assert "That URL has hidden parts" in refused
    assert (await lab.app.library.feeds.get(1)).url == url


async def test_a_secret_in_the_path_of_a_feed_is_shown_nowhere(
    lab: Lab, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="bot")
    status = 200

    async def answer(request: web.Request) -> web.Response:
        folder = str(request.url).removesuffix("/feed.xml")
        item = (
            f"<item><title>Post</title><link>{folder}/post/1</link><guid>{folder}/1</guid></item>"
        )
        body = f"<rss version='2.0'><channel>{item}</channel></rss>"
        return web.Response(status=status, text=body, content_type="application/rss+xml")

    site = web.Application()
    site.router.add_get(f"/private/{CANARY}/feed.xml", answer)
    async with TestServer(site) as server:
        url = str(server.make_url(f"/private/{CANARY}/feed.xml"))
        await lab.run(lab.moderator, "setup channel", channel=lab.channel)
        await lab.run(lab.moderator, "feed add", url=url)
        assert "/private/…/feed.xml" in await lab.run(lab.moderator, "feed show", feed="1")
        for command in ("feed list", "feed check"):
            await lab.run(lab.moderator, command)
        await lab.run(lab.moderator, "feed why", link=url)
        await lab.run(lab.moderator, "feed why", link="Post")
        await lab.run(lab.member, "paper", paper="Post")
        form = await lab.moderator.slash(lab.channel, "feed edit", feed="1")
        assert "/private/…/feed.xml" in form_values(form.modal)["url"]
        status = 500
        lab.clock.advance(timedelta(days=2))
        await lab.app.poll()
        lab.clock.advance(timedelta(days=2))
        await lab.app.poll()
        await lab.run(lab.moderator, "feed show", feed="1")
    paper = await lab.app.library.papers.get_by_text("Post")
    assert CANARY not in repr(paper) + sent_by_bot(lab) + caplog.text
    assert "I haven't been able to read" in sent_by_bot(lab)


@pytest.mark.parametrize(
    "typed",
    [f"https://ann:{'x' * 55}{CANARY}@127.0.0.1:9/feed", f"https://127.0.0.1:9/private/{CANARY}"],
)
async def test_no_reply_repeats_a_secret_that_somebody_typed(lab: Lab, typed: str) -> None:
    for command, option in (
        ("search", "query"),
        ("author", "name"),
        ("paper", "paper"),
        ("cite", "paper"),
        ("latest", "venue"),
        ("suggest", "source"),
    ):
        await lab.run(lab.member, command, **{option: typed})
    for command, option in (
        ("feed why", "link"),
        ("feed show", "feed"),
        ("feed add", "url"),
        ("curate add", "source"),
        ("curate restore", "paper"),
    ):
        await lab.run(lab.moderator, command, **{option: typed})
    assert CANARY[-6:] not in sent_by_bot(lab)


def options_with(
    typed: str, command: app_commands.Command[Any, ..., Any], lab: Lab, file: bytes
) -> dict[str, Any]:
    """Returns options with the text wherever it can be typed, and all that are required."""
    required = {
        AppCommandOptionType.boolean: False,
        AppCommandOptionType.channel: lab.channel,
        AppCommandOptionType.role: lab.env.guild.roles["Curators"],
        AppCommandOptionType.user: lab.member,
    }
    options: dict[str, Any] = {}
    for one in command.parameters:
        if one.type is AppCommandOptionType.string and not one.choices:
            text = typed[: int(one.max_value or len(typed))]
            options |= {one.display_name: text} if text == typed or one.required else {}
        elif one.type is AppCommandOptionType.attachment:
            options[one.display_name] = ("papers.bib", file)
        elif one.required and one.type in required:
            options[one.display_name] = required[one.type]
    return options


async def test_no_command_repeats_a_secret_in_any_of_its_options(
    lab: Lab, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="bot")
    typed = f"https://127.0.0.1:9/feed?{QUERY}"
    entry = (
        f"@misc{{a, title = {{A Paper}}, author = {{{typed}}}, url = {{{typed}}}, }} @x{{{typed}"
    )
    tried = 0
    for guild in (None, *lab.app.client.home_guilds):
        for command in lab.app.client.tree.walk_commands(guild=guild):
            if isinstance(command, app_commands.Command):
                options = options_with(typed, command, lab, entry.encode())
                await lab.run(lab.moderator, command.qualified_name, **options)
                tried += typed in options.values()
                assert CANARY not in sent_by_bot(lab), command.qualified_name
    message = await lab.member.send(lab.channel, f"Look: {typed}")
    for name in ("Add paper", "Suggest paper"):
        await lab.use_menu(lab.moderator, name, message)
    assert tried > 20
    assert CANARY not in sent_by_bot(lab)
    assert CANARY not in caplog.text
