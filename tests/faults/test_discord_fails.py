"""Discord in trouble: what could not be sent waits, is sent once, and oldest first."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import discord
import pytest

from storage.announcements.destinations import RETRY_STOPPED
from storage.announcements.models import DeliveryStatus, SubscriptionOptions
from storage.announcements.refused_posts import MAX_REFUSALS
from storage.models import Origin, PaperDraft
from storage.papers.combine import as_draft
from tests.faults import discord_standin
from tests.faults.discord_standin import (
    FORUM,
    GUILD,
    MODERATORS,
    NEWS,
    PAPERS,
    Fault,
    refusal,
    too_many,
)
from tests.faults.station import Station
from tests.support.library import MODERATOR

HOUR = timedelta(hours=1)
INVALID = 50035
NO_ACCESS = 50001
NO_PERMISSION = 50013
NO_WINDOW = timedelta()


async def test_without_faults_every_paper_is_announced_immediately(station: Station) -> None:
    papers = await station.publish(3)
    assert await station.app.deliver() == 3
    assert station.announced() == papers
    assert station.warnings == []


async def test_a_rate_limit_is_waited_out(station: Station) -> None:
    papers = await station.publish(2)
    station.discord.fail("send", too_many(0.02), too_many(0.02))
    assert await station.app.deliver() == 2
    assert station.announced() == papers
    assert station.warnings == []


async def test_a_rate_limit_of_a_proxy_is_retried_later(station: Station) -> None:
    papers = await station.publish(2)
    station.discord.fail("send", too_many(3600, by_discord=False))
    assert await station.app.deliver() == 0
    (warning,) = station.warnings
    assert "will be retried at" in warning
    assert await station.deliver_later() == 2
    assert station.announced() == papers


@pytest.mark.parametrize("status", [500, 502, 503])
@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize("channel_id", [PAPERS, FORUM])
async def test_a_failed_send_is_repeated_only_if_it_was_not_delivered(
    station: Station, status: int, *, kept: bool, channel_id: int
) -> None:
    """Whether it arrived is read in the channel: here Discord remembers no nonce."""
    station.discord.nonce_window = NO_WINDOW
    await station.app.library.subscriptions.unsubscribe(GUILD, PAPERS, MODERATOR)
    await station.app.library.subscriptions.subscribe(GUILD, channel_id, MODERATOR)
    papers = await station.publish(2)
    station.discord.fail("thread" if channel_id == FORUM else "send", Fault(status, kept=kept))
    assert await station.app.deliver() == 0
    assert station.announced(channel_id) == papers[:kept]
    (warning,) = station.warnings
    assert "will be retried at" in warning
    assert await station.deliver_later() == 2
    assert station.announced(channel_id) == papers


async def test_a_failing_channel_does_not_delay_others(station: Station) -> None:
    await station.app.library.subscriptions.subscribe(GUILD, NEWS, MODERATOR)
    papers = await station.publish(2)
    station.discord.fail("send", Fault(503))
    assert await station.app.deliver() == 2
    assert sorted([station.announced(PAPERS), station.announced(NEWS)]) == [[], papers]
    assert await station.deliver_later() == 2
    assert station.announced(PAPERS) == station.announced(NEWS) == papers


@pytest.mark.parametrize("fault", [Fault(503), refusal(0), refusal(NO_ACCESS)])
async def test_nothing_is_sent_again_while_delivery_is_unknown(
    station: Station, fault: Fault
) -> None:
    station.discord.nonce_window = NO_WINDOW
    papers = await station.publish(2)
    station.discord.fail("send", Fault(503, kept=True))
    assert await station.app.deliver() == 0
    station.discord.fail("history", fault)
    assert await station.deliver_later() == 0
    assert station.announced() == papers[:1]
    if fault == refusal(NO_ACCESS):  # a moderator gives the permission back
        await station.app.library.subscriptions.resume(GUILD, PAPERS, MODERATOR)
    assert await station.deliver_later(timedelta(minutes=5)) == 2
    assert station.announced() == papers


@pytest.mark.parametrize("fault", [refusal(0), refusal(40333), refusal(0, status=404)])
async def test_a_passing_refusal_does_not_stop_a_channel(station: Station, fault: Fault) -> None:
    papers = await station.publish(2)
    station.discord.fail("send", fault)
    assert await station.app.deliver() == 0
    assert "will be retried at" in station.warnings[0]
    assert await station.deliver_later() == 2
    assert station.announced() == papers


async def test_a_passing_refusal_of_an_edit_only_delays_it(station: Station) -> None:
    (paper,) = await station.publish()
    await station.app.deliver()
    await station.app.library.papers.remove(paper, MODERATOR)
    station.discord.fail("edit", refusal(0))
    await station.app.deliver()
    await station.deliver_later(HOUR)
    (message,) = station.discord.messages[PAPERS]
    assert "Removed from the list" in str(message["components"])


@pytest.mark.parametrize("code", [NO_ACCESS, NO_PERMISSION, 10003, 10004, 160005])
async def test_a_stopped_channel_is_tried_once_a_day(station: Station, code: int) -> None:
    moderators = station.app.client.moderators
    await moderators.set_channel(GUILD, MODERATORS, MODERATOR)
    papers = await station.publish(2)
    station.discord.fail("send", refusal(code))
    assert await station.app.deliver() == 1  # the alert
    station.discord.fail("send", refusal(code))
    assert await station.deliver_later(RETRY_STOPPED - HOUR) == 0
    assert await station.deliver_later(HOUR) == 0
    asked = len(station.discord.asked)
    assert await station.deliver_later(RETRY_STOPPED - HOUR) == 0
    assert len(station.discord.asked) == asked
    assert await station.deliver_later(HOUR) == 2
    assert station.announced() == papers
    (alert,) = station.discord.messages[MODERATORS]
    assert "Stopped announcing in" in str(alert["components"])
    subscription = await station.app.library.subscriptions.find(PAPERS)
    assert subscription is not None
    assert subscription.stopped_because == ""


_DENIED = {"id": str(GUILD), "type": 0, "allow": "0", "deny": "64"}
_OPENING = {
    "channel": (
        "CHANNEL_UPDATE",
        discord_standin.channel(PAPERS) | {"permission_overwrites": [_DENIED]},
    ),
    "role": (
        "GUILD_ROLE_UPDATE",
        {"guild_id": str(GUILD), "role": discord_standin.everyone(discord.Permissions.all())},
    ),
    "member": (
        "GUILD_MEMBER_UPDATE",
        discord_standin.me()
        | {
            "guild_id": str(GUILD),
            "communication_disabled_until": "2026-01-01T00:00:00+00:00",
        },
    ),
    "guild": ("GUILD_UPDATE", {"id": str(GUILD), "name": "Open Lab", "roles": [], "owner_id": "2"}),
}


@pytest.mark.parametrize("change", _OPENING)
async def test_a_stopped_channel_is_tried_when_permissions_change(
    station: Station, change: str
) -> None:
    papers = await station.publish(2)
    station.discord.fail("send", refusal(NO_PERMISSION))
    assert await station.app.deliver() == 0
    seen = asyncio.ensure_future(station.app.client.wait_for("guild_channel_update"))
    renamed = discord_standin.channel(PAPERS, name="renamed")
    await station.discord.tell("CHANNEL_UPDATE", renamed)  # which changes no permission
    await seen
    assert await station.app.deliver() == 0
    arrived = asyncio.Event()

    async def watch(moment: str) -> None:
        if moment == "kept send":
            arrived.set()

    station.discord.watch = watch
    event, what = _OPENING[change]
    asked = len(station.discord.asked)
    await station.discord.tell(event, what)
    async with asyncio.timeout(5):
        await arrived.wait()
    await station.app.deliver()
    assert station.announced() == papers
    assert len(station.discord.asked) == asked + 2


@pytest.mark.parametrize("kept", [True, False])
async def test_a_paused_channel_gets_nothing_that_was_being_retried(
    station: Station, *, kept: bool
) -> None:
    station.discord.nonce_window = NO_WINDOW
    subscriptions = station.app.library.subscriptions
    papers = await station.publish(2)
    station.discord.fail("send", Fault(503, kept=kept))
    assert await station.app.deliver() == 0
    await subscriptions.pause(GUILD, PAPERS, MODERATOR)
    asked = len(station.discord.asked)
    for _ in range(3):
        assert await station.deliver_later(HOUR) == 0
    assert len(station.discord.asked) == asked
    await subscriptions.resume(GUILD, PAPERS, MODERATOR)
    assert await station.app.deliver() == 2
    assert station.announced() == papers


async def test_a_send_that_waits_for_a_rate_limit_ends_when_its_channel_is_paused(
    station: Station,
) -> None:
    subscriptions, dispatcher = station.app.library.subscriptions, station.app.client.dispatcher
    papers = await station.publish(2)
    asked = asyncio.Event()

    async def watch(moment: str) -> None:
        if moment == "received send":
            asked.set()

    station.discord.watch = watch
    station.discord.fail("send", too_many(60))
    delivering = asyncio.ensure_future(station.app.deliver())
    await asked.wait()
    await subscriptions.pause(GUILD, PAPERS, MODERATOR)
    dispatcher.cancel_send(PAPERS)
    async with asyncio.timeout(5):
        assert await delivering == 0
    dispatcher.cancel_send(PAPERS)  # nothing is being sent any more
    await subscriptions.resume(GUILD, PAPERS, MODERATOR)
    assert await station.app.deliver() == 2
    assert station.announced() == papers
    assert station.warnings == []


async def test_a_refused_message_is_set_aside_and_the_rest_continues(station: Station) -> None:
    library = station.app.library
    await station.app.client.moderators.set_channel(GUILD, MODERATORS, MODERATOR)
    papers = await station.publish(3)
    for _ in range(MAX_REFUSALS - 1):
        station.discord.fail("send", refusal(INVALID, status=400))
        assert await station.app.deliver() == 0
        station.clock.advance(timedelta(minutes=5))
    station.discord.fail("send", refusal(INVALID, status=400))
    assert await station.app.deliver() == 3  # the other papers and the alert
    assert station.announced() == papers[1:]
    (alert,) = station.discord.messages[MODERATORS]
    assert "Set aside the announcement of “Paper" in str(alert["components"])
    assert "Refused" in str(alert["components"])
    (announcement,) = await library.outbox.for_paper(papers[0])
    assert (announcement.status, announcement.refusal) == (DeliveryStatus.REFUSED, "Refused")
    (subscription,) = await library.subscriptions.with_counts(GUILD)
    counts = (subscription.waiting, subscription.sent, subscription.refused)
    assert (counts, subscription.refusal) == ((0, 2, 1), "Refused")
    assert await station.deliver_later(48 * HOUR) == 0
    assert await library.outbox.retry_refused(PAPERS) == 1
    assert await library.outbox.retry_refused(PAPERS) == 0
    assert await station.app.deliver() == 1
    assert station.announced() == [*papers[1:], papers[0]]
    assert len(station.discord.messages[MODERATORS]) == 1


async def test_a_refused_alert_is_set_aside_without_another_alert(station: Station) -> None:
    await station.app.client.moderators.set_channel(GUILD, MODERATORS, MODERATOR)
    await station.app.library.outbox.enqueue_notice(MODERATORS, "Something is wrong.")
    for _ in range(MAX_REFUSALS):
        station.discord.fail("send", refusal(INVALID, status=400))
        assert await station.app.deliver() == 0
        station.clock.advance(timedelta(minutes=5))
    assert await station.deliver_later() == 0
    assert station.discord.messages[MODERATORS] == []


async def test_too_many_threads_only_delay_a_post(station: Station) -> None:
    await station.app.library.subscriptions.subscribe(GUILD, FORUM, MODERATOR)
    papers = await station.publish()
    for _ in range(MAX_REFUSALS + 1):
        station.discord.fail("thread", refusal(160006, status=400))
        await station.deliver_later(HOUR)
    assert await station.deliver_later(HOUR) == 1
    assert station.announced(FORUM) == papers


@pytest.mark.parametrize("title", ["\u200b", "\u2063\u2060", "\u3164", "\u2800 \u2800"])
async def test_a_paper_with_an_invisible_title_gets_its_threads(
    station: Station, title: str
) -> None:
    subscriptions = station.app.library.subscriptions
    await subscriptions.subscribe(GUILD, FORUM, MODERATOR)
    threads = SubscriptionOptions(has_thread=True)
    await subscriptions.subscribe(GUILD, PAPERS, MODERATOR, threads)
    draft = PaperDraft(title=title, identifiers=("arxiv:2301.00001",))
    await station.app.library.papers.upsert(draft, Origin.FEED, MODERATOR, announce=True)
    assert await station.app.deliver() == 2
    names = [thread["name"] for thread in station.discord.threads.values()]
    assert names == ["Untitled", "Untitled"]
    assert station.warnings == []


async def test_a_send_without_a_response_is_found_when_discord_is_back(
    station: Station,
) -> None:
    station.discord.nonce_window = NO_WINDOW
    papers = await station.publish(2)
    station.discord.fail("send", Fault(None, kept=True))

    async def cut(moment: str) -> None:
        if moment == "kept send" and not cuts:
            cuts.append(moment)
            asyncio.get_running_loop().call_soon(asyncio.ensure_future, cycle())

    async def cycle() -> None:
        await station.discord.go_down()
        await station.discord.come_up()

    cuts: list[str] = []
    station.discord.watch = cut
    assert await station.app.deliver() == 0
    await station.discord.connected()
    assert await station.deliver_later() == 2
    assert station.announced() == papers


@pytest.mark.parametrize(
    ("code", "remembered"),
    [(1000, True), (1001, True), (4000, True), (4009, True), (4000, False)],
)
async def test_a_closed_gateway_is_reconnected(
    station: Station, code: int, *, remembered: bool
) -> None:
    first = await station.publish()
    await station.app.deliver()
    if not remembered:
        station.discord.forget_sessions()
    await station.discord.close_gateway(code)
    second = await station.publish()
    await station.app.deliver()
    await station.discord.connected()
    third = await station.publish()
    await station.app.deliver()
    assert station.announced() == [*first, *second, *third]
    assert station.warnings == []


async def test_an_hour_without_discord_loses_nothing(station: Station) -> None:
    papers = await station.publish(2)
    await station.discord.go_down()
    for minutes in range(0, 60, 5):
        if minutes % 20 == 0:
            papers += await station.publish()
        assert await station.deliver_later(timedelta(minutes=5)) == 0
    await station.discord.come_up()
    await station.discord.connected()
    assert await station.deliver_later(timedelta(hours=1)) == len(papers)
    assert station.announced() == papers
    assert 3 < len(station.warnings) < 9  # it is tried ever more seldom


async def test_the_bot_reconnects_when_discord_asks_it_to(station: Station) -> None:
    await station.discord.reconnect_gateway()
    papers = await station.publish()
    await station.app.deliver()
    assert station.announced() == papers
    assert station.warnings == []


async def test_a_failed_edit_is_made_later(station: Station) -> None:
    (paper,) = await station.publish()
    await station.app.deliver()
    await station.app.library.papers.remove(paper, MODERATOR)
    station.discord.fail("edit", Fault(503))
    await station.app.deliver()
    (message,) = station.discord.messages[PAPERS]
    assert "Removed from the list" not in str(message["components"])
    (warning,) = station.warnings
    assert "will be updated at" in warning
    await station.deliver_later(timedelta(hours=1))
    assert "Removed from the list" in str(message["components"])
    assert len(station.discord.messages[PAPERS]) == 1


async def merge_papers(station: Station, kept: int, other: int) -> int:
    """Make two papers one, as which the other is known no more; gives the change's number."""
    library = station.app.library
    (paper,) = await library.papers.load([kept])
    await library.papers.merge(kept, other, as_draft(paper), MODERATOR)
    change = await library.audit.last_by(MODERATOR)
    assert change is not None
    return change.id


