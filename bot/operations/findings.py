"""What a check of the setup finds: a sentence each, which says what to do about a problem."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass


class Level(enum.StrEnum):
    """How bad a finding is; the bot can't do its work with a problem."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


class Topic(enum.StrEnum):
    """What a finding is about."""

    SETTINGS = "settings"
    DATABASE = "database"
    BACKUPS = "backups"
    CLOCK = "clock"
    FEEDS = "feeds"
    SOURCES = "sources"
    DISCORD = "discord"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a check found."""

    level: Level
    topic: Topic
    text: str


def has_problems(findings: Iterable[Finding]) -> bool:
    """Returns whether any finding keeps the bot from doing its work."""
    return any(one.level is Level.PROBLEM for one in findings)
