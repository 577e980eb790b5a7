"""Looks up the papers of a list of arXiv IDs, DOIs and links, and reports on each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from bot.formats.results import ParsedPaper, ParseResult, Problem, UnresolvedReference
from bot.importing.formats import FileEntry
from bot.lookup.errors import LookupFailed, NotAReference
from bot.lookup.references import Reference, parse_reference
from bot.lookup.service import Lookup
from storage.models import PaperDraft
from storage.redaction import redact_text

_BATCH = 50  # references that are looked up at the same time


async def resolve_references(
    entries: Sequence[FileEntry],
    lookup: Lookup,
    on_progress: Callable[[int, int | None], None] = lambda _done, _total: None,
) -> list[ParseResult]:
    """Returns the entries with each reference replaced by its paper, or by the problem with it.

    ``on_progress`` gets the number of entries that are done, and of all.
    """
    results: list[ParseResult] = []
    for start in range(0, len(entries), _BATCH):
        batch = entries[start : start + _BATCH]
        references = _parse(batch)
        found = await lookup.look_up_all(list(dict.fromkeys(references.values())))
        for entry in batch:
            if not isinstance(entry, UnresolvedReference):
                results.append(entry)
            elif (reference := references.get(entry.text)) is None:
                results.append(Problem(entry.line, str(NotAReference(entry.text))))
            else:
                results.append(_result(entry, found[reference]))
        on_progress(len(results), len(entries))
    return results


def _parse(entries: Iterable[FileEntry]) -> dict[str, Reference]:
    """Returns the references by their texts, without those that can't be looked up."""
    references: dict[str, Reference] = {}
    for entry in entries:
        if isinstance(entry, UnresolvedReference):
            try:
                references[entry.text] = parse_reference(entry.text)
            except NotAReference:
                continue
    return references


def _result(entry: UnresolvedReference, found: PaperDraft | LookupFailed) -> ParseResult:
    if isinstance(found, LookupFailed):
        shown = redact_text(entry.text)[:80]
        return Problem(entry.line, f"I couldn't look up “{shown}”. {found}")
    return ParsedPaper(entry.line, found)