@pytest.mark.parametrize("parted", [False, True])
@pytest.mark.parametrize("kept", [False, True])
async def test_a_paper_merged_while_its_message_is_sent_is_announced_once(
    station: Station, *, kept: bool, parted: bool
) -> None:
    station.discord.nonce_window = NO_WINDOW
    paper, into = await station.publish(2)
    station.discord.fail("send", Fault(502, kept=kept))
    assert await station.app.deliver() == 0
    change = await merge_papers(station, into, paper)
    if parted:
        await station.app.library.undo(change, MODERATOR)
    assert await station.deliver_later() == 1 + parted
    assert station.announced() == ([paper, into] if parted else [into])


async def test_the_message_of_a_merged_paper_is_not_taken_for_another(
    station: Station,
) -> None:
    """The papers are parted again, and that message still tells of the other one."""
    station.discord.nonce_window = NO_WINDOW
    (paper,) = await station.publish()
    await station.app.deliver()
    (into,) = await station.publish()
    change = await merge_papers(station, into, paper)
    await station.app.deliver()
    assert station.announced() == [into]
    await station.app.library.undo(change, MODERATOR)
    station.discord.fail("send", Fault(502))
    assert await station.app.deliver() == 0
    assert station.announced() == [into]
    assert await station.deliver_later() == 1
    assert station.announced() == [paper, into]


