"""The demo's tour in the terminal: runs each step, prints what people see, and checks it."""

from __future__ import annotations

from typing import Any

import click
import simcord

from bot.demo.messages import find_button, use_message_menu, visible_text
from bot.demo.plain_text import plain_text
from bot.demo.world import GUILD_ID, World
from bot.markdown import count

_FORM_VALUES = {
    "title": "A Paper Added by Hand",
    "authors": "Noor Al-Rashid\nStella Biderman",
    "venue_and_year": "TMLR 2026",
    "links": "10.1234/demo.42",
    "abstract": "Shows that a form is enough.",
}


_OURS = "Counting Before Reading"
_NAMESAKES = "Fatigue of Sintered Basalt Fibres"


class StepFailed(Exception):
    """A step didn't show what it should."""


async def run_tour(world: World) -> bool:
    """Runs every step in order, and returns whether all of them passed."""
    steps = [
        ("A member searches: /search query:language model", _search),
        ("… and turns the page", _turn),
        ("Typing “tuned l” suggests titles", _autocomplete),
        ("/random venue:arXiv", _random),
        ("/author name:biderman", _author),
        ("/latest count:3", _latest),
        ("A member can't use /curate add", _hide_from_member),
        ("A moderator adds a paper with /curate add", _add),
        ("… and another one by its arXiv ID", _look_up),
        ("… and is warned about a possible duplicate", _warn_about_duplicate),
        ("… and adds papers from a message's menu", _add_from_message),
        ("A moderator imports a BibTeX file with /curate import", _import),
        ("A moderator edits a paper with /curate edit, and undoes it", _edit),
        ("… merges two papers, reads the history, and undoes the merge", _merge),
        ("A member suggests a paper, a moderator adds it, and the member is told", _suggest),
        ("A moderator removes the feed by mistake, and undoes it", _remove_feed),
        ("The feed has a new paper, which is announced", _announce),
        ("Discord is down for three papers, which are announced in order afterwards", _outage),
        ("Checking the feed again announces nothing twice", _announce_once),
        ("/search and /author find the new paper", _search_announced),
        ("Looking up an unknown author explains what to try", _search_unknown_author),
        ("A moderator completes a paper with /curate complete", _complete),
        ("… adds a person with /people find, of two with that name", _find_person),
        ("… lets a day pass: papers by the lab's people need review", _find_papers),
        ("… adds one, and refuses that of a namesake, which stays refused", _refuse_namesake),
    ]
    passed = 0
    for title, step in steps:
        click.secho(f"\n■ {title}", bold=True)
        try:
            click.echo(_indent(plain_text(await step(world), _names(world), world.clock())))
        except (StepFailed, simcord.SetupError) as failure:
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
    before = visible_text(world.papers.last_message)
    await world.member.click(world.papers.last_message, label="Next ▶")
    shown = visible_text(world.papers.last_message)
    if shown == before:
        raise StepFailed("the page didn't change")
    return _expect(shown, "Page 2 of")


async def _autocomplete(world: World) -> str:
    choices = await world.member.autocomplete(world.papers, "search", "query", "tuned l")
    return _expect("\n".join(choice["name"] for choice in choices), "Tuned Lens")


async def _random(world: World) -> str:
    return _expect(await _slash(world.member, world, "random", venue="arXiv"), "arXiv", "Another")


async def _author(world: World) -> str:
    shown = await _slash(world.member, world, "author", name="biderman")
    return _expect(shown, "Stella Biderman", "5 papers")


async def _latest(world: World) -> str:
    return _expect(await _slash(world.member, world, "latest", count=3), "Latest papers")


async def _hide_from_member(world: World) -> str:
    if "curate add" in world.member.available_commands(world.papers):
        raise StepFailed("a member sees the command")
    return "Members don't see it at all."


async def _add(world: World) -> str:
    form = await world.moderator.slash(world.papers, "curate add")
    result = await world.moderator.submit_modal(form, _FORM_VALUES)
    return _expect(_reply(result), "Added to the list", "A Paper Added by Hand")


async def _look_up(world: World) -> str:
    found = await world.moderator.slash(world.papers, "curate add", source="2310.10631")
    shown = _expect(_reply(found), "Is this the right paper?", "Llemma")
    result = await world.moderator.click(found.response, label="Add")
    return f"{shown}\n\n" + _expect(_reply(result), "Added to the list")


async def _warn_about_duplicate(world: World) -> str:
    source = "https://arxiv.org/abs/2304.01373"
    found = await world.moderator.slash(world.papers, "curate add", source=source)
    return _expect(_reply(found), "This paper may already be in the list", "Pythia")


