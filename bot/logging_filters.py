"""Hides secrets in log records."""

from __future__ import annotations

import logging
from collections.abc import Iterable

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
