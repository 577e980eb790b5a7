"""How well people are found by other forms of their names, on a file of name variants.

The file is YAML, a list of `{canonical: {first, last}, variants: [{first, last}], id, similar}`,
where `similar` has the ids of people who are not this one.
"""

from __future__ import annotations

import tempfile
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from benchmarks import catalogues
from benchmarks.table import Goal, Row
from storage.errors import AuthorAmbiguous, AuthorNotFound
from storage.library import Library, open_library
from storage.models import PaperDraft
from storage.names.matching import is_same_name
from storage.names.parser import parse_name

_OFFERED = 3


@dataclass(frozen=True, slots=True)
class Entry:
    """A person: the name that their papers have, its other forms, and whom they are not."""

    name: str
    variants: tuple[str, ...]
    similar: tuple[str, ...]


async def measure_names(variants: Path) -> list[Row]:
    """The rows of the quality report for `measure`."""
    found = await measure(variants)
    return [
        Row(
            "names: another form @3",
            found["person_at_3"],
            Goal(0.90, at_least=True),
            f"{found['found']} of {found['asked']}",
        ),
        Row(
            "names: counted for the wrong person",
            found["wrong"],
            Goal(0),
            f"of {found['pairs']} pairs; {found['same_name']} more share one name",
        ),
    ]


async def measure(variants: Path) -> dict[str, float]:
    """How often the person is among the first three offered, and papers are counted wrongly.

    Every person has one paper under the canonical name. For each other form, what is offered is
    the person found or those named in the sentence instead, and the suggestions while typing.
    """
    entries = read_entries(variants)
    async with _catalogue(entry.name for entry in entries) as library:
        asked = [(form, entry.name) for entry in entries for form in entry.variants]
        found = [await _offers(library, form, name) for form, name in asked]
    pairs = [(entry.name, other) for entry in entries for other in entry.similar]
    distinct = [pair for pair in pairs if not is_same_name(*map(parse_name, pair))]
    async with _catalogue({name for pair in distinct for name in pair}) as library:
        wrong = [await _counts_wrongly(library, one, other) for one, other in distinct]
    return {
        "person_at_3": sum(found) / len(found) if found else float("nan"),
        "found": sum(found),
        "asked": len(found),
        "wrong": sum(wrong),
        "pairs": len(distinct),
        "same_name": len(pairs) - len(distinct),
    }


def read_entries(variants: Path) -> list[Entry]:
    """The people of a file; one who is only named by an id is called as the id says."""
    entries: list[dict[str, Any]] = yaml.safe_load(variants.read_text(encoding="utf-8"))
    named = {entry["id"]: _full(entry["canonical"]) for entry in entries if "id" in entry}
    return [
        Entry(
            name=_full(entry["canonical"]),
            variants=tuple(_full(form) for form in entry.get("variants", ())),
            similar=tuple(
                named.get(other, other.replace("-", " ").title())
                for other in entry.get("similar", ())
            ),
        )
        for entry in entries
    ]


@asynccontextmanager
async def _catalogue(names: Iterable[str]) -> AsyncGenerator[Library]:
    """A catalogue with one paper for each name."""
    with tempfile.TemporaryDirectory(prefix="lab-herald-names-") as folder:
        async with open_library(Path(folder) / "names.db", catalogues.clock) as library:
            drafts = [
                PaperDraft(title=f"Paper {number}", authors=(name,))
                for number, name in enumerate(dict.fromkeys(names))
            ]
            await catalogues.fill(library, drafts)
            yield library


async def _offers(library: Library, form: str, name: str) -> bool:
    """Whether who is asked for by this form is among the first that are offered."""
    try:
        offered: tuple[str, ...] = ((await library.authors.get(form)).name,)
    except AuthorAmbiguous as error:
        offered = error.people
    except AuthorNotFound as error:
        offered = error.similar
    suggested = [shown for shown, _papers in await library.authors.suggest(form)]
    return name in (*offered[:_OFFERED], *suggested[:_OFFERED])


async def _counts_wrongly(library: Library, name: str, other: str) -> bool:
    """Whether the papers of either are counted for the other."""
    for asked, foreign in ((name, other), (other, name)):
        person = await library.authors.get(asked)
        page = await library.authors.list_papers(person, limit=person.paper_count)
        if any(foreign in paper.authors for paper in page.papers):
            return True
    return False


def _full(form: dict[str, Any]) -> str:
    return f"{form.get('first') or ''} {form['last']}".strip()
