"""Every command, button, form and menu of the real tree, asked by everybody, everywhere."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import discord
import pytest
from discord import AppCommandType, app_commands

from bot.ui.buttons import HANDLERS
from tests.support.callers import People, message_of, walk
from tests.support.lab import HOME, Lab, told
from tests.support.library import MODERATOR
from tests.support.permission_table import BUTTONS, COMMANDS, FORMS, MENUS, Place, Who


@pytest.fixture
async def people(lab: Lab, caplog: pytest.LogCaptureFixture) -> People:
    """Everybody stands in both servers with the same rights; roles of another server are none."""
    caplog.set_level(logging.INFO, "bot")
    home, abroad = lab.env.guild, lab.elsewhere.guild
    home.create_role("Newcomers")
    moderator_role = home.roles["Curators"]
    powers = {
        Who.MEMBER: None,
        Who.BY_ROLE: None,
        Who.BY_PERMISSION: discord.Permissions(manage_guild=True),
        Who.ADMINISTRATOR: discord.Permissions(administrator=True),
    }
    here: dict[tuple[Who, Place], Any] = {}
    for who, power in powers.items():
        user = lab.env.create_user(who.value.replace(" ", "-"))
        at_home = [moderator_role] if who is Who.BY_ROLE else []
        away = [abroad.create_role("Curators")] if who is Who.BY_ROLE else []
        if power is not None:
            at_home = [home.create_role(f"{who} here", permissions=power)]
            away = [abroad.create_role(f"{who} there", permissions=power)]
        here[who, Place.HOME] = home.add_member(user, roles=at_home)
        here[who, Place.ELSEWHERE] = abroad.add_member(user, roles=away)
        here[who, Place.DIRECT] = user
    moderators = lab.app.client.moderators
    await moderators.change_roles(HOME, MODERATOR, add=(moderator_role.id,))
    await lab.app.client.update_home_commands()
    for number in (1, 2):
        await lab.app.library.feeds.follow(
            f"https://e.org/{number}", f"News {number}", "", MODERATOR
        )
        await lab.app.library.feeds.pause(number, "by a test", MODERATOR)
    channels = {Place.HOME: lab.papers, Place.ELSEWHERE: lab.elsewhere}
    return People(lab, here, channels, caplog)


def everywhere() -> Iterator[tuple[Who, Place]]:
    return ((who, place) for place in Place for who in Who)


async def test_the_table_covers_every_command_menu_and_button(lab: Lab) -> None:
    client = lab.app.client
    commands, menus = set(), set()
    for guild in (None, *client.home_guilds):
        for command in client.tree.walk_commands(guild=guild):
            if isinstance(command, app_commands.Command):
                commands.add(command.qualified_name)
        for kind in (AppCommandType.message, AppCommandType.user):
            menus |= {menu.name for menu in client.tree.get_commands(guild=guild, type=kind)}
    buttons = {button.__name__ for button in HANDLERS}
    assert set(COMMANDS) == commands
    assert set(MENUS) == menus
    assert set(BUTTONS) == buttons
    assert set(FORMS) <= commands | menus | buttons


@pytest.mark.parametrize("name", COMMANDS)
async def test_commands_follow_the_table(people: People, name: str) -> None:
    line = COMMANDS[name]
    for who, place in everywhere():
        result = await people.command(who, place, name, line)
        people.require(result, who, place, name, line.rule)


@pytest.mark.parametrize("name", BUTTONS)
async def test_buttons_follow_the_table(people: People, name: str) -> None:
    custom_id, rule = BUTTONS[name]
    for who, place in everywhere():
        result = await people.press(who, place, custom_id)
        people.require(result, who, place, name, rule)


async def test_menus_follow_the_table(people: People) -> None:
    message = await people.lab.member.send(people.lab.papers, "https://arxiv.org/abs/2304.01373")
    for name, line in MENUS.items():
        kinds = (AppCommandType.message, AppCommandType.user)
        find = people.lab.env.backend.find_command
        root = next(found for kind in kinds if (found := find(name, HOME, type=kind.value)))
        for who, place in everywhere():
            data = {key: root[key] for key in ("id", "name", "type", "guild_id") if key in root}
            payload = {"id": str(message.id), "channel_id": str(people.lab.papers.id)}
            data["target_id"] = str(message.id)
            data["resolved"] = {"messages": {str(message.id): {**message_of(message), **payload}}}
            result = await people.send(who, place, 2, data)
            people.require(result, who, place, name, line.rule)


@pytest.mark.parametrize("name", BUTTONS)
async def test_a_forged_number_is_answered_privately(people: People, name: str) -> None:
    """By one who may do everything, so that nothing but the number stands in the way."""
    custom_id, _ = BUTTONS[name]
    papers = await people.lab.app.library.papers.count()
    for number in ("0", "404", str(2**63 - 1), str(2**63), "9" * 30):
        result = await people.press(Who.ADMINISTRATOR, Place.HOME, custom_id, number)
        assert result.acknowledged
        answers = [result.response, *result.followups]
        turns = {
            "KeepButton",
            "HistoryPageButton",
            "QueuePageButton",
        }  # what is shown, whatever the number
        assert answers[-1].ephemeral or name in turns
        assert "on my side" not in told(result)
        if int(number) >= 2**63 and name != "QueuePageButton":
            assert "don't recognize that button" in told(result)
            (line,) = people.refusals()
            assert number in line
    assert await people.lab.app.library.papers.count() == papers


async def test_a_forged_page_number_shows_the_last_page(people: People) -> None:
    lab = people.lab
    await lab.ask(lab.moderator, "search", query="language model")
    buttons = [one for row in lab.papers.last_message.components for one in walk(row)]
    (following,) = [one for one in buttons if getattr(one, "label", "") == "Next ▶"]
    question = following.custom_id.split(":")[2]
    for page in ("404", str(2**63 - 1)):
        forged = f"page:{{me}}:{question}:{page}"
        await people.press(Who.MEMBER, Place.HOME, forged)
        assert "Page 2 of 2" in lab.last


@pytest.mark.parametrize("name", [name for name, (one, _) in BUTTONS.items() if "{me}" in one])
async def test_a_button_of_somebody_elses_reply_is_refused(people: People, name: str) -> None:
    custom_id, _ = BUTTONS[name]
    forged = custom_id.format(me=people.lab.moderator.id, n=1)
    result = await people.press(Who.ADMINISTRATOR, Place.HOME, forged)
    assert result.ephemeral
    assert "Only the person who ran this" in told(result)
    (line,) = people.refusals()
    assert forged in line


@pytest.mark.parametrize("opener", FORMS)
@pytest.mark.parametrize("who", [Who.BY_ROLE, Who.BY_PERMISSION])
async def test_a_form_sent_after_a_demotion_is_refused(
    people: People, who: Who, opener: str
) -> None:
    library = people.lab.app.library
    if opener in BUTTONS:
        form = await people.press(who, Place.HOME, BUTTONS[opener][0])
    else:
        form = await people.command(who, Place.HOME, opener, COMMANDS[opener])
    assert form.modal is not None
    before = await library.papers.get(1), await library.papers.count(), await library.feeds.all()
    await demote(people, who)
    result = await people.here[who, Place.HOME].submit_modal(form, FORMS[opener])
    line = people.require_refused(result, who, Place.HOME, opener)
    assert f"the form “{form.modal['title']}”" in line
    after = await library.papers.get(1), await library.papers.count(), await library.feeds.all()
    assert after == before


async def demote(people: People, who: Who) -> None:
    """Take a moderator's role away: from the list by `/setup`, or from the person."""
    member = people.here[who, Place.HOME]
    if who is Who.BY_ROLE:
        moderators = people.lab.app.client.moderators
        await moderators.change_roles(HOME, MODERATOR, drop=moderators.role_ids(HOME))
        return
    role = people.lab.env.guild.roles[f"{who} here"]
    await people.lab.app.client.http.remove_role(HOME, member.id, role.id)


