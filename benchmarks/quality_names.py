"""How well people are found by variants of their names, measured on a file of variants.

The file is YAML, a list of ``{canonical: {first, last}, variants: [{first, last}], id, similar}``.
``similar`` lists the ids of other people with similar names.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from benchmarks.catalogs import temporary_library
from benchmarks.report import Row
from storage.errors import AuthorAmbiguous, AuthorNotFound
from storage.library import Library
from storage.models import PaperDraft
from storage.names.matching import is_same_name
from storage.names.parser import parse_name

_RANK = 3


@dataclass(frozen=True, slots=True)
class Person:
    """The name on somebody's papers, its variants, and the names of similar people."""

    name: str
    variants: tuple[str, ...]
    similar: tuple[str, ...]


async def measure_names(path: Path) -> list[Row]:
    """Returns how often variants find their person, and how often papers count for a wrong one.

    Each person has one paper under the canonical name. A variant finds a person if the name is
    among the first three of the answer, of the names in the error, or of the suggestions.
    """
    people = read_people(path)
    async with temporary_library(_papers(person.name for person in people)) as library:
        found = [
            await _is_found(library, variant, person.name)
            for person in people
            for variant in person.variants
        ]
    pairs = [(person.name, other) for person in people for other in person.similar]
    distinct = [pair for pair in pairs if not is_same_name(*map(parse_name, pair))]
    async with temporary_library(_papers({name for pair in distinct for name in pair})) as library:
        wrong = [await _are_mixed_up(library, *pair) for pair in distinct]
    return [
        Row(
            f"names: another form @{_RANK}",
            sum(found) / len(found) if found else float("nan"),
            at_least=0.90,
            detail=f"{sum(found)} of {len(found)}",
        ),
        Row(
            "names: counted for the wrong person",
            sum(wrong),
            at_most=0,
            detail=f"of {len(distinct)} pairs; {len(pairs) - len(distinct)} more share one name",
        ),
    ]


def read_people(path: Path) -> list[Person]:
    """Returns the people of a file. Somebody known only by id is called what the id says."""
    entries: list[dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    names = {entry["id"]: _full_name(entry["canonical"]) for entry in entries if "id" in entry}
    return [
        Person(
            name=_full_name(entry["canonical"]),
            variants=tuple(_full_name(variant) for variant in entry.get("variants", ())),
            similar=tuple(
                names.get(other, other.replace("-", " ").title())
                for other in entry.get("similar", ())
            ),
        )
        for entry in entries
    ]


def _full_name(name: dict[str, Any]) -> str:
    return f"{name.get('first') or ''} {name['last']}".strip()


def _papers(names: Iterable[str]) -> list[PaperDraft]:
    """Returns one paper for each name."""
    return [
        PaperDraft(title=f"Paper {number}", authors=(name,))
        for number, name in enumerate(dict.fromkeys(names))
    ]


async def _is_found(library: Library, variant: str, name: str) -> bool:
    try:
        offered: tuple[str, ...] = ((await library.authors.get(variant)).name,)
    except AuthorAmbiguous as error:
        offered = error.people
    except AuthorNotFound as error:
        offered = error.similar
    suggested = [shown for shown, _ in await library.authors.suggest(variant)]
    return name in (*offered[:_RANK], *suggested[:_RANK])


async def _are_mixed_up(library: Library, name: str, other: str) -> bool:
    """Returns whether papers of either person count for the other."""
    for one, foreign in ((name, other), (other, name)):
        person = await library.authors.get(one)
        page = await library.authors.list_papers(person, limit=person.paper_count)
        if any(foreign in paper.authors for paper in page.papers):
            return True
    return False