async def _add_from_message(world: World) -> str:
    text = "To read: https://arxiv.org/abs/2310.10631, arXiv:2304.01373, doi.org/10.1234/demo.42"
    message = await world.member.send(world.papers, text)
    result = await use_message_menu(
        world.env, world.moderator, world.papers, "Add paper", message, GUILD_ID
    )
    shown = _reply(result)
    return _expect(
        shown, "3 links in that message", "in the list as #22", "may be a duplicate of #17"
    )


async def _import(world: World) -> str:
    entries = (
        b"@misc{a, title={A Paper from a File}, doi={10.1234/demo.43}}\n"
        b"@misc{b, title={A Paper Added by Hand}, doi={10.1234/demo.42}}\n"
    )
    file = ("papers.bib", entries)
    preview = await world.moderator.slash(world.papers, "curate import", file=file)
    shown = _expect(_reply(preview), "will be added", "already in the list")
    done = await world.moderator.click(preview.response, label="Import")
    return f"{shown}\n{_expect(_reply(done), '### Imported', 'A Paper from a File')}"


async def _edit(world: World) -> str:
    paper = "A Paper Added by Hand"
    form = await world.moderator.slash(world.papers, "curate edit", paper=paper)
    corrected = {"title": "A Paper Corrected by Hand", "venue_and_year": "TMLR 2026-05"}
    result = await world.moderator.submit_modal(form, _FORM_VALUES | corrected)
    shown = _expect(_reply(result), "Saved", "A Paper Corrected by Hand")
    undone = await world.moderator.click(result.response, label="Undo")
    return f"{shown}\n\n{_expect(_reply(undone), paper, 'as it was before')}"


async def _merge(world: World) -> str:
    papers = {"paper": "A Paper from a File", "into": "A Paper Added by Hand"}
    comparison = await world.moderator.slash(world.papers, "curate merge", **papers)
    shown = _reply(comparison)
    question = await world.moderator.click(comparison.response, label="Merge")
    shown += f"\n\n{_expect(_reply(question), 'Are these the same paper?', 'in common')}"
    merged = await world.moderator.click(question.response, label="Merge anyway")
    shown += f"\n\n{_expect(_reply(merged), 'into this paper')}"
    log = _reply(await world.moderator.slash(world.papers, "curate history"))
    shown += f"\n\n{_expect(log, '🔗 merged', '📥 imported', '✏️ edited')}"
    undone = _reply(await world.moderator.slash(world.papers, "curate undo"))
    return f"{shown}\n\n{_expect(undone, 'The paper is back in the list')}"


async def _complete(world: World) -> str:
    paper = "Can Transformers Learn to Solve Problems Recursively?"
    found = await world.moderator.slash(world.papers, "curate complete", paper=paper)
    shown = _expect(_reply(found), "can complete this paper", "Talia Ringer", "2305.14699")
    done = await world.moderator.click(found.response, label="Complete")
    return f"{shown}\n\n{_expect(_reply(done), '✅ Completed', 'Talia Ringer')}"


async def _find_person(world: World) -> str:
    found = await world.moderator.slash(world.moderators, "people find", name="Tomasz Wrona")
    shown = _expect(_reply(found), "Open Lab · 2024 to 2025", "Institute for Snow and Ice")
    number = 1 if shown.index("Open Lab") < shown.index("Institute") else 2
    form = await world.moderator.click(found.response, label=f"{number} · Tomasz Wrona")
    values = {"name": "Tomasz Wrona", "ids": "0000-0000-0000-0044\nA9900000004"}
    added = await world.moderator.submit_modal(form, values)
    return f"{shown}\n\n{_expect(_reply(added), 'Added to the lab', '0000-0000-0000-0044')}"


async def _find_papers(world: World) -> str:
    await world.pass_day()
    card = next(
        text
        for message in reversed(world.moderators.history())
        if "Ours?" in (text := visible_text(message))
    )
    _expect(card, _OURS, "Noor Al-Rashid with this person's ORCID iD")
    shown = _reply(await _open_found_papers(world))
    _expect(shown, _OURS, "Noor Al-Rashid with this person's ORCID iD", "usual category cs.CL")
    return _expect(shown, _NAMESAKES, "but the affiliation is Basalt Fibre Institute")


