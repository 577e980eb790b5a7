"""An attached file of papers → a private preview, and once somebody agrees, the list."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, TypeAlias

import discord
from discord import ButtonStyle
from discord.ui import ActionRow, Button, File, Item, LayoutView

from bot.errors import explain
from bot.importing import importer, upload
from bot.importing.formats import ImportFormat
from bot.importing.importer import Report
from bot.importing.upload import ImportOptions, Upload
from bot.interactions import Interaction
from bot.markdown import count, escape
from bot.permissions import actor, require_moderator
from bot.ui import buttons, cards, dialogs, import_report
from bot.ui.buttons import NotYours, mark_handled
from storage.errors import InvalidInput, LabError
from storage.models import DuplicatePolicy

_TELL_EVERY = timedelta(seconds=4)
_MOST_TIME = timedelta(minutes=5)  # for a preview; the import takes as long, and a reply 15
_REPORT = "report.txt"
_SILENT = "Imported papers are not announced."
_FORMS = {
    ImportFormat.TEXT: "A publications page",
    ImportFormat.BIBTEX: "BibTeX",
    ImportFormat.CSV: "CSV",
    ImportFormat.JSON: "JSON",
    ImportFormat.JSONL: "JSON lines",
    ImportFormat.FEED: "A feed",
}
Shown: TypeAlias = tuple[LayoutView, list[discord.File]]  # a message and what is attached to it


@dataclass(frozen=True, slots=True)
class _Task:
    """A file that was looked at for its owner, who wants it without what can't be used, or not."""

    file: Upload
    report: Report
    owner: int
    keep_going: bool


class Offer(dialogs.Dialog):
    """A preview whose buttons, for who asked alone, take the file in or leave it."""

    def __init__(self, owner: int, *items: Item[Any]) -> None:
        super().__init__(*items)
        self._owner = owner

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """Raise `NotYours` for everybody else, and `LabError` where it is decided already."""
        mark_handled(interaction)
        if interaction.user.id != self._owner:
            raise NotYours
        require_moderator(interaction)
        if self.is_finished():
            raise dialogs.AlreadyDecided
        self.stop()
        return True


