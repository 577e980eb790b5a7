from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.settings import SETTINGS, SOURCE_URLS, Settings
from bot.settings_reader import InvalidSetting, load_settings, read_settings
from storage.errors import LabError
from tests.support.paths import ROOT

TOKEN = "a" * 24 + ".bbbbbb." + "c" * 27


def test_the_example_file_has_every_setting_with_its_description_and_default() -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    described = re.findall(r"^# (.+)\n([A-Z_]+)=(.*)$", text, re.MULTILINE)
    assert described == [(one.description, one.name, one.default) for one in SETTINGS]


def test_the_example_file_gives_the_defaults() -> None:
    assert load_settings({}, ROOT / ".env.example") == Settings()
    assert {one.field for one in SETTINGS} == set(Settings.__dataclass_fields__)


def test_every_setting_is_parsed() -> None:
    settings = load_settings(
        {
            "DISCORD_TOKEN": TOKEN,
            "HOME_GUILD_IDS": "123456789012345678, 223456789012345678",
            "MODERATOR_ROLE_IDS": "323456789012345678",
            "DATABASE_PATH": "here.db",
            "POLL_INTERVAL": "1h30m",
            "TIMEZONE": "Europe/Berlin",
            "LOG_LEVEL": "debug",
            "CONTACT": "lab@example.org",
            "FEED_ALLOW_PRIVATE": "Yes",
            "FEED_TIMEOUT": "5",
            "FEED_MAX_BYTES": "65536",
            "SUGGESTIONS_PER_DAY": "0",
            "OPENALEX_API_KEY": "openalex-key",
            "SEMANTIC_SCHOLAR_API_KEY": "scholar-key",
            "LAB_AFFILIATIONS": "Example  Lab; Institute of Examples;",
            "LAB_ROR": "https://ror.org/05DXPS055",
        },
        None,
    )
    assert settings == Settings(
        discord_token=TOKEN,
        home_guild_ids=(123456789012345678, 223456789012345678),
        moderator_role_ids=(323456789012345678,),
        database_path=Path("here.db"),
        poll_interval=timedelta(minutes=90),
        timezone=ZoneInfo("Europe/Berlin"),
        log_level="DEBUG",
        contact="lab@example.org",
        feed_allow_private=True,
        feed_timeout=timedelta(seconds=5),
        feed_max_bytes=65536,
        suggestions_per_day=0,
        openalex_api_key="openalex-key",
        semantic_scholar_api_key="scholar-key",
        lab_affiliations=("Example Lab", "Institute of Examples"),
        lab_ror="05dxps055",
    )
    for secret in (TOKEN, "openalex-key", "scholar-key"):
        assert secret in settings.secrets
        assert secret not in repr(settings)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DISCORD_TOKEN", "two words are not a token"),
        ("HOME_GUILD_IDS", "my server"),
        ("MODERATOR_ROLE_IDS", "12"),
        ("POLL_INTERVAL", "30s"),
        ("POLL_INTERVAL", "often"),
        ("POLL_INTERVAL", "8d"),
        ("TIMEZONE", "Middle/Earth"),
        ("TIMEZONE", "../../etc/passwd"),
        ("LOG_LEVEL", "LOUD"),
        ("CONTACT", "evil\r\nHeader: x"),
        ("FEED_ALLOW_PRIVATE", "maybe"),
        ("FEED_TIMEOUT", "6m"),
        ("FEED_MAX_BYTES", "lots"),
        ("FEED_MAX_BYTES", "12"),
        ("OPENALEX_API_KEY", "two words"),
        ("LAB_ROR", "our lab"),
        ("LAB_HERALD_TODAY", "yesterday"),
        ("LAB_HERALD_SPEEDUP", "0.5"),
        ("LAB_HERALD_SPEEDUP", "nan"),
        ("ARXIV_API_URL", "export.arxiv.org"),
        ("CROSSREF_URL", "ftp://api.crossref.org"),
        ("DATACITE_URL", "https://"),
        ("CROSSREF_URL", "https://ann:CANARY@api.crossref.org"),
        ("CROSSREF_URL", "https://api.crossref.org:99999"),
        ("HEARTBEAT_URL", "https://hc-ping.com:port/CANARY"),
        ("HEARTBEAT_URL", "https://ann:CANARY@hc-ping.com/"),
        ("ARXIV_API_URL", "https://export.arxiv.org/?token=CANARY"),
        ("SUGGESTIONS_PER_DAY", "101"),
        ("SUGGESTIONS_PER_DAY", "some"),
    ],
)
def test_an_invalid_value_is_an_error_that_names_the_setting(name: str, value: str) -> None:
    with pytest.raises(InvalidSetting, match=name) as caught:
        load_settings({name: value}, None)
    assert f"{name} must be" in str(caught.value)
    if name == "DISCORD_TOKEN":
        assert value not in str(caught.value)
    assert "CANARY" not in str(caught.value)


