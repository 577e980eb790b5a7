"""Checks the settings: invalid values, what is missing, and misspelled names."""

from __future__ import annotations

from collections.abc import Iterator

from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

from bot.operations.findings import Finding, Level, Topic
from bot.settings import REPLAY_REFUSED, SETTINGS
from bot.settings_reader import InvalidSetting, ReadSettings, describe_unreadable

_MAX_TYPOS = 3  # of a misspelled name
_LETTERS_PER_TYPO = 5  # in the environment, where short names may well be other programs'


def check_settings(read: ReadSettings, *, is_running: bool = False) -> Iterator[Finding]:
    """Yields what is wrong with the settings that were read.

    What keeps a bot from starting isn't looked for in one that is running.
    """
    settings = read.settings
    invalid = {one.name for one in read.problems if isinstance(one, InvalidSetting)}
    for problem in read.problems:
        yield _finding(Level.PROBLEM, str(problem))
    for line in read.unreadable:
        yield _finding(Level.WARNING, describe_unreadable(line))
    for name in read.unknown:
        yield _finding(Level.WARNING, _describe_unknown(name))
    for name in read.foreign:
        if near := _find_near(name, min(len(name) // _LETTERS_PER_TYPO, _MAX_TYPOS)):
            text = f"{name[:60]} in the environment isn't a setting. Did you mean {near}?"
            yield _finding(Level.WARNING, text)
    if settings.is_replay and not is_running:
        yield _finding(Level.PROBLEM, REPLAY_REFUSED)
    if not (is_running or settings.discord_token or "DISCORD_TOKEN" in invalid):
        yield _finding(
            Level.PROBLEM,
            "DISCORD_TOKEN isn't set, so the bot can't log in. Put your bot's token into .env; "
            "README.md shows where to find it.",
        )
    if not settings.home_guild_ids and "HOME_GUILD_IDS" not in invalid:
        yield _finding(
            Level.WARNING,
            "HOME_GUILD_IDS isn't set, so /curate, /people and /feed aren't available. Set it to "
            "your server's ID.",
        )
    if not settings.contact and "CONTACT" not in invalid:
        yield _finding(
            Level.WARNING,
            "CONTACT isn't set, so feed owners can't tell you about problems. Set it to an email "
            "or web address.",
        )


def _describe_unknown(name: str) -> str:
    if near := _find_near(name, _MAX_TYPOS):
        return f"{name[:60]} in .env isn't a setting. Did you mean {near}?"
    return f"{name[:60]} in .env isn't a setting of Lab Herald, so it has no effect. Remove it."


def _find_near(name: str, max_typos: int) -> str | None:
    """Returns the setting that a misspelled name probably means, if any."""
    near = process.extractOne(
        name.upper(),
        [setting.name for setting in SETTINGS],
        scorer=DamerauLevenshtein.distance,
        score_cutoff=max_typos,
    )
    return near[0] if near else None


def _finding(level: Level, text: str) -> Finding:
    return Finding(level, Topic.SETTINGS, text)
