"""Discord's markup as text for a terminal: no marks, and names instead of numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime

_INLINE = re.compile(
    r"""```(?:\w+\n)?(?P<block>.*?)```
    |(?P<ticks>`{1,2})(?P<code>.+?)(?P=ticks)
    |\\(?P<escaped>[^\w\s]|_)
    |</(?P<command>[^:>]+):\d+>
    |<(?P<kind>[@#])[!&]?(?P<id>\d+)>
    |<t:(?P<time>-?\d+)(?::(?P<style>\w))?>
    |<a?(?P<emoji>:\w+:)\d+>
    |<(?P<address>https?://[^\s>]+)>
    |\[(?P<label>(?:\\.|[^\[\]\\])+)\]\(<?(?P<url>[^\s>)]+)>?(?:\ "[^"]*")?\)
    |(?P<mark>\*{1,3}|__|~~|\|\||(?<!\w)_|_(?!\w))
    """,
    re.DOTALL | re.VERBOSE,
)
_LINE_START = re.compile(r"^(?:#{1,3}|-#|>{1,3})\ ", re.MULTILINE)
_TIME_FORMATS = {"t": "%H:%M", "T": "%H:%M:%S", "d": "%Y-%m-%d", "D": "%Y-%m-%d"}
_SHOWN_AS_IT_IS = ("block", "code", "escaped", "emoji", "address")
_UNITS = {"day": 86400, "hour": 3600, "minute": 60, "second": 1}


def plain_text(markup: str, names: Mapping[int, str], now: datetime) -> str:
    """Returns what people see of a message's markup.

    ``names`` are those of channels, members and roles, with their ``#`` or ``@``. Links keep their
    URLs, and times are in UTC or relative to ``now``.
    """

    def replace(found: re.Match[str]) -> str:
        part = found.groupdict()
        if part["command"]:
            return f"/{part['command']}"
        if part["id"]:
            return names.get(int(part["id"]), f"{part['kind']}unknown")
        if part["time"]:
            return _time(datetime.fromtimestamp(int(part["time"]), UTC), part["style"], now)
        if part["label"]:
            return f"{plain_text(part['label'], names, now)} ({part['url']})"
        return next(filter(None, map(part.get, _SHOWN_AS_IT_IS)), "")

    return _INLINE.sub(replace, _LINE_START.sub("", markup))


def _time(at: datetime, style: str | None, now: datetime) -> str:
    if style != "R":
        return at.strftime(_TIME_FORMATS.get(style or "f", "%Y-%m-%d %H:%M"))
    seconds = round((at - now).total_seconds())
    unit = next((one for one, length in _UNITS.items() if abs(seconds) >= length), "second")
    amount = abs(seconds) // _UNITS[unit]
    words = f"{amount} {unit}{'' if amount == 1 else 's'}"
    return f"in {words}" if seconds > 0 else f"{words} ago"
