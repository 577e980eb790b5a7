"""The one path of errors: what nobody foresaw becomes a reference, and nobody is left waiting."""

from __future__ import annotations

import logging
import re
import sqlite3

import pytest
import simcord

from bot.app import App
from bot.errors import explain
from storage.errors import LabError
from tests.support.lab import Lab, StillClock, open_lab, told

pytestmark = pytest.mark.simcord(check_errors=False)


@pytest.fixture
def broken(app: App, simcord_env: simcord.Env, clock: StillClock) -> Lab:
    """A lab whose database has lost a table to somebody else's program."""
    lab = open_lab(app, simcord_env, clock)
    connection = sqlite3.connect(app.library.path)
    connection.execute("ALTER TABLE credits RENAME TO stolen")
    connection.commit()
    connection.close()
    return lab


def reference(said: str, log: pytest.LogCaptureFixture) -> str:
    """The reference that a person was told, which the log gives the cause of."""
    match = re.search(r"this reference: `([0-9a-f]{6})`", said)
    assert match, said
    (record,) = [one for one in log.records if match[1] in one.getMessage()]
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
    ],
)
async def test_what_a_sentence_names_is_never_markup(sentence: str, shown: str) -> None:
    assert explain(LabError(sentence), "a test") == shown


async def test_a_fault_in_a_command_is_told_with_a_reference(
    broken: Lab, caplog: pytest.LogCaptureFixture
) -> None:
    result = await broken.member.slash(broken.papers, "latest")
    assert result.ephemeral
    assert "/latest failed" in reference(told(result), caplog)


async def test_a_fault_after_a_deferred_answer_is_told_too(
    broken: Lab, caplog: pytest.LogCaptureFixture
) -> None:
    connection = sqlite3.connect(broken.app.library.path)
    connection.execute("ALTER TABLE feeds RENAME TO stolen_feeds")
    connection.close()
    result = await broken.moderator.slash(broken.papers, "feed check")
    assert "/feed check failed" in reference(told(result), caplog)


async def test_a_fault_in_a_button_is_told_with_a_reference(
    app: App, simcord_env: simcord.Env, clock: StillClock, caplog: pytest.LogCaptureFixture
) -> None:
    lab = open_lab(app, simcord_env, clock)
    await lab.member.slash(lab.papers, "search", query="language model")
    connection = sqlite3.connect(app.library.path)
    connection.execute("ALTER TABLE credits RENAME TO stolen")
    connection.close()
    result = await lab.member.click(lab.papers.last_message, label="Next ▶")
    assert "page:" in reference(told(result), caplog)


async def test_a_fault_in_a_form_is_told_with_a_reference(
    broken: Lab, caplog: pytest.LogCaptureFixture
) -> None:
    form = await broken.moderator.slash(broken.papers, "curate add")
    result = await broken.moderator.submit_modal(
        form, {"title": "T", "authors": "Ann Lee", "links": "", "abstract": ""}
    )
    reference(told(result), caplog)


async def test_a_fault_in_suggestions_offers_nothing_and_is_logged(
    broken: Lab, caplog: pytest.LogCaptureFixture
) -> None:
    connection = sqlite3.connect(broken.app.library.path)
    connection.execute("ALTER TABLE name_words RENAME TO stolen_words")
    connection.close()
    assert await broken.member.autocomplete(broken.papers, "author", "name", "bid") == []
    assert "Suggestions failed" in caplog.text


async def test_a_refusal_by_discord_is_logged_and_answered_once(
    app: App, simcord_env: simcord.Env, clock: StillClock, caplog: pytest.LogCaptureFixture
) -> None:
    lab = open_lab(app, simcord_env, clock)
    simcord_env.inject_error("POST", "/interactions/*/*/callback", status=400, times=1)
    with caplog.at_level(logging.WARNING):
        said = told(await lab.member.slash(lab.papers, "latest"))
    assert "Discord did not let me do that" in said
    assert "/latest failed" in caplog.text
