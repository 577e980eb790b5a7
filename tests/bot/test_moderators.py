from __future__ import annotations

import asyncio

from bot.moderators import Moderators
from bot.settings import Settings
from storage.library import Library
from tests.support.library import MODERATOR

SETTINGS = Settings(home_guild_ids=(1, 2), moderator_role_ids=(5,), moderators_channel_id=9)


async def test_the_settings_apply_until_setup_overrides_them(library: Library) -> None:
    moderators = Moderators(library, SETTINGS)
    await moderators.load()
    assert (moderators.role_ids(1), moderators.role_ids(2), moderators.channel_id) == ({5}, {5}, 9)
    assert moderators.role_ids(3) == moderators.role_ids(None) == frozenset()
    await moderators.change_roles(1, MODERATOR, add=(6, 7), drop=(5,))
    assert (moderators.role_ids(1), moderators.role_ids(2)) == ({6, 7}, {5})
    await moderators.change_roles(1, MODERATOR, drop=(6, 7))
    assert moderators.role_ids(1) == frozenset()
    assert moderators.has_roles
    await moderators.change_roles(2, MODERATOR, drop=(5,))
    assert not moderators.has_roles


async def test_concurrent_role_changes_all_count(library: Library) -> None:
    moderators = Moderators(library, SETTINGS)
    await asyncio.gather(
        moderators.change_roles(1, MODERATOR, add=(6,)),
        moderators.change_roles(1, MODERATOR, add=(7,)),
        moderators.change_roles(1, MODERATOR, drop=(5,)),
    )
    assert moderators.role_ids(1) == {6, 7}


async def test_the_channel_set_last_in_any_server_counts(library: Library) -> None:
    moderators = Moderators(library, SETTINGS)
    await moderators.set_channel(1, 11, MODERATOR)
    await moderators.set_channel(2, 12, MODERATOR)
    assert moderators.channel_id == 12
    await moderators.set_channel(1, 11, MODERATOR)
    assert moderators.channel_id == 11
    await moderators.set_channel(2, None, MODERATOR)
    assert moderators.channel_id == 9


async def test_resetting_the_channel_moves_queued_posts_to_the_one_of_the_settings(
    library: Library,
) -> None:
    moderators = Moderators(library, SETTINGS)
    await moderators.set_channel(1, 11, MODERATOR)
    notice = await library.outbox.enqueue_notice(11, "Something waits.")
    await library.outbox.stop(9, "closed")
    await moderators.set_channel(1, None, MODERATOR)
    (post,) = await library.outbox.enqueue_and_fetch_due()
    assert (post.id, post.destination_id) == (notice, 9)
    assert await library.outbox.stop_reason(9) == ""


async def test_the_settings_of_a_former_home_server_are_ignored(library: Library) -> None:
    moderators = Moderators(library, SETTINGS)
    await moderators.set_channel(2, 12, MODERATOR)
    await moderators.change_roles(2, MODERATOR, add=(6,))
    left = Moderators(library, Settings(home_guild_ids=(1,)))
    await left.load()
    assert left.channel_id is None
    assert left.role_ids(2) == frozenset()
    assert not left.has_roles