class Imports:
    """Imports from Discord; of the files that are sent meanwhile, one at a time is read."""

    def __init__(self) -> None:
        self.tell_every = _TELL_EVERY
        self.most_time = _MOST_TIME
        self._reading = asyncio.Semaphore(1)

    async def preview(
        self,
        interaction: Interaction,
        file: discord.Attachment,
        options: ImportOptions,
        *,
        keep_going: bool,
    ) -> None:
        """Show somebody alone what their file would do to the list, and ask.

        What can't be used is a sentence in place of that. Raises `InvalidInput` for a file that is
        too large to be looked at.
        """
        upload.require_small(file)
        await interaction.response.defer(ephemeral=True, thinking=True)
        try:
            async with self._reading:
                body = await upload.fetch(file)
                found = await upload.read(file.filename, body, options, interaction.client.clock())
            report = await self._rehearse(interaction, found)
        except LabError as error:
            await _show(interaction, (cards.notice(_told(error)), []))
            return
        task = _Task(found, report, interaction.user.id, keep_going)
        await _show(interaction, self._offer(task))

    async def _rehearse(self, interaction: Interaction, file: Upload) -> Report:
        try:
            async with asyncio.timeout(self.most_time.total_seconds()):
                report = await self._run(interaction, file, dry_run=True)
        except TimeoutError:
            raise LabError(
                "That file takes me more than five minutes, so I stopped and changed nothing. Let "
                "who runs me use `lab-herald import`."
            ) from None
        if not (report.read or report.rejected or report.left_out):
            raise InvalidInput("I found no paper in that file.")
        return report

    async def _run(
        self,
        interaction: Interaction,
        file: Upload,
        likely: DuplicatePolicy = DuplicatePolicy.SKIP,
        *,
        dry_run: bool,
    ) -> Report:
        doing = "Looking at" if dry_run else "Importing"
        async with self._progress(interaction, doing, file.entries) as tick:
            return await importer.import_findings(
                interaction.client.library,
                file.found(),
                actor(interaction),
                keep_going=True,  # who agrees has seen what can't be used
                likely=likely,
                dry_run=dry_run,
                tick=tick,
            )

    @asynccontextmanager
    async def _progress(
        self, interaction: Interaction, doing: str, entries: int
    ) -> AsyncGenerator[Callable[[], None]]:
        """Tell now and then, in the private reply, how many entries are done with."""
        done = 0
        ended = asyncio.Event()

        def tick() -> None:
            nonlocal done
            done += 1

        async def tell() -> None:
            while not await _comes(ended, self.tell_every):
                text = f"⏳ {doing} the file: {done:,} of {count(entries, 'entry')}."
                await interaction.edit_original_response(view=cards.notice(text))

        telling = asyncio.create_task(tell())
        try:
            yield tick
        finally:
            ended.set()
            await asyncio.gather(telling, return_exceptions=True)

    def _offer(self, task: _Task, trouble: str = "") -> Shown:
        """The preview with its buttons, and the whole report where it says more."""
        file, report = task.file, task.report
        text = [
            trouble,
            f"### {escape(file.source.file.name, 100)}",
            f"{_FORMS[file.source.form]}, {count(file.entries, 'entry')}",
            import_report.columns(file.columns, file.unused),
            import_report.preview(report),
        ]
        row: list[ActionRow[Any]] = []
        if choices := self._choices(task):
            if report.spoilt and not task.keep_going:
                text.append("Mend what can't be used and attach the file again, or do without it.")
            text.append(f"Do you want to import that? {_SILENT}")
            row.append(ActionRow(*choices, dialogs.DialogButton("Cancel", _cancel)))
        else:
            text.append("So there is nothing to import.")
        items: list[Item[Any]] = [cards.text_card("\n".join(filter(None, text)))]
        files = []
        if not import_report.says_all(report):
            whole = import_report.plain_text(report, preview=True)
            files.append(discord.File(io.BytesIO(whole.encode()), _REPORT))
            items.append(File(f"attachment://{_REPORT}"))
        return Offer(task.owner, *items, *row), files

    def _choices(self, task: _Task) -> list[Button[Any]]:
        """The buttons that take a file in: as it is, and with what is likely in the list."""
        report = task.report
        found: list[Button[Any]] = []
        if import_report.changes(report):
            rest = report.spoilt and not task.keep_going
            label = "Import the rest" if rest else "Import"
            agree = partial(self._import, task, DuplicatePolicy.SKIP)
            found.append(dialogs.DialogButton(label, agree, ButtonStyle.primary))
        if report.likely:
            label = f"{'Import, and complete' if found else 'Complete'} "
            label += count(report.likely, "likely duplicate")
            found.append(
                dialogs.DialogButton(label, partial(self._import, task, DuplicatePolicy.MERGE))
            )
        return found

    async def _import(self, task: _Task, likely: DuplicatePolicy, interaction: Interaction) -> None:
        """Take the file in, once somebody agreed."""
        await interaction.response.edit_message(
            view=cards.notice("⏳ Importing the file."), attachments=[]
        )
        try:
            report = await self._run(interaction, task.file, likely, dry_run=False)
        except LabError as error:
            await _show(interaction, self._offer(task, _told(error)))
            return
        except Exception:
            await _show(interaction, (cards.notice("Nothing was imported."), []))
            raise
        await _show(interaction, (_imported(report), []))


def _imported(report: Report) -> cards.Layout:
    """What an import did, and the button that takes all of it back."""
    change = report.change_id
    undo = [ActionRow(buttons.UndoButton(change))] if change is not None else []
    return cards.notice(f"{import_report.done(report)}\n-# {_SILENT}", *undo)


async def _cancel(interaction: Interaction) -> None:
    await interaction.response.edit_message(
        view=cards.notice("👌 Nothing was imported."), attachments=[]
    )


async def _show(interaction: Interaction, shown: Shown) -> None:
    view, files = shown
    await interaction.edit_original_response(view=view, attachments=files)


def _told(error: LabError) -> str:
    return f"⚠️ {explain(error, '/curate import')}"


async def _comes(event: asyncio.Event, within: timedelta) -> bool:
    """Wait for an event, at most so long; says whether it came."""
    try:
        async with asyncio.timeout(within.total_seconds()):
            return await event.wait()
    except TimeoutError:
        return False
