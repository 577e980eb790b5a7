"""What sources say about people who are searched by name, and which sources can be searched so."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

from bot.sources.source import NotAnAnswer, Reading, Request, Response, Source
from bot.sources.works import Record, objects
from storage.people.models import Affiliation, PersonId
from storage.text import fold

SEARCH_SIZE = 10  # people that one search names, at most
MAX_WORKS = 3  # that a profile shows
_YEARS = range(1500, 2200)


@dataclass(frozen=True, slots=True)
class Profile:
    """Somebody as one source describes them, under its own id.

    ``source`` is the source's name. ``ids`` are its own id and those that it links to. ``name``
    may end in a number that tells namesakes apart. ``years`` are the first and the last
    one with a work, ``work_count`` is 0 if it's not known, and ``works`` are titles with years.
    """

    source: str
    name: str
    ids: tuple[PersonId, ...]
    other_names: tuple[str, ...] = ()
    affiliations: tuple[Affiliation, ...] = ()
    years: tuple[int, int] | None = None
    work_count: int = 0
    works: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProfilePage:
    """The profiles that a search found, best first, and how many there are in all."""

    profiles: tuple[Profile, ...]
    total: int = 0


@runtime_checkable
class PeopleSource(Source, Protocol):
    """A source that can also be searched for people by name.

    Like ``read``, ``read_people`` and ``read_profile`` give module-level functions. The latter
    completes a profile by the works that `works_request` asked for, or returns None if it turns out
    not to be a person's.
    """

    def search_request(self, name: str) -> Request:
        """Returns the request that searches for people of a name."""

    @property
    def read_people(self) -> Callable[[Response], ProfilePage]:
        """Reads what a search found; pure."""

    def works_request(self, profile: Profile) -> Request:
        """Returns the request for a few works of somebody who was found."""

    @property
    def read_profile(self) -> Callable[[Response, Profile], Profile | None]:
        """Reads those works; pure."""


def read_profiles(
    found: object, read: Callable[[Record], Profile | None], total: object
) -> ProfilePage:
    """Reads each of a list of people; raises `NotAnAnswer` if there's no list."""
    if not isinstance(found, list):
        raise NotAnAnswer("it has no list of people")
    profiles = [profile for one in objects(found)[:SEARCH_SIZE] if (profile := read(one))]
    is_number = isinstance(total, int) and not isinstance(total, bool)
    return ProfilePage(tuple(profiles), total if isinstance(total, int) and is_number else 0)


def span(years: Iterable[object]) -> tuple[int, int] | None:
    """Returns the first and the last of these years, or None if there's none."""
    found = [one for one in years if isinstance(one, int) and one in _YEARS]
    return (min(found), max(found)) if found else None


def titled(title: str, year: object) -> str:
    """Returns a work as a profile shows it, with its year if that is one."""
    return f"{title} ({year})" if span([year]) else title


def with_works(profile: Profile, reading: Reading) -> Profile:
    """Returns a profile with the number, the years and a few titles of its works, newest first."""
    # A preprint and its published version have one title.
    dated = {
        fold(one.draft.title): (
            one.draft.title,
            one.first_public.year if one.first_public else None,
        )
        for one in reading.witnesses
    }
    newest = sorted(dated.values(), key=lambda one: -(one[1] or 0))
    return replace(
        profile,
        years=span(year for _, year in dated.values()),
        work_count=max(profile.work_count, len(dated)),
        works=tuple(titled(*one) for one in newest[:MAX_WORKS]),
    )
