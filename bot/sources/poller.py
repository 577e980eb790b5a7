"""Asks the sources that are due about the lab's people, at their paces and within their budgets."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.feeds.fetch import validator
from bot.feeds.schedule import retry_at
from bot.net.http import HttpClient, HttpError, Page, PrivateHost
from bot.net.pace import Paces
from bot.net.sandbox import Workers
from bot.sources.answers import read_page
from bot.sources.schedule import Due, due_questions, next_due_at
from bot.sources.source import (
    Answer,
    Reading,
    Source,
    SourcePoll,
    Store,
    Subject,
    TooManyWorks,
)
from storage.errors import DatabaseUnavailable, LabError
from storage.people.models import Person
from storage.people.source_state import Sources, SourceState, SubjectState, Unfinished
from storage.redaction import redact_text
from storage.timestamps import Clock

_log = logging.getLogger(__name__)

TIME_LIMIT = timedelta(minutes=1)  # of reading an answer: nobody waits for it, and it may be long
_MAX_REQUESTS = 40  # a day to all sources, for each 100 people
_PEOPLE = 100
_BACKOFF = timedelta(minutes=15)  # after the first failure; it doubles with each, up to a day
_RETRIES = 2  # of one request, within a poll
_RETRY_PAUSE = timedelta(seconds=2)  # before the first retry; it doubles with each
_MAX_RETRY_PAUSE = timedelta(minutes=1)  # a longer Retry-After is left to a later poll
_UNKNOWN = frozenset({404, 410})
_TRANSIENT = frozenset({None, 429, 500, 502, 503, 504})
_BAD_REQUEST = 400
_MAX_CAUSE = 300  # characters in the log; the URL of a request may have a hundred ids
_ASKED_AFTER_LEAVING = timedelta(days=400)  # papers may appear long after their people left


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """How a source is: its state, its budget of requests today, and when it is asked next.

    ``next_due_at`` is None if there's nobody to ask it about. ``unknown`` are the ids that it
    doesn't know.
    """

    title: str
    state: SourceState
    requests_left: int
    next_due_at: datetime | None
    unknown: tuple[str, ...] = ()


@dataclass(slots=True)
class _Run:
    """One poll of all sources: what it started from, and how it went so far, by source."""

    people: tuple[Person, ...]
    store: Store
    states: dict[str, SourceState]
    known: dict[str, dict[str, SubjectState]] = field(default_factory=dict)
    fingerprints: dict[str, frozenset[str]] = field(default_factory=dict)
    requests: dict[str, int] = field(default_factory=dict)
    polls: dict[str, SourcePoll] = field(default_factory=dict)

    def state(self, source: Source) -> SourceState:
        """Returns a source's state before the poll."""
        return self.states.get(source.name, SourceState(source.name))

    def add(self, source: Source, *, requests: int = 0, works: int = 0, error: str = "") -> None:
        """Adds to what the poll reports about a source."""
        poll = self.polls.get(source.name, SourcePoll(source.name, source.title, 0, 0))
        self.polls[source.name] = replace(
            poll,
            requests=poll.requests + requests,
            works=poll.works + works,
            error=error or poll.error,
        )
        self.requests[source.name] = self.requests.get(source.name, 0) + requests

    def may_ask(self, source: Source) -> bool:
        """Returns whether there's a budget for another request, and nothing failed."""
        total = _MAX_REQUESTS * max(1, -(-len(self.people) // _PEOPLE))
        poll = self.polls.get(source.name)
        return (
            not (poll and poll.error)
            and self.requests.get(source.name, 0) < source.limits.daily_requests
            and sum(self.requests.values()) < total
        )


class SourcePoller:
    """Asks sources about people, at ``paces`` that other parts of the bot share.

    ``speedup`` divides the pauses after failures.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        states: Sources,
        http: HttpClient,
        workers: Workers,
        clock: Clock,
        paces: Paces,
        *,
        speedup: float = 1,
    ) -> None:
        self._sources = tuple(sources)
        self._states = states
        self._http = http
        self._workers = workers
        self._clock = clock
        self._speedup = speedup
        self._lock = asyncio.Lock()
        self._paces = paces

    async def poll_due(self, people: Sequence[Person], store: Store) -> tuple[SourcePoll, ...]:
        """Asks every source that is due, and gives each answer to ``store``.

        Returns how it went for each source that was asked. A failing source doesn't affect the
        others. Raises what ``store`` raises, and `DatabaseUnavailable`; what wasn't stored is
        asked again.
        """
        async with self._lock:
            run = _Run(tuple(people), store, await self._states.states())
            due: list[Due] = []
            for source in self._sources:
                due += await self._due(source, run)
            for one in sorted(due, key=lambda one: one.order):
                await self._ask(one, run)
            return tuple(run.polls.values())

    async def status(self, people: Sequence[Person]) -> tuple[SourceStatus, ...]:
        """Returns how each source is."""
        now = self._clock()
        states = await self._states.states()
        found = []
        for source in self._sources:
            state = states.get(source.name, SourceState(source.name))
            known = await self._states.subjects(source.name)
            keys = [one.key for one in self._subjects(source, people)]
            times = [known[key].next_due_at if key in known else now for key in keys]
            next_due = max(min(times), state.blocked_until or now, now) if times else None
            left = source.limits.daily_requests - state.requests_of(now.date())
            unknown = tuple(key for key in keys if key in known and known[key].misses)
            found.append(SourceStatus(source.title, state, max(left, 0), next_due, unknown))
        return tuple(found)

    async def _due(self, source: Source, run: _Run) -> list[Due]:
        """Returns the questions to ask a source now, and prepares the run for it."""
        now = self._clock()
        state = run.state(source)
        run.requests[source.name] = state.requests_of(now.date())
        run.known[source.name] = known = await self._states.subjects(source.name)
        subjects = self._subjects(source, run.people)
        if known.keys() - {one.key for one in subjects}:
            await self._states.keep_subjects(source.name, [one.key for one in subjects])
        if state.is_blocked(now):
            return []
        return list(due_questions(source, run.people, subjects, state.unfinished, known, now))

    def _subjects(self, source: Source, people: Sequence[Person]) -> tuple[Subject, ...]:
        """Returns what to ask a source about, without those who left the lab long ago."""
        first = self._clock().date() - _ASKED_AFTER_LEAVING
        return source.subjects([one for one in people if (one.membership.end or first) >= first])

    async def _ask(self, due: Due, run: _Run) -> None:
        """Asks a question to its last page, as far as the budget allows."""
        left = [due]
        while left and run.may_ask(due.source):
            one = left.pop()
            try:
                page, reading = await self._fetch(one, run)
            except DatabaseUnavailable:
                raise
            except (TooManyWorks, LabError) as error:
                left += await self._recover(one, error, run)
            else:
                if following := await self._record(one, page, reading, run):
                    left.append(following)

    async def _recover(self, due: Due, error: TooManyWorks | LabError, run: _Run) -> list[Due]:
        """Records that a question has no answer; returns what to ask instead, if anything."""
        status = error.status if isinstance(error, HttpError) else None
        is_single = len(due.question.subjects) == 1
        if not due.question.cursor:
            if is_single and status in {_BAD_REQUEST, *_UNKNOWN}:
                await self._record_miss(due, run)
                return []
            # Perhaps it doesn't accept one of them, or there's too much to say about all.
            if not is_single and (status == _BAD_REQUEST or isinstance(error, TooManyWorks)):
                return _halves(due)
        await self._record_failure(due, error, run)
        return []

    async def _fetch(self, due: Due, run: _Run) -> tuple[Page, Reading]:
        """Makes a request, and reads what comes back; raises `LabError` and `TooManyWorks`."""
        source = due.source
        question = replace(due.question, known=await self._known(due, run))
        request = source.request(question)
        headers = {**request.headers, **self._conditions(due, run)}
        page = await self._get(source, request.url, headers, run)
        if page.status == 304:
            return page, source.unchanged
        if all(one.people for one in question.subjects):
            question = replace(question, people=())  # only categories are matched with everybody
        return page, await read_page(
            self._workers, source, page, self._clock(), source.read, question
        )

    async def _known(self, due: Due, run: _Run) -> frozenset[str]:
        """Returns the fingerprints of what a source has said, unless it's to be read again."""
        if due.is_first:
            return frozenset()
        name = due.source.name
        if name not in run.fingerprints:
            run.fingerprints[name] = await self._states.fingerprints(name)
        return run.fingerprints[name]

    def _conditions(self, due: Due, run: _Run) -> dict[str, str]:
        """Returns the headers of a conditional request, if the last response can be used again."""
        question = due.question
        if due.is_first or question.cursor or question.since:
            return {}
        states = [run.known[due.source.name].get(one.key) for one in question.subjects]
        validators = {(one.etag, one.last_modified) if one else ("", "") for one in states}
        if len(validators) > 1:
            return {}
        etag, last_modified = validators.pop()
        headers = {"If-None-Match": etag, "If-Modified-Since": last_modified}
        return {name: value for name, value in headers.items() if value}

    async def _get(self, source: Source, url: str, headers: Mapping[str, str], run: _Run) -> Page:
        """Makes a request at the source's pace, and tries again if that may help."""
        attempt = 0
        while True:
            async with self._paces.of(source.limits.service).turn(url, is_reserved=True):
                await self._states.count_request(source.name)
                run.add(source, requests=1)
                try:
                    return await self._http.get(url, headers)
                except HttpError as error:
                    pause = _retry_pause(error, attempt)
                    if pause is None or not run.may_ask(source):
                        raise
            await asyncio.sleep(pause.total_seconds() / self._speedup)
            attempt += 1

    async def _record(self, due: Due, page: Page, reading: Reading, run: _Run) -> Due | None:
        """Stores an answer, and records that; returns what asks for the next page, if any."""
        source, question = due.source, due.question
        for problem in reading.problems:
            _log.info("%s: %s", source.title, redact_text(problem))
        await run.store(Answer(source.name, question.person_ids(), reading.witnesses, due.is_first))
        run.add(source, works=len(reading.witnesses) + reading.unchanged)
        if reading.cursor and reading.cursor != question.cursor:
            keys = tuple(one.key for one in question.subjects)
            rest = Unfinished(keys, question.since, reading.cursor, due.started_at)
            await self._states.record_answer(source.name, unfinished=rest)
            return replace(due, question=replace(question, cursor=reading.cursor))
        await self._states.record_answer(source.name, self._asked(due, page, reading, run))
        return None

    def _asked(self, due: Due, page: Page, reading: Reading, run: _Run) -> list[SubjectState]:
        """Returns the states of subjects that a source has answered about."""
        now = self._clock()
        states = []
        for one in due.question.subjects:
            known = run.known[due.source.name].get(one.key) if page.status == 304 else None
            at = next_due_at(
                due.source, one.key, now, is_first=due.is_first, is_stale=reading.is_stale
            )
            states.append(
                SubjectState(
                    key=one.key,
                    people=tuple(person.id for person in one.people),
                    asked_at=due.started_at,
                    next_due_at=at,
                    etag=known.etag if known else validator(page.headers.get("ETag", ""))[:500],
                    last_modified=known.last_modified
                    if known
                    else validator(page.headers.get("Last-Modified", ""))[:100],
                )
            )
        return states

    async def _record_miss(self, due: Due, run: _Run) -> None:
        """Records that a source doesn't know the only subject of a question."""
        (subject,) = due.question.subjects
        known = run.known[due.source.name].get(subject.key)
        misses = known.misses + 1 if known else 1
        state = SubjectState(
            key=subject.key,
            people=tuple(one.id for one in subject.people),
            asked_at=known.asked_at if known and not due.is_first else None,
            next_due_at=next_due_at(due.source, subject.key, self._clock(), misses=misses),
            misses=misses,
        )
        await self._states.record_answer(due.source.name, [state])

    async def _record_failure(self, due: Due, error: TooManyWorks | LabError, run: _Run) -> None:
        """Records that a source can't be asked for now."""
        source, now = due.source, self._clock()
        cause = str(getattr(error, "cause", error))[:_MAX_CAUSE]
        _log.warning("Asking %s failed: %s", source.title, redact_text(cause))
        wait = error.retry_after if isinstance(error, HttpError) else None
        failures = run.state(source).failures + 1
        at = retry_at(now, _BACKOFF / 2, self._sources.index(source), failures, wait)
        sentence = redact_text(str(error))
        await self._states.record_failure(source.name, sentence, now + (at - now) / self._speedup)
        status = error.status if isinstance(error, HttpError) else None
        if due.question.cursor and status not in _TRANSIENT:  # perhaps the cursor has expired
            await self._states.drop_unfinished(source.name)
        run.add(source, error=sentence)


def _halves(due: Due) -> list[Due]:
    """Returns two questions about half of the subjects each."""
    subjects = due.question.subjects
    half = len(subjects) // 2
    return [
        replace(due, question=replace(due.question, subjects=part))
        for part in (subjects[half:], subjects[:half])
    ]


def _retry_pause(error: HttpError, attempt: int) -> timedelta | None:
    """Returns how long to wait before trying a request again, or None if that won't help now."""
    if attempt >= _RETRIES or error.status not in _TRANSIENT or isinstance(error, PrivateHost):
        return None
    pause: timedelta = max(_RETRY_PAUSE * 2**attempt, error.retry_after or timedelta())
    pause *= 1 + random.random() / 4  # noqa: S311 - not for secrets
    return pause if pause <= _MAX_RETRY_PAUSE * 1.25 else None
