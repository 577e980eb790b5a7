"""Checks the setup of the running bot, without asking Discord or reading whole files."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from bot.interactions import LabBot
from bot.operations.database_check import check_disks, check_library
from bot.operations.discord_check import cached_server, check_moderators_channel, check_server
from bot.operations.findings import Finding, Level, Topic
from bot.operations.settings_check import check_settings
from bot.operations.setup import Setup
from bot.settings_reader import read_settings
from storage.damage import describe_search_damage


async def check_running(bot: LabBot) -> list[Finding]:
    """Returns what `lab-herald check` finds, except for damage that the bot doesn't know of."""
    settings, library = bot.settings, bot.library
    subscriptions = await library.subscriptions.all()
    setup = Setup(settings.home_guild_ids, bot.moderators, subscriptions)
    servers = [cached_server(guild) for guild in bot.guilds]
    home = [one for one in servers if one.guild.id in settings.home_guild_ids]
    read = replace(read_settings(), settings=settings, problems=())
    findings = list(check_settings(read, is_running=True))
    if library.damage:
        text = f"The database is damaged ({library.damage}). `lab-herald check` says more."
        findings.append(Finding(Level.PROBLEM, Topic.DATABASE, text))
    if library.search_damage:
        text = describe_search_damage(library.search_damage)
        findings.append(Finding(Level.PROBLEM, Topic.DATABASE, text))
    findings += await asyncio.to_thread(lambda: list(check_disks(settings)))
    findings += await check_library(settings)
    for server in servers:
        findings += check_server(server, setup)
    findings.append(check_moderators_channel(home, bot.moderators))
    return findings
