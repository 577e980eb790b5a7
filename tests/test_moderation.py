from __future__ import annotations

import asyncio

from bot.moderators import Moderation
from bot.settings import Settings
from storage.library import Library
from storage.models import Actor

ACTOR = Actor("test", "a test")
SETTINGS = Settings(home_guild_ids=(1, 2), moderator_role_ids=(5,), moderators_channel_id=9)


async def test_the_settings_hold_until_setup_says_otherwise(library: Library) -> None:
    moderation = Moderation(library, SETTINGS)
    await moderation.load()
    assert (moderation.roles(1), moderation.roles(2), moderation.channel) == ({5}, {5}, 9)
    assert moderation.roles(3) == moderation.roles(None) == frozenset()
    await moderation.change_roles(1, ACTOR, add=(6, 7), drop=(5,))
    assert (moderation.roles(1), moderation.roles(2)) == ({6, 7}, {5})
    await moderation.change_roles(1, ACTOR, drop=(6, 7))
    assert moderation.roles(1) == frozenset()
    assert moderation.has_roles
    await moderation.change_roles(2, ACTOR, drop=(5,))
    assert not moderation.has_roles


async def test_what_several_managers_say_at_once_all_counts(library: Library) -> None:
    moderation = Moderation(library, SETTINGS)
    await asyncio.gather(
        moderation.change_roles(1, ACTOR, add=(6,)),
        moderation.change_roles(1, ACTOR, add=(7,)),
        moderation.change_roles(1, ACTOR, drop=(5,)),
    )
    assert moderation.roles(1) == {6, 7}


async def test_the_list_has_one_channel_the_one_that_was_said_last(library: Library) -> None:
    moderation = Moderation(library, SETTINGS)
    await moderation.choose_channel(1, 11, ACTOR)
    await moderation.choose_channel(2, 12, ACTOR)
    assert moderation.channel == 12
    await moderation.choose_channel(1, 11, ACTOR)
    assert moderation.channel == 11
    await moderation.choose_channel(2, None, ACTOR)
    assert moderation.channel == 9


async def test_what_waits_goes_to_the_channel_of_the_settings_where_none_is_said(
    library: Library,
) -> None:
    moderation = Moderation(library, SETTINGS)
    await moderation.choose_channel(1, 11, ACTOR)
    notice = await library.outbox.notify(11, "Something waits.")
    await library.routes.stop(9, "closed")
    await moderation.choose_channel(1, None, ACTOR)
    (post,) = await library.outbox.next_posts()
    assert (post.id, post.channel_id) == (notice, 9)
    assert await library.routes.stopped_because(9) == ""


async def test_a_server_that_is_home_no_longer_has_no_word(library: Library) -> None:
    moderation = Moderation(library, SETTINGS)
    await moderation.choose_channel(2, 12, ACTOR)
    await moderation.change_roles(2, ACTOR, add=(6,))
    left = Moderation(library, Settings(home_guild_ids=(1,)))
    await left.load()
    assert left.channel is None
    assert left.roles(2) == frozenset()
    assert not left.has_roles
