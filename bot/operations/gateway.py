"""Which shards of the bot are connected to Discord's gateway, and their latencies."""

from __future__ import annotations

from collections.abc import Sequence

import discord

from bot.interactions import LabBot


class Gateway:
    """The connections of a client to Discord's gateway, by shard. One without shards has shard 0.

    A shard is connected once it knows its servers, and until it's disconnected.
    """

    def __init__(self, client: LabBot) -> None:
        self._client = client
        self._connected: set[int] = set()
        prefix = "on_shard_" if isinstance(client, discord.AutoShardedClient) else "on_"
        for event in ("ready", "resumed"):
            client.add_listener(self._add, prefix + event)
        client.add_listener(self._remove, f"{prefix}disconnect")

    async def _add(self, shard_id: int = 0) -> None:
        self._connected.add(shard_id)

    async def _remove(self, shard_id: int = 0) -> None:
        self._connected.discard(shard_id)

    @property
    def shard_count(self) -> int:
        """How many shards there are; 1 as long as that isn't known."""
        return self._client.shard_count or 1

    @property
    def lost_shards(self) -> Sequence[int]:
        """The shards that aren't connected."""
        return sorted(set(range(self.shard_count)) - self._connected)

    @property
    def latencies(self) -> Sequence[tuple[int, float]]:
        """The latency in seconds, which may be infinite, of each shard that has been connected."""
        if isinstance(self._client, discord.AutoShardedClient):
            return self._client.latencies
        return [(0, self._client.latency)]
