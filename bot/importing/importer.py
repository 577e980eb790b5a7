"""Imports files of papers into the library, in one transaction, and reports on each entry."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from bot.formats.results import ParsedPaper, ParseResult, Problem, SkippedEntry
from bot.importing.formats import ImportFile, read_file
from storage.library import Library
from storage.models import Actor, DuplicatePolicy, Origin, Outcome, PaperDraft, UpsertResult
from storage.papers.matching import has_same_title
from storage.text import fold

FileResult: TypeAlias = tuple[ImportFile, ParseResult]

_MAX_NAMED = 1000  # entries of each kind that a report names


@dataclass(frozen=True, slots=True)
class ImportEntry:
    """An entry that a report names: its location, its outcome, and a sentence with the reason."""

    file: str
    line: int
    outcome: str
    title: str = ""
    reason: str = ""


@dataclass(slots=True)
class ImportReport:
    """What became of each entry of an import.

    ``notes`` are entries that a person may want to check, ``imported`` those that were added or
    updated, and ``examples`` the first of each outcome. ``likely`` counts the possible duplicates
    with the same title as a paper. ``has_invalid_entries`` concerns files that have to be valid as
    a whole; because of them, an ``is_rejected`` import changed nothing. ``change_id`` is the change
    to undo, or None if nothing changed.
    """

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    rejected: int = 0
    skipped: int = 0
    likely: int = 0
    notes: list[ImportEntry] = field(default_factory=list)
    imported: list[ImportEntry] = field(default_factory=list)
    examples: dict[Outcome, ImportEntry] = field(default_factory=dict)
    has_invalid_entries: bool = False
    is_rejected: bool = False
    change_id: int | None = None

    @property
    def read(self) -> int:
        """How many papers were read."""
        return self.outcomes.total()

    @property
    def counts(self) -> dict[str, int]:
        """The number of entries of each outcome."""
        return {
            "added": self.outcomes[Outcome.ADDED],
            "updated": self.outcomes[Outcome.UPDATED],
            "unchanged": self.outcomes[Outcome.UNCHANGED],
            "duplicates": self.outcomes[Outcome.DUPLICATE],
            "rejected": self.outcomes[Outcome.REMOVED] + self.rejected,
        }

    def count_paper(self, file: str, line: int, draft: PaperDraft, result: UpsertResult) -> None:
        """Counts what the library did with a draft, and adds a note if it may surprise."""
        outcome = result.outcome
        self.outcomes[outcome] += 1
        entry = ImportEntry(file, line, outcome.value, draft.title)
        self.examples.setdefault(outcome, entry)
        match outcome:
            case Outcome.DUPLICATE:
                self.likely += has_same_title(result, draft)
                title = result.paper.title if result.paper else ""
                original = _named(title, result)
                reason = f"“{draft.title}” may be a duplicate of {original}, so I skipped it."
                self._note(replace(entry, outcome="duplicate", reason=reason))
            case Outcome.REMOVED:
                reason = f"“{draft.title}” was removed from the list, so I skipped it."
                self._note(replace(entry, outcome="rejected", reason=reason))
            case Outcome.ADDED | Outcome.UPDATED:
                if len(self.imported) < _MAX_NAMED:
                    self.imported.append(entry)
                previous_title = result.previous_title
                if previous_title and not _is_same_title(previous_title, draft.title):
                    reason = f"“{draft.title}” updates {_named(previous_title, result)}."
                    self._note(replace(entry, outcome="updated", reason=reason))

    def count_unusable(self, file: str, entry: Problem | SkippedEntry) -> None:
        """Counts an entry that isn't a paper for the list, with a note."""
        if isinstance(entry, Problem):
            self.rejected += 1
            self._note(ImportEntry(file, entry.line, "rejected", reason=entry.reason))
        else:
            self.skipped += 1
            self._note(ImportEntry(file, entry.line, "left out", reason=entry.reason))

    def _note(self, entry: ImportEntry) -> None:
        if len(self.notes) < _MAX_NAMED:
            self.notes.append(entry)


class _Rejected(Exception):
    """Rolls the transaction back because of an invalid entry."""


async def import_files(
    library: Library,
    sources: Sequence[ImportFile],
    actor: Actor,
    *,
    keep_going: bool = False,
    likely: DuplicatePolicy = DuplicatePolicy.SKIP,
    dry_run: bool = False,
    on_entry: Callable[[], None] = lambda: None,
) -> ImportReport:
    """Imports files in one transaction, or nothing if an entry is invalid, unless ``keep_going``.

    Invalid entries of a page or a feed are skipped in any case. Calls ``on_entry`` for each entry.
    Changes nothing if ``dry_run``. Raises `InvalidInput` if a file can't be read at all.
    """
    results = ((source, result) for source in sources for result in read_file(source))
    return await import_results(
        library,
        results,
        actor,
        keep_going=keep_going,
        likely=likely,
        dry_run=dry_run,
        on_entry=on_entry,
    )


async def import_results(
    library: Library,
    results: Iterable[FileResult],
    actor: Actor,
    *,
    keep_going: bool,
    likely: DuplicatePolicy = DuplicatePolicy.SKIP,
    dry_run: bool,
    on_entry: Callable[[], None],
) -> ImportReport:
    """Imports what was read from files, like `import_files`."""
    report = ImportReport()
    locations: deque[tuple[str, int]] = deque()

    def drafts() -> Iterator[PaperDraft]:
        for source, result in results:
            if isinstance(result, ParsedPaper):
                locations.append((str(source.file), result.line))
                yield result.draft
                continue
            on_entry()
            report.count_unusable(str(source.file), result)
            if isinstance(result, Problem) and not source.is_page:
                report.has_invalid_entries = True
        if report.has_invalid_entries and not keep_going:
            raise _Rejected

    def count(draft: PaperDraft, result: UpsertResult) -> None:
        on_entry()
        report.count_paper(*locations.popleft(), draft, result)

    try:
        if dry_run:
            await library.papers.preview_many(
                drafts(), Origin.IMPORT, actor, duplicates=likely, on_result=count
            )
        else:
            imported = await library.papers.upsert_many(
                drafts(), Origin.IMPORT, actor, duplicates=likely, on_result=count
            )
            report.change_id = imported.change_id
    except _Rejected:
        report.is_rejected = True
    report.notes.sort(key=lambda entry: entry.line)
    return report


def _named(title: str, result: UpsertResult) -> str:
    return f"“{title}” (#{result.paper.id})" if result.paper else f"“{title}”"


def _is_same_title(one: str, other: str) -> bool:
    return one == other or _letters(one) == _letters(other)


def _letters(title: str) -> str:
    return fold(title).replace(" ", "")
