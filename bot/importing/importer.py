"""Files of papers → the library, in one transaction, with a report by line; prints nothing."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from bot.formats.results import ParsedPaper, ParseResult, Problem, SkippedEntry
from bot.importing.formats import ImportFile, read_file
from storage.library import Library
from storage.models import Actor, DuplicatePolicy, Origin, Outcome, PaperDraft, UpsertResult
from storage.papers.matching import has_same_title
from storage.text import fold

Found: TypeAlias = tuple[ImportFile, ParseResult]  # a piece of a file, with the file

_MAX_NOTED = 1000  # entries of each kind that a report names


@dataclass(frozen=True, slots=True)
class ImportEntry:
    """An entry that a report names: where it stands, what became of it, and why in a sentence."""

    file: str
    line: int
    outcome: str
    title: str = ""
    reason: str = ""


@dataclass(slots=True)
class Report:
    """What became of each entry; ``noted`` has those that a person may want to look at.

    ``taken`` are the first that were added or completed, ``first`` is the first of each outcome.
    Of the possible duplicates, ``likely`` have the title of the paper that they resemble.
    Something in a ``spoilt`` file that was to be taken whole could not be used, and a ``refused``
    import changed nothing for that. ``change_id`` is the change that undoes it all; none where
    nothing changed.
    """

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    rejected: int = 0
    left_out: int = 0
    likely: int = 0
    noted: list[ImportEntry] = field(default_factory=list)
    taken: list[ImportEntry] = field(default_factory=list)
    first: dict[Outcome, ImportEntry] = field(default_factory=dict)
    spoilt: bool = False
    refused: bool = False
    change_id: int | None = None

    @property
    def read(self) -> int:
        """How many papers were read."""
        return self.outcomes.total()

    @property
    def counts(self) -> dict[str, int]:
        """A number for each thing that can become of an entry."""
        return {
            "added": self.outcomes[Outcome.ADDED],
            "updated": self.outcomes[Outcome.UPDATED],
            "unchanged": self.outcomes[Outcome.UNCHANGED],
            "duplicates": self.outcomes[Outcome.DUPLICATE],
            "rejected": self.outcomes[Outcome.REMOVED] + self.rejected,
        }

    def tell(self, file: str, line: int, draft: PaperDraft, result: UpsertResult) -> None:
        """Count what the library made of a draft, and note what a person may want to know."""
        self.outcomes[result.outcome] += 1
        if result.outcome not in self.first:
            self.first[result.outcome] = ImportEntry(file, line, result.outcome.value, draft.title)
        known = f"“{result.paper.title}” (#{result.paper.id})" if result.paper else ""
        match result.outcome:
            case Outcome.DUPLICATE:
                self.likely += has_same_title(result, draft)
                reason = f"“{draft.title}” may be {known}; I left it out."
                self._note(ImportEntry(file, line, "duplicate", draft.title, reason))
            case Outcome.REMOVED:
                reason = f"“{draft.title}” was removed from the list on purpose; I left it out."
                self._note(ImportEntry(file, line, "rejected", draft.title, reason))
            case Outcome.ADDED | Outcome.UPDATED:
                if len(self.taken) < _MAX_NOTED:
                    self.taken.append(ImportEntry(file, line, result.outcome.value, draft.title))
                if result.previous_title and not _is_same_title(result.previous_title, draft.title):
                    known = (
                        f"“{result.previous_title}” (#{result.paper.id})" if result.paper else ""
                    )
                    reason = f"“{draft.title}” is taken for {known}."
                    self._note(ImportEntry(file, line, "updated", draft.title, reason))

    def tell_unread(self, file: str, finding: Problem | SkippedEntry) -> None:
        """Count an entry that is no paper for the list."""
        if isinstance(finding, Problem):
            self.rejected += 1
            self._note(ImportEntry(file, finding.line, "rejected", reason=finding.reason))
        else:
            self.left_out += 1
            self._note(ImportEntry(file, finding.line, "left out", reason=finding.reason))

    def _note(self, noted: ImportEntry) -> None:
        if len(self.noted) < _MAX_NOTED:
            self.noted.append(noted)


class _Refused(Exception):
    """Takes a transaction back whose files were to be taken whole and can't be."""


async def import_files(
    library: Library,
    sources: Sequence[ImportFile],
    actor: Actor,
    *,
    keep_going: bool = False,
    likely: DuplicatePolicy = DuplicatePolicy.SKIP,
    dry_run: bool = False,
    tick: Callable[[], None] = lambda: None,
) -> Report:
    """Take files in together; where an entry can't be used, nothing is, unless ``keep_going``.

    Of a page or a feed, what can be read is taken in any case. ``tick`` is called for each entry.
    With ``dry_run`` nothing is kept. Raises `InvalidInput` where a file can't be read at all.
    """
    found = ((source, finding) for source in sources for finding in read_file(source))
    return await import_findings(
        library,
        found,
        actor,
        keep_going=keep_going,
        likely=likely,
        dry_run=dry_run,
        tick=tick,
    )


async def import_findings(
    library: Library,
    found: Iterable[Found],
    actor: Actor,
    *,
    keep_going: bool,
    likely: DuplicatePolicy = DuplicatePolicy.SKIP,
    dry_run: bool,
    tick: Callable[[], None],
) -> Report:
    """The same for what was read of files, each piece with its file."""
    report = Report()
    places: deque[tuple[str, int]] = deque()

    def drafts() -> Iterator[PaperDraft]:
        for source, finding in found:
            if isinstance(finding, ParsedPaper):
                places.append((str(source.file), finding.line))
                yield finding.draft
            else:
                tick()
                report.tell_unread(str(source.file), finding)
                report.spoilt = report.spoilt or _spoils(source, finding)
        if report.spoilt and not keep_going:
            raise _Refused

    def each(draft: PaperDraft, result: UpsertResult) -> None:
        tick()
        report.tell(*places.popleft(), draft, result)

    try:
        imported = await library.papers.upsert_many(
            drafts(), Origin.IMPORT, actor, likely=likely, dry_run=dry_run, each=each
        )
        report.change_id = imported.change_id
    except _Refused:
        report.refused = True
    report.noted.sort(key=lambda one: one.line)
    return report


def _spoils(source: ImportFile, finding: ParseResult) -> bool:
    return isinstance(finding, Problem) and not source.is_page


def _is_same_title(one: str, other: str) -> bool:
    return one == other or _letters(one) == _letters(other)


def _letters(title: str) -> str:
    return fold(title).replace(" ", "")
