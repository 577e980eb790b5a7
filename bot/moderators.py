"""Which roles moderate the list, and in which channel: set with `/setup`, else in the settings."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from bot.settings import Settings
from storage.library import Library
from storage.models import Actor
from storage.moderator_settings import ModeratorSetting, SettingKey


class KnownModerators:
    """The moderators' roles and channel, as the settings and what was set with `/setup` say.

    `/setup` overrides `MODERATOR_ROLE_IDS` in each home server on its own. There is one channel
    for all moderators: the one that was set last in any home server, else
    `MODERATORS_CHANNEL_ID`.
    """

    def __init__(self, settings: Settings, overrides: Iterable[ModeratorSetting] = ()) -> None:
        """Takes the latest settings of each kind and server, the oldest first."""
        self._settings = settings
        self._overrides: dict[tuple[int, SettingKey], ModeratorSetting] = {}
        self._override(overrides)

    def _override(self, overrides: Iterable[ModeratorSetting]) -> None:
        self._overrides = {
            (setting.guild_id, setting.key): setting
            for setting in overrides
            if setting.guild_id in self._settings.home_guild_ids
        }

    def role_ids(self, guild_id: int | None) -> frozenset[int]:
        """Returns the moderator roles of a server; none unless it is a home server."""
        if guild_id is None or guild_id not in self._settings.home_guild_ids:
            return frozenset()
        setting = self.setting(guild_id, SettingKey.ROLES)
        return frozenset(setting.ids if setting else self._settings.moderator_role_ids)

    @property
    def has_roles(self) -> bool:
        """Whether any home server has a moderator role."""
        return any(self.role_ids(guild_id) for guild_id in self._settings.home_guild_ids)

    @property
    def channel_id(self) -> int | None:
        """The moderators' channel, or None."""
        setting = self.channel_setting
        return setting.ids[0] if setting and setting.ids else self._settings.moderators_channel_id

    @property
    def channel_setting(self) -> ModeratorSetting | None:
        """What was last set for the moderators' channel in any home server, or None."""
        settings = [one for one in self._overrides.values() if one.key is SettingKey.CHANNEL]
        return settings[-1] if settings else None

    def setting(self, guild_id: int, key: SettingKey) -> ModeratorSetting | None:
        """Returns what was last set in a server, or None."""
        return self._overrides.get((guild_id, key))


class Moderators(KnownModerators):
    """The moderators of the running bot, kept in memory, and how they are changed."""

    def __init__(self, library: Library, settings: Settings) -> None:
        super().__init__(settings)
        self._library = library
        self._lock = asyncio.Lock()

    async def load(self) -> None:
        """Reads what was set with `/setup`; needed once, before anything else."""
        self._override(await self._library.moderator_settings.all())

    async def change_roles(
        self, guild_id: int, actor: Actor, *, add: Iterable[int] = (), drop: Iterable[int] = ()
    ) -> int:
        """Adds and removes moderator roles of a home server; concurrent changes all count.

        Returns the id of the change.
        """
        async with self._lock:
            role_ids = {*self.role_ids(guild_id), *add} - {*drop}
            change_id = await self._library.moderator_settings.set_roles(
                guild_id, tuple(sorted(role_ids)), actor
            )
            await self.load()
        return change_id

    async def set_channel(self, guild_id: int, channel_id: int | None, actor: Actor) -> int:
        """Sets the moderators' channel; None goes back to `MODERATORS_CHANNEL_ID`.

        Returns the id of the change.
        """
        async with self._lock:
            change_id = await self._library.moderator_settings.set_channel(
                guild_id,
                channel_id,
                actor,
                former=self.channel_id,
                default=self._settings.moderators_channel_id,
            )
            await self.load()
        return change_id

    async def reload(self) -> None:
        """Reads the settings after an undo; what is queued for the former channel moves along."""
        async with self._lock:
            former = self.channel_id
            await self.load()
            if self.channel_id != former:
                await self._library.moderator_settings.move_queue(former, self.channel_id)