async def _refuse_namesake(world: World) -> str:
    page = await _open_found_papers(world)
    button = find_button(page.response, _OURS, "Add")
    added = await world.moderator.click(page.response, custom_id=button)
    shown = _expect(_reply(added), "✅ You added", _OURS)
    button = find_button(added.response, _NAMESAKES, "Not this person")
    refused = await world.moderator.click(added.response, custom_id=button)
    shown += f"\n\n{_expect(_reply(refused), 'the author is somebody else')}"
    await world.pass_day()
    later = _reply(await _open_found_papers(world))
    if _NAMESAKES in later:
        raise StepFailed(f"the paper is back:\n{later}")
    return f"{shown}\n\n{later}"


async def _open_found_papers(world: World) -> Any:  # noqa: ANN401 - SimCord's result
    queue = await world.moderator.slash(world.moderators, "curate queue")
    label = f"📡 {count(await world.count_found(), 'paper')} by the lab's people"
    return await world.moderator.click(queue.response, label=label)


async def _suggest(world: World) -> str:
    title = "A Paper That a Member Thought Of"
    shown = await _slash(world.member, world, "suggest", source=title, note="by two of us")
    _expect(shown, "The moderators will review", title)
    queue = await world.moderator.slash(world.papers, "curate queue")
    shown += f"\n\n{_expect(_reply(queue), title, 'by two of us')}"
    form = await world.moderator.click(queue.response, label="Add…")
    added = await world.moderator.submit_modal(form, {"title": title, "authors": "Noor Al-Rashid"})
    shown += f"\n\n{_expect(_reply(added), '✅ You added', 'Nothing needs review')}"
    _expect(visible_text(world.papers.last_message), "New paper", title)
    notice = visible_text(world.member.user.dm_channel.last_message)
    return _expect(f"{shown}\n\n{notice}", "Added to the list")


async def _remove_feed(world: World) -> str:
    removed = await world.moderator.slash(world.papers, "feed remove", feed="#1")
    shown = _expect(_reply(removed), "Unfollowed")
    undone = _reply(await world.moderator.click(removed.response, label="Undo"))
    return f"{shown}\n\n{_expect(undone, 'Undid change', 'unfollowed')}"


async def _announce(world: World) -> str:
    title = world.site.publish() or ""
    sent = await world.poll()
    if sent != 1:
        raise StepFailed(f"{sent} announcements instead of 1")
    return _expect(visible_text(world.papers.last_message), "New paper", title)


async def _outage(world: World) -> str:
    before = len(world.papers.history())
    world.start_outage()
    titles = []
    for _ in range(3):
        titles.append(world.site.publish() or "")
        if await world.poll():
            raise StepFailed("something was sent during the outage")
    if (sent := await world.end_outage()) != len(titles):
        raise StepFailed(f"{sent} announcements instead of {len(titles)}")
    shown = [visible_text(message) for message in world.papers.history()[before:]]
    for title, message in zip(titles, shown, strict=True):
        _expect(message, "New paper", title)
    return "\n\n".join(shown)


async def _announce_once(world: World) -> str:
    if sent := await world.poll():
        raise StepFailed(f"{sent} announcements instead of none")
    return "Nothing was sent."


async def _search_announced(world: World) -> str:
    shown = await _slash(world.member, world, "search", query="checkpoint remembers")
    _expect(shown, "Small Models, Long Memories")
    shown += "\n\n" + await _slash(world.member, world, "author", name="Tomasz Wrona")
    return _expect(shown, "1 paper")


async def _search_unknown_author(world: World) -> str:
    result = await world.member.slash(world.papers, "author", name="Nobody Atall")
    if not result.ephemeral:
        raise StepFailed("everyone can see the error")
    return _expect(_reply(result), "couldn't find an author")


async def _slash(actor: Any, world: World, command: str, /, **options: Any) -> str:  # noqa: ANN401
    result = await actor.slash(world.papers, command, **options)
    return _reply(result)


def _reply(result: Any) -> str:  # noqa: ANN401 - SimCord's result
    if result.response is None:
        raise StepFailed("there was no reply")
    return visible_text(result.response)


def _expect(shown: str, *parts: str) -> str:
    for part in parts:
        if part not in shown.replace("\\", ""):
            raise StepFailed(f"“{part}” is missing from the reply:\n{shown}")
    return shown


def _names(world: World) -> dict[int, str]:
    """Returns what mentions of channels, people and roles look like."""
    backend = world.env.backend
    names = {channel.id: f"#{channel.name}" for channel in backend.channels.values()}
    names |= {user.id: f"@{user.global_name or user.name}" for user in backend.users.values()}
    roles = backend.guilds[GUILD_ID].roles.values()
    return names | {role.id: f"@{role.name}" for role in roles}


def _indent(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())
