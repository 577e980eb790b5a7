"""Errors become replies: an unexpected one gets a reference, and nobody is left waiting."""

from __future__ import annotations

import logging
import re
import sqlite3

import pytest
import simcord

from bot.app import App
from bot.errors import explain
from storage.errors import LabError
from tests.support.damage import damage
from tests.support.lab import FakeClock, Lab, open_lab, reply_text

pytestmark = pytest.mark.simcord(check_errors=False)


@pytest.fixture
def broken(app: App, simcord_env: simcord.Env, clock: FakeClock) -> Lab:
    """A lab whose database lost a table to another program."""
    lab = open_lab(app, simcord_env, clock)
    connection = sqlite3.connect(app.library.path)
    connection.execute("ALTER TABLE credits RENAME TO stolen")
    connection.commit()
    connection.close()
    return lab


def logged_message(reply: str, log: pytest.LogCaptureFixture) -> str:
    """Returns the log message with the reply's reference; checks that it has the traceback."""
    match = re.search(r"this reference to whoever runs this bot: `([0-9a-f]{6})`", reply)
    assert match, reply
    (record,) = [record for record in log.records if match[1] in record.getMessage()]
    assert record.exc_info is not None
    return record.getMessage()


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        (
            "I have “A” [b](https://e.org) and [c](https://e.org) **x**” (#3).",
            r"I have “A” \[b\](https://e.org) and \[c\](https://e.org) \*\*x\*\*” (#3).",
        ),
        (
            "No “a ` b”. Ask `/curate history` in <#12>.",
            "No “a \\` b”. Ask `/curate history` in <#12>.",
        ),
        (
            "See https://e.org/a_b_c <t:5:R>, not a_b.",
            "See https://e.org/a_b_c <t:5:R>, not a\\_b.",
        ),
        (
            "I follow https://discord.gg/abc and “discord.com/invite/abc”.",
            r"I follow https\://discord\.gg/abc and “discord\.com/invite/abc”.",
        ),
    ],
)
async def test_text_in_a_sentence_is_never_markup(sentence: str, shown: str) -> None:
    assert explain(LabError(sentence), "a test") == shown


async def test_an_error_in_a_command_is_answered_with_a_reference(
    broken: Lab, caplog: pytest.LogCaptureFixture
) -> None:
    result = await broken.member.slash(broken.channel, "latest")
    assert result.ephemeral
    assert "/latest failed" in logged_message(reply_text(result), caplog)


async def test_an_error_after_a_deferred_response_is_answered_too(
    broken: Lab, caplog: pytest.LogCaptureFixture
) -> None:
    connection = sqlite3.connect(broken.app.library.path)
    connection.execute("ALTER TABLE feeds RENAME TO stolen_feeds")
    connection.close()
    result = await broken.moderator.slash(broken.channel, "feed check")
    assert "/feed check failed" in logged_message(reply_text(result), caplog)


async def test_an_error_in_a_button_is_answered_with_a_reference(
    app: App, simcord_env: simcord.Env, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    lab = open_lab(app, simcord_env, clock)
    await lab.member.slash(lab.channel, "search", query="language model")
    connection = sqlite3.connect(app.library.path)
    connection.execute("ALTER TABLE credits RENAME TO stolen")
    connection.close()
    result = await lab.member.click(lab.channel.last_message, label="Next ▶")
    assert "page:" in logged_message(reply_text(result), caplog)


async def test_an_error_in_a_form_is_answered_with_a_reference(
    broken: Lab, caplog: pytest.LogCaptureFixture
) -> None:
    form = await broken.moderator.slash(broken.channel, "curate add")
    result = await broken.moderator.submit_modal(
        form, {"title": "T", "authors": "Ann Lee", "links": "", "abstract": ""}
    )
    logged_message(reply_text(result), caplog)


async def test_an_error_in_autocomplete_gives_no_choices_and_is_logged(
    broken: Lab, caplog: pytest.LogCaptureFixture
) -> None:
    connection = sqlite3.connect(broken.app.library.path)
    connection.execute("ALTER TABLE name_words RENAME TO stolen_words")
    connection.close()
    assert await broken.member.autocomplete(broken.channel, "author", "name", "bid") == []
    assert "Autocomplete failed" in caplog.text


async def test_a_refusal_by_discord_is_logged_and_answered_once(
    app: App, simcord_env: simcord.Env, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    lab = open_lab(app, simcord_env, clock)
    simcord_env.inject_error("POST", "/interactions/*/*/callback", status=400, times=1)
    with caplog.at_level(logging.WARNING):
        reply = reply_text(await lab.member.slash(lab.channel, "latest"))
    assert "Discord didn't let me do that" in reply
    assert "/latest failed" in caplog.text


async def test_a_reply_that_cannot_be_sent_is_logged_without_what_was_searched_for(
    app: App, simcord_env: simcord.Env, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    lab = open_lab(app, simcord_env, clock)
    simcord_env.inject_error("POST", "/interactions/*/*/callback", status=400, times=2)
    with caplog.at_level(logging.INFO, logger="bot"):
        await lab.member.slash(lab.channel, "author", name="Canary Canaryson")
    assert f"Could not reply to user {lab.member.id}, /author: 400 Bad Request" in caplog.text
    assert "Canary" not in "".join(one.getMessage() for one in caplog.records)


async def test_a_damaged_database_is_answered_with_a_sentence(
    lab: Lab, caplog: pytest.LogCaptureFixture
) -> None:
    damage(lab.app.library.path)
    shown = await lab.run(lab.member, "latest")
    assert "The paper list's database is damaged, so nothing was changed." in shown
    assert [record for record in caplog.records if record.exc_info] == []
