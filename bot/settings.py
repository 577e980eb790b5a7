"""The settings: what each means, its default, and how its text is parsed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from bot import setting_values
from storage.people.evidence import Lab
from storage.redaction import redacted_repr
from storage.timestamps import Clock, ReplayClock, utc_now

_URL = "an address that starts with http:// or https://, without a password or parameters"
REPLAY_REFUSED = (
    "The bot doesn't run with LAB_HERALD_TODAY or LAB_HERALD_SPEEDUP, which are for replaying a "
    "year in the shell. Unset them."
)
_KEY = "a key of at least 8 characters, without spaces"
_LOCAL_HOST = re.compile(r"localhost|127(?:\.\d{1,3}){3}|::1")


@dataclass(frozen=True, slots=True)
class Setting:
    """One environment variable: how its text is parsed, and its line in `.env.example`.

    ``parse`` raises `ValueError` unless the text is what ``accepts`` describes.
    """

    name: str
    default: str
    description: str
    accepts: str
    parse: Callable[[str], Any]
    is_secret: bool

    @property
    def field(self) -> str:
        """The name of the field in `Settings`."""
        return self.name.lower()


def _setting(
    default: str,
    description: str,
    accepts: str,
    parse: Callable[[str], Any],
    *,
    empty: object = "",
    is_secret: bool = False,
) -> Any:  # noqa: ANN401 - the type of the field that it declares
    """Declares a field of `Settings`; ``empty`` is its value if the default is no text at all."""
    return field(
        default=parse(default) if default else empty,
        repr=not is_secret,
        metadata={
            "default": default,
            "description": description,
            "accepts": accepts,
            "parse": parse,
            "is_secret": is_secret,
        },
    )


def is_local(url: str) -> bool:
    """Returns whether an address is on this machine."""
    return bool(_LOCAL_HOST.fullmatch(urlsplit(url).hostname or ""))


def _service_url(default: str, description: str) -> Any:  # noqa: ANN401 - see _setting
    """Declares the address of a service."""
    return _setting(default, description, _URL, setting_values.parse_url)


@redacted_repr
@dataclass(frozen=True, slots=True)
class Settings:
    """The configuration of one bot; a field is its environment variable in lower case."""

    discord_token: str = _setting(
        "",
        "Your bot's token, from the Bot page of your application in Discord's developer portal.",
        "the token that Discord shows you once, without spaces",
        setting_values.parse_token,
        is_secret=True,
    )
    home_guild_ids: tuple[int, ...] = _setting(
        "",
        "Your lab's servers: their moderators manage the paper list. Server IDs, separated by "
        "commas.",
        "server IDs such as 123456789012345678, separated by commas",
        setting_values.parse_ids,
        empty=(),
    )
    moderator_role_ids: tuple[int, ...] = _setting(
        "",
        "Roles with moderator rights, unless /setup role chooses others. Role IDs, separated by "
        "commas.",
        "role IDs such as 123456789012345678, separated by commas",
        setting_values.parse_ids,
        empty=(),
    )
    moderators_channel_id: int | None = _setting(
        "",
        "Where moderators review papers and get alerts, unless /setup channel chooses another "
        "channel. A channel ID.",
        "a channel ID such as 123456789012345678",
        setting_values.parse_id,
        empty=None,
    )
    database_path: Path = _setting(
        "lab-herald.db",
        "The database file. It's created if it doesn't exist.",
        "the path of a file",
        Path,
    )
    backup_dir: Path | None = _setting(
        "",
        "The folder for backups, ideally on another disk. By default, it's the folder backups next "
        "to the database.",
        "the path of a folder",
        Path,
        empty=None,
    )
    backup_keep: int = _setting(
        "14",
        "How many nightly backups to keep, from 0 to 1000. 0 turns nightly backups off.",
        "a number from 0 to 1000",
        partial(setting_values.parse_integer, 0, 1000),
    )
    poll_interval: timedelta = _setting(
        "30m",
        "How often to check each feed, from 1m to 7d: 90s, 15m, 1h30m. A plain number is minutes.",
        "a duration such as 15m or 1h30m, from 1m to 7d",
        partial(setting_values.parse_duration, timedelta(minutes=1), timedelta(days=7), "m"),
    )
    timezone: ZoneInfo = _setting(
        "UTC",
        "Your lab's time zone, such as Europe/Berlin.",
        "a time zone such as Europe/Berlin",
        setting_values.parse_timezone,
    )
    log_level: str = _setting(
        "INFO",
        "How much to log: DEBUG, INFO, WARNING, ERROR or CRITICAL.",
        "DEBUG, INFO, WARNING, ERROR or CRITICAL",
        setting_values.parse_log_level,
    )
    log_format: str = _setting(
        "text",
        "How to log: text for people, or json, one object per line, for machines.",
        "text or json",
        setting_values.parse_log_format,
    )
    health_port: int | None = _setting(
        "",
        "The port on this machine where /livez, /readyz and /metrics report the bot's status, from "
        "1024 to 65535. Without it, there are no such pages.",
        "a port from 1024 to 65535",
        partial(setting_values.parse_integer, 1024, 65535),
        empty=None,
    )
    heartbeat_url: str = _setting(
        "",
        "An address that is fetched every minute while all is well, for a service that alerts you "
        "if that stops.",
        "an address that starts with http:// or https://, without a user name or password",
        setting_values.parse_heartbeat_url,
        is_secret=True,
    )
    contact: str = _setting(
        "",
        "An email or web address where the owners of feeds can reach you. It's sent with every "
        "request.",
        "an email or web address in ASCII characters",
        setting_values.parse_contact,
    )
    feed_allow_private: bool = _setting(
        "no",
        "Whether feeds and lookup services may be on this machine or a private network. Pages "
        "that people link to are never fetched from there.",
        "yes or no",
        setting_values.parse_boolean,
    )
    feed_timeout: timedelta = _setting(
        "20s",
        "How long a request may take, from 1s to 5m. A plain number is seconds.",
        "a duration such as 20s, from 1s to 5m",
        partial(setting_values.parse_duration, timedelta(seconds=1), timedelta(minutes=5), "s"),
    )
    feed_max_bytes: int = _setting(
        "10485760",
        "How large a response may be once decompressed, in bytes, from 65536 to 1073741824.",
        "a number of bytes from 65536 to 1073741824",
        partial(setting_values.parse_integer, 64 * 1024, 1024**3),
    )
    arxiv_api_url: str = _service_url(
        "https://export.arxiv.org/api/query", "The API that looks up arXiv IDs."
    )
    crossref_url: str = _service_url(
        "https://api.crossref.org",
        "The API that looks up DOIs and the papers of people with an ORCID iD.",
    )
    datacite_url: str = _service_url(
        "https://api.datacite.org", "The API that looks up DOIs that Crossref doesn't know."
    )
    doi_url: str = _service_url(
        "https://doi.org", "The service that says which agency a DOI is registered with."
    )
    suggestions_per_day: int = _setting(
        "5",
        "How many papers a member may suggest per day, from 0 to 100. 0 turns suggestions off.",
        "a number from 0 to 100",
        partial(setting_values.parse_integer, 0, 100),
    )
    arxiv_listing_url: str = _service_url(
        "https://rss.arxiv.org/atom", "Where arXiv announces each day's papers, by category."
    )
    arxiv_author_url: str = _service_url(
        "https://arxiv.org/a", "Where arXiv lists the papers of authors who claimed them."
    )
    openalex_url: str = _service_url(
        "https://api.openalex.org", "The API that finds people and their papers."
    )
    openalex_api_key: str = _setting(
        "",
        "Your key for OpenAlex, if you have one.",
        _KEY,
        setting_values.parse_api_key,
        is_secret=True,
    )
    orcid_url: str = _service_url(
        "https://pub.orcid.org", "The API that lists people's own records of papers."
    )
    dblp_url: str = _service_url(
        "https://dblp.org", "The computer science bibliography, which lists people's papers."
    )
    semantic_scholar_url: str = _service_url(
        "https://api.semanticscholar.org", "Another API that lists people's papers."
    )
    semantic_scholar_api_key: str = _setting(
        "",
        "Your key for Semantic Scholar, if you have one.",
        _KEY,
        setting_values.parse_api_key,
        is_secret=True,
    )
    huggingface_url: str = _service_url(
        "https://huggingface.co", "The site that hosts papers' models, data and code."
    )
    lab_affiliations: tuple[str, ...] = _setting(
        "",
        "The names of your lab in authors' affiliations, separated by semicolons.",
        "names separated by semicolons",
        setting_values.parse_names,
        empty=(),
    )
    lab_ror: str = _setting(
        "",
        "Your lab's ID at ror.org, such as 05dxps055, if it has one.",
        "an ID such as 05dxps055, or its address at ror.org",
        setting_values.parse_ror,
    )
    lab_herald_today: ReplayClock | None = _setting(
        "",
        "For replaying a year in the shell: the date that commands treat as today, such as "
        "2025-03-14. The bot doesn't start if it's set.",
        "a date such as 2025-03-14",
        setting_values.parse_replay_clock,
        empty=None,
    )
    lab_herald_speedup: float = _setting(
        "1",
        "For replays, too: how many times shorter pauses between requests are, from 1 to 1000000. "
        "All sources must be on this machine.",
        "a number from 1 to 1000000",
        setting_values.parse_speedup,
    )

    @property
    def clock(self) -> Clock:
        """The clock of commands: the real one, or that of a replay."""
        return self.lab_herald_today or utc_now

    @property
    def lab(self) -> Lab:
        """How the lab is recognised among authors' affiliations."""
        return Lab(self.lab_affiliations, frozenset({self.lab_ror} - {""}))

    @property
    def allows_private_sources(self) -> bool:
        """Whether sources may be on a private network, as those set to this machine are."""
        urls = [getattr(self, name) for name in SOURCE_URLS]
        return self.feed_allow_private or any(map(is_local, urls))

    def speedup_at(self, url: str) -> float:
        """Returns what the pause after a request is divided by: 1 unless it's to this machine."""
        return self.lab_herald_speedup if is_local(url) else 1

    @property
    def is_replay(self) -> bool:
        """Whether these settings replay another time than now."""
        return self.lab_herald_today is not None or self.lab_herald_speedup != 1

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no log and no reply may show."""
        return tuple(getattr(self, one.field) for one in SETTINGS if one.is_secret)


SETTINGS = tuple(Setting(name=one.name.upper(), **one.metadata) for one in fields(Settings))
SOURCE_URLS = (
    "arxiv_listing_url",
    "arxiv_author_url",
    "openalex_url",
    "crossref_url",
    "orcid_url",
    "dblp_url",
    "semantic_scholar_url",
)
