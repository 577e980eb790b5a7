"""Runs the inputs of ../shared/cases, each of which says what is right."""

from __future__ import annotations

import contextlib
import json
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from click.testing import CliRunner

from bot.cli import main
from tests.support.paths import SHARED, shared_path

CASES = sorted(path for path in SHARED.glob("cases/*.json") if "." not in path.stem)
# What is still wrong; a case that comes right must be deleted here.
KNOWN_WRONG: frozenset[str] = frozenset()
NO_SERVICES = dict.fromkeys(("ARXIV_API_URL", "CROSSREF_URL", "DATACITE_URL"), "http://127.0.0.1:9")


@pytest.fixture(scope="module")
def check_cases() -> ModuleType:
    """The program that judges a case by the answers of the command line."""
    spec = spec_from_file_location("check_cases", shared_path("cases/check_cases.py"))
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    vars(module)["ask"] = ask
    return module


def ask(place: tuple[str, str], *words: object, **settings: str) -> tuple[Any, str]:
    """Answers as the program's own function does, without a process for each command."""
    with contextlib.chdir(place[1]):
        result = CliRunner().invoke(
            main,
            ["--database", f"{place[1]}/cases.db", *map(str, words)],
            env={**NO_SERVICES, "FEED_ALLOW_PRIVATE": "yes", **settings},
        )
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    answer = json.loads(result.stdout or "null") if "--json" in words else result.stdout
    return answer, " ".join(result.stderr.split())


def test_the_known_wrong_cases_exist() -> None:
    shared_path("cases")
    assert {path.stem for path in CASES} >= KNOWN_WRONG


@pytest.mark.slow
@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_shared_case_is_right(
    path: Path, check_cases: ModuleType, request: pytest.FixtureRequest
) -> None:
    if path.stem in KNOWN_WRONG:
        request.applymarker(pytest.mark.xfail(strict=True))
    _, _, faults = check_cases.judge("lab-herald", path)
    if faults is None:
        pytest.skip("a person has to look at this, or it needs a network of its own")
    assert faults == []