async def test_a_dialog_answered_after_a_demotion_is_refused(people: People) -> None:
    who, place = Who.BY_ROLE, Place.HOME
    moderator = people.here[who, place]
    form = await people.command(who, place, "curate add", COMMANDS["curate add"])
    first = await people.lab.app.library.papers.get(1)
    asked = await moderator.submit_modal(form, {"title": first.title})
    await demote(people, who)
    result = await moderator.click(asked.response, label="Add anyway")
    assert "the button “Add anyway”" in people.require_refused(result, who, place, "Add anyway")


@pytest.mark.parametrize(
    "path", [["bygone"], ["curate", "bygone"], ["feed", "bygone"], ["search", "bygone"]]
)
async def test_a_command_that_no_longer_exists_is_refused(people: People, path: list[str]) -> None:
    nested: list[dict[str, Any]] = []
    for name in reversed(path[1:]):
        nested = [{"name": name, "type": 1, "options": nested}]
    root = people.lab.env.backend.find_command(path[0], HOME, type=1) or {}
    data = {"id": "1", "name": path[0], "type": 1, "options": nested}
    data |= {"guild_id": root["guild_id"]} if root.get("guild_id") else {}
    for who in Who:
        result = await people.send(who, Place.HOME, 2, data)
        assert "My commands changed" in told(result)
        assert result.ephemeral
        (line,) = people.refusals()
        assert path[0] in line


async def test_the_edit_button_refuses_members_kindly(people: People) -> None:
    result = await people.press(Who.MEMBER, Place.HOME, "correct:1")
    assert result.ephemeral
    assert "please let them know. Thanks for looking!" in told(result)


async def test_feeds_are_suggested_to_moderators_only(people: People) -> None:
    asked = (people.lab.papers, "feed remove", "feed", "")
    member = people.here[Who.MEMBER, Place.HOME]
    moderator = people.here[Who.BY_ROLE, Place.HOME]
    assert [one["name"] for one in await moderator.autocomplete(*asked)] == ["News 1", "News 2"]
    assert await member.autocomplete(*asked) == []
