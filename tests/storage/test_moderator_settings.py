from __future__ import annotations

from datetime import timedelta

from storage.library import Library
from storage.moderator_settings import SettingKey
from tests.support.lab import FakeClock
from tests.support.library import MODERATOR


async def test_the_latest_value_of_a_setting_counts(library: Library, clock: FakeClock) -> None:
    moderator_settings = library.moderator_settings
    assert await moderator_settings.all() == ()
    await moderator_settings.set_roles(1, (10,), MODERATOR)
    await moderator_settings.set_channel(1, 30, MODERATOR, former=None)
    clock.advance(timedelta(hours=1))
    await moderator_settings.set_roles(1, (10, 11), MODERATOR)
    await moderator_settings.set_roles(2, (), MODERATOR)
    found = await moderator_settings.all()
    assert [(word.guild_id, word.key, word.ids) for word in found] == [
        (1, SettingKey.CHANNEL, (30,)),
        (1, SettingKey.ROLES, (10, 11)),
        (2, SettingKey.ROLES, ()),
    ]
    assert (found[1].set_by, found[1].set_at) == (MODERATOR, clock())


async def test_queued_messages_move_from_the_former_channel_to_the_new_one(
    library: Library,
) -> None:
    notice = await library.outbox.enqueue_notice(30, "Something waits.")
    await library.outbox.stop(31, "closed")
    assert await library.outbox.stop_reason(31) == "closed"
    await library.moderator_settings.set_channel(1, 31, MODERATOR, former=30)
    (post,) = await library.outbox.enqueue_and_fetch_due()
    assert (post.id, post.destination_id) == (notice, 31)
    assert await library.outbox.stop_reason(31) == ""
    await library.moderator_settings.set_channel(1, None, MODERATOR, former=31)
    (post,) = await library.outbox.enqueue_and_fetch_due()
    assert post.destination_id == 31
