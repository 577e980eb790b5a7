"""Shortens log records of discord.py with a traceback for something that resolves itself."""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def short_reconnect_logs() -> Generator[None]:
    """Logs each attempt to reconnect to Discord as one sentence, without its traceback."""
    logger = logging.getLogger("discord.client")
    logger.addFilter(_shorten)
    try:
        yield
    finally:
        logger.removeFilter(_shorten)


def _shorten(record: logging.LogRecord) -> bool:
    message = record.getMessage()
    if record.exc_info and message.startswith("Attempting a reconnect"):
        error = record.exc_info[1]
        record.msg = f"Lost the connection to Discord ({error or type(error).__name__}). {message}"
        record.args, record.exc_info = (), None
        record.levelno, record.levelname = logging.WARNING, "WARNING"
    return True
