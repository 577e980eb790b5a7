"""`/author`: an author's papers, venues and co-authors."""

from __future__ import annotations

import re

from discord import app_commands
from discord.app_commands import Transform
from discord.ext import commands

from bot.interactions import Interaction, LabBot
from bot.options.catalogue import AuthorOption
from bot.permissions import is_home_server, require_home_server
from bot.ui import result_pages
from bot.ui.author_menu import on_choose
from bot.ui.saved_query import SavedQuery
from storage.errors import LabError
from storage.names.affixes import with_author_id, without_author_id
from storage.people.ids import author_numbers

_MENTION = re.compile(r"<@!?(\d{1,20})>", re.ASCII)


@on_choose
async def show_person(interaction: Interaction, name: str) -> None:
    """Shows the card of a person who was chosen in a menu, privately."""
    layout = await result_pages.render(
        interaction.client.library,
        SavedQuery(author=name),
        interaction.user.id,
        shows_accounts=is_home_server(interaction),
    )
    await interaction.response.send_message(view=layout, ephemeral=True)


class Author(commands.Cog):
    """Look up authors."""

    @app_commands.command()
    @app_commands.describe(
        name="A name in any form, such as Stella Biderman, or a @member of the lab",
        private="Show the reply only to you",
    )
    async def author(
        self, interaction: Interaction, name: Transform[str, AuthorOption], private: bool = False
    ) -> None:
        """Show an author's papers, venues and co-authors."""
        if mention := _MENTION.fullmatch(name.strip()):
            name = await _name_of(interaction, int(mention[1]))
        layout = await result_pages.render(
            interaction.client.library,
            SavedQuery(author=name),
            interaction.user.id,
            shows_accounts=is_home_server(interaction),
        )
        await interaction.response.send_message(view=layout, ephemeral=private)


async def _name_of(interaction: Interaction, member_id: int) -> str:
    """Returns the name of the person who a member is; only the lab's own servers know that.

    It has the number that DBLP tells them apart by from others of that name, if they have one.
    """
    require_home_server(interaction)
    person = await interaction.client.library.people.by_member(member_id)
    if person is None:
        raise LabError("I don't know which author that is. They can tell me with `/people claim`.")
    numbers = author_numbers(person.ids)
    if len(numbers) != 1:
        return person.name
    return with_author_id(without_author_id(person.name), *numbers)


async def setup(bot: LabBot) -> None:
    """Adds the cog."""
    await bot.add_cog(Author())
