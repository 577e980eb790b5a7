"""`/people`: the lab's people, and which names are one author's, for moderators, with Undo."""

from __future__ import annotations

from dataclasses import replace

import discord
from discord import app_commands
from discord.app_commands import Range, Transform

from bot.flows import claim_person, edit_person, find_person
from bot.flows.replies import reply, reply_with_notice, undoable
from bot.interactions import Interaction, LabBot
from bot.markdown import count, escape, split_messages
from bot.options.catalogue import AuthorOption, CreditOption
from bot.options.people import PersonOption
from bot.permissions import FOR_MEMBERS, HomeCog, actor, require_home_server
from bot.ui import cards
from bot.ui import people as people_cards
from storage.errors import InvalidInput
from storage.names.affixes import without_author_id
from storage.people.models import Person, PersonDraft


class People(HomeCog, group_name="people", group_extras={FOR_MEMBERS: True}):
    """Manage the lab's people, and merge, split and rename authors."""

    async def interaction_check(self, interaction: Interaction) -> bool:  # type: ignore[override]
        """Lets only moderators use the group, apart from what is for all members."""
        command = interaction.command
        if command is not None and FOR_MEMBERS in command.extras:
            require_home_server(interaction)
            return True
        return await super().interaction_check(interaction)

    @app_commands.command(extras={FOR_MEMBERS: True})
    @app_commands.describe(person="Who you are")
    async def claim(
        self, interaction: Interaction, person: Transform[Person, PersonOption]
    ) -> None:
        """Tell me which of the lab's people you are. A moderator confirms it."""
        await claim_person.ask(interaction, person)

    @app_commands.command()
    @app_commands.describe(member="Their Discord account")
    async def add(self, interaction: Interaction, member: discord.Member | None = None) -> None:
        """Add somebody to the lab's people, in a form."""
        draft = PersonDraft("", discord_id=_account(member))
        await interaction.response.send_modal(edit_person.add_form(draft))

    @app_commands.command()
    @app_commands.describe(name="Their full name, such as Stella Biderman")
    async def find(self, interaction: Interaction, name: str) -> None:
        """Find somebody at OpenAlex, ORCID and DBLP, and add them or their IDs."""
        await find_person.start(interaction, name)

    @app_commands.command()
    @app_commands.describe(
        person="Who", member="Set their Discord account", unlink="Forget their Discord account"
    )
    async def edit(
        self,
        interaction: Interaction,
        person: Transform[Person, PersonOption],
        member: discord.Member | None = None,
        unlink: bool = False,
    ) -> None:
        """Edit a person's names, IDs, membership and categories in a form, or set their account."""
        if member is None and not unlink:
            await interaction.response.send_modal(edit_person.edit_form(person))
            return
        if member is not None and unlink:
            raise InvalidInput("Choose either `member` or `unlink`.")
        account = _account(member)
        await edit_person.save(
            interaction, person, lambda present: replace(present, discord_id=account)
        )

    @app_commands.command()
    @app_commands.describe(person="Who")
    async def show(self, interaction: Interaction, person: Transform[Person, PersonOption]) -> None:
        """Show what I know about one of the lab's people."""
        await reply_with_notice(interaction, people_cards.describe(person))

    @app_commands.command()
    async def list(self, interaction: Interaction) -> None:
        """List the lab's people with their IDs and membership."""
        lines = people_cards.list_lines(await interaction.client.library.people.all())
        for text in split_messages(lines, noun="person"):
            await reply(interaction, cards.notice(text), new_message=True)

    @app_commands.command()
    @app_commands.describe(person="Who")
    async def remove(
        self, interaction: Interaction, person: Transform[Person, PersonOption]
    ) -> None:
        """Remove somebody from the lab's people. Their papers stay in the list."""
        library = interaction.client.library
        removed = await library.people.remove(person.id, actor(interaction))
        text = f"🗑️ Removed **{escape(removed.value.name, 100)}** from the lab's people."
        await reply(interaction, undoable(text, removed.change_id))
        interaction.client.dispatcher.deliver_soon()

    @app_commands.command()
    async def sources(self, interaction: Interaction) -> None:
        """Show the services that I ask for new papers by the lab's people, and any problems."""
        bot = interaction.client
        statuses = await bot.radar.status()
        is_watching = await bot.library.people.is_watching()
        await reply(
            interaction,
            cards.notice(people_cards.describe_sources(statuses, is_watching=is_watching)),
        )

    @app_commands.command()
    @app_commands.describe(on="Look for new papers")
    async def watch(self, interaction: Interaction, on: bool) -> None:
        """Choose whether I look for new papers by the lab's people."""
        people = interaction.client.library.people
        change_id = await people.set_watching(actor(interaction), is_watched=on)
        text = (
            "📡 I'm looking for new papers by the lab's people. `/people sources` shows where."
            if on
            else "⏸️ I'm not looking for new papers by the lab's people any more."
        )
        if change_id is None:
            text += " That was already the case."
        await reply_with_notice(interaction, text, change_id)

    @app_commands.command()
    @app_commands.describe(
        name="Another name for the same person", into="The name to show for the person"
    )
    async def merge(
        self,
        interaction: Interaction,
        name: Transform[str, AuthorOption],
        into: Transform[str, AuthorOption],
    ) -> None:
        """Make a name an alias of an author. Papers are still credited as they were published."""
        merged = await interaction.client.library.authors.merge(name, into, actor(interaction))
        shown = escape(without_author_id(name), 100)
        text = f"🔗 “{shown}” is now an alias of **{escape(merged.value, 100)}**."
        await reply_with_notice(interaction, text, merged.change_id)

    @app_commands.command()
    @app_commands.describe(name="The name, exactly as a paper credits it")
    async def split(self, interaction: Interaction, name: Transform[str, CreditOption]) -> None:
        """Split off a name that belongs to someone else: an alias, or a short one like J. Lee."""
        split = await interaction.client.library.authors.split(name, actor(interaction))
        author = escape(split.value, 100)
        shown = escape(without_author_id(name), 100)
        text = f"✂️ “{shown}” is no longer an alias of **{author}**."
        await reply_with_notice(interaction, text, split.change_id)

    @app_commands.command()
    @app_commands.describe(name="The person's former name", to="The new name to show everywhere")
    async def rename(
        self, interaction: Interaction, name: Transform[str, AuthorOption], to: Range[str, 1, 100]
    ) -> None:
        """Show an author under a new name. Searching for the former name still finds them."""
        library = interaction.client.library
        renamed = await library.authors.rename(name, to, actor(interaction))
        author = await library.authors.get(to)
        papers = count(author.paper_count, "paper")
        text = (
            f"🏷️ Renamed to **{escape(renamed.value, 100)}** on {papers}. You can still search "
            "for the former name, but it isn't shown anywhere."
        )
        await reply_with_notice(interaction, text, renamed.change_id)


def _account(member: discord.Member | None) -> int | None:
    """Returns a member's id, or None without one; raises `InvalidInput` for a bot."""
    if member is not None and member.bot:
        raise InvalidInput("That's a bot. Choose the person's own account.")
    return member.id if member else None


async def setup(bot: LabBot) -> None:
    """Adds the cog to the home servers."""
    await People().register(bot)
