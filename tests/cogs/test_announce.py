from __future__ import annotations

from datetime import timedelta

import discord
import pytest

from storage.announcements.models import DeliveryStatus
from tests.support.lab import HOME, Lab, reply_text
from tests.support.library import MODERATOR, execute, forget_deliveries


def announced(lab: Lab) -> list[str]:
    """Returns the titles announced in #papers, oldest first."""
    heading = "-# 📄 New paper\n### "
    texts = [_first_text(message) for message in lab.channel.history()]
    return [text.removeprefix(heading) for text in texts if text.startswith(heading)]


def _first_text(message: discord.Message) -> str:
    container = message.components[0]
    return getattr(container.children[0], "content", "")


async def test_announcing_here_needs_no_options_and_starts_at_once(lab: Lab) -> None:
    assert "Now announcing new papers" in await lab.run(lab.moderator, "announce here")
    await lab.announce("A")
    await lab.announce("B")
    assert await lab.app.deliver() == 2
    assert announced(lab) == ["A", "B"]
    assert await lab.app.deliver() == 0


async def test_papers_already_in_the_list_are_not_announced(lab: Lab) -> None:
    await lab.run(lab.moderator, "announce here")
    assert await lab.app.deliver() == 0


async def test_announcing_twice_in_a_channel_is_refused(lab: Lab) -> None:
    await lab.run(lab.moderator, "announce here")
    result = await lab.moderator.slash(lab.channel, "announce here")
    assert result.ephemeral
    assert "already" in result.response.content


async def test_a_manager_of_another_server_announces_there(lab: Lab) -> None:
    await lab.other_manager.slash(lab.other_channel, "announce here")
    await lab.run(lab.moderator, "announce here")
    await lab.announce("Everywhere")
    assert await lab.app.deliver() == 2
    shown = reply_text(await lab.other_manager.slash(lab.other_channel, "announce list"))
    assert f"<#{lab.other_channel.id}> · 1 paper announced" in shown
    assert str(lab.channel.id) not in shown


async def test_removing_a_channel_ends_its_announcements(lab: Lab) -> None:
    await lab.run(lab.moderator, "announce here")
    await lab.announce("Waiting")
    assert "Stopped announcing" in await lab.run(lab.moderator, "announce remove")
    assert await lab.app.deliver() == 0
    result = await lab.moderator.slash(lab.channel, "announce remove")
    assert result.ephemeral
    assert "nothing to stop" in result.response.content
    assert "announce papers in this server yet" in await lab.run(lab.moderator, "announce list")


async def test_a_channel_of_another_server_cannot_be_removed(lab: Lab) -> None:
    await lab.run(lab.moderator, "announce here")
    assert not await lab.app.library.subscriptions.unsubscribe(
        lab.other_channel.id, lab.channel.id, MODERATOR
    )
    assert len(await lab.app.library.subscriptions.all(HOME)) == 1


async def test_a_member_is_refused(lab: Lab) -> None:
    assert not [
        name for name in lab.member.available_commands(lab.channel) if name.startswith("announce")
    ]


async def test_a_failed_send_is_retried_in_order(lab: Lab) -> None:
    await lab.run(lab.moderator, "announce here")
    await lab.announce("First")
    await lab.announce("Second")
    lab.env.inject_error("POST", "/channels/*/messages", status=400, times=1)
    assert await lab.app.deliver() == 0
    assert announced(lab) == []
    lab.clock.advance(timedelta(minutes=2))
    assert await lab.app.deliver() == 2
    assert announced(lab) == ["First", "Second"]


async def test_a_channel_that_refuses_messages_stops_and_can_be_resumed(lab: Lab) -> None:
    await lab.run(lab.moderator, "announce here")
    await lab.announce("Kept")
    lab.env.inject_error("POST", "/channels/*/messages", status=403, code=50013, times=1)
    assert await lab.app.deliver() == 0
    lab.clock.advance(timedelta(hours=20))
    assert await lab.app.deliver() == 0
    assert "stopped" in await lab.run(lab.moderator, "announce list")
    await lab.run(lab.moderator, "announce here")
    assert announced(lab) == ["Kept"]


async def test_a_refused_message_is_listed_and_sent_again_by_a_button(lab: Lab) -> None:
    await lab.run(lab.moderator, "announce here")
    await lab.announce("Too odd")
    await lab.announce("Fine")
    assert "Retry" not in await lab.run(lab.moderator, "announce list")
    lab.env.inject_error(
        "POST", "/channels/*/messages", status=400, code=50035, message="Invalid *body*", times=3
    )
    for _ in range(3):
        await lab.app.deliver()
        lab.clock.advance(timedelta(minutes=5))
    assert announced(lab) == ["Fine"]
    listed = await lab.moderator.slash(lab.channel, "announce list")
    assert r"⚠️ 1 paper refused by Discord: Invalid \*body\*" in reply_text(listed)
    why = await lab.run(lab.moderator, "feed why", link="Too odd")
    assert r"refused by Discord: Invalid \*body\*. `/announce list` has a button" in why
    label = f"Retry in #{lab.channel.name}"
    retried = await lab.moderator.click(listed.response, label=label)
    assert "again what Discord refused" in reply_text(retried)
    assert announced(lab) == ["Fine", "Too odd"]
    again = await lab.moderator.click(listed.response, label=label)
    assert "Nothing is set aside for that channel any more" in reply_text(again)


