"""How log records are written: one line each, as text for people or as JSON for machines."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from copy import copy
from datetime import UTC, datetime

from pythonjsonlogger.json import JsonFormatter


def make_formatter(log_format: str) -> logging.Formatter:
    """Returns the formatter of a value of `Settings.log_format`."""
    return _JsonFormatter() if log_format == "json" else _TextFormatter()


def _printable(text: str, quote: Callable[[str], str]) -> str:
    """Returns a text in which each character that can't be seen is escaped as in quotes."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else quote(one)[1:-1] for one in text)


class _TextFormatter(logging.Formatter):
    """One line for each record; a traceback follows on indented lines.

    A message or an error may quote what a server sent. So no other line begins like a record's,
    and control characters are escaped: nobody can make up lines, or send codes to a terminal.
    """

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        return super().formatMessage(record).replace("\n", "\\n")

    def format(self, record: logging.LogRecord) -> str:
        """Formats a record with its traceback."""
        lines = super().format(record).split("\n")
        return "\n    ".join(_printable(line, repr) for line in lines)


class _JsonFormatter(JsonFormatter):
    """One JSON object for each record, with `extra` fields such as ``reference``."""

    def __init__(self) -> None:
        super().__init__(
            "%(levelname)s %(name)s %(message)s",
            rename_fields={"levelname": "level", "name": "logger", "exc_info": "traceback"},
            json_ensure_ascii=False,
        )

    def format(self, record: logging.LogRecord) -> str:
        """Formats a record; the secrets of its traceback may be hidden already."""
        if record.exc_text:
            record = copy(record)
            record.exc_info = None
        return _printable(super().format(record), json.dumps)

    def add_fields(
        self,
        log_record: dict[str, object],
        record: logging.LogRecord,
        message_dict: dict[str, object],
    ) -> None:
        log_record["time"] = datetime.fromtimestamp(record.created, UTC).isoformat()
        super().add_fields(log_record, record, message_dict)
