"""Records lose the secrets that whoever logged them left in."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest

from bot.logging_filters import hide_secrets

URL = "https://ann:CANARY@lab.org/feed?token=CANARY"


@pytest.fixture
def output() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def log(output: io.StringIO) -> Iterator[logging.Logger]:
    """The logger of some library."""
    handler = logging.StreamHandler(output)
    hide_secrets(handler, ["other"])
    hide_secrets(handler, ["CANARY.bot.token", ""])
    assert len(handler.filters) == 1
    logger = logging.getLogger("somebody.else")
    logger.addHandler(handler)
    yield logger
    logger.removeHandler(handler)


def test_messages_arguments_and_stacks_are_redacted(
    log: logging.Logger, output: io.StringIO
) -> None:
    bot_token = "CANARY.bot.token"
    log.warning("At %s: %r", URL, {"url": URL, "token": bot_token}, stack_info=True)
    log.warning(URL)
    assert "At https://…@lab.org/feed?token=…: " in output.getvalue()
    assert "'token': '…'" in output.getvalue()
    assert output.getvalue().count("test_messages_arguments_and_stacks") == 1
    assert "CANARY" not in output.getvalue()


def test_tracebacks_are_redacted_with_their_causes(
    log: logging.Logger, output: io.StringIO
) -> None:
    def fail() -> None:
        try:
            int(URL)
        except ValueError as error:
            raise RuntimeError({"url": URL}) from error

    try:
        fail()
    except RuntimeError:
        log.exception("It failed")
    assert "ValueError: invalid literal" in output.getvalue()
    assert "'https://…@lab.org/feed?token=…'" in output.getvalue()
    assert "CANARY" not in output.getvalue()


def test_a_missing_handler_is_no_problem() -> None:
    hide_secrets(None)
