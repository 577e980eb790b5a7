"""Imports files of papers into the library, in one transaction, and reports on each entry."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from bot.formats.results import ParsedPaper, ParseResult, Problem, SkippedEntry
from bot.importing.formats import ImportFile
from storage.library import Library
from storage.models import Actor, DuplicatePolicy, Origin, Outcome, PaperDraft, UpsertResult
from storage.papers.identifiers import is_listed_title
from storage.papers.matching import has_same_title
from storage.papers.titles import is_bare_reference, is_plausible_title
from storage.redaction import redact_text
from storage.text import fold

FileResult: TypeAlias = tuple[ImportFile, ParseResult]
# Gets the number of entries that are done, and of all, or None while the files are still read.
OnProgress: TypeAlias = Callable[[int, int | None], None]

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
    """What became of each entry of an import, or what would become of it.

    ``problems`` are the entries that aren't papers for the list, and ``notes`` papers that a person
    may want to check. ``imported`` are those that were added or updated, and ``examples`` the first
    of each outcome. ``same_titles`` counts the possible duplicates with the same title as a paper.
    ``has_invalid_entries`` concerns files that have to be valid as a whole; because of them, an
    ``is_refused`` import changes nothing. ``empty_files`` are the names of those without any entry.
    ``change_id`` is the change to undo, or None if nothing changed.
    """

    total: int = 0
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    rejected: int = 0
    left_out: int = 0
    same_titles: int = 0
    problems: list[ImportEntry] = field(default_factory=list)
    notes: list[ImportEntry] = field(default_factory=list)
    imported: list[ImportEntry] = field(default_factory=list)
    examples: dict[Outcome, ImportEntry] = field(default_factory=dict)
    has_invalid_entries: bool = False
    is_refused: bool = False
    empty_files: Sequence[str] = ()
    change_id: int | None = None

    @property
    def counts(self) -> dict[str, int]:
        """The number of entries of each outcome, which add up to ``total``.

        ``rejected`` entries can't be used, or were removed from the list on purpose. ``left_out``
        are unpublished, and ``held_back`` is the rest of a refused import.
        """
        counts = {
            "added": self.outcomes[Outcome.ADDED],
            "updated": self.outcomes[Outcome.UPDATED],
            "unchanged": self.outcomes[Outcome.UNCHANGED],
            "duplicates": self.outcomes[Outcome.DUPLICATE],
            "rejected": self.outcomes[Outcome.REMOVED] + self.rejected,
            "left_out": self.left_out,
        }
        return {**counts, "held_back": self.total - sum(counts.values())}

    @property
    def missing(self) -> int:
        """The number of entries that didn't get into the list, except for unpublished papers."""
        counts = self.counts
        return counts["duplicates"] + counts["rejected"] + counts["held_back"]

    def count_paper(self, file: str, line: int, draft: PaperDraft, result: UpsertResult) -> None:
        """Counts what the library did with a draft, and adds a note if it may surprise."""
        outcome = result.outcome
        self.outcomes[outcome] += 1
        entry = ImportEntry(file, line, outcome.value, draft.title)
        self.examples.setdefault(outcome, entry)
        match outcome:
            case Outcome.DUPLICATE:
                self.same_titles += has_same_title(result, draft)
                title = result.paper.title if result.paper else ""
                original = _named(title, result)
                reason = f"“{draft.title}” may be a duplicate of {original}, so I skipped it."
                _append(self.notes, replace(entry, outcome="duplicate", reason=reason))
            case Outcome.REMOVED:
                reason = f"“{draft.title}” was removed from the list, so I skipped it."
                _append(self.notes, replace(entry, outcome="rejected", reason=reason))
            case Outcome.ADDED | Outcome.UPDATED:
                _append(self.imported, entry)
                previous_title = result.previous_title
                if previous_title and not _is_same_title(previous_title, draft.title):
                    reason = f"“{draft.title}” updates {_named(previous_title, result)}."
                    _append(self.notes, replace(entry, outcome="updated", reason=reason))

    def count_unusable(self, file: str, entry: Problem | SkippedEntry) -> None:
        """Counts an entry that isn't a paper for the list, with a note."""
        if isinstance(entry, Problem):
            self.rejected += 1
            outcome = "rejected"
        else:
            self.left_out += 1
            outcome = "left out"
        _append(self.problems, ImportEntry(file, entry.line, outcome, reason=entry.reason))

    @property
    def remarks(self) -> list[ImportEntry]:
        """The problems and notes, by line."""
        return sorted([*self.problems, *self.notes], key=lambda entry: (entry.file, entry.line))


