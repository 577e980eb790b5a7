"""Environment and `.env` → frozen settings; the only reader of the environment."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from dotenv import dotenv_values

from storage.errors import LabError

_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", re.IGNORECASE)
_YES = frozenset({"1", "true", "yes", "on"})
_NO = frozenset({"0", "false", "no", "off"})
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


class InvalidSetting(LabError):
    """A setting has a value that can't be used; the sentence names it and what is accepted."""

    def __init__(self, name: str, value: str, accepted: str) -> None:
        shown = f" is “{value}”, which I can't use" if value else " has a value that I can't use"
        super().__init__(f"{name}{shown}; it takes {accepted}.")
        self.name = name


@dataclass(frozen=True, slots=True)
class Settings:
    """How one bot is set up; every field has the default that `.env.example` names."""

    discord_token: str = field(default="", repr=False)
    home_guild_ids: tuple[int, ...] = ()
    moderator_role_ids: tuple[int, ...] = ()
    moderators_channel_id: int | None = None
    database_path: Path = Path("lab-herald.db")
    poll_interval: timedelta = timedelta(minutes=30)
    timezone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    log_level: str = "INFO"
    contact: str = ""
    feed_allow_private: bool = False
    feed_timeout: timedelta = timedelta(seconds=20)
    feed_max_bytes: int = 10 * 1024 * 1024
    arxiv_api_url: str = "https://export.arxiv.org/api/query"
    crossref_url: str = "https://api.crossref.org"
    datacite_url: str = "https://api.datacite.org"
    suggestions_per_day: int = 5


@dataclass(frozen=True, slots=True)
class Setting:
    """One variable of the environment: the field it fills, and how its text is read.

    ``read`` raises `ValueError` for what is not ``accepted``.
    """

    name: str
    default: str
    meaning: str
    accepted: str
    read: Callable[[str], Any]
    secret: bool = False

    @property
    def field(self) -> str:
        """The field of `Settings`."""
        return self.name.lower()


def load_settings(
    environ: Mapping[str, str] | None = None, env_file: Path | None = Path(".env")
) -> Settings:
    """Read the settings; the environment wins over the file, and an empty value is the default.

    Raises `InvalidSetting`.
    """
    values = {**_read_file(env_file), **(os.environ if environ is None else environ)}
    chosen: dict[str, Any] = {}
    for setting in SETTINGS:
        text = values.get(setting.name, "").strip()
        if text:
            chosen[setting.field] = _read(setting, text)
    return Settings(**chosen)


def _read_file(env_file: Path | None) -> dict[str, str]:
    if env_file is None or not env_file.is_file():
        return {}
    try:
        found = dotenv_values(env_file)
    except (OSError, UnicodeDecodeError) as error:
        raise LabError(f"The settings file {env_file} can't be read: {error}.") from error
    return {name: value for name, value in found.items() if value is not None}


def _read(setting: Setting, text: str) -> object:
    try:
        return setting.read(text)
    except ValueError:
        shown = "" if setting.secret else text[:80]
        raise InvalidSetting(setting.name, shown, setting.accepted) from None


def _token(text: str) -> str:
    if not re.fullmatch(r"[\w.-]{20,200}", text, re.ASCII):
        raise ValueError
    return text


def _ids(text: str) -> tuple[int, ...]:
    parts = re.split(r"[\s,;]+", text.strip(" ,;"))
    if not all(re.fullmatch(r"\d{15,20}", part, re.ASCII) for part in parts):
        raise ValueError
    return tuple(dict.fromkeys(map(int, parts)))


def _id(text: str) -> int:
    (number,) = _ids(text)
    return number


def _duration(least: timedelta, most: timedelta, unit: str) -> Callable[[str], timedelta]:
    """A reader of “90s”, “15m”, “1h30m”, “2d”; a plain number counts in ``unit``."""

    def read(text: str) -> timedelta:
        text = "".join(text.split())
        match = _DURATION.fullmatch(f"{text}{unit}" if text.isdecimal() else text)
        if match is None:
            raise ValueError
        days, hours, minutes, seconds = (min(int(part or 0), 10**7) for part in match.groups())
        duration = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        if not least <= duration <= most:
            raise ValueError
        return duration

    return read


