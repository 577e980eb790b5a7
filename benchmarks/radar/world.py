"""The world of the radar benchmark: a lab's people, all works that may be theirs, and the truth."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from benchmarks.generator import vocabulary

LAB = "Institute for Open Owls"
_START = date(2025, 1, 1)
_DAYS = 365
_BACKLOG = 365  # days before the start from which there are works, too
_WRONG_IDS = 0.03
_MISSING_IDS = 0.15
_INITIALS = 0.08
_NAMESAKE_WORKS = 0.3
_CATEGORIES = ("cs.CL", "cs.LG", "cs.CV", "cs.AI", "stat.ML")
_OTHER_CATEGORIES = ("math.CO", "q-bio.NC", "cs.CL", "cs.LG", "cond-mat.soft", "eess.SP")
_GIVEN = (
    "Ada Ann Anna Bo Carla Chen Daniel David Elena Emma Eva Felix Grace Hana Hao Hugo Ines Ivan "
    "Jan Jana Jie Jin Julia Karl Laura Lea Leo Li Lin Lucas Maria Mark Max Mei Mia Min Nina Noor "
    "Olga Omar Paul Peter Qi Rosa Sara Sofia Stella Tao Tom Vera Wei Xin Yan Yang Yi Yuki Zoe"
).split()
_FAMILY = (
    "Adler Berg Biderman Chen Costa Diaz Evans Fischer Gao Garcia Haddad Huang Ito Ivanov Jansen "
    "Kim Kovac Kumar Lang Lee Li Liu Lopez Ma Meyer Moreau Nagy Novak Okafor Olsen Park Petrov "
    "Rossi Sato Schmidt Silva Singh Smith Tanaka Torres Ueda Vogel Wagner Wang Weber Wu Xu Yang "
    "Zhang Zhao Zimmer"
).split()
_INSTITUTIONS = tuple(
    f"University of {town}"
    for town in "Aalborg Bergen Cork Dundee Exeter Ghent Hull Iowa Jena Kyoto Leeds".split()
)


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody whom the lab has registered; empty ids are unknown to it.

    ``from_`` and ``to`` are ISO dates or empty. The same person may have more ids than these.
    """

    name: str
    orcid: str = ""
    openalex: str = ""
    arxiv: str = ""
    dblp: str = ""
    semantic_scholar: str = ""
    from_: str = ""
    to: str = ""
    categories: str = ""


@dataclass(frozen=True, slots=True)
class WorldCredit:
    """An author of a work: the name as printed, and what services say about who that is."""

    name: str
    orcid: str = ""
    openalex: str = ""
    arxiv: str = ""
    dblp: str = ""
    semantic_scholar: str = ""
    affiliations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Work:
    """A work as services know it, from the day in ``available`` on.

    ``authors`` are the indexes of members who truly wrote it, and ``ours`` those of them who were
    members on the day of ``date``.
    """

    title: str
    date: str
    credits: tuple[WorldCredit, ...]
    available: dict[str, str]
    arxiv: str = ""
    doi: str = ""
    venue: str = ""
    categories: tuple[str, ...] = ()
    authors: tuple[int, ...] = ()
    ours: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class World:
    """A lab, its people, and works of a year and of some time before."""

    start: str
    days: int
    affiliations: tuple[str, ...]
    people: tuple[Member, ...]
    works: tuple[Work, ...]
    listed: tuple[int, ...] = ()  # works that the list has at the start


def read_world(path: Path) -> World:
    """Reads a world from a JSON file, whose format is that of `World`."""
    values = json.loads(path.read_text("utf-8"))
    return World(
        start=values["start"],
        days=values["days"],
        affiliations=tuple(values["affiliations"]),
        people=tuple(Member(**one) for one in values["people"]),
        works=tuple(_work(one) for one in values["works"]),
        listed=tuple(values.get("listed", ())),
    )


def write_world(world: World, path: Path) -> None:
    """Writes a world as a JSON file."""
    path.write_text(json.dumps(asdict(world), ensure_ascii=False, indent=1), "utf-8")


def _work(values: dict[str, Any]) -> Work:
    credits = tuple(
        WorldCredit(**{**one, "affiliations": tuple(one.get("affiliations", ()))})
        for one in values["credits"]
    )
    lists = {name: tuple(values.get(name, ())) for name in ("categories", "authors", "ours")}
    return Work(**{**values, **lists, "credits": credits})