class _Refused(Exception):
    """Rolls the transaction back because of an invalid entry."""


async def import_results(
    library: Library,
    results: Iterable[FileResult],
    actor: Actor,
    *,
    preview: bool = False,
    keep_going: bool = False,
    duplicates: DuplicatePolicy = DuplicatePolicy.SKIP,
    on_progress: OnProgress = lambda _done, _total: None,
) -> ImportReport:
    """Imports what was read from files, in one transaction.

    If an entry is invalid, nothing is imported, unless ``keep_going`` or its file's format skips
    such entries. A ``preview`` changes nothing, and reports what the valid entries would do. Raises
    `InvalidInput` if a file can't be read at all.
    """
    report = ImportReport()
    locations: deque[tuple[str, int]] = deque()
    is_all_read = False

    def drafts() -> Iterator[PaperDraft]:
        nonlocal is_all_read
        for source, read in results:
            report.total += 1
            result = _checked(read)
            if isinstance(result, ParsedPaper):
                locations.append((source.location, result.line))
                yield result.draft
                continue
            report.count_unusable(source.location, result)
            if isinstance(result, Problem) and not source.skips_invalid:
                report.has_invalid_entries = True
        is_all_read = True
        report.is_refused = report.has_invalid_entries and not keep_going
        if report.is_refused and not preview:
            raise _Refused

    def count(draft: PaperDraft, result: UpsertResult) -> None:
        report.count_paper(*locations.popleft(), draft, result)
        on_progress(report.total - len(locations), report.total if is_all_read else None)

    papers = library.papers
    try:
        if preview:
            await papers.preview_many(
                drafts(), Origin.IMPORT, actor, duplicates=duplicates, on_result=count
            )
        else:
            imported = await papers.upsert_many(
                drafts(), Origin.IMPORT, actor, duplicates=duplicates, on_result=count
            )
            report.change_id = imported.change_id
    except _Refused:
        return ImportReport(
            total=report.total,
            rejected=report.rejected,
            left_out=report.left_out,
            problems=report.problems,
            has_invalid_entries=True,
            is_refused=True,
        )
    on_progress(report.total, report.total)
    return report


def _append(entries: list[ImportEntry], entry: ImportEntry) -> None:
    if len(entries) < _MAX_NAMED:
        entries.append(entry)


def _checked(result: ParseResult) -> ParseResult:
    """Returns what was read, or the problem with a paper of which too little is known."""
    if not isinstance(result, ParsedPaper):
        return result
    draft = result.draft
    title = redact_text(draft.title)[:80]
    if is_bare_reference(draft.title):
        return Problem(result.line, f"“{title}” isn't a title, but only an ID or a link.")
    if result.is_export:
        return result
    if not is_plausible_title(draft.title):
        return Problem(result.line, f"“{title}” isn't the title of a paper.")
    if not _has_facts(draft):
        return Problem(result.line, f"“{title}” has no author, date, ID, link or abstract.")
    return result


def _has_facts(draft: PaperDraft) -> bool:
    """Returns whether more is known of a paper than its title, and perhaps where it appeared."""
    facts = (draft.authors, draft.date, draft.links, draft.abstract, draft.posted_by)
    return any(facts) or not all(map(is_listed_title, draft.identifiers))


def _named(title: str, result: UpsertResult) -> str:
    return f"“{title}” (#{result.paper.id})" if result.paper else f"“{title}”"


def _is_same_title(one: str, other: str) -> bool:
    return one == other or _letters(one) == _letters(other)


def _letters(title: str) -> str:
    return fold(title).replace(" ", "")
