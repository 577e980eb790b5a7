"""What became of a soak: its problems as sentences, and its report."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from tests.soak.bot_process import Sample
from tests.soak.verdict import Announcements, Answers, Resources
from tests.support.paths import ROOT

_REPORT = ROOT / "build" / "soak.json"
_WARM_UP = 25.0  # minutes; what a shorter run compares is the time in which caches fill
_MAX_OFFLINE = 300  # seconds; an outage of the fake Discord takes a few


@dataclass(frozen=True)
class Outcome:
    """The outcome of a soak."""

    minutes: float
    starts: int
    kills: int
    restores: int
    announcements: Announcements
    messages: int
    required: int
    excused_papers: int
    answers: Answers
    uses: dict[str, int]
    replies: dict[str, int]
    requests: dict[str, int]
    faults: dict[str, int]
    unexplained: list[Any]
    unknown_requests: dict[str, int]
    double_answers: list[str]
    offline: int
    exit_status: int
    resources: Resources
    samples: list[Sample]

    @property
    def problems(self) -> list[str]:
        """Everything that is wrong, as sentences."""
        found = [f"Paper {m} wasn't announced in {c}." for c, m in self.announcements.lost]
        found += [f"Paper {m} was announced twice in {c}." for c, m in self.announcements.twice]
        found += [f"No answer to {one}." for one in self.answers.failed]
        found += [f"A late answer to {one}." for one in self.answers.late]
        found += [f"Only “thinking” in answer to {one}." for one in self.answers.unfinished]
        found += [f"Answered twice: {one}." for one in self.double_answers]
        found += [f"The stand-in doesn't know {one}." for one in self.unknown_requests]
        found += [
            f"Logged, but not injected: {one['level']} {one['logger']}: {one['message']}\n"
            f"{one.get('traceback', '')}"
            for one in self.unexplained
        ]
        if self.minutes >= _WARM_UP:
            found += [f"The bot's {one} grew." for one in self.resources.grown]
        if self.offline > _MAX_OFFLINE:
            found.append(f"The bot was offline for {self.offline} seconds.")
        if self.exit_status:
            found.append(f"The bot ended with status {self.exit_status}.")
        return found


def report(outcome: Outcome) -> None:
    """Writes and prints what happened."""
    _REPORT.parent.mkdir(exist_ok=True)
    text = json.dumps({**asdict(outcome), "problems": outcome.problems}, indent=2, default=str)
    _REPORT.write_text(text + "\n", encoding="utf-8")
    answers, resources = outcome.answers, outcome.resources
    lines = {
        "minutes": outcome.minutes,
        "starts, kills, restores": (outcome.starts, outcome.kills, outcome.restores),
        "papers to announce": outcome.required,
        "removed before": outcome.excused_papers,
        "messages": outcome.messages,
        "lost": len(outcome.announcements.lost),
        "twice": len(outcome.announcements.twice),
        "interactions": answers.used,
        "disturbed by faults": answers.excused,
        "failed, late, unfinished": (
            len(answers.failed),
            len(answers.late),
            len(answers.unfinished),
        ),
        "seconds to answer, median and 99 %": (
            round(answers.median_seconds, 3),
            round(answers.p99_seconds, 3),
        ),
        "requests": outcome.requests,
        "faults": outcome.faults,
        "seconds offline at most": outcome.offline,
        "errors not injected": len(outcome.unexplained),
        "second third": resources.second,
        "last third": resources.last,
    }
    print()  # noqa: T201
    for name, value in lines.items():
        print(f"{name:<36}{value}")  # noqa: T201
