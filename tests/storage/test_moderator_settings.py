from __future__ import annotations

from datetime import timedelta

from storage.library import Library
from storage.moderator_settings import SettingKey
from tests.support.lab import StillClock
from tests.support.library import MODERATOR


async def test_the_last_word_on_each_matter_holds(library: Library, clock: StillClock) -> None:
    setups = library.setups
    assert await setups.words() == ()
    await setups.choose_roles(1, (10,), MODERATOR)
    await setups.choose_channel(1, 30, MODERATOR, former=None)
    clock.move(timedelta(hours=1))
    await setups.choose_roles(1, (10, 11), MODERATOR)
    await setups.choose_roles(2, (), MODERATOR)
    words = await setups.words()
    assert [(word.guild_id, word.key, word.ids) for word in words] == [
        (1, SettingKey.CHANNEL, (30,)),
        (1, SettingKey.ROLES, (10, 11)),
        (2, SettingKey.ROLES, ()),
    ]
    assert (words[1].set_by, words[1].set_at) == (MODERATOR, clock())


async def test_what_waits_for_the_former_channel_goes_to_the_new_one(library: Library) -> None:
    notice = await library.outbox.notify(30, "Something waits.")
    await library.subscriptions.stop(31, "closed")
    assert await library.subscriptions.stopped_because(31) == "closed"
    await library.setups.choose_channel(1, 31, MODERATOR, former=30)
    (post,) = await library.outbox.enqueue_and_fetch_due()
    assert (post.id, post.destination_id) == (notice, 31)
    assert await library.subscriptions.stopped_because(31) == ""
    await library.setups.choose_channel(1, None, MODERATOR, former=31)
    (post,) = await library.outbox.enqueue_and_fetch_due()
    assert post.destination_id == 31
