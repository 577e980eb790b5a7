"""Importing an attached file: a private preview first, then the import once it is confirmed."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, TypeAlias

import discord
from discord import ButtonStyle
from discord.ui import ActionRow, Button, File, Item, LayoutView

from bot.errors import explain
from bot.flows.replies import undoable
from bot.importing import importer, upload
from bot.importing.download import download_url
from bot.importing.importer import ImportReport, OnProgress
from bot.importing.upload import ImportOptions, Upload
from bot.interactions import Interaction
from bot.markdown import count, escape
from bot.permissions import actor, require_moderator
from bot.ui import cards, import_report
from bot.ui.dialogs import AlreadyDecided, Dialog, DialogButton
from bot.ui.lab_button import NotYours, mark_handled
from storage.errors import InvalidInput, LabError
from storage.models import DuplicatePolicy

_PROGRESS_INTERVAL = timedelta(seconds=4)
# For a preview. The import takes as long again, and Discord lets a bot edit a reply for 15 minutes.
_PREVIEW_TIMEOUT = timedelta(minutes=5)
_REPORT_NAME = "report.txt"
Message: TypeAlias = tuple[LayoutView, list[discord.File]]


@dataclass(frozen=True, slots=True)
class _Job:
    """A file that was previewed for its owner; ``keep_going`` skips what can't be used."""

    file: Upload
    report: ImportReport
    owner_id: int
    keep_going: bool


class ImportPreview(Dialog):
    """A preview whose buttons only its owner can use, once."""

    def __init__(self, owner_id: int, *items: Item[Any]) -> None:
        super().__init__(*items)
        self._owner_id = owner_id

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """Accepts the owner's first click; raises `NotYours` or `AlreadyDecided` otherwise."""
        mark_handled(interaction)
        if interaction.user.id != self._owner_id:
            raise NotYours
        require_moderator(interaction)
        if self.is_finished():
            raise AlreadyDecided
        self.stop()
        return True


