"""Filters for log records: hides secrets, and shortens reconnects that resolve themselves."""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterable
from contextlib import contextmanager

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
def short_reconnect_logs() -> Generator[None]:
    """Logs each attempt to reconnect to Discord as one sentence, without its traceback."""
    loggers = [logging.getLogger(name) for name in ("discord.client", "discord.shard")]
    for logger in loggers:
        logger.addFilter(_shorten)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(_shorten)


def _shorten(record: logging.LogRecord) -> bool:
    message = record.getMessage()
    if record.exc_info and message.startswith(("Attempting a reconnect", "Failed to connect")):
        error = record.exc_info[1]
        record.msg = f"No connection to Discord ({error or type(error).__name__}). {message}"
        record.args, record.exc_info = (), None
        record.levelno, record.levelname = logging.WARNING, "WARNING"
    return True
