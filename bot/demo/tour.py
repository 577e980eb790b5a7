"""The tour of the demo without a browser: each step is done, shown, and checked."""

from __future__ import annotations

from typing import Any

import click
import simcord

from bot.demo.context_menu import use_menu
from bot.demo.message_text import spoken
from bot.demo.world import GUILD_ID, World

_BY_HAND = {
    "title": "A Paper Added by Hand",
    "authors": "Noor Al-Rashid\nStella Biderman",
    "venue_and_year": "TMLR 2026",
    "links": "10.1234/demo.42",
    "abstract": "Shows that a form is enough.",
}


class Failed(Exception):
    """A step did not show what it should."""


async def walk(world: World) -> bool:
    """Take every step in turn, printing what a person sees; false where a step failed."""
    steps = [
        ("A member searches: /search query:language model", _search),
        ("… and turns the page", _turn),
        ("Typing “tuned l” offers titles", _suggest),
        ("/random venue:arXiv", _random),
        ("/author name:biderman", _author),
        ("/latest count:3", _latest),
        ("A member may not use /curate add", _refused),
        ("A moderator adds a paper by /curate add", _add),
        ("… and another by its arXiv id, which is looked up", _look_up),
        ("… and is told where the list may have a paper already", _resembles),
        ("… and looks at the papers that a message links, by its menu", _gather),
        ("A moderator imports a bibliography by /curate import", _import),
        ("A moderator corrects a paper by /curate edit, and takes that back", _correct),
        ("… makes two papers one, reads the log, and parts them again", _merge),
        ("A member suggests a paper, a moderator adds it, and the member hears", _suggestion),
        ("A moderator removes the feed by mistake, and takes that back", _remove_feed),
        ("The feed publishes; one poll, one announcement", _announcement),
        ("Discord fails while three papers come; once back, they stand there in order", _outage),
        ("Polling again announces nothing twice", _once),
        ("The announced paper is found by /search and /author", _found),
        ("A question with no answer gets a sentence", _nothing),
    ]
    passed = 0
    for title, step in steps:
        click.secho(f"\n■ {title}", bold=True)
        try:
            click.echo(_indented(await step(world)))
        except (Failed, simcord.SetupError) as failure:
            click.secho(f"  ✗ {failure}", fg="red")
        else:
            passed += 1
    click.echo()
    if passed < len(steps):
        click.secho(f"{len(steps) - passed} of {len(steps)} steps failed.", fg="red")
        return False
    click.secho(f"All {passed} steps passed.", fg="green")
    return True


async def _search(world: World) -> str:
    shown = await _slash(world.member, world, "search", query="language model")
    return _expect(shown, "papers for “language model”", "Page 1 of")


async def _turn(world: World) -> str:
    before = spoken(world.papers.last_message)
    await world.member.click(world.papers.last_message, label="Next ▶")
    shown = spoken(world.papers.last_message)
    if shown == before:
        raise Failed("the page did not turn")
    return _expect(shown, "Page 2 of")


async def _suggest(world: World) -> str:
    choices = await world.member.autocomplete(world.papers, "search", "query", "tuned l")
    return _expect("\n".join(choice["name"] for choice in choices), "Tuned Lens")


async def _random(world: World) -> str:
    return _expect(await _slash(world.member, world, "random", venue="arXiv"), "arXiv", "Another")


async def _author(world: World) -> str:
    shown = await _slash(world.member, world, "author", name="biderman")
    return _expect(shown, "Stella Biderman", "5 papers")


async def _latest(world: World) -> str:
    return _expect(await _slash(world.member, world, "latest", count=3), "The latest papers")


async def _refused(world: World) -> str:
    if "curate add" in world.member.available_commands(world.papers):
        raise Failed("the command is offered to a member")
    return "Discord does not even offer it."


async def _add(world: World) -> str:
    form = await world.moderator.slash(world.papers, "curate add")
    result = await world.moderator.submit_modal(form, _BY_HAND)
    return _expect(_private(result), "Added to the list", "A Paper Added by Hand")


async def _look_up(world: World) -> str:
    found = await world.moderator.slash(world.papers, "curate add", source="2310.10631")
    shown = _expect(_private(found), "Is this the paper?", "Llemma")
    result = await world.moderator.click(found.response, label="Add")
    return f"{shown}\n\n" + _expect(_private(result), "Added to the list")


async def _resembles(world: World) -> str:
    source = "https://arxiv.org/abs/2304.01373"
    found = await world.moderator.slash(world.papers, "curate add", source=source)
    return _expect(_private(found), "The list may have that paper already", "Pythia")


async def _gather(world: World) -> str:
    text = "To read: https://arxiv.org/abs/2310.10631, arXiv:2304.01373, doi.org/10.1234/demo.42"
    message = await world.member.send(world.papers, text)
    asked = (world.env, world.moderator, world.papers)
    shown = _private(await use_menu(*asked, "Add paper", message, GUILD_ID))
    return _expect(shown, "3 links in that message", "in the list as #22", "may be #17")