class Imports:
    """Imports from Discord; files are read one at a time, to save memory."""

    def __init__(self) -> None:
        self.progress_interval = _PROGRESS_INTERVAL
        self.preview_timeout = _PREVIEW_TIMEOUT
        self._reading = asyncio.Semaphore(1)

    async def preview(
        self,
        interaction: Interaction,
        source: discord.Attachment | str,
        options: ImportOptions,
        *,
        keep_going: bool,
    ) -> None:
        """Shows what importing an attached file or a URL would do, with buttons to confirm.

        Raises `InvalidInput` for a file that is too large; the reply reports other problems.
        """
        if isinstance(source, discord.Attachment):
            upload.require_small(source.size)
        await interaction.response.defer(ephemeral=True, thinking=True)
        try:
            async with self._reading:
                found = await self._read(interaction, source, options)
            found = await self._look_up(interaction, found)
            report = await self._check(interaction, found)
        except LabError as error:
            await _show(interaction, (cards.notice(_warning(error)), []))
            return
        job = _Job(found, report, interaction.user.id, keep_going)
        await _show(interaction, self._preview(job))

    async def _read(
        self, interaction: Interaction, source: discord.Attachment | str, options: ImportOptions
    ) -> Upload:
        """Downloads and reads the file."""
        now = interaction.client.clock()
        if isinstance(source, discord.Attachment):
            body = await upload.download(source)
            return await upload.read(source.filename, body, options, now)
        found = await download_url(interaction.client.web, source)
        upload.require_small(len(found.body))
        return await upload.read(found.name, found.body, options, now, url=found.url)

    async def _look_up(self, interaction: Interaction, file: Upload) -> Upload:
        """Returns the file with the papers of its references; see `upload.look_up`."""
        try:
            async with asyncio.timeout(self.preview_timeout.total_seconds()):
                return await upload.look_up(file, interaction.client.lookup)
        except TimeoutError:
            raise LabError(
                "Looking up that list took more than five minutes, so I stopped. Nothing was "
                "changed. Split the list, or try again later."
            ) from None

    async def _check(self, interaction: Interaction, file: Upload) -> ImportReport:
        try:
            async with asyncio.timeout(self.preview_timeout.total_seconds()):
                report = await self._run(interaction, file, preview=True)
        except TimeoutError:
            raise LabError(
                "Checking that file took more than five minutes, so I stopped. Nothing was "
                "changed. Ask whoever runs this bot to import it with `lab-herald import`."
            ) from None
        if not report.total:
            raise InvalidInput("I couldn't find any papers in that file.")
        return report

    async def _run(
        self,
        interaction: Interaction,
        file: Upload,
        duplicates: DuplicatePolicy = DuplicatePolicy.SKIP,
        *,
        preview: bool,
    ) -> ImportReport:
        verb = "Checking" if preview else "Importing"
        async with self._progress(interaction, verb, file.entries) as on_progress:
            return await importer.import_results(
                interaction.client.library,
                file.results(),
                actor(interaction),
                preview=preview,
                keep_going=True,  # the preview showed what can't be used
                duplicates=duplicates,
                on_progress=on_progress,
            )

    @asynccontextmanager
    async def _progress(
        self, interaction: Interaction, verb: str, entries: int
    ) -> AsyncGenerator[OnProgress]:
        """Shows how many entries are done every few seconds; yields the function to tell it."""
        entries_done = 0
        finished = asyncio.Event()

        def on_progress(done: int, _total: int | None) -> None:
            nonlocal entries_done
            entries_done = done

        async def show_progress() -> None:
            while not await _wait(finished, self.progress_interval):
                text = f"⏳ {verb} the file: {entries_done:,} of {count(entries, 'entry')}."
                await interaction.edit_original_response(view=cards.notice(text))

        progress = asyncio.create_task(show_progress())
        try:
            yield on_progress
        finally:
            finished.set()
            await asyncio.gather(progress, return_exceptions=True)

    def _preview(self, job: _Job, warning: str = "") -> Message:
        """Returns the preview with its buttons, and the full report if it says more."""
        file, report = job.file, job.report
        text = [
            warning,
            f"### {escape(_title(file), 200)}",
            f"{file.source.file_format.label}, {count(file.entries, 'entry')}",
            import_report.columns(file.columns, file.unused),
            import_report.preview(report),
        ]
        rows: list[ActionRow[Any]] = []
        if confirm := self._confirm_buttons(job):
            if report.has_invalid_entries and not job.keep_going:
                text.append(
                    "Fix the entries that can't be used and attach the file again, or import the "
                    "rest."
                )
            text.append("Import these papers? They won't be announced.")
            rows.append(ActionRow(*confirm, DialogButton("Cancel", _cancel)))
        else:
            text.append("There's nothing to import.")
        items: list[Item[Any]] = [cards.text_card("\n".join(filter(None, text)))]
        files = []
        if not import_report.fits_preview(report):
            full = import_report.plain_text(report, preview=True)
            files.append(discord.File(io.BytesIO(full.encode()), _REPORT_NAME))
            items.append(File(f"attachment://{_REPORT_NAME}"))
        return ImportPreview(job.owner_id, *items, *rows), files

    def _confirm_buttons(self, job: _Job) -> list[Button[Any]]:
        """Returns the buttons that import the file, without and with its likely duplicates."""
        report = job.report
        found: list[Button[Any]] = []
        if import_report.changed_papers(report):
            skips_entries = report.has_invalid_entries and not job.keep_going
            label = "Import the rest" if skips_entries else "Import"
            skip = partial(self._import, job, DuplicatePolicy.SKIP)
            found.append(DialogButton(label, skip, ButtonStyle.primary))
        if report.same_titles:
            label = f"{'Import and update' if found else 'Update'} "
            label += count(report.same_titles, "likely duplicate")
            found.append(DialogButton(label, partial(self._import, job, DuplicatePolicy.MERGE)))
        return found

    async def _import(
        self, job: _Job, duplicates: DuplicatePolicy, interaction: Interaction
    ) -> None:
        await interaction.response.edit_message(
            view=cards.notice("⏳ Importing the file."), attachments=[]
        )
        try:
            report = await self._run(interaction, job.file, duplicates, preview=False)
        except LabError as error:
            await _show(interaction, self._preview(job, _warning(error)))
            return
        except Exception:
            await _show(interaction, (cards.notice("Nothing was imported."), []))
            raise
        text = f"{import_report.result(report)}\n-# Imported papers aren't announced."
        await _show(interaction, (undoable(text, report.change_id), []))


def _title(file: Upload) -> str:
    """Returns the name of an attached file, or the URL of another one."""
    return file.source.location if file.source.url else file.source.file.name


async def _cancel(interaction: Interaction) -> None:
    await interaction.response.edit_message(
        view=cards.notice("👌 Nothing was imported."), attachments=[]
    )


async def _show(interaction: Interaction, message: Message) -> None:
    view, files = message
    await interaction.edit_original_response(view=view, attachments=files)


def _warning(error: LabError) -> str:
    return f"⚠️ {explain(error, '/curate import')}"


async def _wait(event: asyncio.Event, timeout: timedelta) -> bool:  # noqa: ASYNC109 - not an error
    """Waits for an event; returns whether it was set before the timeout."""
    with suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), timeout.total_seconds())
    return event.is_set()
