"""Every command, button, form and menu of the real bot, tried by every caller everywhere."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import discord
import pytest
from discord import AppCommandType, app_commands

from bot.ui.lab_button import HANDLERS
from storage.people.models import PersonDraft
from storage.review.models import Problem
from tests.support.callers import Callers, message_of, walk
from tests.support.lab import HOME, Lab, reply_text
from tests.support.library import MODERATOR
from tests.support.permission_table import BUTTONS, COMMANDS, FORMS, MENUS, Caller, Location

# A busy machine may need long to start the process that reads a file.
pytestmark = pytest.mark.simcord(settle_timeout=12)


@pytest.fixture
async def callers(lab: Lab, caplog: pytest.LogCaptureFixture) -> Callers:
    """The callers, with the same rights in both servers, but moderator roles only at home."""
    caplog.set_level(logging.INFO, "bot")
    home, abroad = lab.env.guild, lab.other_channel.guild
    home.create_role("Newcomers")
    moderator_role = home.roles["Curators"]
    powers = {
        Caller.MEMBER: None,
        Caller.BY_ROLE: None,
        Caller.BY_PERMISSION: discord.Permissions(manage_guild=True),
        Caller.ADMINISTRATOR: discord.Permissions(administrator=True),
    }
    members: dict[tuple[Caller, Location], Any] = {}
    for caller, power in powers.items():
        user = lab.env.create_user(caller.value.replace(" ", "-"))
        at_home = [moderator_role] if caller is Caller.BY_ROLE else []
        away = [abroad.create_role("Curators")] if caller is Caller.BY_ROLE else []
        if power is not None:
            at_home = [home.create_role(f"{caller} here", permissions=power)]
            away = [abroad.create_role(f"{caller} there", permissions=power)]
        members[caller, Location.HOME] = home.add_member(user, roles=at_home)
        members[caller, Location.ELSEWHERE] = abroad.add_member(user, roles=away)
        members[caller, Location.DIRECT] = user
    moderators = lab.app.client.moderators
    await moderators.change_roles(HOME, MODERATOR, add=(moderator_role.id,))
    await lab.app.client.update_home_commands()
    for number in (1, 2):
        await lab.app.library.feeds.follow(
            f"https://e.org/{number}", f"News {number}", "", MODERATOR
        )
        await lab.app.library.feeds.pause(number, "by a test", MODERATOR)
        await lab.app.library.people.add(PersonDraft(f"Person N{number}"), MODERATOR)
    await lab.app.library.review.report(
        1, Problem.AUTHORS, "", (lab.member.id, "mika"), channel_id=None
    )
    channels = {Location.HOME: lab.channel, Location.ELSEWHERE: lab.other_channel}
    return Callers(lab, members, channels, caplog)


def everywhere() -> Iterator[tuple[Caller, Location]]:
    return ((caller, location) for location in Location for caller in Caller)


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
async def test_commands_follow_the_table(callers: Callers, name: str) -> None:
    rule = COMMANDS[name]
    for caller, location in everywhere():
        result = await callers.run_command(caller, location, name, rule)
        callers.check(result, caller, location, name, rule.access)


@pytest.mark.parametrize("name", BUTTONS)
async def test_buttons_follow_the_table(callers: Callers, name: str) -> None:
    custom_id, access = BUTTONS[name]
    for caller, location in everywhere():
        result = await callers.press_button(caller, location, custom_id)
        callers.check(result, caller, location, name, access)


async def test_menus_follow_the_table(callers: Callers) -> None:
    message = await callers.lab.member.send(callers.lab.channel, "https://arxiv.org/abs/2304.01373")
    for name, rule in MENUS.items():
        kinds = (AppCommandType.message, AppCommandType.user)
        find = callers.lab.env.backend.find_command
        root = next(found for kind in kinds if (found := find(name, HOME, type=kind.value)))
        for caller, location in everywhere():
            data = {key: root[key] for key in ("id", "name", "type", "guild_id") if key in root}
            payload = {"id": str(message.id), "channel_id": str(callers.lab.channel.id)}
            data["target_id"] = str(message.id)
            data["resolved"] = {"messages": {str(message.id): {**message_of(message), **payload}}}
            result = await callers.send(caller, location, 2, data)
            callers.check(result, caller, location, name, rule.access)


@pytest.mark.parametrize("name", BUTTONS)
async def test_a_forged_number_is_answered_privately(callers: Callers, name: str) -> None:
    """Pressed by an administrator, so that only the number can be refused."""
    custom_id, _ = BUTTONS[name]
    papers = await callers.lab.app.library.papers.count()
    for number in ("0", "404", str(2**63 - 1), str(2**63), "9" * 30):
        result = await callers.press_button(Caller.ADMINISTRATOR, Location.HOME, custom_id, number)
        assert result.acknowledged
        answers = [result.response, *result.followups]
        # These replace the message that they are on, whatever the number.
        replaces_message = name in {
            *("KeepButton", "HistoryPageButton", "QueuePageButton"),
            *("FoundPapersButton", "FoundDecisionButton"),
        }
        assert answers[-1].ephemeral or replaces_message
        assert "on my side" not in reply_text(result)
        if int(number) >= 2**63 and "{n}" in custom_id:
            assert "don't recognize that button" in reply_text(result)
            (line,) = callers.logged_refusals()
            assert number in line
    assert await callers.lab.app.library.papers.count() == papers


async def test_a_forged_page_number_shows_the_last_page(callers: Callers) -> None:
    lab = callers.lab
    await lab.run(lab.moderator, "search", query="language model")
    buttons = [one for row in lab.channel.last_message.components for one in walk(row)]
    (next_page,) = [one for one in buttons if getattr(one, "label", "") == "Next ▶"]
    query_id = next_page.custom_id.split(":")[2]
    for page in ("404", str(2**63 - 1)):
        forged = f"page:{{me}}:{query_id}:{page}"
        await callers.press_button(Caller.MEMBER, Location.HOME, forged)
        assert "Page 2 of 2" in lab.last_text


@pytest.mark.parametrize("name", [name for name, (one, _) in BUTTONS.items() if "{me}" in one])
async def test_a_button_of_somebody_elses_reply_is_refused(callers: Callers, name: str) -> None:
    custom_id, _ = BUTTONS[name]
    forged = custom_id.format(me=callers.lab.moderator.id, n=1)
    result = await callers.press_button(Caller.ADMINISTRATOR, Location.HOME, forged)
    assert result.ephemeral
    assert "Only the person who ran this" in reply_text(result)
    (line,) = callers.logged_refusals()
    assert forged in line


@pytest.mark.parametrize("opener", FORMS)
@pytest.mark.parametrize("caller", [Caller.BY_ROLE, Caller.BY_PERMISSION])
async def test_a_form_sent_after_a_demotion_is_refused(
    callers: Callers, caller: Caller, opener: str
) -> None:
    library = callers.lab.app.library
    if opener in BUTTONS:
        form = await callers.press_button(caller, Location.HOME, BUTTONS[opener][0])
    else:
        form = await callers.run_command(caller, Location.HOME, opener, COMMANDS[opener])
    assert form.modal is not None
    before = await library.papers.get(1), await library.papers.count(), await library.feeds.all()
    await demote(callers, caller)
    result = await callers.members[caller, Location.HOME].submit_modal(form, FORMS[opener])
    line = callers.check_refused(result, caller, Location.HOME, opener)
    assert f"the form “{form.modal['title']}”" in line
    after = await library.papers.get(1), await library.papers.count(), await library.feeds.all()
    assert after == before


async def demote(callers: Callers, caller: Caller) -> None:
    """Takes away moderator rights: from the role, or the role from the member."""
    member = callers.members[caller, Location.HOME]
    if caller is Caller.BY_ROLE:
        moderators = callers.lab.app.client.moderators
        await moderators.change_roles(HOME, MODERATOR, drop=moderators.role_ids(HOME))
        return
    role = callers.lab.env.guild.roles[f"{caller} here"]
    await callers.lab.app.client.http.remove_role(HOME, member.id, role.id)


async def test_a_dialog_answered_after_a_demotion_is_refused(callers: Callers) -> None:
    caller, location = Caller.BY_ROLE, Location.HOME
    moderator = callers.members[caller, location]
    form = await callers.run_command(caller, location, "curate add", COMMANDS["curate add"])
    first = await callers.lab.app.library.papers.get(1)
    asked = await moderator.submit_modal(form, {"title": first.title})
    await demote(callers, caller)
    result = await moderator.click(asked.response, label="Add anyway")
    assert "the button “Add anyway”" in callers.check_refused(
        result, caller, location, "Add anyway"
    )


@pytest.mark.parametrize(
    "path", [["bygone"], ["curate", "bygone"], ["feed", "bygone"], ["search", "bygone"]]
)
async def test_a_command_that_no_longer_exists_is_refused(
    callers: Callers, path: list[str]
) -> None:
    nested: list[dict[str, Any]] = []
    for name in reversed(path[1:]):
        nested = [{"name": name, "type": 1, "options": nested}]
    root = callers.lab.env.backend.find_command(path[0], HOME, type=1) or {}
    data = {"id": "1", "name": path[0], "type": 1, "options": nested}
    data |= {"guild_id": root["guild_id"]} if root.get("guild_id") else {}
    for caller in Caller:
        result = await callers.send(caller, Location.HOME, 2, data)
        assert "My commands have just been updated" in reply_text(result)
        assert result.ephemeral
        (line,) = callers.logged_refusals()
        assert path[0] in line


async def test_feeds_are_suggested_to_moderators_only(callers: Callers) -> None:
    asked = (callers.lab.channel, "feed remove", "feed", "")
    member = callers.members[Caller.MEMBER, Location.HOME]
    moderator = callers.members[Caller.BY_ROLE, Location.HOME]
    assert [one["name"] for one in await moderator.autocomplete(*asked)] == ["News 1", "News 2"]
    assert await member.autocomplete(*asked) == []
