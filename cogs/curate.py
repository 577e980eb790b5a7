"""`/curate`: adding, importing and changing papers, and the log, in the lab's own servers."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.app_commands import Range, Transform
from discord.ui import ActionRow

from bot.flows import add_paper, edit_paper, merge_papers
from bot.flows import audit_log as audit_log_flow
from bot.flows import undo as undo_flow
from bot.flows.import_file import Imports
from bot.flows.replies import undo_buttons
from bot.flows.review_queue import queue
from bot.formats.csv_columns import read_mappings
from bot.importing.upload import ImportOptions
from bot.interactions import Interaction, LabBot
from bot.markdown import escape
from bot.options.catalogue import KnownPaperOption, PaperOption, RemovedPaperOption, TagsOption
from bot.permissions import HomeCog, actor, require_moderator
from bot.ui import cards
from bot.ui.buttons import KeepButton, RemoveButton
from storage.models import Paper as PaperRecord


@RemoveButton.on_press
async def remove_paper(interaction: Interaction, button: RemoveButton) -> None:
    """Removes the paper and replaces the question by a reply with Undo."""
    require_moderator(interaction)
    removed = await interaction.client.library.papers.remove(button.paper_id, actor(interaction))
    paper = removed.value
    await interaction.response.edit_message(
        view=cards.notice(
            f"🗑️ Removed **{escape(paper.title, 300)}** (#{paper.id}). No feed and no "
            "import brings it back; `/curate restore` does.",
            *[ActionRow(undo) for undo in undo_buttons(removed.change_id)],
        )
    )
    interaction.client.dispatcher.deliver_soon()


@KeepButton.on_press
async def keep_paper(interaction: Interaction, _button: KeepButton) -> None:
    """Replaces the question by a reply that nothing changed."""
    await interaction.response.edit_message(view=cards.notice("👌 Nothing was changed."))


class Curate(HomeCog, group_name="curate"):
    """Keep the paper list right."""

    def __init__(self) -> None:
        self.imports = Imports()

    @app_commands.command()
    @app_commands.describe(
        source="An arXiv id or link, a DOI, a paper's address, or BibTeX; without it, a form opens",
        announce="Also announce it in every announcement channel",
    )
    async def add(self, interaction: Interaction, source: str = "", announce: bool = False) -> None:
        """Add a paper: I look it up by its id or link, or you fill in a form."""
        if source.strip():
            await add_paper.look_up(interaction, source, announce=announce)
        else:
            await add_paper.Addition(announce=announce).open_form(interaction)

    @app_commands.command()
    @app_commands.describe(paper="Which paper: a title, number, arXiv id, DOI or link")
    async def edit(
        self, interaction: Interaction, paper: Transform[PaperRecord, PaperOption]
    ) -> None:
        """Correct a paper in a form that shows what is there."""
        await interaction.response.send_modal(edit_paper.edit_form(paper))

    @app_commands.command()
    @app_commands.describe(paper="Which paper: a title, number, arXiv id, DOI or link")
    async def remove(
        self, interaction: Interaction, paper: Transform[PaperRecord, PaperOption]
    ) -> None:
        """Take a paper out of the list; I ask once."""
        await interaction.response.send_message(
            view=cards.Layout(
                *cards.paper_with(
                    paper,
                    "Do you want to remove this paper? No feed and no import brings it back then; "
                    "`/curate restore` does.",
                    RemoveButton(interaction.user.id, paper.id),
                    KeepButton(interaction.user.id, paper.id),
                )
            ),
            ephemeral=True,
        )

    @app_commands.command(name="import")
    @app_commands.describe(
        file="A publications page as text, BibTeX, CSV, JSON, JSON lines, or a feed's file",
        unpublished="Take rows of a sheet in, too, that are under review or rejected",
        keep_going="Leave out what can't be used without more ado",
        columns="Columns of a sheet that I don't know: title=Headline; authors=Who",
    )
    async def import_(
        self,
        interaction: Interaction,
        file: discord.Attachment,
        unpublished: bool = False,
        keep_going: bool = False,
        columns: Range[str, 1, 1000] = "",
    ) -> None:
        """Take in the papers of a file; you see first what would happen, and I ask."""
        wishes = ImportOptions(read_mappings(columns), unpublished)
        await self.imports.preview(interaction, file, wishes, keep_going=keep_going)

    @app_commands.command()
    async def queue(self, interaction: Interaction) -> None:
        """Show what waits for a decision: suggestions of members, entries of feeds."""
        shown = await queue(interaction.client.library, interaction.user.id)
        await interaction.response.send_message(view=shown, ephemeral=True)

    @app_commands.command()
    @app_commands.describe(paper="Which removed paper; the last ones are suggested first")
    async def restore(
        self, interaction: Interaction, paper: Transform[PaperRecord, RemovedPaperOption]
    ) -> None:
        """Put a removed paper into the list again."""
        await edit_paper.restore(interaction, paper)

    @app_commands.command()
    @app_commands.describe(
        paper="Which paper: a title, number, arXiv id, DOI or link",
        add="Tags to add, parted by commas",
        remove="Tags to take away, parted by commas",
    )
    async def tag(
        self,
        interaction: Interaction,
        paper: Transform[PaperRecord, PaperOption],
        add: Transform[tuple[str, ...], TagsOption] = (),
        remove: Transform[tuple[str, ...], TagsOption] = (),
    ) -> None:
        """Give a paper tags, or take some from it."""
        await edit_paper.tag(interaction, paper, add, remove)

    @app_commands.command()
    @app_commands.describe(
        paper="The paper that becomes a part of the other", into="The paper that stays"
    )
    async def merge(
        self,
        interaction: Interaction,
        paper: Transform[PaperRecord, PaperOption],
        into: Transform[PaperRecord, PaperOption],
    ) -> None:
        """Make two papers one; I show both, and you choose what stays."""
        await merge_papers.start(interaction, paper, into)

    @app_commands.command()
    @app_commands.describe(paper="Only what was changed of this paper, a removed one too")
    async def history(
        self,
        interaction: Interaction,
        paper: Transform[PaperRecord, KnownPaperOption] | None = None,
    ) -> None:
        """Show who changed what and when, newest first; each change can be undone."""
        library = interaction.client.library
        paper_id = paper.id if paper else None
        layout = await audit_log_flow.history_page(
            library, interaction.user.id, paper_id, guild_id=interaction.guild_id
        )
        await interaction.response.send_message(view=layout, ephemeral=True)

    @app_commands.command()
    @app_commands.describe(change="Which change, by its number; without it, your own last one")
    async def undo(
        self,
        interaction: Interaction,
        change: Transform[int, audit_log_flow.ChangeOption] | None = None,
    ) -> None:
        """Take a change back, your last one or any by its number; that can be undone, too."""
        await undo_flow.answer_undo(interaction, change)


async def setup(bot: LabBot) -> None:
    """Adds the cog to the home servers."""
    await Curate().register(bot)
