"""Who moderates and where they hear of it: what `/setup` said, else the settings' defaults."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from bot.settings import Settings
from storage.library import Library
from storage.models import Actor
from storage.moderator_settings import ModeratorSetting, SettingKey


class Moderators:
    """The one source for the moderators' roles and channel; it answers from memory.

    In a home server whose roles `/setup` named, these alone count, elsewhere `MODERATOR_ROLE_IDS`.
    The list has one channel for its moderators: the one that `/setup` named last in any home
    server, else `MODERATORS_CHANNEL_ID`.
    """

    def __init__(self, library: Library, settings: Settings) -> None:
        self._library = library
        self._settings = settings
        self._words: dict[tuple[int, SettingKey], ModeratorSetting] = {}
        self._changing = asyncio.Lock()

    async def load(self) -> None:
        """Read what `/setup` said, once at the start and after each new word."""
        self._words = {
            (word.guild_id, word.key): word
            for word in await self._library.moderator_settings.all()
            if word.guild_id in self._settings.home_guild_ids
        }

    def roles(self, guild_id: int | None) -> frozenset[int]:
        """The ids of the roles that may keep the list in a server; none where it is no home."""
        if guild_id is None or guild_id not in self._settings.home_guild_ids:
            return frozenset()
        word = self.word(guild_id, SettingKey.ROLES)
        return frozenset(word.ids if word else self._settings.moderator_role_ids)

    @property
    def has_roles(self) -> bool:
        """Whether a role keeps the list anywhere, so that more than managers must see how."""
        return any(self.roles(guild_id) for guild_id in self._settings.home_guild_ids)

    @property
    def channel(self) -> int | None:
        """The id of the moderators' channel, if there is one."""
        word = self.channel_word
        return word.ids[0] if word and word.ids else self._settings.moderators_channel_id

    @property
    def channel_word(self) -> ModeratorSetting | None:
        """The last word on the moderators' channel."""
        words = [word for word in self._words.values() if word.key is SettingKey.CHANNEL]
        return words[-1] if words else None

    def word(self, guild_id: int, matter: SettingKey) -> ModeratorSetting | None:
        """What `/setup` said last of a matter in a server."""
        return self._words.get((guild_id, matter))

    async def change_roles(
        self, guild_id: int, actor: Actor, *, add: Iterable[int] = (), drop: Iterable[int] = ()
    ) -> None:
        """Let some roles more keep the list in a home server, and some no more.

        What several people say at once all counts.
        """
        async with self._changing:
            chosen = {*self.roles(guild_id), *add} - {*drop}
            await self._library.moderator_settings.set_roles(guild_id, tuple(sorted(chosen)), actor)
            await self.load()

    async def choose_channel(self, guild_id: int, channel_id: int | None, actor: Actor) -> None:
        """Let moderators hear in this channel; without one, in that of the settings."""
        async with self._changing:
            await self._library.moderator_settings.set_channel(
                guild_id,
                channel_id,
                actor,
                former=self.channel,
                default=self._settings.moderators_channel_id,
            )
            await self.load()
