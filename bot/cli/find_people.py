"""`lab-herald people find`: searches services for people of a name, without the bot."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence

import click

from bot.cli import common
from bot.formats import people_file
from bot.markdown import count, join_or
from bot.settings import Settings
from bot.sources.candidates import Candidate, person_draft
from bot.sources.find_people import FoundPeople
from bot.sources.radar import open_radar
from storage.errors import LabError
from storage.library import Library
from storage.people import ids
from storage.people.imports import new_person
from storage.people.models import Person

_MAX_AFFILIATIONS = 3


@click.command()
@click.argument("name", nargs=-1, required=True)
@common.json_option
@click.pass_obj
def find(settings: Settings, name: tuple[str, ...], *, as_json: bool) -> None:
    """Find somebody at OpenAlex, ORCID and DBLP.

    Shows up to three people, each with the command that adds them. Nobody is added unless you run
    it. The exit code is 1 if nobody is found.
    """

    async def run(library: Library) -> tuple[FoundPeople, tuple[Person, ...]]:
        async with open_radar(library, settings, settings.clock) as radar:
            return await radar.find_people(" ".join(name)), await library.people.all()

    found, registered = common.run_with_library(settings, run)
    if as_json:
        click.echo(common.to_json(_found_json(found, registered)))
    else:
        if found.candidates:
            click.echo(_found_text(found, registered))
        for problem in found.problems:
            click.echo(problem, err=True)
    if not found.candidates:
        raise LabError(f"I couldn't find “{found.name}” at {join_or(found.asked)}.")


def _found_json(found: FoundPeople, registered: Sequence[Person]) -> dict[str, object]:
    """Returns what was found, for programs; each ``person`` can be imported."""
    return {
        "name": found.name,
        "candidates": [
            {
                "person": _row(candidate, found.name),
                "affiliations": [one.name for one in candidate.affiliations],
                "first_year": candidate.years[0] if candidate.years else None,
                "last_year": candidate.years[1] if candidate.years else None,
                "work_count": candidate.work_count,
                "works": list(candidate.works),
                "sources": list(candidate.sources),
                "numbers": [one.id for one in _owners(candidate, registered)],
            }
            for candidate in found.candidates
        ],
        "more": dict(found.more),
        "problems": list(found.problems),
    }


def _found_text(found: FoundPeople, registered: Sequence[Person]) -> str:
    lines = []
    for number, candidate in enumerate(found.candidates, start=1):
        parts = [one.name for one in candidate.affiliations[:_MAX_AFFILIATIONS]]
        parts += ["–".join(map(str, dict.fromkeys(candidate.years)))] if candidate.years else []
        parts += [count(candidate.work_count, "work")] if candidate.work_count else []
        lines.append(" · ".join([f"{number}. {candidate.names[0]}", *parts]))
        lines += [f"   {title}" for title in candidate.works]
        lines.append(f"   {', '.join(map(ids.describe, candidate.ids))}")
        if owners := _owners(candidate, registered):
            lines += [f"   Registered: {one.name} (number {one.id})" for one in owners]
        else:
            row = shlex.quote(json.dumps([_row(candidate, found.name)], ensure_ascii=False))
            lines.append(f"   To add them: echo {row} | lab-herald people import - --yes")
    lines += [f"{title} knows {total:,} people of that name." for title, total in found.more]
    return "\n".join(lines)


def _row(candidate: Candidate, name: str) -> dict[str, str]:
    """Returns a candidate as a row of a file of people, without what's empty."""
    values = people_file.person_values(new_person(0, person_draft(candidate, name)))
    return {column: value for column, value in values.items() if value}


def _owners(candidate: Candidate, registered: Sequence[Person]) -> list[Person]:
    return [one for one in registered if not {*one.ids}.isdisjoint(candidate.ids)]
