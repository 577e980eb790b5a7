"""Decides which questions to ask sources next, and when to ask again; pure.

A source is asked about each subject once in its interval. Subjects of a weekly source are spread
over the days of the week, and whoever has waited longest for their turn comes first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby

from bot.sources.source import Limits, Question, Source, Subject
from storage.people.models import Person
from storage.people.source_state import SubjectState, Unfinished

_DAY = timedelta(days=1)
_MAX_DAYS = 56  # between two questions about an id that the source doesn't know
_MAX_UNFINISHED = timedelta(days=14)  # a source may not know its pages any longer
_STALE_RETRY = timedelta(hours=4)
_STALE_HOURS = 12  # that a day's answer may be late; if it's later, it's a holiday
_MAX_JITTER = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Due:
    """A question that is due; ``is_first`` if the source is asked about these ids the first time.

    ``lateness`` is how many of the source's intervals have passed since it was due.
    """

    source: Source
    question: Question
    is_first: bool
    lateness: float
    started_at: datetime

    @property
    def order(self) -> tuple[bool, float]:
        """The sort key: sources that are asked daily first, then what has waited longest."""
        return self.source.limits.days > 1, -self.lateness


def due_questions(
    source: Source,
    people: tuple[Person, ...],
    subjects: Sequence[Subject],
    unfinished: Unfinished | None,
    known: Mapping[str, SubjectState],
    now: datetime,
) -> Iterator[Due]:
    """Yields the questions to ask a source now, beginning with what is unfinished.

    ``known`` are the states of its subjects by their keys.
    """
    asked: tuple[Subject, ...] = ()
    if left := _resume(source, people, subjects, unfinished, known, now):
        yield left
        asked = left.question.subjects
    due = [one for one in subjects if one not in asked and _is_due(one, source.limits, known, now)]
    due.sort(key=lambda one: -_waited(one, known, now))
    for is_first in (True, False):
        group = [one for one in due if is_first is _is_first(one, known)]
        for batch in _batches(group, source.limits.batch):
            yield Due(
                source,
                Question(batch, people, _since(batch, source.limits, known)),
                is_first=is_first and any(one.people for one in batch),
                lateness=max(_waited(one, known, now) for one in batch) / source.limits.days,
                started_at=now,
            )


def next_due_at(
    source: Source,
    key: str,
    now: datetime,
    *,
    is_first: bool = False,
    is_stale: bool = False,
    misses: int = 0,
) -> datetime:
    """Returns when to ask a source about a subject again that it has just answered about.

    After the first answer, subjects are spread over the days of the interval. A source that
    doesn't know the subject (``misses`` times in a row) is asked less and less often.
    """
    limits = source.limits
    if is_stale and (now - limits.from_time).hour < _STALE_HOURS:
        return now + _STALE_RETRY
    number = int.from_bytes(
        hashlib.blake2b(f"{source.name}/{key}".encode(), digest_size=4).digest()
    )
    days = min(limits.days * 2**misses, max(_MAX_DAYS, limits.days))
    if is_first and not misses:
        days -= number % limits.days
    # Subjects that share a request are due together.
    jitter = _MAX_JITTER * ((number % 997) / 997) if limits.batch == 1 else timedelta()
    midnight = datetime.combine(now.date(), time(), UTC)
    due: datetime = midnight + days * _DAY + limits.from_time + jitter
    while due.weekday() not in limits.weekdays:
        due += _DAY
    return due


def _resume(
    source: Source,
    people: tuple[Person, ...],
    subjects: Sequence[Subject],
    unfinished: Unfinished | None,
    known: Mapping[str, SubjectState],
    now: datetime,
) -> Due | None:
    """Returns the rest of an unfinished question, or None if it has to be asked from the start.

    That is so if some of its subjects are gone, or if it's old.
    """
    if unfinished is None or now - unfinished.started_at > _MAX_UNFINISHED:
        return None
    asked = tuple(one for one in subjects if one.key in unfinished.keys)
    if len(asked) < len(unfinished.keys):
        return None
    question = Question(asked, people, unfinished.since, unfinished.cursor)
    is_first = any(one.people and _is_first(one, known) for one in asked)
    return Due(source, question, is_first, _MAX_DAYS, unfinished.started_at)


def _is_first(subject: Subject, known: Mapping[str, SubjectState]) -> bool:
    """Returns whether a source never answered about a subject, or only for other people."""
    state = known.get(subject.key)
    return state is None or state.asked_at is None or _is_others(subject, state)


def _is_others(subject: Subject, state: SubjectState) -> bool:
    return not {one.id for one in subject.people} <= set(state.people)


def _is_due(
    subject: Subject, limits: Limits, known: Mapping[str, SubjectState], now: datetime
) -> bool:
    """Returns whether to ask about a subject now, which may be on none of the source's days.

    A time further ahead than any is ever scheduled was written while the clock was wrong.
    """
    if (now - limits.from_time).weekday() not in limits.weekdays:
        return False
    state = known.get(subject.key)
    if state is None or _is_others(subject, state):
        return True
    latest = now + (max(limits.days, _MAX_DAYS if state.misses else 0) + 4) * _DAY
    return not now < state.next_due_at <= latest


def _waited(subject: Subject, known: Mapping[str, SubjectState], now: datetime) -> float:
    """Returns for how many days it has been time to ask about a subject."""
    state = known.get(subject.key)
    return max((now - state.next_due_at) / _DAY, 0) if state else _MAX_DAYS


def _since(
    batch: Sequence[Subject], limits: Limits, known: Mapping[str, SubjectState]
) -> date | None:
    """Returns the first day of the works to ask for, or None to ask for all."""
    times = [None if _is_first(one, known) else known[one.key].asked_at for one in batch]
    asked = [one for one in times if one is not None]
    if limits.window is None or len(asked) < len(times):
        return None
    return (min(asked) - limits.window).date()


def _batches(subjects: Sequence[Subject], size: int) -> Iterator[tuple[Subject, ...]]:
    for _, group in groupby(sorted(subjects, key=lambda one: one.kind), lambda one: one.kind):
        same = list(group)
        for start in range(0, len(same), size):
            yield tuple(same[start : start + size])
