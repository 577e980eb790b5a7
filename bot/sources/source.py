"""What a source of papers is, and the records that pass between sources and the poller; pure."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Protocol, TypeAlias

from bot.net.services import WebService
from storage.people.models import Person, Witness
from storage.redaction import redacted_repr


@dataclass(frozen=True, slots=True)
class Subject:
    """What a source can be asked about: an id of a person, or a category of papers.

    ``people`` are those whose id it is. Subjects of one ``kind`` may share a request.
    """

    key: str
    people: tuple[Person, ...] = ()
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """What one request asks: the works of subjects of one kind.

    ``people`` are all of the lab, which readers get only for categories. ``since`` is the first day
    of the works, or None for all works. ``cursor`` names a page after the first, as the previous
    `Reading` gave it. Works with a ``known`` fingerprint needn't be read again.
    """

    subjects: tuple[Subject, ...]
    people: tuple[Person, ...]
    since: date | None = None
    cursor: str = ""
    known: frozenset[str] = field(default=frozenset(), repr=False)

    def person_ids(self) -> tuple[int, ...]:
        """Returns the ids of the people whom the subjects concern: all, for categories."""
        asked = [one for subject in self.subjects for one in subject.people or self.people]
        return tuple(dict.fromkeys(one.id for one in asked))


@redacted_repr
@dataclass(frozen=True, slots=True)
class Request:
    """A request to a source; ``headers`` may have secrets and are never shown."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@redacted_repr
@dataclass(frozen=True, slots=True)
class Response:
    """The body that came from ``url`` at a time."""

    url: str
    body: bytes = field(repr=False)
    content_type: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Reading:
    """What a response says; ``unchanged`` counts the works that were known already.

    ``cursor`` asks for the next page; it is empty on the last one. ``is_stale`` is true if the
    source hasn't published yet what was asked for, so that it should be asked again today.
    ``problems`` are messages for the log.
    """

    witnesses: tuple[Witness, ...] = ()
    cursor: str = ""
    unchanged: int = 0
    is_stale: bool = False
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """How a source is asked, so that it doesn't mind.

    Requests go to a ``service`` at its pace, up to ``daily_requests`` on a day (UTC). A subject is
    asked about every so many ``days``, a new day's answer being there ``from_time`` on after
    midnight (UTC) on ``weekdays``, which count from Monday, 0. Up to ``batch`` subjects share a
    request.

    A source with a ``window`` is asked only for works since so long before the last question, once
    it was asked for all works of a subject.
    """

    service: WebService
    daily_requests: int
    days: int
    batch: int = 1
    window: timedelta | None = None
    from_time: timedelta = timedelta()
    weekdays: frozenset[int] = frozenset(range(7))


class NotAnAnswer(ValueError):
    """A response isn't what a source answers."""


class TooManyWorks(ValueError):
    """A source says that it left out works: its subjects have to be asked about separately."""


class Source(Protocol):
    """A service that is asked about people's works.

    ``read`` gives a module-level function, because it runs in a sandboxed process. That raises
    `TooManyWorks`, and `NotAnAnswer` or another error if the response isn't an answer at all;
    works that it can't read are problems.
    """

    name: str
    """What witnesses and the database call it, such as ``semantic_scholar``."""
    title: str
    """What people call it, such as “Semantic Scholar”."""
    url: str
    limits: Limits
    unchanged: Reading
    """What a response says that has nothing new (HTTP 304)."""

    @property
    def read(self) -> Callable[[Response, Question], Reading]:
        """Reads a response; pure."""

    def subjects(self, people: Sequence[Person]) -> tuple[Subject, ...]:
        """Returns what to ask about, for these people."""

    def request(self, question: Question) -> Request:
        """Returns the request that asks a question."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a source said about some people, one page of it.

    ``people`` are the ids of those it was asked about. If it ``is_first``, the source was asked
    about their ids for the first time, so that the works may be old and nothing is announced; the
    papers of a day aren't. An answer that was stored already may come again, after a crash.
    """

    source: str
    people: tuple[int, ...]
    witnesses: tuple[Witness, ...]
    is_first: bool


Store: TypeAlias = Callable[[Answer], Awaitable[None]]
"""Stores an answer. `SourcePoller.poll_due(people, store)` awaits it before it records that the
question was asked, so that nothing is lost if the process dies in between."""


@redacted_repr
@dataclass(frozen=True, slots=True)
class SourcePoll:
    """How asking a source went: requests that were made, and works that were named.

    ``error`` is a sentence, empty if all went well.
    """

    source: str
    title: str
    requests: int
    works: int
    error: str = ""
