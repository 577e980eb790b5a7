"""Which servers and channels the bot uses, by the settings and the database."""

from __future__ import annotations

import os
from dataclasses import dataclass

from bot.moderators import KnownModerators
from bot.settings import Settings
from storage.announcements.models import Subscription
from storage.errors import DatabaseUnavailable, DatabaseUnusable
from storage.library import open_unchanged_library
from storage.moderator_settings import ModeratorSetting


@dataclass(frozen=True, slots=True)
class Setup:
    """Where papers are announced, and who moderates in which servers."""

    home_guild_ids: tuple[int, ...]
    moderators: KnownModerators
    subscriptions: tuple[Subscription, ...]

    def subscriptions_in(self, guild_id: int) -> tuple[Subscription, ...]:
        """Returns the channels of a server that announce papers."""
        return tuple(one for one in self.subscriptions if one.guild_id == guild_id)


async def read_setup(settings: Settings) -> Setup:
    """Returns the setup, from the settings alone if there's no database that can be read."""
    overrides: tuple[ModeratorSetting, ...] = ()
    subscriptions: tuple[Subscription, ...] = ()
    if os.access(settings.database_path, os.R_OK) and settings.database_path.is_file():
        try:
            async with open_unchanged_library(settings.database_path, settings.clock) as library:
                overrides = await library.moderator_settings.all()
                subscriptions = await library.subscriptions.all()
        except (DatabaseUnusable, DatabaseUnavailable):
            pass  # which the check of the database reports
    moderators = KnownModerators(settings, overrides)
    return Setup(settings.home_guild_ids, moderators, subscriptions)