@dataclass(slots=True)
class _Researcher:
    """Somebody who writes papers: a member, a namesake of one, or a co-author of either."""

    name: str
    ids: dict[str, str]
    institution: str
    categories: Sequence[str]
    coauthors: list[_Researcher] = field(default_factory=list)
    member: int | None = None


def generate(people: int = 100, works: int = 5_000, seed: int = 16) -> World:
    """Invents a world with namesakes, wrong and missing ids, initials, and people who left."""
    return _Generator(random.Random(seed)).world(people, works)


class _Generator:
    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._words = vocabulary(6_000)[200:]
        self._numbers = count(1)
        self._arxiv_numbers: dict[str, int] = {}

    def world(self, size: int, works: int) -> World:
        rng = self._rng
        names = self._names()
        researchers = [
            self._researcher(next(names), LAB, rng.sample(_CATEGORIES, 2), number)
            for number in range(size)
        ]
        people = tuple(map(self._member, researchers))
        outsiders = [
            self._researcher(next(names), rng.choice(_INSTITUTIONS), _CATEGORIES)
            for _ in range(2 * size)
        ]
        for start in range(0, size, 5):
            group = researchers[start : start + 5]
            externals = rng.sample(outsiders, 6)
            for one in group:
                one.coauthors = [*(other for other in group if other is not one), *externals]
        namesakes = [self._namesake(one) for one in rng.sample(researchers, size // 3)]
        made = []
        for _ in range(works):
            if rng.random() < _NAMESAKE_WORKS:
                twin, author = rng.choice(namesakes)
                made.append(self._work(author, people, twin))
            else:
                made.append(self._work(rng.choice(researchers), people))
        made.sort(key=lambda one: one.date)
        listed = tuple(
            number
            for number, one in enumerate(made)
            if one.ours and one.date < _START.isoformat() and rng.random() < 0.6
        )
        return World(_START.isoformat(), _DAYS, (LAB,), people, tuple(made), listed)

    def _names(self) -> Iterator[str]:
        seen = set()
        while True:
            name = f"{self._rng.choice(_GIVEN)} {self._rng.choice(_FAMILY)}"
            if name not in seen:
                seen.add(name)
                yield name

    def _researcher(
        self, name: str, institution: str, categories: Sequence[str], member: int | None = None
    ) -> _Researcher:
        number = next(self._numbers)
        given, family = name.lower().split()
        ids = {
            "orcid": _orcid(number),
            "openalex": f"A{5_000_000_000 + number}",
            "arxiv": f"{family}_{given[0]}_{number}",
            "dblp": f"{number % 300}/{1_000 + number}",
            "semantic_scholar": str(2_000_000 + number),
        }
        return _Researcher(name, ids, institution, categories, member=member)

    def _member(self, one: _Researcher) -> Member:
        rng = self._rng
        shares = {"orcid": 0.75, "openalex": 0.9, "arxiv": 0.15, "dblp": 0.6}
        shares["semantic_scholar"] = 0.5
        ids = {name: one.ids[name] for name, share in shares.items() if rng.random() < share}
        end = start = ""
        if rng.random() < 0.15:
            end = str(_START + timedelta(days=rng.randrange(-100, 300)))
        elif rng.random() < 0.1:
            start = str(_START + timedelta(days=rng.randrange(0, 200)))
        return Member(one.name, **ids, from_=start, to=end, categories=" ".join(one.categories))

    def _namesake(self, one: _Researcher) -> tuple[_Researcher, _Researcher]:
        """Returns a member with somebody else of that name, who has co-authors of their own."""
        rng = self._rng
        institution = rng.choice(_INSTITUTIONS)
        other = self._researcher(one.name, institution, rng.sample(_OTHER_CATEGORIES, 2))
        other.coauthors = [
            self._researcher(
                f"{rng.choice(_GIVEN)} {rng.choice(_FAMILY)}", institution, other.categories
            )
            for _ in range(8)
        ]
        return one, other

    def _work(
        self,
        lead: _Researcher,
        people: Sequence[Member],
        twin: _Researcher | None = None,
    ) -> Work:
        """Invents a work; that of a namesake may get ids of the ``twin``, who is a member."""
        rng = self._rng
        day = _START + timedelta(days=rng.randrange(-_BACKLOG, _DAYS))
        size = rng.choices((0, 1, 2, 3, 4), (5, 15, 30, 30, 20))[0]
        team = [lead, *rng.sample(lead.coauthors, min(size, len(lead.coauthors)))]
        rng.shuffle(team)
        authors = tuple(sorted(one.member for one in team if one.member is not None))
        ours = tuple(one for one in authors if _is_member(people[one], day))
        shortens = rng.random() < _INITIALS
        credits = [self._credit(one, people, day, shortens=shortens) for one in team]
        if rng.random() < _WRONG_IDS / (_NAMESAKE_WORKS if twin else 1 - _NAMESAKE_WORKS) / 2:
            credits = self._with_wrong_ids(credits, team, lead, twin)
        is_preprint = rng.random() < 0.8
        is_published = not is_preprint or rng.random() < 0.5
        published = day + timedelta(days=rng.randrange(30, 200) if is_preprint else 0)
        number = next(self._numbers)
        available = self._available(
            day, published, is_preprint=is_preprint, is_published=is_published
        )
        return Work(
            title=" ".join(rng.choice(self._words) for _ in range(8)).capitalize(),
            date=str(day),
            credits=tuple(credits),
            available=available,
            arxiv=self._arxiv_id(day) if is_preprint else "",
            doi=f"10.5555/owl.{number}" if is_published else "",
            venue=f"Journal of {rng.choice(self._words).capitalize()}" if is_published else "",
            categories=tuple(rng.sample([*lead.categories], rng.choice((1, 2)))),
            authors=authors,
            ours=ours,
        )

    def _credit(
        self, one: _Researcher, people: Sequence[Member], day: date, *, shortens: bool
    ) -> WorldCredit:
        rng = self._rng
        given, family = one.name.split()
        ids = {} if rng.random() < _MISSING_IDS else dict(one.ids)
        if "orcid" in ids and rng.random() < 0.3:
            del ids["orcid"]
        institution = one.institution
        if one.member is not None and (not _is_member(people[one.member], day)):
            institution = _INSTITUTIONS[one.member % len(_INSTITUTIONS)]
        affiliations = (institution,) if rng.random() < 0.7 else ()
        name = f"{given[0]}. {family}" if shortens else one.name
        return WorldCredit(name, **ids, affiliations=affiliations)

    def _with_wrong_ids(
        self,
        credits: list[WorldCredit],
        team: Sequence[_Researcher],
        lead: _Researcher,
        twin: _Researcher | None,
    ) -> list[WorldCredit]:
        """Attaches a namesake's work to the member, or ids to the wrong co-author."""
        rng = self._rng
        index = team.index(lead)
        owner = twin or lead
        ids: dict[str, Any] = {
            name: owner.ids[name] for name in ("orcid", "openalex", "semantic_scholar")
        }
        if twin is None:
            if len(team) < 2:
                return credits
            credits[index] = replace(credits[index], orcid="", openalex="", semantic_scholar="")
            index = rng.choice([other for other in range(len(team)) if other != index])
        credits[index] = replace(credits[index], **ids)
        return credits

    def _available(
        self, day: date, published: date, *, is_preprint: bool, is_published: bool
    ) -> dict[str, str]:
        """Returns when each source has the work; some never have it."""
        rng = self._rng
        available = {}
        if is_preprint:
            available["arxiv_listing"] = available["arxiv_author"] = _next_weekday(day)
        first = day if is_preprint else published
        for source, share, lag in (("openalex", 0.95, 14), ("semantic_scholar", 0.9, 7)):
            if rng.random() < share:
                available[source] = first + timedelta(days=rng.randrange(2, lag))
        if is_published:
            available["crossref"] = published + timedelta(days=1)
            if rng.random() < 0.8:
                available["dblp"] = published + timedelta(days=rng.randrange(10, 60))
        if rng.random() < 0.6:
            available["orcid"] = first + timedelta(days=rng.randrange(3, 40))
        return {source: str(when) for source, when in available.items()}

    def _arxiv_id(self, day: date) -> str:
        month = f"{day:%y%m}"
        self._arxiv_numbers[month] = self._arxiv_numbers.get(month, 0) + 1
        return f"{month}.{self._arxiv_numbers[month]:05}"


def _is_member(one: Member, day: date) -> bool:
    return (one.from_ or "0") <= str(day) <= (one.to or "9")


def _next_weekday(day: date) -> date:
    following = day + timedelta(days=1)
    while following.weekday() >= 5:
        following += timedelta(days=1)
    return following


def _orcid(number: int) -> str:
    """Returns an ORCID iD with its check digit (ISO 7064, MOD 11-2)."""
    digits = f"{15_000_000 + number:015}"
    total = 0
    for digit in digits:
        total = (total + int(digit)) * 2
    rest = (12 - total % 11) % 11
    digits += "X" if rest == 10 else str(rest)
    return "-".join(digits[start : start + 4] for start in range(0, 16, 4))
