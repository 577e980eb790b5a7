from __future__ import annotations

import discord
import simcord

from bot.app import App
from tests.support.lab import HOME, FakeClock, open_lab


async def test_a_home_server_that_is_joined_later_gets_its_commands(
    app: App, simcord_env: simcord.Env, clock: FakeClock
) -> None:
    key = f"commands of {app.client.application_id} in {HOME}"
    synced = await app.library.bot_state.find_value(key)
    await app.library.bot_state.set_value(key, "from before the bot was removed")
    open_lab(app, simcord_env, clock)
    joined = app.client.get_guild(HOME)
    assert joined is not None
    await app.client.on_guild_join(joined)
    assert await app.library.bot_state.find_value(key) == synced


async def test_the_bot_asks_for_no_privileged_intents(app: App) -> None:
    asked = app.client.intents
    assert asked == discord.Intents(guilds=True)
    assert [asked.members, asked.presences, asked.message_content] == [False] * 3


async def test_unchanged_commands_are_not_synced_again(app: App, simcord_env: simcord.Env) -> None:
    before = [line for line in simcord_env.transcript().splitlines() if "commands" in line]
    await app.client.sync_changed_commands()
    after = [line for line in simcord_env.transcript().splitlines() if "commands" in line]
    assert before
    assert after == before
