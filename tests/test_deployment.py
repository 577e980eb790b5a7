"""The files in `deploy/`, checked by the linters of their kinds."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bot.shutdown import TIME_LIMIT
from tests.support.paths import ROOT

DEPLOY = ROOT / "deploy"
CONTAINER_FILE = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
_MAX_EXPOSURE = 20  # of 100, as systemd-analyze rates it
needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze isn't installed"
)


def run(*words: str | Path) -> str:
    """Runs a program that must succeed; returns what it printed."""
    result = subprocess.run(
        [str(word) for word in words], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, f"{result.stdout}\n{result.stderr}"
    return result.stdout + result.stderr


def test_the_container_file_is_good_practice() -> None:
    run(Path(sys.executable).with_name("hadolint"), DEPLOY / "Containerfile")


def test_the_container_file_copies_what_there_is_and_nothing_secret() -> None:
    lines = re.findall(r"^COPY (?!--)(.+) \S+$", CONTAINER_FILE, re.MULTILINE)
    copied = " ".join(lines).split()
    assert copied
    sent = (DEPLOY / "Containerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    for path in copied:
        assert (ROOT / path).exists()
        assert f"!{path}" in sent
    assert "*" in sent
    assert not any(".env" in line for line in sent)


def test_the_compose_files_fit_their_specification() -> None:
    schema = ["--builtin-schema", "vendor.compose-spec"]
    run(sys.executable, "-m", "check_jsonschema", *schema, *DEPLOY.glob("compose*.yaml"))


@pytest.fixture(params=["lab-herald.service", "lab-herald-litestream.service"])
def unit(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A unit with a program that exists on this machine."""
    text = (DEPLOY / request.param).read_text(encoding="utf-8")
    unit = tmp_path / request.param
    unit.write_text(
        re.sub(r"^ExecStart=\S+", f"ExecStart={shutil.which('true')}", text, flags=re.MULTILINE),
        encoding="utf-8",
    )
    return unit


@needs_systemd
def test_systemd_accepts_the_unit(unit: Path) -> None:
    assert f"{unit.name}:" not in run("systemd-analyze", "verify", "--man=no", unit)


@needs_systemd
def test_the_unit_is_closed(unit: Path) -> None:
    run("systemd-analyze", "security", "--offline=true", f"--threshold={_MAX_EXPOSURE}", unit)


def test_systemd_waits_for_an_upgrade_however_long_it_takes() -> None:
    unit = (DEPLOY / "lab-herald.service").read_text(encoding="utf-8")
    assert "\nType=notify\n" in unit  # which stops what hasn't reported after 90 seconds
    assert "\nTimeoutStartSec=infinity\n" in unit


def test_large_temporary_files_are_in_the_volume_and_not_in_memory() -> None:
    compose = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    (folder,) = re.findall(r"^ +SQLITE_TMPDIR=(\S+)$", CONTAINER_FILE, re.MULTILINE)
    assert f"- lab-herald:{folder}\n" in compose


def test_both_wait_until_the_bot_has_stopped() -> None:
    unit = (DEPLOY / "lab-herald.service").read_text(encoding="utf-8")
    compose = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    for text, pattern in ((unit, r"TimeoutStopSec=(\d+)"), (compose, r"stop_grace_period: (\d+)s")):
        (seconds,) = re.findall(pattern, text)
        assert int(seconds) > TIME_LIMIT.total_seconds()
