"""A file that somebody attached → what was read of it, in a process held to time and memory."""

from __future__ import annotations

import asyncio
import pickle
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

import discord

from bot.formats.csv_reader import describe_columns
from bot.formats.encoding import open_text
from bot.formats.results import ParseResult, Problem
from bot.importing.formats import ImportFile, ImportFormat, detect_format, read_file
from bot.importing.importer import Found
from bot.net.sandbox import ResourceLimitExceeded, open_workers
from storage.errors import InvalidInput, LabError

MAX_BYTES = 10 * 2**20  # what Discord takes of most people, and minutes of importing
MAX_ENTRIES = 20_000
_PATIENCE = timedelta(seconds=60)
_SHELL = "Cut it in parts, or let who runs me use `lab-herald import`."
_MOST_OF_ENTRY = 100_000  # bytes, packed; so many are folded in milliseconds


class TooLarge(InvalidInput):
    """A file is too large to be imported from Discord."""

    def __init__(self, than: str) -> None:
        super().__init__(f"That file has more than {than}. {_SHELL}")


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How somebody wants a file to be read: ``columns`` names a sheet's columns for fields."""

    columns: Mapping[str, str] = field(default_factory=dict)
    unpublished: bool = False


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was read; its findings wait packed, so that they cost little until needed.

    Of a sheet, ``columns`` are those that fields are read from, ``unused`` the others.
    """

    source: ImportFile
    packed: tuple[bytes, ...]
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unused: tuple[str, ...] = ()

    @property
    def entries(self) -> int:
        """How many pieces it has."""
        return len(self.packed)

    def found(self) -> Iterator[Found]:
        """Its findings in their order."""
        for one in self.packed:
            yield self.source, pickle.loads(one)  # noqa: S301 - packed by our own worker


def require_small(file: discord.Attachment) -> None:
    """Raise `TooLarge` for a file that would take too long, before it is fetched."""
    if file.size > MAX_BYTES:
        raise TooLarge(f"{MAX_BYTES // 2**20} MiB")


async def fetch(file: discord.Attachment) -> bytes:
    """What Discord keeps of an attached file; raises `LabError` where it gives nothing."""
    try:
        async with asyncio.timeout(_PATIENCE.total_seconds()):
            return await file.read()
    except discord.NotFound:
        raise LabError("Discord does not have that file any more. Attach it again.") from None
    except TimeoutError:
        raise LabError("Discord does not give me that file. Please try again.") from None


async def read(
    name: str, body: bytes, options: ImportOptions, now: datetime, time_limit: timedelta = _PATIENCE
) -> Upload:
    """Read a file of this name in a process of its own.

    Raises `InvalidInput` where it can't be read, or not within time and memory.
    """
    with tempfile.TemporaryDirectory(prefix="lab-herald-") as folder:
        file = Path(folder) / _safe(name)
        await asyncio.to_thread(file.write_bytes, body)
        async with open_workers(time_limit) as workers:
            try:
                return await workers.run(read_packed, file, options, now)
            except ResourceLimitExceeded as error:
                raise InvalidInput(
                    f"That file {error.reason}, so I stopped reading it. {_SHELL}"
                ) from None


def read_packed(file: Path, options: ImportOptions, now: datetime) -> Upload:
    """The same, in the process that does it; raises plain `InvalidInput`, which can travel."""
    try:
        source = ImportFile(file, detect_format(file), now, options.columns, options.unpublished)
        return _read(source)
    except LabError as error:
        raise InvalidInput(str(error)) from None


def _read(source: ImportFile) -> Upload:
    columns: Mapping[str, tuple[str, ...]] = {}
    unused: tuple[str, ...] = ()
    if source.form is ImportFormat.CSV:
        columns, unused = describe_columns(lambda: open_text(source.file), source.columns)
    packed = tuple(map(_packed, islice(read_file(source), MAX_ENTRIES + 1)))
    if len(packed) > MAX_ENTRIES:
        raise TooLarge(f"{MAX_ENTRIES:,} entries")
    return Upload(source, packed, columns, unused)


def _packed(finding: ParseResult) -> bytes:
    """A finding as it travels; one that is no paper's, by its length, becomes a problem."""
    packed = pickle.dumps(finding)
    if len(packed) <= _MOST_OF_ENTRY:
        return packed
    return pickle.dumps(Problem(finding.line, "What begins here is too long for a paper."))


def _safe(name: str) -> str:
    """A name as it can stand in a folder, whatever somebody called the file."""
    return re.sub(r"[^\w.-]", "_", name)[-80:].lstrip(".") or "file"
