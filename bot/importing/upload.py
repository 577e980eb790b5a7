"""Reads files that people attach in Discord, in a worker with time and memory limits."""

from __future__ import annotations

import asyncio
import pickle
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

import discord

from bot.formats.records.csv_columns import NoTitleColumn
from bot.formats.records.csv_reader import describe_columns
from bot.formats.results import Problem
from bot.formats.text.encoding import open_text
from bot.importing.detect import ImportFormat, detect_format
from bot.importing.formats import FileEntry, ImportFile, read_file
from bot.importing.importer import FileResult
from bot.importing.references import resolve_references
from bot.lookup.service import Lookup
from bot.net.sandbox import ResourceLimitExceeded, open_workers
from storage.errors import InvalidInput, LabError

MAX_BYTES = 10 * 2**20  # Discord's limit for most people, and minutes of importing
MAX_ENTRIES = 20_000
MAX_REFERENCES = 300  # minutes of looking up
TIME_LIMIT = timedelta(seconds=60)
_ADVICE = "Split it, or ask whoever runs this bot to use `lab-herald import`."
_MAX_ENTRY = 100_000  # pickled bytes, which the event loop can handle in milliseconds


class TooLarge(InvalidInput):
    """The file is too large to be imported from Discord."""

    def __init__(self, excess: str) -> None:
        super().__init__(f"That file {excess}. {_ADVICE}")


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """Options for CSV files; ``columns`` maps fields to column names."""

    columns: Mapping[str, str] = field(default_factory=dict)
    include_unpublished: bool = False


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was read; its results stay pickled until they are needed, to save memory.

    For CSV, ``columns`` are the columns of each field, and ``unused`` the other columns.
    """

    source: ImportFile
    pickled: tuple[bytes, ...]
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unused: tuple[str, ...] = ()

    @property
    def entries(self) -> int:
        """The number of entries."""
        return len(self.pickled)

    def results(self) -> Iterator[FileResult]:
        """Yields the results in the file's order."""
        for result in self.pickled:
            yield self.source, pickle.loads(result)  # noqa: S301 - pickled by our own worker


def require_small(size: int) -> None:
    """Raises `TooLarge` for a file of too many bytes."""
    if size > MAX_BYTES:
        raise TooLarge(f"is larger than {MAX_BYTES // 2**20} MiB")


async def download(file: discord.Attachment) -> bytes:
    """Downloads an attachment from Discord; raises `LabError` if that fails."""
    try:
        async with asyncio.timeout(TIME_LIMIT.total_seconds()):
            return await file.read()
    except discord.NotFound:
        raise LabError("Discord doesn't have that file anymore. Please attach it again.") from None
    except TimeoutError:
        raise LabError("I couldn't download that file from Discord. Please try again.") from None


async def read(
    name: str,
    body: bytes,
    options: ImportOptions,
    now: datetime,
    time_limit: timedelta = TIME_LIMIT,
    *,
    url: str = "",
) -> Upload:
    """Reads a file in a worker of its own; ``url`` is where it was downloaded from, if it was.

    Raises `InvalidInput` if the file can't be read, or exceeds the limits.
    """
    with tempfile.TemporaryDirectory(prefix="lab-herald-") as folder:
        file = Path(folder) / _safe_name(name)
        await asyncio.to_thread(file.write_bytes, body)
        async with open_workers(time_limit) as workers:
            try:
                return await workers.run(read_pickled, file, options, now, url)
            except ResourceLimitExceeded as error:
                raise InvalidInput(f"That file {error.reason}, so I stopped. {_ADVICE}") from None


async def look_up(file: Upload, lookup: Lookup) -> Upload:
    """Returns a list of references with the papers that they refer to, and any other file as it is.

    Raises `TooLarge` if it has too many.
    """
    if file.source.file_format is not ImportFormat.LIST:
        return file
    if file.entries > MAX_REFERENCES:
        raise TooLarge(f"has more than {MAX_REFERENCES:,} IDs and links to look up")
    found = await resolve_references([pickle.loads(one) for one in file.pickled], lookup)  # noqa: S301
    return replace(file, pickled=tuple(map(_pickle, found)))


def read_pickled(file: Path, options: ImportOptions, now: datetime, url: str = "") -> Upload:
    """Reads a file in this process; raises only plain `InvalidInput`, which can be pickled."""
    try:
        source = ImportFile(
            file, detect_format(file), now, options.columns, options.include_unpublished, url
        )
        return _read(source)
    except NoTitleColumn as error:
        advice = "Name it with an option such as `columns:title=Headline`."
        raise InvalidInput(f"{error} {advice}") from None
    except LabError as error:
        raise InvalidInput(str(error)) from None


def _read(source: ImportFile) -> Upload:
    columns: Mapping[str, tuple[str, ...]] = {}
    unused: tuple[str, ...] = ()
    if source.file_format is ImportFormat.CSV:
        columns, unused = describe_columns(lambda: open_text(source.file), source.columns)
    pickled = tuple(map(_pickle, islice(read_file(source), MAX_ENTRIES + 1)))
    if len(pickled) > MAX_ENTRIES:
        raise TooLarge(f"has more than {MAX_ENTRIES:,} entries")
    return Upload(source, pickled, columns, unused)


def _pickle(result: FileEntry) -> bytes:
    """Pickles a result; one that is too long becomes a problem."""
    pickled = pickle.dumps(result)
    if len(pickled) <= _MAX_ENTRY:
        return pickled
    return pickle.dumps(Problem(result.line, "The entry that starts here is too long for a paper."))


def _safe_name(name: str) -> str:
    """Returns a file name that is safe on any system."""
    return re.sub(r"[^\w.-]", "_", name)[-80:].lstrip(".") or "file"