async def test_an_edit_that_fails_unexpectedly_does_not_delay_others(
    station: Station,
) -> None:
    first, second = await station.publish(2)
    await station.app.deliver()
    for paper in (first, second):
        await station.app.library.papers.remove(paper, MODERATOR)
    station.discord.fail("edit", Fault(200, body={}))  # is no message
    await station.app.deliver()
    shown = [str(message["components"]) for message in station.discord.messages[PAPERS]]
    assert ["Removed from the list" in one for one in shown] == [False, True]
    assert "Updating the message of post 1 failed" in station.log.text
    await station.deliver_later(timedelta(hours=1))
    assert "Removed from the list" in str(station.discord.messages[PAPERS][0]["components"])


async def in_thread(station: Station, parent: int) -> int:
    """Announce nothing but into a thread, and there a paper that is removed; gives the thread."""
    await station.app.library.subscriptions.unsubscribe(GUILD, PAPERS, MODERATOR)
    await station.app.library.subscriptions.subscribe(
        GUILD, parent, MODERATOR, SubscriptionOptions(has_thread=True)
    )
    (paper,) = await station.publish()
    await station.app.deliver()
    (thread_id,) = station.discord.threads
    if parent != FORUM:
        await station.app.library.subscriptions.unsubscribe(GUILD, parent, MODERATOR)
        await station.app.library.subscriptions.subscribe(GUILD, thread_id, MODERATOR)
        (paper,) = await station.publish()
        await station.app.deliver()
    await station.app.library.papers.remove(paper, MODERATOR)
    return thread_id


