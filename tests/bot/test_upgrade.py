"""The bot on a database of version 6, with messages that it sent before the upgrade."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from discord.ui import TextDisplay

from bot.app import App, open_app
from bot.demo.messages import visible_text
from bot.settings import Settings
from bot.ui.cards import Layout
from tests.support.lab import FakeClock, Lab
from tests.support.library import execute
from tests.support.old_database import Rows, write_version_6


@pytest.fixture
def before(settings: Settings) -> Rows:
    settings.database_path.unlink()
    return write_version_6(settings.database_path)


@pytest.fixture
async def app(before: Rows, settings: Settings, clock: FakeClock) -> AsyncIterator[App]:
    assert before
    async with open_app(settings, clock) as app:
        yield app


def old_query(before: Rows, words: str) -> int:
    """The id of a saved query, as a button of an old message holds it."""
    queries = {row["id"]: json.loads(row["question"]) for row in before["lookups"]}
    (number,) = [number for number, query in queries.items() if query["words"] == words]
    return int(number)


async def test_buttons_of_old_messages_work(lab: Lab, before: Rows) -> None:
    me, number = lab.moderator.id, old_query(before, "ferns")
    assert "Attention for Ferns" in await lab.press_custom_id(
        lab.moderator, f"page:{me}:{number}:0"
    )
    assert "Our News" in await lab.press_custom_id(lab.moderator, "undo:37")
    assert (await lab.app.library.feeds.get(1)).title == "Lab News"
    (waiting,) = await lab.app.library.review.pending_entries(1)
    assert "Waits for Review" in await lab.press_custom_id(lab.moderator, f"review:{waiting.id}:1")
    assert await lab.app.library.review.pending_entries(1) == ()


async def test_waiting_posts_are_sent_and_an_outdated_message_is_edited(lab: Lab) -> None:
    channel: Any = lab.app.client.get_channel(lab.channel.id)
    old = await channel.send(view=Layout(TextDisplay("Sent Paper")))
    library, here = lab.app.library, [lab.channel.id]
    execute(library, "UPDATE subscriptions SET channel_id = ? WHERE channel_id = 61", here)
    execute(library, "UPDATE announcements SET channel_id = ? WHERE channel_id = 61", here)
    execute(library, "UPDATE posts SET destination_id = ? WHERE destination_id = 61", here)
    execute(library, "UPDATE posts SET destination_id = ? WHERE kind = 'outcome'", [lab.member.id])
    execute(library, "UPDATE posts SET message_id = ? WHERE message_id = 9001", [old.id])
    await lab.app.deliver()
    shown = [visible_text(message) for message in lab.channel.history()]
    titles = [
        "Sent Paper, Corrected",
        "Claimed Paper",
        "Waiting Paper",
        "Kept of Two",
        "Fern Field Notes",
        "Suggested and Added",
    ]
    assert [title in text for title, text in zip(titles, shown, strict=True)] == [True] * 6
    added, declined = (visible_text(message) for message in lab.member.user.dm_channel.history())
    assert "Suggested and Added" in added
    assert "Suggested and Declined" in declined
