from __future__ import annotations

import simcord

from bot.app import App
from tests.support.lab import HOME, StillClock, furnish


async def test_a_home_server_that_is_joined_later_is_told_of_its_commands(
    app: App, simcord_env: simcord.Env, clock: StillClock
) -> None:
    fact = f"commands of {app.client.application_id} in {HOME}"
    told = await app.library.bot_state.get_value(fact)
    await app.library.bot_state.set_value(fact, "as it was before the bot was thrown out")
    furnish(app, simcord_env, clock)
    joined = app.client.get_guild(HOME)
    assert joined is not None
    await app.client.on_guild_join(joined)
    assert await app.library.bot_state.get_value(fact) == told


async def test_commands_are_synced_only_where_they_changed(
    app: App, simcord_env: simcord.Env
) -> None:
    before = [line for line in simcord_env.transcript().splitlines() if "commands" in line]
    await app.client.sync_if_changed()
    after = [line for line in simcord_env.transcript().splitlines() if "commands" in line]
    assert before
    assert after == before
