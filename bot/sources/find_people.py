"""Searches sources for people of a name, at the paces that all parts of the bot share."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Concatenate, ParamSpec, TypeAlias, TypeVar

from bot.net.http import HttpClient, HttpError
from bot.net.pace import Paces, TooManyRequests
from bot.net.sandbox import Workers
from bot.sources.answers import read_page
from bot.sources.candidates import Candidate, select_profiles, unite
from bot.sources.profile import PeopleSource, Profile
from bot.sources.source import Request, Response, Source
from storage.errors import DatabaseUnavailable, InvalidInput, LabError
from storage.people import ids
from storage.people.evidence import Lab
from storage.people.names import parse_person_name
from storage.people.source_state import Sources, SourceState
from storage.redaction import redact_text
from storage.timestamps import Clock

_log = logging.getLogger(__name__)
_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")

MAX_CANDIDATES = 3
TIME_LIMIT = timedelta(seconds=25)  # of one step at a source; somebody waits for it
_MAX_COMPLETED = 3  # profiles of a source whose works are asked for
_UNKNOWN = frozenset({404, 410})
_TOO_MANY_REQUESTS = 429
_WAIT = timedelta(minutes=15)  # after that answer, unless it says how long


class LeftAlone(LabError):
    """A source isn't asked before a time."""

    def __init__(self, title: str, until: datetime) -> None:
        super().__init__(
            f"I'm leaving {title} alone until {until:%d %b, %H:%M} UTC: it failed, or asked me to "
            "wait."
        )


@dataclass(frozen=True, slots=True)
class FoundPeople:
    """What a search for a name found: the best candidates, at most three.

    ``asked`` are the titles of the sources, and ``problems`` sentences about those that didn't
    answer, or only in part. ``more`` says for sources that know further people how many there are.
    """

    name: str
    candidates: tuple[Candidate, ...]
    asked: tuple[str, ...]
    problems: tuple[str, ...] = ()
    more: tuple[tuple[str, int], ...] = ()


@dataclass(slots=True)
class _Search:
    """What a source said so far, and what's wrong with it."""

    source: PeopleSource
    state: SourceState
    profiles: tuple[Profile, ...] = ()
    total: int = 0
    problem: str = ""

    def replace(self, profile: Profile, completed: Profile | None) -> None:
        """Puts a completed profile in the place of a profile, or removes that for None."""
        replaced = [completed if one is profile else one for one in self.profiles]
        self.profiles = tuple(one for one in replaced if one is not None)


_Step: TypeAlias = Callable[[_Search], Awaitable[None]]


