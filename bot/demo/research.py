"""Researchers and papers that the demo's fake services know, those of each day included."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import Any

from storage.people.models import IdScheme, PersonId


@dataclass(frozen=True, slots=True)
class Researcher:
    """An author; ``is_of_the_lab`` is whether the bot knows them from the start."""

    name: str
    affiliation: str = ""
    ids: tuple[PersonId, ...] = ()
    categories: tuple[str, ...] = ()
    is_of_the_lab: bool = False

    def id_at(self, scheme: IdScheme) -> str:
        """Returns the id at a service, or an empty string."""
        return next((one.value for one in self.ids if one.scheme is scheme), "")


@dataclass(frozen=True, slots=True)
class Publication:
    """A paper as services know it; ``sources`` are those that name it with its authors' ids."""

    number: int
    title: str
    authors: tuple[Researcher, ...]
    date: date
    arxiv: str = ""
    doi: str = ""
    venue: str = ""
    summary: str = ""
    categories: tuple[str, ...] = ()
    sources: frozenset[str] = frozenset()


class Research:
    """What is public today, in a world where each day brings papers.

    Papers of the starter list are public from the start, and so are older ones that exist only in
    the demo.
    """

    def __init__(self, today: date) -> None:
        world = _load("research.toml")
        people = {one["key"]: _researcher(one) for one in world["person"]}
        self.people = tuple(people.values())
        self._days = [today]
        self._papers = [*_load("known.toml")["paper"], *world["paper"]]
        self._people = people

    @property
    def today(self) -> date:
        """The day that it is."""
        return self._days[-1]

    @property
    def days_passed(self) -> int:
        """The number of days that a visitor let pass."""
        return len(self._days) - 1

    def begin_day(self, day: date) -> None:
        """Makes the next papers public."""
        self._days.append(day)

    def published(self) -> tuple[Publication, ...]:
        """Returns all papers that are public, in the order in which they became so."""
        return tuple(
            self._publication(number, values)
            for number, values in enumerate(self._papers, start=1)
            if values.get("day", 0) <= self.days_passed
        )

    def named_by(self, source: str) -> tuple[Publication, ...]:
        """Returns the public papers that a source names with the ids of their authors."""
        return tuple(one for one in self.published() if source in one.sources)

    def _publication(self, number: int, values: Mapping[str, Any]) -> Publication:
        day = values["date"] if "date" in values else self._days[values["day"]]
        arxiv = f"{day:%y%m}.9{number:04}" if values.get("is_on_arxiv") else values.get("arxiv", "")
        return Publication(
            number=number,
            title=values["title"],
            authors=tuple(self._people.get(name) or Researcher(name) for name in values["authors"]),
            date=day,
            arxiv=arxiv,
            doi=values.get("doi", ""),
            venue=values.get("venue", ""),
            summary=values.get("summary", ""),
            categories=tuple(values.get("categories", ())),
            sources=frozenset(values.get("sources", ())),
        )


def _researcher(values: Mapping[str, Any]) -> Researcher:
    return Researcher(
        name=values["name"],
        affiliation=values["affiliation"],
        ids=tuple(PersonId(scheme, values[scheme]) for scheme in IdScheme if scheme in values),
        categories=tuple(values.get("categories", ())),
        is_of_the_lab=values.get("is_of_the_lab", False),
    )


def _load(name: str) -> dict[str, Any]:
    return tomllib.loads(files("bot.demo").joinpath(name).read_text(encoding="utf-8"))
