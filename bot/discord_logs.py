"""Shortens what discord.py logs of failures that resolve themselves."""

from __future__ import annotations

import logging
from collections.abc import Generator
from contextlib import contextmanager

import aiohttp
import discord


@contextmanager
def short_discord_logs() -> Generator[None]:
    """Logs what discord.py tries again or can do nothing about as one sentence, not a traceback."""
    filters = {
        "discord.client": _shorten_reconnect,
        "discord.shard": _shorten_reconnect,
        "discord.app_commands.tree": _shorten_suggestions,
    }
    for name, shorten in filters.items():
        logging.getLogger(name).addFilter(shorten)
    try:
        yield
    finally:
        for name, shorten in filters.items():
            logging.getLogger(name).removeFilter(shorten)


def _shorten_reconnect(record: logging.LogRecord) -> bool:
    message = record.getMessage()
    if record.exc_info and message.startswith(("Attempting a reconnect", "Failed to connect")):
        error = record.exc_info[1]
        _shorten(record, f"No connection to Discord ({error or type(error).__name__}). {message}")
    return True


def _shorten_suggestions(record: logging.LogRecord) -> bool:
    """Shortens that Discord didn't take an option's suggestions, as when somebody typed on."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, discord.HTTPException | aiohttp.ClientError | OSError):
        _shorten(record, f"Suggestions weren't shown ({error}). {record.getMessage()}")
    return True


def _shorten(record: logging.LogRecord, message: str) -> None:
    record.msg, record.args, record.exc_info = message, (), None
    record.levelno, record.levelname = logging.WARNING, "WARNING"
