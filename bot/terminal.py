"""What the command line prints for people: records → plain text."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bot.exchange.listing import Listing
from storage.records import Admission, Outcome, Paper, Person
from storage.search import Found

_WIDTH = 92
_SHOWN_AUTHORS = 8


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did: a count for each outcome, and every entry that was not simply taken."""

    counts: dict[str, int]
    details: tuple[dict[str, object], ...]

    @classmethod
    def of(cls, listing: Listing, results: Sequence[Admission]) -> ImportReport:
        """Count the results of a listing's papers, which come in its order."""
        outcomes = Counter(result.outcome for result in results)
        details = [
            _detail(listed.line, listed.draft.title, result)
            for listed, result in zip(listing.papers, results, strict=True)
            if result.outcome in {Outcome.DUPLICATE, Outcome.REMOVED}
        ]
        details += [
            {"line": problem.line, "outcome": "rejected", "reason": problem.reason}
            for problem in listing.problems
        ]
        return cls(
            counts={
                "added": outcomes[Outcome.ADDED],
                "updated": outcomes[Outcome.UPDATED],
                "unchanged": outcomes[Outcome.UNCHANGED],
                "duplicates": outcomes[Outcome.DUPLICATE],
                "rejected": outcomes[Outcome.REMOVED] + len(listing.problems),
            },
            details=tuple(details),
        )

    def as_json(self) -> dict[str, object]:
        """The report for other programs."""
        return {**self.counts, "details": list(self.details)}

    def as_text(self) -> str:
        """The report for people."""
        lines = [", ".join(f"{number} {name}" for name, number in self.counts.items()) + "."]
        lines += [f"Line {detail['line']}: {detail['reason']}" for detail in self.details]
        return "\n".join(lines)


def paper(shown: Paper) -> str:
    """A paper on a few lines."""
    lines = [f"#{shown.id}  {shown.title}"]
    if byline := _byline(shown):
        lines.append(f"    {byline}")
    place = [part for part in (shown.venue, str(shown.year or ""), shown.note) if part]
    if place:
        lines.append(f"    {' · '.join(place)}")
    if shown.url:
        lines.append(f"    {shown.url}")
    if shown.abstract:
        text = textwrap.shorten(shown.abstract, 400, placeholder=" …")
        lines += textwrap.wrap(text, _WIDTH, initial_indent="    ", subsequent_indent="    ")
    return "\n".join(lines)


def found(query: str, answer: Found) -> str:
    """The papers that a search found."""
    results = answer.results
    if not results.total:
        return f"No paper for “{query}”."
    lines = []
    if answer.searched_for:
        lines.append(f"Nothing has “{query}”; here is what has “{answer.searched_for}”.")
    last = results.offset + len(results.papers)
    lines.append(f"{results.offset + 1} to {last} of {results.total:,}:\n")
    return "\n".join(lines) + "\n" + "\n\n".join(map(paper, results.papers))


def person(someone: Person) -> str:
    """An author with all papers."""
    number = len(someone.papers)
    lines = [f"{someone.name}: {number} paper{'' if number == 1 else 's'}"]
    others = [form for form in someone.forms if form != someone.name]
    if others:
        lines.append(f"also credited as {', '.join(others)}")
    return "\n".join(lines) + "\n\n" + "\n\n".join(map(paper, someone.papers))


def _detail(line: int, title: str, result: Admission) -> dict[str, object]:
    if result.outcome is Outcome.DUPLICATE and result.paper:
        known = f"“{result.paper.title}” (#{result.paper.id})"
        reason = f"“{title}” may be {known}; I left it out."
    else:
        reason = f"“{title}” was removed from the list on purpose; I left it out."
    outcome = "duplicate" if result.outcome is Outcome.DUPLICATE else "rejected"
    return {"line": line, "outcome": outcome, "title": title, "reason": reason}


def _byline(shown: Paper) -> str:
    authors = shown.authors[:_SHOWN_AUTHORS]
    hidden = len(shown.authors) - len(authors)
    tail = " et al." if not shown.authors_complete else f" and {hidden} more" if hidden else ""
    return f"{', '.join(authors)}{tail}"