async def test_a_message_that_arrived_but_was_not_recorded_is_not_sent_again(lab: Lab) -> None:
    """The bot stopped between sending and recording, so it looks in the channel's history."""
    await lab.run(lab.moderator, "announce here")
    paper = await lab.announce("Once")
    await lab.app.deliver()
    (sent,) = await lab.app.library.outbox.for_paper(paper)
    forget_deliveries(lab.app.library)
    assert await lab.app.deliver() == 1
    assert announced(lab) == ["Once"]
    (again,) = await lab.app.library.outbox.for_paper(paper)
    assert again.message_id == sent.message_id
    assert again.status is DeliveryStatus.SENT


@pytest.mark.parametrize("status", [403, 400])
async def test_an_unknown_delivery_stays_unknown_while_the_history_is_unreadable(
    lab: Lab, status: int
) -> None:
    await lab.run(lab.moderator, "announce here")
    await lab.announce("Once")
    await lab.app.deliver()
    forget_deliveries(lab.app.library)
    lab.env.inject_error("GET", "/channels/*/messages", status=status, times=1)
    assert await lab.app.deliver() == 0
    lab.clock.advance(timedelta(hours=2))
    if status == 403:
        await lab.run(lab.moderator, "announce here")
    await lab.app.deliver()
    assert announced(lab) == ["Once"]


async def test_a_claimed_message_that_never_arrived_is_sent(lab: Lab) -> None:
    await lab.run(lab.moderator, "announce here")
    paper = await lab.announce("Late")
    (waiting,) = await lab.app.library.outbox.enqueue_and_fetch_due()
    assert waiting.paper_ids == (paper,)
    await lab.app.library.outbox.claim([waiting])
    assert await lab.app.deliver() == 1
    assert announced(lab) == ["Late"]


async def test_a_server_error_leaves_the_claim_until_the_history_was_read(lab: Lab) -> None:
    await lab.run(lab.moderator, "announce here")
    paper = await lab.announce("Unsure")
    lab.env.inject_error("POST", "/channels/*/messages", status=501, times=1)
    assert await lab.app.deliver() == 0
    (unsure,) = await lab.app.library.outbox.for_paper(paper)
    assert unsure.status in {DeliveryStatus.SENDING, DeliveryStatus.WAITING}
    lab.clock.advance(timedelta(minutes=2))
    assert await lab.app.deliver() == 1
    assert announced(lab) == ["Unsure"]


async def test_a_removed_paper_is_not_announced(lab: Lab) -> None:
    await lab.run(lab.moderator, "announce here")
    paper = await lab.announce("Gone")
    await lab.app.library.papers.remove(paper, MODERATOR)
    assert await lab.app.deliver() == 0


async def test_everybody_can_open_the_details_of_an_announcement(lab: Lab) -> None:
    await lab.run(lab.moderator, "announce here")
    await lab.announce("Look closer")
    await lab.app.deliver()
    result = await lab.member.click(lab.channel.last_message, label="Details")
    assert result.ephemeral
    assert "Look closer" in reply_text(result)


async def test_the_message_carries_the_announcements_nonce(lab: Lab) -> None:
    await lab.run(lab.moderator, "announce here")
    paper = await lab.announce("Named")
    await lab.app.deliver()
    (sent,) = await lab.app.library.outbox.for_paper(paper)
    posts = [
        entry
        for entry in lab.env.http_requests
        if entry.method == "POST" and entry.path.endswith("/messages")
    ]
    body = posts[-1].json
    assert body["nonce"] == f"herald-{sent.post_id}"
    assert body["enforce_nonce"] is True


@pytest.mark.parametrize("missing", ["send_messages", "read_message_history"])
async def test_missing_permissions_are_named(lab: Lab, missing: str) -> None:
    channel = lab.env.guild.create_text_channel("closed")
    await lab.app.client.get_channel(channel.id).set_permissions(
        lab.app.client.get_guild(HOME).me, **{missing: False}
    )
    result = await lab.moderator.slash(channel, "announce here")
    assert result.ephemeral
    assert "I can't announce in" in result.response.content


async def test_a_failed_delivery_is_logged_and_not_shown_to_the_moderator(
    lab: Lab, caplog: pytest.LogCaptureFixture
) -> None:
    await lab.run(lab.moderator, "announce here")
    await lab.run(lab.moderator, "announce pause")
    await lab.announce("Late")
    execute(
        lab.app.library,
        """CREATE TRIGGER trouble BEFORE INSERT ON posts
           BEGIN SELECT RAISE(ABORT, 'no post today'); END""",
    )
    result = await lab.moderator.slash(lab.channel, "announce resume")
    assert "Resumed announcements" in reply_text(result)
    assert [*result.followups] == []
    assert "no post today" in caplog.text
    execute(lab.app.library, "DROP TRIGGER trouble")
    assert await lab.app.deliver() == 1
    assert announced(lab) == ["Late"]


async def test_a_command_delivers_what_it_released_at_once(lab: Lab) -> None:
    await lab.run(lab.moderator, "announce here")
    await lab.run(lab.moderator, "announce pause")
    await lab.announce("At once")
    await lab.run(lab.moderator, "announce resume")
    assert announced(lab) == ["At once"]
