"""What discord.py logs, where it makes a page of what mends itself."""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def brief_logs() -> Generator[None]:
    """Log each attempt to reach Discord again in a sentence, without its traceback."""
    logger = logging.getLogger("discord.client")
    logger.addFilter(_shorten)
    try:
        yield
    finally:
        logger.removeFilter(_shorten)


def _shorten(record: logging.LogRecord) -> bool:
    sentence = record.getMessage()
    if record.exc_info and sentence.startswith("Attempting a reconnect"):
        error = record.exc_info[1]
        record.msg = f"Discord's gateway is lost ({error or type(error).__name__}). {sentence}"
        record.args, record.exc_info = (), None
        record.levelno, record.levelname = logging.WARNING, "WARNING"
    return True