async def _import(world: World) -> str:
    entries = (
        b"@misc{a, title={A Paper from a File}, doi={10.1234/demo.43}}\n"
        b"@misc{b, title={A Paper Added by Hand}, doi={10.1234/demo.42}}\n"
    )
    file = ("papers.bib", entries)
    preview = await world.moderator.slash(world.papers, "curate import", file=file)
    shown = _expect(_private(preview), "would be added", "in the list already")
    done = await world.moderator.click(preview.response, label="Import")
    return f"{shown}\n{_expect(_private(done), '### Imported', 'A Paper from a File')}"


async def _correct(world: World) -> str:
    paper = "A Paper Added by Hand"
    form = await world.moderator.slash(world.papers, "curate edit", paper=paper)
    corrected = {"title": "A Paper Corrected by Hand", "venue_and_year": "TMLR 2026-05"}
    result = await world.moderator.submit_modal(form, _BY_HAND | corrected)
    shown = _expect(_private(result), "Corrected", "A Paper Corrected by Hand")
    undone = await world.moderator.click(result.response, label="Undo")
    return f"{shown}\n\n{_expect(_private(undone), paper, 'as it was before')}"


async def _merge(world: World) -> str:
    names = {"paper": "A Paper from a File", "into": "A Paper Added by Hand"}
    asked = await world.moderator.slash(world.papers, "curate merge", **names)
    shown = _private(asked)
    merged = await world.moderator.click(asked.response, label="Merge")
    shown += f"\n\n{_expect(_private(merged), 'is a part of this paper now')}"
    log = _private(await world.moderator.slash(world.papers, "curate history"))
    shown += f"\n\n{_expect(log, 'made a part of another', 'imported', 'corrected')}"
    undone = _private(await world.moderator.slash(world.papers, "curate undo"))
    return f"{shown}\n\n{_expect(undone, 'back in the list')}"


async def _suggestion(world: World) -> str:
    title = "A Paper That a Member Thought Of"
    shown = await _slash(world.member, world, "suggest", source=title, note="by two of us")
    _expect(shown, "The moderators are to decide", title)
    queue = await world.moderator.slash(world.papers, "curate queue")
    shown += f"\n\n{_expect(_private(queue), title, 'by two of us')}"
    shown += f"\n\n{_private(await world.moderator.click(queue.response, label='Add'))}"
    _expect(spoken(world.papers.last_message), "New paper", title)
    word = spoken(world.member.user.dm_channel.last_message)
    return _expect(f"{shown}\n\n{word}", "The moderators added it")


async def _remove_feed(world: World) -> str:
    removed = await world.moderator.slash(world.papers, "feed remove", feed="#1")
    shown = _expect(_private(removed), "no longer")
    undone = _private(await world.moderator.click(removed.response, label="Undo"))
    return f"{shown}\n\n{_expect(undone, 'Undone', 'stopped reading')}"


async def _announcement(world: World) -> str:
    title = world.site.publish() or ""
    sent = await world.poll()
    if sent != 1:
        raise Failed(f"{sent} announcements instead of 1")
    return _expect(spoken(world.papers.last_message), "New paper", title)


async def _outage(world: World) -> str:
    before = len(world.papers.history())
    world.let_discord_fail()
    titles = []
    for _ in range(3):
        titles.append(world.site.publish() or "")
        if await world.poll():
            raise Failed("something was sent through the outage")
    if (sent := await world.let_discord_come_back()) != len(titles):
        raise Failed(f"{sent} announcements instead of {len(titles)}")
    shown = [spoken(message) for message in world.papers.history()[before:]]
    for title, message in zip(titles, shown, strict=True):
        _expect(message, "New paper", title)
    return "\n\n".join(shown)


async def _once(world: World) -> str:
    if sent := await world.poll():
        raise Failed(f"{sent} announcements instead of none")
    return "Nothing new, nothing said."


async def _found(world: World) -> str:
    shown = await _slash(world.member, world, "search", query="checkpoint remembers")
    _expect(shown, "Small Models, Long Memories")
    shown += "\n\n" + await _slash(world.member, world, "author", name="Tomasz Wrona")
    return _expect(shown, "1 paper")


async def _nothing(world: World) -> str:
    result = await world.member.slash(world.papers, "author", name="Nobody Atall")
    if not result.ephemeral:
        raise Failed("the error is shown to everybody")
    return _expect(_private(result), "Nobody called")


async def _slash(actor: Any, world: World, command: str, /, **options: Any) -> str:  # noqa: ANN401
    result = await actor.slash(world.papers, command, **options)
    return _private(result)


def _private(result: Any) -> str:  # noqa: ANN401 - SimCord's result
    if result.response is None:
        raise Failed("there was no answer")
    return spoken(result.response)


def _expect(shown: str, *parts: str) -> str:
    for part in parts:
        if part not in shown.replace("\\", ""):
            raise Failed(f"“{part}” is missing in what was shown:\n{shown}")
    return shown


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())
