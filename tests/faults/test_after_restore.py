"""What was sent since a backup is found in its channel after the restore, and not sent again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TypeAlias

import discord
import pytest

from bot.found_posts import tell_moderators
from bot.settings import Settings
from storage.announcements.models import SubscriptionOptions
from storage.announcements.outbox import MAX_DIGEST
from storage.audit.models import ReviewKind
from storage.backups.files import BackupKind, Backups
from storage.feeds.models import Entry, FeedState
from storage.models import Origin, PaperDraft
from storage.papers.combine import as_draft
from storage.people.models import Credit, PersonDraft
from storage.recovery.restore import open_restore
from storage.review.found_papers import CardDecision
from storage.review.models import Decision
from tests.faults import discord_standin
from tests.faults.child import suggest
from tests.faults.discord_standin import (
    DIRECT,
    FORUM,
    GUILD,
    MEMBER,
    MODERATORS,
    NEWS,
    PAPERS,
    StandIn,
    customs,
)
from tests.faults.station import Station, open_station
from tests.support.found_papers import ORCID, witness
from tests.support.lab import FakeClock
from tests.support.library import MODERATOR, announce
from tests.support.litestream import Replica, needs_litestream

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
Start: TypeAlias = Callable[[], AbstractAsyncContextManager[Station]]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, moderators_channel_id=MODERATORS)


@pytest.fixture
def start(
    settings: Settings, clock: FakeClock, stand_in: StandIn, caplog: pytest.LogCaptureFixture
) -> Start:
    """Starts the bot on the database as it is."""

    @asynccontextmanager
    async def run() -> AsyncIterator[Station]:
        async with open_station(settings, clock, stand_in, caplog) as station:
            yield station
        clock.advance(HOUR)

    return run


async def back_up(start: Start, *channels: int, **options: bool) -> Path:
    """Subscribes channels and makes a backup."""
    async with start() as station:
        for channel_id in channels or (PAPERS,):
            await station.app.library.subscriptions.subscribe(
                GUILD, channel_id, MODERATOR, SubscriptionOptions(**options)
            )
        backups = Backups.of(station.app.settings.database_path)
        return backups.make(BackupKind.MANUAL, station.clock()).path


def restore(settings: Settings, backup: Path) -> None:
    settings.database_path.write_bytes(backup.read_bytes())


def shown(messages: list[discord_standin.Payload]) -> list[str]:
    return [json.dumps(message["components"]) for message in messages]


async def test_a_new_paper_is_not_taken_for_one_whose_number_it_has(
    start: Start, settings: Settings, stand_in: StandIn
) -> None:
    """Discord remembers the nonce of the first post for a few minutes, whatever it was."""
    backup = await back_up(start)
    async with start() as station:
        await announce(station.app.library, "Before the restore")
        assert await station.app.deliver() == 1
    restore(settings, backup)
    async with start() as station:
        await announce(station.app.library, "After the restore")
        assert await station.app.deliver() == 1
    before, after = shown(stand_in.standing(PAPERS))
    assert "Before the restore" in before
    assert "After the restore" in after


@needs_litestream
async def test_what_was_announced_since_litestream_s_copy_is_not_announced_again(
    start: Start, settings: Settings, stand_in: StandIn, clock: FakeClock, tmp_path: Path
) -> None:
    replica = Replica(settings.database_path, f"file://{tmp_path}/copies")
    async with start() as station:
        library = station.app.library
        await library.subscriptions.subscribe(GUILD, PAPERS, MODERATOR)
        await announce(library, "A paper that waits")
        await library.outbox.enqueue_and_fetch_due()
        await asyncio.to_thread(replica.copy)
        await announce(library, "A paper that isn't in the copy", identifiers=("doi:10.1000/1",))
        assert await station.app.deliver() == 2
        before = shown(stand_in.standing(PAPERS))
    fetched = replica.fetch(tmp_path / "fetched.db")
    async with open_restore(fetched, settings.database_path, clock) as prepared:
        prepared.finish(clock())
    async with start() as station:
        library = station.app.library
        await announce(library, "A paper that isn't in the copy", identifiers=("doi:10.1000/1",))
        assert await station.app.deliver() == 0
        await announce(library, "A new paper")
        assert await station.app.deliver() == 1
    assert len(before) == 2
    assert len(stand_in.standing(PAPERS)) == 3


@pytest.mark.parametrize("channel_id", [PAPERS, NEWS, FORUM])
async def test_what_was_announced_since_the_backup_is_adopted_and_corrected_there(
    start: Start, settings: Settings, stand_in: StandIn, channel_id: int
) -> None:
    backup = await back_up(
        start, channel_id, has_thread=channel_id == PAPERS, publishes=channel_id == NEWS
    )
    async with start() as station:
        await announce(station.app.library, "Another paper", identifiers=("doi:10.1000/2",))
        await announce(station.app.library, "A paper", identifiers=("doi:10.1000/1",))
        assert await station.app.deliver() == 2
    restore(settings, backup)
    async with start() as station:
        paper_id = await announce(station.app.library, "A paper", identifiers=("doi:10.1000/1",))
        assert await station.app.deliver() == 0
        (paper,) = await station.app.library.papers.load([paper_id])
        corrected = replace(as_draft(paper), title="A corrected paper")
        await station.app.library.papers.edit(paper_id, corrected, MODERATOR)
        await station.app.deliver()
        (announcement,) = await station.app.library.outbox.for_paper(paper_id)
        assert station.warnings == []
        token = station.app.library.generation.token
    other, message = stand_in.standing(channel_id)
    assert "Another paper" in shown([other])[0]
    assert "A corrected paper" in shown([message])[0]
    assert announcement.message_id == int(message["id"])
    assert f"cite:{paper_id}@{token}" in customs(message)  # its buttons work again


async def test_papers_of_a_digest_are_known_also_those_that_it_does_not_list(
    start: Start, settings: Settings, stand_in: StandIn
) -> None:
    """They come back one after the other, and the digest is drawn again once it is complete."""
    titles = [f"Paper number {number}" for number in range(MAX_DIGEST)]
    backup = await back_up(start)
    async with start() as station:
        for title in titles:
            await announce(station.app.library, title, identifiers=(f"url:lab.org/{title[-2:]}",))
        assert await station.app.deliver() == 1
    restore(settings, backup)
    before = shown(stand_in.standing(PAPERS))
    async with start() as station:
        for title in reversed(titles):
            assert shown(stand_in.standing(PAPERS)) == before
            await announce(station.app.library, title, identifiers=(f"url:lab.org/{title[-2:]}",))
            assert await station.app.deliver() == 0
    (after,) = shown(stand_in.standing(PAPERS))
    assert after != before[0]
    assert f"{MAX_DIGEST} new papers" in after


async def test_more_papers_than_fit_a_digest_become_several(
    start: Start, stand_in: StandIn
) -> None:
    await back_up(start)
    async with start() as station:
        papers = [
            await announce(station.app.library, f"Paper number {number}")
            for number in range(MAX_DIGEST + 7)
        ]
        assert await station.app.deliver() == 2
        posts = [await station.app.library.outbox.for_paper(paper) for paper in papers]
    assert len({one.post_id for (one,) in posts}) == 2
    assert all(len(custom) <= 100 for one in stand_in.standing(PAPERS) for custom in customs(one))


async def test_without_its_history_a_channel_waits_and_moderators_are_told_once(
    start: Start, settings: Settings, stand_in: StandIn
) -> None:
    backup = await back_up(start)
    async with start() as station:
        await announce(station.app.library, "A paper")
        assert await station.app.deliver() == 1
    restore(settings, backup)
    hidden = {"id": str(GUILD), "type": 0, "allow": "0"} | {
        "deny": str(discord.Permissions(read_message_history=True).value)
    }
    closed = discord_standin.channel(PAPERS) | {"permission_overwrites": [hidden]}
    async with start() as station:
        for channel in (closed, discord_standin.channel(PAPERS)):
            seen = station.app.client.wait_for("guild_channel_update")
            await stand_in.tell("CHANNEL_UPDATE", channel)
            await seen
            if channel is closed:
                await announce(station.app.library, "A paper")
                for _ in range(3):
                    await station.deliver_later(DAY + HOUR)
                assert len(stand_in.standing(PAPERS)) == 1
                (notice,) = shown(stand_in.standing(MODERATORS))
                assert "Read Message History" in notice
                await announce(station.app.library, "A new paper")
        await station.deliver_later(DAY + HOUR)
    first, second = shown(stand_in.standing(PAPERS))
    assert "A paper" in first
    assert "A new paper" in second


async def test_a_member_hears_once_even_if_two_restores_undo_the_decision(
    start: Start, settings: Settings, stand_in: StandIn
) -> None:
    async with start() as station:
        suggestion_id = await suggest(station.app.library, "Suggested")
    backup = await back_up(start)
    for _ in range(3):
        async with start() as station:
            await station.app.library.review.resolve(
                ReviewKind.SUGGESTION, suggestion_id, MODERATOR, Decision.ADD
            )
            await station.app.deliver()
        restore(settings, backup)
    (message,) = shown(stand_in.standing(DIRECT))
    assert "Added to the list" in message
    (*_, card) = shown(stand_in.standing(MODERATORS))
    assert "Added" in card


async def test_a_card_whose_decision_was_lost_can_be_decided_again(
    start: Start, settings: Settings, stand_in: StandIn
) -> None:
    async with start() as station:
        suggestion_id = await suggest(station.app.library, "Suggested")
        await station.app.deliver()
    backup = await back_up(start)
    async with start() as station:
        await station.app.library.review.resolve(
            ReviewKind.SUGGESTION, suggestion_id, MODERATOR, Decision.ADD
        )
        await station.app.deliver()
        (card,) = stand_in.standing(MODERATORS)
        assert customs(card) == [f"suggestion:{suggestion_id}:-"]
    restore(settings, backup)
    async with start() as station:
        await station.app.deliver()
        token = station.app.library.generation.token
    (card,) = stand_in.standing(MODERATORS)
    first, *_ = customs(card)
    assert first.startswith(f"suggestion:{suggestion_id}:1@{token}")


async def test_who_suggests_a_paper_again_hears_again(
    start: Start, settings: Settings, stand_in: StandIn
) -> None:
    backup = await back_up(start)
    for number in range(2):
        async with start() as station:
            suggested = await station.app.library.review.suggest(
                PaperDraft(title="Suggested"), "", (MEMBER, "mika"), daily_limit=1, channel_id=None
            )
            assert suggested.suggestion
            await station.app.library.review.resolve(
                ReviewKind.SUGGESTION,
                suggested.suggestion.id,
                MODERATOR,
                Decision.ADD if number else Decision.DECLINE,
            )
            await station.app.deliver()
        restore(settings, backup)
    declined, added = shown(stand_in.standing(DIRECT))
    assert "decided not to add it" in declined
    assert "Added to the list" in added


async def test_a_review_card_is_adopted_while_nobody_decided_it(
    start: Start, settings: Settings, stand_in: StandIn
) -> None:
    async with start() as station:
        await station.app.library.feeds.follow("http://127.0.0.1:9/feed", "News", "", MODERATOR)
    backup = await back_up(start)
    for life in range(3):
        async with start() as station:
            entry_id = await _review(station)
            await station.app.deliver()
            if life == 1:
                await station.app.library.review.resolve(
                    ReviewKind.ENTRY, entry_id, MODERATOR, Decision.DECLINE
                )
                await station.app.deliver()
        restore(settings, backup)
    decided, pending = shown(stand_in.standing(MODERATORS))
    assert "Declined" in decided
    assert "Is this one of ours?" in pending


async def test_what_moderators_were_told_of_found_papers_and_claims_is_adopted(
    start: Start, settings: Settings, stand_in: StandIn
) -> None:
    async with start() as station:
        people = station.app.library.people
        await people.add(PersonDraft("Ann Lee", ids=(ORCID,)), MODERATOR)
        await people.add(PersonDraft("Bo Chen"), MODERATOR)
    backup = await back_up(start)
    for life in range(3):
        async with start() as station:
            await _find(station)
            await station.app.deliver()
            if life == 1:
                await station.app.library.found_papers.decide(
                    1, CardDecision.NOT_OURS, MODERATOR, station.app.settings.lab
                )
                await station.app.deliver()
        restore(settings, backup)
    decided, listed, pending = shown(stand_in.standing(MODERATORS))
    assert "Declined" in decided
    assert "1 paper that may be ours" in listed
    assert "Ours?" in pending


async def _find(station: Station) -> None:
    """Finds a paper that is surely somebody's, and one that may be, and tells the moderators."""
    said = [
        witness(1, Credit("Ann Lee", (ORCID,))),
        witness(2, Credit("Bo Chen")),
    ]
    library, lab = station.app.library, station.app.settings.lab
    await library.found_papers.ingest(said, lab)
    await tell_moderators(library, lab, MODERATORS)


