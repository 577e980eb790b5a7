"""Buttons from before a restore act on what they were about, or say that they're too old."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.app import App, open_app
from bot.demo.messages import visible_text
from bot.settings import Settings
from bot.ui.lab_button import buttons_of_generation
from storage.backups.database_copy import mark_as_copy
from storage.models import PaperDraft
from tests.support.lab import FakeClock, Lab, reply_text


@pytest.fixture
async def app(settings: Settings, starter_database: Path, clock: FakeClock) -> AsyncIterator[App]:
    """The bot on the restored starter list, which has 20 papers."""
    shutil.copyfile(starter_database, settings.database_path)
    mark_as_copy(settings.database_path, clock())
    async with open_app(settings, clock) as app:
        yield app


async def test_a_button_of_a_paper_in_the_backup_still_shows_it(lab: Lab) -> None:
    (paper,) = await lab.app.library.papers.load([20])
    for custom_id in ("paper:20", "announced:20", "announced:20~aXYZ12", "announced:7:20"):
        assert paper.title in await lab.press_custom_id(lab.member, custom_id)


@pytest.mark.parametrize(
    "custom_id",
    [
        "paper:21",
        "announced:21",
        "announced:21~aXYZ12",
        "cite:21",
        "correct:21",
        "paper:1@beef01",
        "undo:99",
        "digest:1",
        "review:1:1",
        "settle:1:0",
        "suggestion:1:1",
    ],
)
async def test_a_button_of_what_was_lost_is_too_old_for_its_successor(
    lab: Lab, custom_id: str
) -> None:
    assert await lab.add(PaperDraft(title="The successor")) == 21
    reply = await lab.press_custom_id(lab.moderator, custom_id)
    assert "from before the paper list was restored" in reply
    assert "The successor" not in reply


async def test_new_buttons_work_and_name_their_generation(lab: Lab) -> None:
    token = lab.app.library.generation.token
    await lab.add(PaperDraft(title="The successor"))
    await lab.run(lab.member, "paper", paper="21")
    assert "The successor" in lab.last_text
    assert "The successor" in await lab.press_custom_id(lab.member, f"paper:21@{token}")
    await lab.run(lab.member, "search", query="successor")
    shown = await lab.member.click(lab.channel.last_message, label="Open")
    assert "The successor" in visible_text(shown.response)


async def test_a_form_from_before_the_restore_is_not_used_for_another_paper(
    lab: Lab, settings: Settings
) -> None:
    with buttons_of_generation("beef01"):
        form = await lab.moderator.slash(lab.channel, "curate edit", paper="#20")
    before = await lab.app.library.papers.get(20)
    await lab.restart(settings)
    answer = await lab.moderator.submit_modal(form, {"title": "Another title"})
    assert "run the command again" in reply_text(answer)
    assert "Another title" in reply_text(answer)
    assert await lab.app.library.papers.get(20) == before
