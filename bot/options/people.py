"""The option that names one of the lab's people."""

from __future__ import annotations

from collections import Counter

from discord import app_commands
from discord.app_commands import Choice

from bot.errors import suggestions
from bot.interactions import Interaction
from bot.options.catalogue import make_choice
from bot.permissions import is_home_server
from storage.people import ids
from storage.people.models import Person


class PersonOption(app_commands.Transformer):
    """A person of the lab by name, number or id; suggestions tell namesakes apart."""

    async def transform(  # type: ignore[override]  # noqa: D102
        self, interaction: Interaction, value: str, /
    ) -> Person:
        return await interaction.client.library.people.find(value)

    async def autocomplete(  # type: ignore[override]  # noqa: D102
        self, interaction: Interaction, value: str, /
    ) -> list[Choice[str]]:
        # Discord asks for suggestions before it runs any check.
        return await suggestions(_people(interaction, value)) if is_home_server(interaction) else []


async def _people(interaction: Interaction, text: str) -> list[Choice[str]]:
    found = await interaction.client.library.people.search(text)
    names = Counter(person.name for person in found)
    return [
        make_choice(_label(person, has_namesake=names[person.name] > 1), f"#{person.id}")
        for person in found
    ]


def _label(person: Person, *, has_namesake: bool) -> str:
    if person.ids:
        return f"{person.name} · {ids.describe(person.ids[0])}"
    return f"{person.name} (number {person.id})" if has_namesake else person.name
