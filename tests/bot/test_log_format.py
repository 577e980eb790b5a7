from __future__ import annotations

import io
import json
import logging

import pytest

from bot.log_format import make_formatter
from bot.logging_filters import hide_secrets


def written(log_format: str, caplog: pytest.LogCaptureFixture) -> str:
    """Logs what the bot may log, and returns what is written."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(make_formatter(log_format))
    hide_secrets(handler, ["a-secret-token"])
    logger = logging.getLogger("bot.test")
    logger.addHandler(handler)
    caplog.set_level(logging.INFO, "bot.test")
    try:
        logger.warning("Feed %s failed: %s", 3, "bad\n2026-01-01 ERROR bot: made up")
        logger.warning("Its title is %s", "naïve \x1b[2J\x9b1m\r\u2028\u202e\N{NO-BREAK SPACE}text")
        error = ValueError("a-secret-token\n2026-01-01 ERROR bot: made up\x1b[2J")
        logger.error("Reference %s", "ab12", exc_info=error, extra={"reference": "ab12"})
    finally:
        logger.removeHandler(handler)
    return stream.getvalue()


def test_text_has_a_line_for_each_event_that_nobody_can_make_up(
    caplog: pytest.LogCaptureFixture,
) -> None:
    lines = written("text", caplog).splitlines()
    assert lines[0].endswith("WARNING bot.test: Feed 3 failed: bad\\n2026-01-01 ERROR bot: made up")
    assert lines[1].endswith("naïve \\x1b[2J\\x9b1m\\r\\u2028\\u202e\\xa0text")
    assert "ERROR bot.test: Reference ab12" in lines[2]
    assert lines[3].startswith("    ValueError: ")
    assert lines[4:] == ["    2026-01-01 ERROR bot: made up\\x1b[2J"]


def test_json_has_an_object_for_each_event(caplog: pytest.LogCaptureFixture) -> None:
    warning, title, error = map(json.loads, written("json", caplog).splitlines())
    assert warning["level"] == "WARNING"
    assert warning["logger"] == "bot.test"
    assert warning["message"] == "Feed 3 failed: bad\n2026-01-01 ERROR bot: made up"
    assert "\x1b[2J\x9b1m" in title["message"]
    assert warning["time"].endswith("+00:00")
    assert error["reference"] == "ab12"
    assert "ValueError" in error["traceback"]
    assert "a-secret-token" not in json.dumps(error)
