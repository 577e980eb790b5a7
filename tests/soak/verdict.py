"""Judges a soak: what was announced, logged and answered, and what the bot took; pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from typing import Any

from tests.faults.interactive_discord import InjectedFault, Interaction
from tests.soak.bot_process import Sample

MAX_GROWTH = 1.05  # of the last third's memory over the second third's
ANSWER_LIMIT = 3.0  # seconds, Discord's
# What comes and goes: dialogs and forms that are open, for example, have a task each.
_MAX_MORE = {"files": 5, "threads": 3, "children": 2, "tasks": 20}
_FAULT_LASTS = 60.0  # seconds in which a fault explains an error, with the retries of discord.py
_OUTAGE_LASTS = 15.0
_KILL_LASTS = 30.0  # until its workers have ended, also on a busy machine
OUTAGE = "outage"
_DISCORD_FAILED = re.compile(
    r"(?m)^(discord\.errors\.(HTTPException|DiscordServerError|NotFound|Forbidden)"
    r"|aiohttp\.client_exceptions\.\w+|bot\.announce\.no_retry\.DeliveryUnknown"
    r"|ConnectionResetError|TimeoutError)"
)
_OF_DISCORD = re.compile(
    "callback|followup|reply|change_reply|delete_reply|fetch|guild|channel|direct|file|gateway|"
    + OUTAGE
)
_EXPECTED_STDERR = re.compile("Stopped. Unsent announcements go out after the next start")


@dataclass(frozen=True)
class Announced:
    """The marks of the papers that a message announces."""

    channel_id: int
    message_id: int
    marks: frozenset[str]


@dataclass(frozen=True)
class Announcements:
    """Marks of papers by channel: which were not announced there, and which more than once."""

    lost: Sequence[tuple[int, str]]
    twice: Sequence[tuple[int, str]]


def judge_announcements(
    required: Mapping[int, Iterable[str]],
    sent: Iterable[Announced],
    forgotten: Collection[int] = (),
    added: Mapping[str, int] | None = None,
) -> Announcements:
    """Compares what has to be announced in each channel with its messages' papers.

    A paper may be announced as often as it was ``added``, which is more than once if it was removed
    and added again as a new paper.

    ``forgotten`` are the ids of messages that were deleted before an older database was restored:
    neither that nor the channel shows that there were any, so their papers are announced again.
    """
    announced: dict[int, set[str]] = {}
    counts: dict[int, Counter[str]] = {}
    for message in sent:
        announced.setdefault(message.channel_id, set()).update(message.marks)
        if message.message_id not in forgotten:
            counts.setdefault(message.channel_id, Counter()).update(message.marks)
    lost = [
        (channel_id, mark)
        for channel_id, marks in required.items()
        for mark in sorted(set(marks) - announced.get(channel_id, set()))
    ]
    twice = [
        (channel_id, mark)
        for channel_id, counter in counts.items()
        for mark, count in sorted(counter.items())
        if count > (added or {}).get(mark, 1)
    ]
    return Announcements(lost, twice)


def judge_log(
    records: Sequence[Mapping[str, Any]], faults: Iterable[InjectedFault]
) -> list[Mapping[str, Any]]:
    """Returns the errors that no fault explains.

    A request of the bot that was made to fail explains one error, an outage of Discord many.
    """
    kills = [one.at for one in faults if one.what == "kill"]
    unused = [one for one in faults if _OF_DISCORD.fullmatch(one.what)]
    unexplained = []
    for record in records:
        if record["level"] == "STDERR":
            is_expected = _EXPECTED_STDERR.match(record["message"]) or any(
                record["at"] - _KILL_LASTS <= at <= record["until"] for at in kills
            )
            if not is_expected and record["message"].strip():
                unexplained.append(record)
        elif record["level"] in {"ERROR", "CRITICAL"}:
            fault = _find_fault(record, unused)
            if fault is None:
                unexplained.append(record)
            elif fault.what != OUTAGE:
                unused.remove(fault)
    return unexplained


def _find_fault(record: Mapping[str, Any], faults: Sequence[InjectedFault]) -> InjectedFault | None:
    """Returns the latest fault before an error that comes from Discord's failures."""
    if not _DISCORD_FAILED.search(record.get("traceback") or ""):
        return None
    before = [
        one
        for one in faults
        if -1 <= record["at"] - one.at <= (_OUTAGE_LASTS if one.what == OUTAGE else _FAULT_LASTS)
    ]
    return max(before, key=lambda one: one.at, default=None)


@dataclass(frozen=True)
class Answers:
    """Interactions without an answer, with one that came too late, or with none but “thinking”."""

    used: int
    excused: int
    failed: Sequence[str]
    late: Sequence[str]
    unfinished: Sequence[str]
    median_seconds: float
    p99_seconds: float


def judge_answers(
    used: Sequence[Interaction],
    stalls: Sequence[tuple[float, float]] = (),
    limit: float = ANSWER_LIMIT,
) -> Answers:
    """Judges the answers to what members did.

    ``stalls`` are times when the machine was too busy, which excuses answers that are only later
    than ``limit`` seconds.
    """
    failed, late, unfinished, seconds, excused = [], [], [], [], 0
    for one in used:
        if one.answered_at:
            seconds.append(one.seconds)
        end = one.answered_at or one.sent_at + limit
        is_stalled = any(start < end and one.sent_at < stop for start, stop in stalls)
        is_good = one.is_complete and one.seconds <= limit
        if not is_good and (one.excuse or (is_stalled and one.is_complete)):
            excused += 1
        elif not one.answered_at:
            failed.append(f"{one.what} by {one.member.name}")
        elif one.seconds > limit:
            late.append(f"{one.what} by {one.member.name}: {one.seconds:.1f} s")
        elif not one.is_complete:
            unfinished.append(f"{one.what} by {one.member.name}")
    seconds.sort()
    at = int(len(seconds) * 0.99)
    return Answers(
        len(used),
        excused,
        failed,
        late,
        unfinished,
        median(seconds) if seconds else 0.0,
        seconds[min(at, len(seconds) - 1)] if seconds else 0.0,
    )


@dataclass(frozen=True)
class Resources:
    """What the bot took in the second and in the last third of a run: medians, and what grew."""

    second: Mapping[str, float] = field(default_factory=dict)
    last: Mapping[str, float] = field(default_factory=dict)
    grown: Sequence[str] = ()


def judge_resources(
    samples: Sequence[Sample], tasks: Sequence[tuple[float, int]], began_at: float, ended_at: float
) -> Resources:
    """Compares the medians of the second and of the last third of the time."""
    third = (ended_at - began_at) / 3
    bounds = [began_at + third, began_at + 2 * third, ended_at]
    thirds: list[dict[str, float]] = []
    for start, end in pairwise(bounds):
        here = [one for one in samples if start <= one.at < end]
        counts = [count for at, count in tasks if start <= at < end]
        if not here or not counts:
            return Resources(grown=["unmeasured resources"])
        values = {
            name: float(median(getattr(one, name) for one in here))
            for name in ("rss", "pss", "files", "threads", "children")
        }
        thirds.append({**values, "tasks": float(median(counts))})
    second, last = thirds
    grown = [name for name in ("rss", "pss") if last[name] > MAX_GROWTH * second[name]]
    grown += [
        name
        for name, more in _MAX_MORE.items()
        if last[name] > max(second[name] + more, MAX_GROWTH * second[name])
    ]
    return Resources(second, last, grown)
