"""Filters for log records: hides secrets, and shortens failures that resolve themselves."""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterable
from contextlib import contextmanager

import aiohttp
import discord

from storage.redaction import MASK, redact_text


class SecretsFilter(logging.Filter):
    """Hides the secrets of URLs in records and their tracebacks, and ``secrets`` wherever they are.

    Whoever logs a URL hides its secrets; this is for what libraries log, and for what was missed.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        self._secrets = tuple(filter(None, secrets))

    def filter(self, record: logging.LogRecord) -> bool:
        """Changes the record, and lets it pass."""
        record.msg, record.args = self._hide(record.getMessage()), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = self._hide(record.exc_text)
        if record.stack_info:
            record.stack_info = self._hide(record.stack_info)
        return True

    def _hide(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        return redact_text(text)


def hide_secrets(handler: logging.Handler | None, secrets: Iterable[str] = ()) -> None:
    """Gives a handler a `SecretsFilter`, instead of the one that it may have."""
    if handler is not None:
        for old in [one for one in handler.filters if isinstance(one, SecretsFilter)]:
            handler.removeFilter(old)
        handler.addFilter(SecretsFilter(secrets))


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
