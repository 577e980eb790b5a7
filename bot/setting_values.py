"""Parses the values of settings; each parser raises `ValueError` for what it doesn't accept."""

from __future__ import annotations

import re
from datetime import date, timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from storage.timestamps import ReplayClock, utc_now

_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", re.IGNORECASE)
_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})
_LOG_FORMATS = ("text", "json")
_LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


def parse_token(text: str) -> str:
    """Parses a bot's token."""
    if not re.fullmatch(r"[\w.-]{20,200}", text, re.ASCII):
        raise ValueError
    return text


def parse_ids(text: str) -> tuple[int, ...]:
    """Parses Discord IDs, without repeating any."""
    parts = re.split(r"[\s,;]+", text.strip(" ,;"))
    if not all(re.fullmatch(r"\d{15,20}", part, re.ASCII) for part in parts):
        raise ValueError
    return tuple(dict.fromkeys(map(int, parts)))


def parse_id(text: str) -> int:
    """Parses one Discord ID."""
    (number,) = parse_ids(text)
    return number


def parse_duration(minimum: timedelta, maximum: timedelta, unit: str, text: str) -> timedelta:
    """Parses “90s”, “15m”, “1h30m” or “2d”; a plain number counts in ``unit``."""
    text = "".join(text.split())
    match = _DURATION.fullmatch(f"{text}{unit}" if text.isdecimal() else text)
    if match is None:
        raise ValueError
    days, hours, minutes, seconds = (min(int(part or 0), 10**7) for part in match.groups())
    duration = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    if not minimum <= duration <= maximum:
        raise ValueError
    return duration


def parse_timezone(text: str) -> ZoneInfo:
    """Parses the name of a time zone."""
    try:
        return ZoneInfo(text)
    except (KeyError, OSError):  # an unknown zone, or a name that can't be a file's
        raise ValueError from None


def parse_log_level(text: str) -> str:
    """Parses a level of logging, in any case."""
    if text.upper() not in _LOG_LEVELS:
        raise ValueError
    return text.upper()


def parse_log_format(text: str) -> str:
    """Parses a name of a log format, in any case."""
    if text.lower() not in _LOG_FORMATS:
        raise ValueError
    return text.lower()


def parse_contact(text: str) -> str:
    """Parses what is sent as the contact in each request."""
    if len(text) > 200 or not text.isprintable() or not text.isascii():
        raise ValueError
    return text


def parse_url(text: str) -> str:
    """Parses the address of a service, which has no password and no parameters."""
    parts = urlsplit(text)
    if (
        parts.scheme not in {"http", "https"}
        or not parts.hostname
        or parts.query
        or "@" in parts.netloc
        or parts.port == 0  # reading it raises ValueError if it's none
    ):
        raise ValueError
    return text.rstrip("/")


def parse_heartbeat_url(text: str) -> str:
    """Parses an address that may contain secrets, but no user name or password."""
    parts = urlsplit(text)
    if (
        parts.scheme not in {"http", "https"}
        or not parts.hostname
        or "@" in parts.netloc
        or parts.port == 0
        or not text.isprintable()
    ):
        raise ValueError
    return text


def parse_api_key(text: str) -> str:
    """Parses a key for a service."""
    if not re.fullmatch(r"[!-~]{8,500}", text):
        raise ValueError
    return text


def parse_names(text: str) -> tuple[str, ...]:
    """Parses names separated by semicolons, without repeating any."""
    names = [" ".join(part.split()) for part in text.split(";")]
    if not all(name.isprintable() for name in names):
        raise ValueError
    return tuple(dict.fromkeys(filter(None, names)))


def parse_ror(text: str) -> str:
    """Parses an id of an organization (https://ror.readme.io/docs/identifier), or its address."""
    ror = text.rstrip("/").rpartition("/")[2].lower()
    if not re.fullmatch(r"0[a-z0-9]{6}\d{2}", ror, re.ASCII):
        raise ValueError
    return ror


def parse_replay_clock(text: str) -> ReplayClock:
    """Parses a date, and returns a clock that starts on it now."""
    return ReplayClock(date.fromisoformat(text), utc_now())


def parse_speedup(text: str) -> float:
    """Parses a factor from 1 to 1,000,000."""
    if not 1 <= float(text) <= 1_000_000:
        raise ValueError
    return float(text)


def parse_boolean(text: str) -> bool:
    """Parses yes or no, and their usual synonyms."""
    if text.lower() in _TRUE | _FALSE:
        return text.lower() in _TRUE
    raise ValueError


def parse_integer(minimum: int, maximum: int, text: str) -> int:
    """Parses a whole number from ``minimum`` to ``maximum``."""
    if not minimum <= int(text) <= maximum:
        raise ValueError
    return int(text)
