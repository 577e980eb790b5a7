"""`lab-herald people`: the group of the commands about the lab's people."""

from __future__ import annotations

import click

from bot.cli import common

_COMMANDS = {
    "export": "people.export_people",
    "find": "find_people.find",
    "import": "people.import_people",
    "list": "people.list_people",
    "poll": "poll.poll",
    "show": "people.show",
    "trust": "people.trust",
}


@click.group(cls=common.LazyGroup, modules=_COMMANDS)
def people() -> None:
    """Manage the lab's people: their names, IDs in other services, and membership."""