def _timezone(text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except (KeyError, OSError):  # no such zone, or a name that is no file's
        raise ValueError from None


def _level(text: str) -> str:
    if text.upper() not in _LEVELS:
        raise ValueError
    return text.upper()


def _contact(text: str) -> str:
    if len(text) > 200 or not text.isprintable() or not text.isascii():
        raise ValueError
    return text


def _web_address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query:
        raise ValueError
    return text.rstrip("/")


def _switch(text: str) -> bool:
    if text.lower() in _YES | _NO:
        return text.lower() in _YES
    raise ValueError


def _number(least: int, most: int, text: str) -> int:
    if not least <= int(text) <= most:
        raise ValueError
    return int(text)


SETTINGS = (
    Setting(
        "DISCORD_TOKEN",
        "",
        "The bot's token, from the Bot page of your application on Discord's developer site.",
        "the token that Discord shows once, without spaces",
        _token,
        secret=True,
    ),
    Setting(
        "HOME_GUILD_IDS",
        "",
        "The lab's own servers, whose moderators keep the list and the feeds; ids, with commas.",
        "server ids such as 123456789012345678, with commas between them",
        _ids,
    ),
    Setting(
        "MODERATOR_ROLE_IDS",
        "",
        "Roles that may keep the list, until /setup names others; ids, with commas.",
        "role ids such as 123456789012345678, with commas between them",
        _ids,
    ),
    Setting(
        "MODERATORS_CHANNEL_ID",
        "",
        "Where moderators review papers and hear of trouble, until /setup names a channel; an id.",
        "one channel id such as 123456789012345678",
        _id,
    ),
    Setting(
        "DATABASE_PATH",
        "lab-herald.db",
        "The file that holds everything; made where there is none.",
        "the path of a file",
        Path,
    ),
    Setting(
        "POLL_INTERVAL",
        "30m",
        "How often each feed is read: 90s, 15m, 1h30m; a plain number is minutes. 1m to 7d.",
        "a time such as 15m or 1h30m, from 1m to 7d",
        _duration(timedelta(minutes=1), timedelta(days=7), "m"),
    ),
    Setting(
        "TIMEZONE",
        "UTC",
        "The time zone of the lab, by its name in the tz database.",
        "a time zone such as Europe/Berlin",
        _timezone,
    ),
    Setting(
        "LOG_LEVEL",
        "INFO",
        "How much is logged: DEBUG, INFO, WARNING, ERROR or CRITICAL.",
        "DEBUG, INFO, WARNING, ERROR or CRITICAL",
        _level,
    ),
    Setting(
        "CONTACT",
        "",
        "An e-mail or web address that feeds' owners can reach you by; sent with every request.",
        "an e-mail or web address in plain letters",
        _contact,
    ),
    Setting(
        "FEED_ALLOW_PRIVATE",
        "no",
        "Whether feeds and lookup services may be on this machine or private networks; pages that "
        "people name are never read there.",
        "yes or no",
        _switch,
    ),
    Setting(
        "FEED_TIMEOUT",
        "20s",
        "How long one request may take; a plain number is seconds. 1s to 5m.",
        "a time such as 20s, from 1s to 5m",
        _duration(timedelta(seconds=1), timedelta(minutes=5), "s"),
    ),
    Setting(
        "FEED_MAX_BYTES",
        "10485760",
        "How large one answer may be, unpacked, in bytes. 65536 to 1073741824.",
        "a number of bytes from 65536 to 1073741824",
        partial(_number, 64 * 1024, 1024**3),
    ),
    Setting(
        "ARXIV_API_URL",
        "https://export.arxiv.org/api/query",
        "Where papers are looked up by their arXiv ids.",
        "an address that begins with http:// or https://",
        _web_address,
    ),
    Setting(
        "CROSSREF_URL",
        "https://api.crossref.org",
        "Where papers are looked up by their DOIs.",
        "an address that begins with http:// or https://",
        _web_address,
    ),
    Setting(
        "DATACITE_URL",
        "https://api.datacite.org",
        "Where DOIs are looked up that Crossref does not know.",
        "an address that begins with http:// or https://",
        _web_address,
    ),
    Setting(
        "SUGGESTIONS_PER_DAY",
        "5",
        "How many papers a member may suggest within a day; 0 takes no suggestions. 0 to 100.",
        "a number from 0 to 100",
        partial(_number, 0, 100),
    ),
)