class PeopleFinder:
    """Searches those of the sources that can be searched for people.

    ``time_limit`` is that of one step of a search: finding people, and asking for their works.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        states: Sources,
        http: HttpClient,
        workers: Workers,
        clock: Clock,
        paces: Paces,
        lab: Lab,
        *,
        time_limit: timedelta = TIME_LIMIT,
    ) -> None:
        self._sources = [one for one in sources if isinstance(one, PeopleSource)]
        self._states = states
        self._http = http
        self._workers = workers
        self._clock = clock
        self._paces = paces
        self._lab = lab
        self._time_limit = time_limit

    async def find_people(self, name: str) -> FoundPeople:
        """Asks all sources at once; one that fails or is slow doesn't affect the others.

        Raises `InvalidInput` if that isn't one person's name, `LabError` if no source answered, and
        `DatabaseUnavailable`.
        """
        if person_id := ids.find_id(name):
            raise InvalidInput(
                f"The {ids.describe(person_id)} isn't a name. You can enter it in `/people add`."
            )
        name = parse_person_name(name)
        states = await self._states.states()
        searches = [
            _Search(one, states.get(one.name, SourceState(one.name))) for one in self._sources
        ]
        await self._run_all(searches, partial(self._search, name))
        promising = _profiles_of(self._best(searches, name))
        await self._run_all(searches, partial(self._complete, promising))
        problems = tuple(one.problem for one in searches if one.problem)
        candidates = self._best(searches, name)
        if not candidates and len(problems) == len(searches):
            raise LabError(" ".join([*problems, "Try again later."]))
        shown = _profiles_of(candidates)
        return FoundPeople(
            name,
            candidates,
            tuple(one.source.title for one in searches),
            problems,
            tuple(
                (one.source.title, one.total)
                for one in searches
                if one.total > sum(profile in shown for profile in one.profiles)
            ),
        )

    def _best(self, searches: Sequence[_Search], name: str) -> tuple[Candidate, ...]:
        profiles = [profile for one in searches for profile in one.profiles]
        return tuple(unite(profiles, name, self._lab)[:MAX_CANDIDATES])

    async def _run_all(self, searches: Sequence[_Search], step: _Step) -> None:
        """Runs a step of all searches without a problem; raises `DatabaseUnavailable`."""
        running = [self._run(one, step) for one in searches if not one.problem]
        for failure in await asyncio.gather(*running, return_exceptions=True):
            if failure is not None:
                raise failure

    async def _run(self, search: _Search, step: _Step) -> None:
        """Runs a step of a search within the time limit, and notes what goes wrong."""
        source = search.source
        try:
            async with asyncio.timeout(self._time_limit.total_seconds()):
                await step(search)
        except DatabaseUnavailable:
            raise
        except (TimeoutError, LabError) as error:
            cause = getattr(error, "cause", str(error)) or "it took too long"
            _log.warning("Searching %s for people failed: %s", source.title, redact_text(cause))
            search.problem = _describe_problem(search, error)
            if isinstance(error, HttpError) and error.status == _TOO_MANY_REQUESTS:
                until = self._clock() + (error.retry_after or _WAIT)
                await self._states.block(source.name, until)

    async def _search(self, name: str, search: _Search) -> None:
        """Asks a source for people of a name."""
        source, state = search.source, search.state
        if state.blocked_until is not None and state.is_blocked(self._clock()):
            raise LeftAlone(source.title, state.blocked_until)
        page = await self._ask(search, source.search_request(name), source.read_people)
        search.profiles = select_profiles(page.profiles, name, self._lab)
        search.total = page.total - len(page.profiles) + len(search.profiles)

    async def _complete(self, promising: Collection[Profile], search: _Search) -> None:
        """Asks a source for the works of a few people, the promising ones first."""
        source = search.source
        profiles = sorted(search.profiles, key=lambda one: one not in promising)
        for profile in profiles[:_MAX_COMPLETED]:
            completed: Profile | None = profile
            try:
                completed = await self._ask(
                    search, source.works_request(profile), source.read_profile, profile
                )
            except HttpError as error:
                if error.status not in _UNKNOWN:
                    raise
            search.replace(profile, completed)

    async def _ask(
        self,
        search: _Search,
        request: Request,
        read: Callable[Concatenate[Response, _Arguments], _Result],
        *args: _Arguments.args,
        **kwargs: _Arguments.kwargs,
    ) -> _Result:
        """Makes a request and reads the answer; raises `LabError`."""
        source = search.source
        async with self._paces.of(source.limits.service).turn(request.url):
            page = await self._http.get(request.url, request.headers)
        return await read_page(self._workers, source, page, self._clock(), read, *args, **kwargs)


def _profiles_of(candidates: Iterable[Candidate]) -> list[Profile]:
    return [profile for one in candidates for profile in one.profiles]


def _describe_problem(search: _Search, error: Exception) -> str:
    """Returns a sentence about a source that failed."""
    title = search.source.title
    if isinstance(error, LeftAlone | TooManyRequests):
        return str(error)
    if search.profiles:
        return f"{title} found people, but didn't answer when I asked for their papers."
    if isinstance(error, HttpError) and error.status == _TOO_MANY_REQUESTS:
        return f"{title} asked me to try again later."
    if isinstance(error, HttpError | TimeoutError):
        return f"{title} didn't answer."
    return str(error)
