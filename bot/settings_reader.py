"""Reads the environment and `.env` into settings; nothing else reads the environment."""

from __future__ import annotations

import io
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from dotenv.parser import Original, parse_stream

from bot.settings import SETTINGS, SOURCE_URLS, Setting, Settings, is_local
from storage.errors import LabError
from storage.redaction import redact_text

_log = logging.getLogger(__name__)


class InvalidSetting(LabError):
    """A setting has an invalid value; the message names the setting and what it accepts."""

    def __init__(self, name: str, value: str, accepts: str) -> None:
        ending = f", not “{value}”" if value else ""
        super().__init__(f"{name} must be {accepts}{ending}.")
        self.name = name


@dataclass(frozen=True, slots=True)
class Supervisor:
    """Where systemd wants to hear from the bot and how often, if it started it: sd_notify(3)."""

    address: str = ""
    watchdog_interval: timedelta | None = None


def read_supervisor(environ: Mapping[str, str] | None = None) -> Supervisor:
    """Returns what systemd put into the environment of the service that it started."""
    values = os.environ if environ is None else environ
    microseconds = values.get("WATCHDOG_USEC", "")
    interval = timedelta(microseconds=int(microseconds)) if microseconds.isdecimal() else None
    return Supervisor(values.get("NOTIFY_SOCKET", ""), interval)


@dataclass(frozen=True, slots=True)
class ReadSettings:
    """The settings, with what is wrong with them.

    A setting with a problem has its default. ``unknown`` are the names in the file that no setting
    has, and ``unreadable`` the numbers of the lines that are no settings. ``foreign`` are the other
    names in the environment, where containers and systemd put what is in a file; nearly all of them
    are other programs'.
    """

    settings: Settings
    problems: tuple[LabError, ...]
    unknown: tuple[str, ...]
    unreadable: tuple[int, ...]
    foreign: tuple[str, ...]


def load_settings(
    environ: Mapping[str, str] | None = None, env_file: Path | None = Path(".env")
) -> Settings:
    """Returns the settings; the environment overrides the file, and empty values mean the default.

    Raises `InvalidSetting`, or `LabError` if the file can't be read.
    """
    read = read_settings(environ, env_file)
    for problem in read.problems:
        raise problem
    for line in read.unreadable:
        _log.warning("%s", describe_unreadable(line))
    return read.settings


def read_settings(
    environ: Mapping[str, str] | None = None, env_file: Path | None = Path(".env")
) -> ReadSettings:
    """Returns the settings as far as they can be read, and everything that is wrong with them."""
    problems: list[LabError] = []
    from_file: dict[str, str] = {}
    unreadable: tuple[int, ...] = ()
    try:
        from_file, unreadable = _read_file(env_file)
    except LabError as error:
        problems.append(error)
    environ = os.environ if environ is None else environ
    values = {**from_file, **environ}
    chosen: dict[str, Any] = {}
    for setting in SETTINGS:
        if text := values.get(setting.name, "").strip():
            try:
                chosen[setting.field] = _parse(setting, text)
            except InvalidSetting as error:
                problems.append(error)
    settings = Settings(**chosen)
    try:
        _require_local_sources(settings)
    except LabError as error:
        problems.append(error)
    known = {setting.name for setting in SETTINGS}
    unknown = tuple(name for name in from_file if name not in known)
    foreign = tuple(name for name in environ if name not in known and name not in from_file)
    return ReadSettings(settings, tuple(problems), unknown, unreadable, foreign)


def describe_unreadable(line: int) -> str:
    """Returns what is wrong with a line of the file that is no setting."""
    return f"Line {line} of .env can't be read, so it has no effect. Write it as NAME=value."


def _require_local_sources(settings: Settings) -> None:
    """Raises `LabError` if requests are sped up to a source that isn't on this machine."""
    if settings.lab_herald_speedup == 1:
        return
    for name in SOURCE_URLS:
        if not is_local(getattr(settings, name)):
            raise LabError(
                f"LAB_HERALD_SPEEDUP only works while all sources are on this machine, and "
                f"{name.upper()} isn't."
            )


def _read_file(env_file: Path | None) -> tuple[dict[str, str], tuple[int, ...]]:
    """Returns the values in the file, and the numbers of the lines that have none."""
    if env_file is None:
        return {}, ()
    try:
        text = env_file.read_text(encoding="utf-8-sig")  # Windows' Notepad may write a BOM
    except UnicodeDecodeError as error:
        raise LabError(f"The settings file {env_file} isn't UTF-8. Save it as that.") from error
    except FileNotFoundError:
        return {}, ()
    except OSError as error:
        raise LabError(f"Can't read the settings file {env_file}: {error.strerror}.") from error
    logging.getLogger("dotenv").setLevel(logging.ERROR)  # it would warn about these lines, too
    values = dotenv_values(stream=io.StringIO(text))
    unreadable = tuple(
        _first_line(binding.original)
        for binding in parse_stream(io.StringIO(text))
        if binding.error or (binding.key and binding.value is None)
    )
    return {name: value for name, value in values.items() if value is not None}, unreadable


def _first_line(part: Original) -> int:
    """Returns the number of the line in which a part of the file starts, after empty lines."""
    indent = part.string[: -len(part.string.lstrip())]
    return part.line + indent.count("\n")


def _parse(setting: Setting, text: str) -> object:
    try:
        return setting.parse(text)
    except ValueError:
        shown = "" if setting.is_secret else redact_text(text)[:80]
        raise InvalidSetting(setting.name, shown, setting.accepts) from None