def test_settings_hide_secrets_in_their_repr() -> None:
    settings = load_settings(
        {"DISCORD_TOKEN": "CANARY" * 9, "CONTACT": "https://lab.org/?token=CANARY"}, None
    )
    assert "CANARY" not in repr(settings)
    assert "contact='https://lab.org/?token=…'" in repr(settings)


def test_the_environment_overrides_the_file_and_empty_means_the_default(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("CONTACT=file\nLOG_LEVEL=ERROR\nTIMEZONE=\n", encoding="utf-8")
    settings = load_settings({"CONTACT": "environment"}, file)
    assert (settings.contact, settings.log_level) == ("environment", "ERROR")
    assert settings.timezone == ZoneInfo("UTC")


def test_a_settings_file_that_is_not_text_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes(b"\xff\xfe\x00bad")
    with pytest.raises(LabError, match="isn't UTF-8"):
        load_settings({}, file)


def test_a_folder_in_place_of_the_settings_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LabError, match=r"Can't read the settings file .*: Is a directory\."):
        load_settings({}, tmp_path)  # what containers make of a file that they mount and don't find


def test_a_settings_file_of_notepad_is_read(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes(b"\xef\xbb\xbfCONTACT=me@example.org\r\nLOG_LEVEL=ERROR\r\n")
    read = read_settings({}, file)
    assert (read.settings.contact, read.settings.log_level) == ("me@example.org", "ERROR")
    assert (read.unknown, read.unreadable) == ((), ())


def test_a_missing_file_means_the_defaults() -> None:
    assert load_settings({}, Path("does-not-exist.env")) == Settings()


def test_the_clock_of_a_replay_starts_in_the_morning_and_runs_on() -> None:
    settings = load_settings({"LAB_HERALD_TODAY": "2025-03-14"}, None)
    first = settings.clock()
    assert (str(first.date()), first.hour, first.utcoffset()) == ("2025-03-14", 8, timedelta())
    assert first <= settings.clock() <= first + timedelta(minutes=1)


def test_only_sources_on_this_machine_are_asked_faster() -> None:
    local = {name.upper(): "http://127.0.0.1:9/x" for name in SOURCE_URLS}
    assert load_settings({"LAB_HERALD_SPEEDUP": "500", **local}, None).lab_herald_speedup == 500
    for name in local:
        with pytest.raises(LabError, match=f"{name} isn't"):
            load_settings(
                {"LAB_HERALD_SPEEDUP": "2", **local, name: "http://127.0.0.1.example.org"}, None
            )


def test_pauses_are_only_divided_for_services_on_this_machine() -> None:
    settings = Settings(lab_herald_speedup=100.0, crossref_url="http://127.0.0.1:8000/crossref")
    assert settings.speedup_at(settings.crossref_url) == 100
    assert settings.speedup_at(settings.huggingface_url) == 1
