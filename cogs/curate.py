"""`/curate`: adding, importing and changing papers, review and undo, for moderators."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.app_commands import Range, Transform

from bot.flows import add_paper, complete_paper, edit_paper, merge_papers
from bot.flows import audit_log as audit_log_flow
from bot.flows import undo as undo_flow
from bot.flows.import_file import Imports
from bot.flows.replies import reply, reply_with_notice, undoable
from bot.flows.review_queue import queue_page
from bot.formats.records.csv_columns import parse_mappings
from bot.importing.upload import ImportOptions
from bot.interactions import Interaction, LabBot
from bot.markdown import escape
from bot.options.catalogue import (
    AbbreviationOption,
    KnownPaperOption,
    PaperOption,
    RemovedPaperOption,
    TagsOption,
)
from bot.permissions import HomeCog, actor, require_moderator
from bot.ui import cards
from bot.ui.buttons import KeepButton, RemoveButton
from storage.errors import InvalidInput
from storage.models import Paper as PaperRecord

_PAPER = "A title, number, arXiv ID, DOI or link"


class Curate(HomeCog, group_name="curate"):
    """Add, import, edit and review papers."""

    def __init__(self) -> None:
        self.imports = Imports()

    @app_commands.command()
    @app_commands.describe(
        source="An arXiv ID, DOI, link or BibTeX entry; leave empty to fill in a form",
        announce="Also announce it in the channels that get new papers",
    )
    async def add(self, interaction: Interaction, source: str = "", announce: bool = False) -> None:
        """Add a paper by arXiv ID, DOI, link or BibTeX, or fill in a form."""
        if source.strip():
            await add_paper.look_up(interaction, source, announce=announce)
        else:
            await add_paper.Addition(announce=announce).open_form(interaction)

    @app_commands.command()
    @app_commands.describe(paper=_PAPER)
    async def edit(
        self, interaction: Interaction, paper: Transform[PaperRecord, PaperOption]
    ) -> None:
        """Edit a paper's details in a form."""
        await interaction.response.send_modal(edit_paper.edit_form(paper))

    @app_commands.command()
    @app_commands.describe(paper=f"{_PAPER}; leave empty for the next one that lacks something")
    async def complete(
        self,
        interaction: Interaction,
        paper: Transform[PaperRecord, PaperOption] | None = None,
    ) -> None:
        """Look up what a paper lacks. You'll see what would change and decide."""
        await complete_paper.start(interaction, paper)

    @app_commands.command()
    @app_commands.describe(paper=_PAPER)
    async def remove(
        self, interaction: Interaction, paper: Transform[PaperRecord, PaperOption]
    ) -> None:
        """Remove a paper from the list, after asking you to confirm."""
        question = cards.paper_with(
            paper,
            "Remove this paper? Feeds and imports won't bring it back, but `/curate restore` can.",
            RemoveButton(interaction.user.id, paper.id),
            KeepButton(interaction.user.id, paper.id),
        )
        await reply(interaction, cards.Layout(*question))

    @app_commands.command(name="import")
    @app_commands.describe(
        url="The URL of such a page or file, instead of an attached file",
        file="A page, BibTeX, RIS, PubMed, EndNote, CSV, JSON or feed, or a list of IDs and links",
        unpublished="Also import spreadsheet rows that are under review or rejected",
        keep_going="Skip entries that can't be used",
        columns="How to read columns that I don't recognize, such as title=Headline; authors=Who",
    )
    async def import_(
        self,
        interaction: Interaction,
        file: discord.Attachment | None = None,
        url: Range[str, 1, 2000] = "",
        unpublished: bool = False,
        keep_going: bool = False,
        columns: Range[str, 1, 1000] = "",
    ) -> None:
        """Import a file or web page in nearly any format. You'll see a preview first."""
        if (file is None) == (not url.strip()):
            raise InvalidInput("Attach a file, or enter the URL of a page or file, but not both.")
        options = ImportOptions(parse_mappings(columns), unpublished)
        await self.imports.preview(interaction, file or url, options, keep_going=keep_going)

    @app_commands.command()
    async def queue(self, interaction: Interaction) -> None:
        """Show what needs review: papers, suggestions, reports, claims, entries, completions."""
        page = await queue_page(interaction.client.library, interaction.user.id)
        await interaction.response.send_message(view=page.layout(), ephemeral=True)

    @app_commands.command()
    @app_commands.describe(paper="The paper to restore, by number or title")
    async def restore(
        self, interaction: Interaction, paper: Transform[PaperRecord, RemovedPaperOption]
    ) -> None:
        """Restore a removed paper."""
        await edit_paper.restore(interaction, paper)

    @app_commands.command()
    @app_commands.describe(
        paper=_PAPER,
        add="Tags to add, separated by commas",
        remove="Tags to remove, separated by commas",
    )
    async def tag(
        self,
        interaction: Interaction,
        paper: Transform[PaperRecord, PaperOption],
        add: Transform[tuple[str, ...], TagsOption] = (),
        remove: Transform[tuple[str, ...], TagsOption] = (),
    ) -> None:
        """Add or remove a paper's tags."""
        await edit_paper.tag(interaction, paper, add, remove)

    @app_commands.command()
    @app_commands.describe(
        paper=_PAPER,
        volume="The volume, such as 12; a hyphen removes it",
        number="The number of the issue or report; a hyphen removes it",
        pages="The pages, such as 113-120, or the number of an article; a hyphen removes them",
        publisher="The publisher; a hyphen removes it",
    )
    async def publication(
        self,
        interaction: Interaction,
        paper: Transform[PaperRecord, PaperOption],
        volume: Range[str, 1, 100] = "",
        number: Range[str, 1, 100] = "",
        pages: Range[str, 1, 100] = "",
        publisher: Range[str, 1, 200] = "",
    ) -> None:
        """Correct a paper's volume, number, pages or publisher."""
        await edit_paper.correct_publication(
            interaction, paper, volume=volume, number=number, pages=pages, publisher=publisher
        )

    @app_commands.command()
    @app_commands.describe(
        paper="The paper to merge into the other one", into="The paper that keeps its number"
    )
    async def merge(
        self,
        interaction: Interaction,
        paper: Transform[PaperRecord, PaperOption],
        into: Transform[PaperRecord, PaperOption],
    ) -> None:
        """Merge two papers. You'll see both and choose what to keep."""
        await merge_papers.start(interaction, paper, into)

    @app_commands.command()
    @app_commands.describe(
        short="The abbreviation, such as LLM",
        long="What it stands for; leave empty if it isn't an abbreviation",
    )
    async def abbreviation(
        self,
        interaction: Interaction,
        short: Transform[str, AbbreviationOption],
        long: Range[str, 0, 100] = "",
    ) -> None:
        """Choose what an abbreviation stands for in searches, instead of what papers say."""
        decided = await interaction.client.library.abbreviations.decide(
            short, long, actor(interaction)
        )
        name = f"“{escape(decided.value, 60)}”"
        if long.strip():
            text = f"🔤 {name} now stands for **{escape(long, 100)}** in searches."
        else:
            text = f"🔤 {name} no longer stands for anything else in searches."
        await reply_with_notice(interaction, text, decided.change_id)

    @app_commands.command()
    @app_commands.describe(paper="Show only the changes to this paper, which may be a removed one")
    async def history(
        self,
        interaction: Interaction,
        paper: Transform[PaperRecord, KnownPaperOption] | None = None,
    ) -> None:
        """Show who changed what, newest first, with buttons to undo each change."""
        page = await audit_log_flow.history_page(
            interaction.client.library,
            interaction.user.id,
            paper.id if paper else None,
            guild_id=interaction.guild_id,
        )
        await interaction.response.send_message(view=page, ephemeral=True)

    @app_commands.command()
    @app_commands.describe(change="The number of the change; leave empty to undo your latest one")
    async def undo(
        self,
        interaction: Interaction,
        change: Transform[int, audit_log_flow.ChangeOption] | None = None,
    ) -> None:
        """Undo your latest change, or any change by its number. You can redo it later."""
        await undo_flow.answer_undo(interaction, change)


@RemoveButton.on_press
async def remove_paper(interaction: Interaction, button: RemoveButton) -> None:
    """Removes the paper and replaces the question by a reply with Undo."""
    require_moderator(interaction)
    removed = await interaction.client.library.papers.remove(button.paper_id, actor(interaction))
    text = (
        f"🗑️ Removed {cards.title_with_id(removed.value)}. Feeds and "
        "imports won't bring it back, but `/curate restore` can."
    )
    await reply(interaction, undoable(text, removed.change_id))
    interaction.client.dispatcher.deliver_soon()


@KeepButton.on_press
async def keep_paper(interaction: Interaction, _button: KeepButton) -> None:
    """Replaces the question by a reply that nothing changed."""
    await interaction.response.edit_message(view=cards.notice("👌 Nothing changed."))


async def setup(bot: LabBot) -> None:
    """Adds the cog to the home servers."""
    await Curate().register(bot)
