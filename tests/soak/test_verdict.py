"""The judge of a soak finds what it is there to find."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from tests.faults.discord_standin import PAPERS
from tests.faults.interactive_discord import MANAGER, InjectedFault, Interaction
from tests.soak.bot_process import Sample, read_log
from tests.soak.verdict import (
    OUTAGE,
    Announced,
    judge_announcements,
    judge_answers,
    judge_log,
    judge_resources,
)

_TRACEBACK = (
    "Traceback (most recent call last):\ndiscord.errors.DiscordServerError: 500 (error code: 0)"
)
_ERROR = {
    "level": "ERROR",
    "logger": "bot.errors",
    "message": "Reference 0a1b2c: /search failed",
    "traceback": _TRACEBACK,
    "at": 100.0,
}


def make_messages(*contents: tuple[int, set[str]]) -> list[Announced]:
    """Returns messages with ids from 1 on, each in a channel and with the marks of papers."""
    return [
        Announced(channel_id, number, frozenset(marks))
        for number, (channel_id, marks) in enumerate(contents, start=1)
    ]


def test_a_paper_in_each_channel_once_is_right() -> None:
    sent = make_messages((PAPERS, {"S00001"}), (PAPERS, {"S00002", "S00003"}), (7, {"S00001"}))
    found = judge_announcements({PAPERS: {"S00001", "S00003"}}, sent)
    assert (found.lost, found.twice) == ([], [])


def test_a_lost_announcement_is_found() -> None:
    sent = make_messages((PAPERS, {"S00001"}))
    found = judge_announcements({PAPERS: {"S00001", "S00002"}, 7: {"S00001"}}, sent)
    assert (found.lost, found.twice) == ([(PAPERS, "S00002"), (7, "S00001")], [])


def test_a_doubled_announcement_is_found_in_any_channel() -> None:
    sent = make_messages((PAPERS, {"S00001"}), (7, {"S00002"}), (7, {"S00001", "S00002"}))
    found = judge_announcements({PAPERS: {"S00001"}}, sent)
    assert (found.lost, found.twice) == ([], [(7, "S00002")])


def test_a_message_that_nobody_remembers_may_be_sent_again_once() -> None:
    once = make_messages((PAPERS, {"S00001"}))
    again = make_messages(*[(PAPERS, {"S00001"})] * 2)
    for sent in (once, again):
        found = judge_announcements({PAPERS: {"S00001"}}, sent, forgotten={1})
        assert (found.lost, found.twice) == ([], [])
    found = judge_announcements({}, make_messages(*[(PAPERS, {"S00001"})] * 3), forgotten={1})
    assert found.twice == [(PAPERS, "S00001")]


def test_a_paper_that_was_removed_and_added_again_may_be_announced_again_once() -> None:
    for times, twice in ((2, []), (3, [(PAPERS, "S00001")])):
        sent = make_messages(*[(PAPERS, {"S00001"})] * times)
        assert judge_announcements({}, sent, added={"S00001": 2}).twice == twice


def test_an_error_that_a_fault_explains_is_accepted_once() -> None:
    faults = [InjectedFault("callback", 95.0)]
    assert judge_log([_ERROR], faults) == []
    assert judge_log([_ERROR, _ERROR], faults) == [_ERROR]


def test_an_outage_explains_all_errors_of_its_time() -> None:
    late = {**_ERROR, "at": 130.0}
    assert judge_log([_ERROR, _ERROR, late], [InjectedFault(OUTAGE, 98.0)]) == [late]


@pytest.mark.parametrize(
    "record",
    [
        {**_ERROR, "traceback": "Traceback (most recent call last):\nKeyError: 'x'"},
        {**_ERROR, "traceback": ""},
        {**_ERROR, "at": 94.0 - 1.5},
        {**_ERROR, "at": 95.0 + 600},
        {
            "level": "STDERR",
            "logger": "",
            "message": "Traceback (most recent call last):",
            "at": 9.0,
            "until": 10.0,
        },
    ],
)
def test_other_errors_are_found(record: dict[str, Any]) -> None:
    faults = [InjectedFault("callback", 95.0), InjectedFault("feed break", 99.0)]
    assert judge_log([record], faults) == [record]


@pytest.mark.parametrize(
    ("at", "until", "is_accepted"),
    [(51.0, 52.0, True), (20.0, 90.0, True), (100.0, 101.0, False), (1.0, 49.0, False)],
)
def test_what_workers_of_a_killed_bot_print_is_no_error(
    at: float, until: float, *, is_accepted: bool
) -> None:
    record = {"level": "STDERR", "logger": "", "message": "EOFError", "at": at, "until": until}
    assert (judge_log([record], [InjectedFault("kill", 50.0)]) == []) is is_accepted


def test_a_line_of_the_log_that_is_no_record_is_between_two_of_them(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    first = '{"time": "1970-01-01T00:00:01+00:00", "level": "INFO"}'
    second = '{"time": "1970-01-01T00:00:05+00:00", "level": "INFO"}'
    path.write_text(f"{first}\none\ntwo\n{second}\nthree")
    lines = [one for one in read_log(path) if one["level"] == "STDERR"]
    assert [(one["message"], one["at"], one["until"]) for one in lines] == [
        ("one", 1.0, 5.0),
        ("two", 1.0, 5.0),
        ("three", 5.0, math.inf),
    ]


def make_interaction(
    seconds: float | None, *, is_complete: bool = True, excuse: str = ""
) -> Interaction:
    used = Interaction(1, "/search", MANAGER, PAPERS, sent_at=1_000.0)
    if seconds is not None:
        used.answered_at = used.sent_at + seconds
    used.is_complete, used.excuse = is_complete and seconds is not None, excuse
    return used


def test_answers_in_time_are_right() -> None:
    answers = judge_answers([make_interaction(0.1), make_interaction(2.9)])
    assert (answers.failed, answers.late, answers.unfinished) == ([], [], [])
    assert (answers.used, answers.excused, answers.p99_seconds) == (2, 0, pytest.approx(2.9))


def test_missing_late_and_unfinished_answers_are_found() -> None:
    used = [make_interaction(None), make_interaction(3.5), make_interaction(1, is_complete=False)]
    answers = judge_answers(used)
    assert [len(one) for one in (answers.failed, answers.late, answers.unfinished)] == [1, 1, 1]


def test_only_a_fault_excuses_a_missing_answer_but_a_busy_machine_a_late_one() -> None:
    used = [make_interaction(None, excuse="the bot was restarted"), make_interaction(3.5)]
    answers = judge_answers([*used, make_interaction(None)], stalls=[(1_001.0, 1_002.0)])
    assert (answers.excused, answers.late, len(answers.failed)) == (2, [], 1)
    assert judge_answers(used, stalls=[(1_004.0, 1_005.0)]).late != []


def make_samples(growth: float, *, files: int = 40) -> list[Sample]:
    return [
        Sample(float(at), 100 * (1 + growth * at / 900), 200.0, files if at > 600 else 40, 10, 3)
        for at in range(0, 900, 10)
    ]


TASKS = [(float(at), 20) for at in range(0, 900, 10)]


def test_flat_resources_are_right() -> None:
    found = judge_resources(make_samples(0.01), TASKS, 0.0, 900.0)
    assert found.grown == []
    assert (found.second["pss"], found.last["tasks"]) == (200.0, 20.0)


def test_growing_memory_is_found() -> None:
    assert judge_resources(make_samples(0.3), TASKS, 0.0, 900.0).grown == ["rss"]


def test_growing_files_and_tasks_are_found() -> None:
    tasks = [(at, 20 + int(at / 10)) for at, _ in TASKS]
    found = judge_resources(make_samples(0.0, files=46), tasks, 0.0, 900.0)
    assert found.grown == ["files", "tasks"]


def test_no_samples_are_no_proof() -> None:
    assert judge_resources([], TASKS, 0.0, 900.0).grown != []
