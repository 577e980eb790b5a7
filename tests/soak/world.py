"""The world of a soak: its channels, feeds and people, and the database that it starts with."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from bot.app import open_app
from bot.settings import Settings
from storage.announcements.digest_schedule import DigestSchedule, Frequency
from storage.announcements.models import SubscriptionOptions
from storage.models import Origin, PaperDraft
from storage.people.models import Credit, PersonDraft, Witness
from storage.review.found_papers import CardDecision
from tests.faults.discord_standin import FORUM, GUILD, NEWS, PAPERS
from tests.faults.interactive_discord import DIGEST, OTHER_GUILD, OTHER_PAPERS
from tests.soak.feed_site import make_title
from tests.soak.services import GrowingResearch, Services
from tests.support.library import MODERATOR

STABLE_CHANNELS = {
    PAPERS: GUILD,
    NEWS: GUILD,
    FORUM: GUILD,
    DIGEST: GUILD,
    OTHER_PAPERS: OTHER_GUILD,
}
_OPTIONS = {
    PAPERS: SubscriptionOptions(has_thread=True),
    NEWS: SubscriptionOptions(publishes=True),
    DIGEST: SubscriptionOptions(digest=DigestSchedule(frequency=Frequency.DAILY)),
}
STABLE_FEEDS = {f"Stable-{number}": kind for number, kind in enumerate(("rss", "atom", "json") * 2)}
SCRATCH_FEEDS = {f"Scratch-{number}": "rss" for number in range(1, 7)}
_ACCEPTED = 20  # papers of each person, whose next ones may be announced without a review


async def fill_database(
    folder: Path,
    home: str,
    research: GrowingResearch,
    clock: Callable[[], datetime],
    papers: int,
) -> None:
    """Fills a database with papers and people, follows feeds, and subscribes channels."""
    addresses: Any = {name.lower(): url for name, url in Services.environment(home).items()}
    settings = Settings(
        home_guild_ids=(GUILD,),
        database_path=folder / "lab.db",
        feed_allow_private=True,
        lab_herald_speedup=1_000_000.0,
        **addresses,
    )
    rng = random.Random(0)
    async with open_app(settings, clock) as app:
        library = app.library
        drafts = [
            PaperDraft(make_title(rng, number), ("Ada Nightjar", "Bo Tanaka"))
            for number in range(10_000, 10_000 + papers)
        ]
        await library.papers.upsert_many(drafts, Origin.IMPORT, MODERATOR)
        for name in (*STABLE_FEEDS, *SCRATCH_FEEDS):
            await app.poller.follow(f"{home}/feeds/{name}", MODERATOR)
        for channel_id, guild_id in STABLE_CHANNELS.items():
            options = _OPTIONS.get(channel_id)
            await library.subscriptions.subscribe(guild_id, channel_id, MODERATOR, options)
        for person in research.people:
            if not person.is_of_the_lab:
                continue
            await library.people.add(PersonDraft(person.name, ids=person.ids), MODERATOR)
            for number in range(_ACCEPTED):
                draft = PaperDraft(f"An accepted paper {person.name} {number}", (person.name,))
                witness = Witness(
                    "openalex", draft.title, draft, (Credit(person.name, person.ids),)
                )
                await library.found_papers.ingest([witness], settings.lab, is_first=True)
        for card in await library.found_papers.cards(settings.lab):
            await library.found_papers.decide(card.id, CardDecision.ADD, MODERATOR, settings.lab)
        await library.people.set_trust(MODERATOR, is_trusted=True)
