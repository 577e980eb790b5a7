from __future__ import annotations

import aiohttp

from bot.demo.world import open_world
from bot.importing.upload import TIME_LIMIT as IMPORT_LIMIT
from bot.lookup.service import TIME_LIMIT as LOOKUP_LIMIT


async def test_the_demo_waits_for_the_bots_slowest_answers() -> None:
    async with open_world() as world:
        longest = max(IMPORT_LIMIT, LOOKUP_LIMIT)
        assert world.env.settle_timeout > longest.total_seconds()


async def test_a_lookup_leaves_nothing_behind_that_the_demo_waits_for() -> None:
    async with open_world() as world, aiohttp.ClientSession() as session:
        for path in ("", "feed.xml", "arxiv?id_list=2310.10631", "doi/works/10.1000/1"):
            async with session.get(f"{world.site.home}{path}") as answer:
                assert answer.headers["Connection"] == "close"
