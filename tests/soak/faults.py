"""Faults at random: of feeds, services and Discord, and what happens to channels and messages."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable

from tests.faults.discord_standin import NEWS, PAPERS, Fault, too_many
from tests.faults.interactive_discord import OTHER_PAPERS, SCRATCH, InteractiveDiscord
from tests.soak.feed_site import FeedSite
from tests.soak.services import Services
from tests.soak.verdict import OUTAGE
from tests.soak.world import STABLE_CHANNELS

_RATE = 0.2  # of requests to feeds and services


class FaultInjector:
    """Makes Discord, feeds and services fail."""

    def __init__(
        self,
        discord: InteractiveDiscord,
        site: FeedSite,
        services: Services,
        rng: random.Random,
    ) -> None:
        self._discord = discord
        self._site = site
        self._services = services
        self._rng = rng

    def start(self) -> None:
        """Lets requests to feeds and services fail at random."""
        self._site.fault_rate = self._services.fault_rate = _RATE

    async def stop(self) -> None:
        """Ends all faults."""
        self._site.fault_rate = self._services.fault_rate = 0
        self._discord.heal()
        for channel_id in [*self._discord.closed]:
            await self._discord.close_channel(channel_id, is_closed=False)

    async def inject(self) -> None:
        """Injects a fault at random, or ends those of Discord."""
        faults: dict[Callable[[], Awaitable[None]], int] = {
            self._fail_send: 40,
            self._fail_answer: 8,
            self._close_gateway: 5,
            self._close_channel: 6,
            self._delete_message: 4,
            self._archive_thread: 4,
            self._go_down: 1,
            self._end_all: 10,
        }
        await self._rng.choices([*faults], [*faults.values()])[0]()

    async def _fail_send(self) -> None:
        what = self._rng.choice(("send", "send", "thread", "edit", "history", "begin", "publish"))
        self._discord.fail(
            what,
            self._rng.choice(
                (
                    Fault(500, kept=True),
                    Fault(502),
                    Fault(503, kept=True),
                    Fault(None, kept=self._rng.random() < 0.5),
                    too_many(0.4),
                    too_many(0.4, by_discord=False),
                )
            ),
        )

    async def _fail_answer(self) -> None:
        what = self._rng.choice(("callback", "followup", "change_reply"))
        self._discord.fail(
            what, self._rng.choice((Fault(500), Fault(502, kept=True), too_many(0.3)))
        )

    async def _close_gateway(self) -> None:
        kind = self._rng.choice(("resumed", "identified again", "asked to reconnect"))
        self._discord.excuse_open(f"the gateway was {kind}")
        self._discord.note("gateway", kind)
        if kind == "asked to reconnect":
            await self._discord.reconnect_gateway()
            return
        if kind == "identified again":
            self._discord.forget_sessions()
        await self._discord.close_gateway()

    async def _close_channel(self) -> None:
        channel_id = self._rng.choice([*STABLE_CHANNELS, SCRATCH])
        if channel_id in self._discord.closed:
            await self._discord.close_channel(channel_id, is_closed=False)
        else:
            await self._discord.close_channel(channel_id)
            await asyncio.sleep(self._rng.uniform(1, 6))
            await self._discord.close_channel(channel_id, is_closed=False)

    async def _delete_message(self) -> None:
        """Deletes an old announcement; a new one may still be searched for."""
        channel_id = self._rng.choice((PAPERS, NEWS, OTHER_PAPERS, SCRATCH))
        old = {one.message_id for one in self._discord.sent if time.time() - one.at > 60}
        messages = [one for one in self._discord.messages[channel_id] if int(one["id"]) in old]
        if messages:
            await self._discord.delete(channel_id, self._rng.choice(messages))

    async def _archive_thread(self) -> None:
        if self._discord.threads:
            thread_id = self._rng.choice([*self._discord.threads])
            is_locked = self._rng.random() < 0.2
            await self._discord.archive_threads([thread_id], locked=is_locked)

    async def _go_down(self) -> None:
        self._discord.excuse_open("Discord was down")
        self._discord.note(OUTAGE)
        await self._discord.go_down()
        await asyncio.sleep(self._rng.uniform(0.5, 3))
        await self._discord.come_up()

    async def _end_all(self) -> None:
        self._discord.heal()