async def test_a_claim_whose_decision_was_lost_can_be_decided_again(
    start: Start, settings: Settings, stand_in: StandIn
) -> None:
    async with start() as station:
        review = station.app.library.review
        await station.app.library.people.add(PersonDraft("Ann Lee"), MODERATOR)
        claim = await review.claim(1, (MEMBER, "mika"), channel_id=MODERATORS)
        await station.app.deliver()
    backup = await back_up(start)
    async with start() as station:
        await station.app.library.review.resolve_claim(claim.id, MODERATOR, is_accepted=True)
        await station.app.deliver()
        (card,) = stand_in.standing(MODERATORS)
        assert customs(card) == [f"claim:{claim.id}:-"]
    restore(settings, backup)
    async with start() as station:
        await station.app.deliver()
        token = station.app.library.generation.token
    (card,) = stand_in.standing(MODERATORS)
    first, *_ = customs(card)
    assert first.startswith(f"claim:{claim.id}:1@{token}")


async def _review(station: Station) -> int:
    """Reads an entry of a reviewed feed, whose first poll was long ago; returns its id."""
    library = station.app.library
    (feed,) = await library.feeds.all()
    state = FeedState(feed.url, feed.title, "", "", station.clock() + HOUR)
    await library.feeds.ingest(feed, [], state)
    entry = Entry("first", PaperDraft(title="Ours?", identifiers=("url:lab.org/1",)))
    station.clock.advance(HOUR)
    reviewed = replace(feed, is_reviewed=True)
    await library.feeds.ingest(reviewed, [entry], state, review_channel=MODERATORS)
    (pending,) = await library.review.pending_entries(feed.id)
    return pending.id


async def test_only_the_time_since_the_backup_is_read(
    start: Start, settings: Settings, stand_in: StandIn, clock: FakeClock
) -> None:
    async with start() as station:
        await station.app.library.subscriptions.subscribe(GUILD, PAPERS, MODERATOR)
        for number in range(3):
            await station.app.library.papers.upsert(
                PaperDraft(title=f"Old paper {number}"), Origin.MODERATOR, MODERATOR
            )
    for _ in range(450):  # which other people wrote, long ago
        stand_in.keep(PAPERS, {"content": "hello"})
    clock.advance(30 * DAY)
    backup = await back_up(start)
    async with start() as station:
        await announce(station.app.library, "A paper")
        await station.app.deliver()
    restore(settings, backup)
    async with start() as station:
        clock.advance(30 * DAY)
        stand_in.asked.clear()
        await announce(station.app.library, "A paper")
        assert await station.app.deliver() == 0
    assert sum("/messages" in one for one in stand_in.asked if one.startswith("GET")) <= 4