def shows_removal(station: Station, thread_id: int) -> bool:
    (message,) = station.discord.messages[thread_id]
    return "Removed from the list" in str(message["components"])


@pytest.mark.parametrize("parent", [PAPERS, FORUM])
async def test_an_archived_thread_is_reopened_for_an_edit(station: Station, parent: int) -> None:
    thread_id = await in_thread(station, parent)
    station.discord.archive(thread_id)
    await station.app.deliver()
    assert shows_removal(station, thread_id)
    assert station.warnings == []


@pytest.mark.parametrize("parent", [PAPERS, FORUM])
async def test_a_locked_thread_is_left_alone_and_not_retried_forever(
    station: Station, parent: int
) -> None:
    thread_id = await in_thread(station, parent)
    station.discord.archive(thread_id, locked=True)
    await station.app.deliver()
    asked = len(station.discord.asked)
    await station.deliver_later(timedelta(hours=3))
    assert len(station.discord.asked) == asked
    assert not shows_removal(station, thread_id)
    assert station.warnings == []


@pytest.mark.parametrize("fault", ["change", "edit"])
async def test_a_thread_that_the_bot_may_not_reopen_or_edit_is_left_alone(
    station: Station, fault: str
) -> None:
    thread_id = await in_thread(station, FORUM)
    station.discord.archive(thread_id)
    refusal = {"change": (403, 50013), "edit": (400, 160005)}[fault]
    station.discord.fail(fault, Fault(refusal[0], body={"message": "no", "code": refusal[1]}))
    await station.app.deliver()
    await station.deliver_later(timedelta(hours=3))
    assert not shows_removal(station, thread_id)
    assert station.warnings == []


async def test_deliver_soon_does_not_wait_for_the_delivery(station: Station) -> None:
    dispatcher = station.app.client.dispatcher
    received, go_on = asyncio.Event(), asyncio.Event()

    async def hold(moment: str) -> None:
        if moment == "received send":
            received.set()
            await go_on.wait()

    station.discord.watch = hold
    papers = await station.publish()
    dispatcher.deliver_soon()
    await received.wait()
    papers += await station.publish()
    dispatcher.deliver_soon()
    go_on.set()
    await dispatcher.close()
    assert station.announced() == papers
