"""What the shell prints about papers and authors: in colour on a terminal, else plain."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

from rich.style import Style
from rich.text import Text

from bot.charts.years import year_bar
from bot.markdown import count, join_and
from storage.models import Author, Paper, PaperDetails
from storage.papers.identifiers import is_listed_title
from storage.papers.snapshots import differences_to_json
from storage.search.engine import Alternative, SearchResponse
from storage.search.interpretation import Interpretation
from storage.text import fold

_WIDTH = 92
_MAX_AUTHORS = 8
_MAX_ABSTRACT = 400
_MAX_COUNTED = 6  # venues and co-authors of an author
_MAX_VALUE = 200  # characters of a value that changes
_INDENT = "    "
_WORD = re.compile(r"[\w-]+")


def paper(paper: PaperDetails, words: Sequence[str] = ()) -> Text:
    """Returns a paper on a few lines, without a number if it isn't in the list.

    A terminal links its title and highlights the folded ``words``.
    """
    title = Text(paper.title, style=Style(bold=True, link=paper.url or None))
    _highlight(title, words)
    number = f"#{paper.id}  " if isinstance(paper, Paper) else ""
    lines = [Text.assemble((number, "dim"), title)]
    if authors := _authors(paper):
        lines.append(Text(f"{_INDENT}{authors}"))
    if facts := [part for part in (paper.venue, str(paper.year or ""), paper.note) if part]:
        lines.append(Text(f"{_INDENT}{' · '.join(facts)}", style="green"))
    if paper.url:
        lines.append(Text(f"{_INDENT}{paper.url}", style="dim"))
    if paper.abstract:
        text = textwrap.shorten(paper.abstract, _MAX_ABSTRACT, placeholder=" …")
        for line in textwrap.wrap(text, _WIDTH, initial_indent=_INDENT, subsequent_indent=_INDENT):
            lines.append(Text(line))
            _highlight(lines[-1], words)
    return Text("\n").join(lines)


def _highlight(text: Text, words: Sequence[str]) -> None:
    """Highlights the words of a text that begin with one of the folded ``words``."""
    for match in _WORD.finditer(text.plain):
        if any(part.startswith(word) for part in fold(match[0]).split() for word in words):
            text.stylize("bold yellow", *match.span())


def change_lines(before: PaperDetails, after: PaperDetails) -> list[str]:
    """Returns a line “field: before → after” for each field of a paper that differs."""
    return [
        f"    {name}: {_value(change['before'])} → {_value(change['after'])}"
        for name, change in differences_to_json(before, after).items()
    ]


def no_results(read: Interpretation, found: SearchResponse) -> str:
    """Returns why there are no papers to show."""
    query = _as_query(read)
    if not found.results.total:
        return f"No papers match “{query}”."
    verb = "matches" if found.results.total == 1 else "match"
    return f"Only {_total(found)} {verb} “{query}”, so there's nothing at that offset."


def tip(alternatives: Sequence[Alternative]) -> str:
    """Returns sentences on which conditions hide papers, with a space in front, or ""."""
    hiding = [
        f" Without the {join_and(one.proposal.dropped)}: {_total(one.found)}."
        for one in alternatives
        if one.proposal.dropped
    ]
    return "".join(hiding)


def _as_query(read: Interpretation) -> str:
    """Returns what was searched in the syntax of queries, with what was read from the question."""
    parts = [read.text] if read.text else []
    if "author" in read.conditions:
        parts.append(f'author:"{read.filters.author}"')
    if "year" in read.conditions:
        first, last = read.filters.first_year, read.filters.last_year
        span = f"{first or ''}..{last or ''}" if first != last else first
        parts.append(f"year:{span}")
    return " ".join(parts)


def search_results(read: Interpretation, found: SearchResponse, words: Sequence[str]) -> Text:
    """Returns one page of the papers that match a query, of which there is at least one.

    ``words`` are the folded ones to highlight.
    """
    results = found.results
    lines = []
    if read.conditions:
        lines.append(f"Searched for “{_as_query(read)}”.")
    if "order" in read.conditions:
        lines.append("The newest papers come first.")
    if found.searched_for:
        lines.append(f"No papers match “{read.text}”. Showing “{found.searched_for}” instead.")
    elif found.corrections:
        corrected = ", ".join(f"“{new}” instead of “{old}”" for old, new in found.corrections)
        lines.append(f"Searched for {corrected}.")
    if found.also_searched:
        lines.append(f"Also searched for {', '.join(map('“{}”'.format, found.also_searched))}.")
    if found.missing_phrases:
        phrases = ", ".join(map("“{}”".format, found.missing_phrases))
        lines.append(f"No paper has {phrases}, so the words were searched for separately.")
    last = results.offset + len(results.papers)
    is_part = results.total_is_minimum or len(results.papers) < results.total
    part = f", showing {results.offset + 1:,} to {last:,}" if is_part else ""
    total = _total(found)
    if 0 < found.complete < results.total:
        others = results.total - found.complete
        total = f"{count(found.complete, 'paper')}, and {others:,} with most of these words"
    lines.append(f"{total}{part}:\n\n")
    first_partial = max(found.complete - results.offset, 0)
    shown = [paper(one, words) for one in results.papers]
    if first_partial < len(shown):
        shown.insert(first_partial, Text("Papers with most of these words:", style="bold"))
    return Text.assemble("\n".join(lines), Text("\n\n").join(shown))


def author(author: Author, papers: Sequence[Paper]) -> Text:
    """Returns an author with all of their papers."""
    years = year_bar(author.papers_by_year) or "".join(
        str(year) for year, _ in author.papers_by_year
    )
    if author.undated_count:
        years = " ".join(filter(None, [years, f"({author.undated_count:,} without a date)"]))
    variants = [variant for variant in author.variants if variant != author.name]
    facts = {
        "Also credited as": ", ".join(variants),
        "Years": years,
        "Venues": _with_counts(author.venues),
        "Co-authors": _with_counts(author.coauthors),
    }
    lines = [Text.assemble((author.name, "bold"), f": {count(author.paper_count, 'paper')}")]
    lines += [Text(f"{name} {value}") for name, value in facts.items() if value]
    return Text("\n\n").join([Text("\n").join(lines), *map(paper, papers)])


def _with_counts(counted: Sequence[tuple[str, int]]) -> str:
    shown = [f"{name} ({papers})" for name, papers in counted[:_MAX_COUNTED]]
    more = len(counted) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _value(value: object) -> str:
    """Returns a JSON value as text, without ids that only the list itself uses."""
    parts = [*value.values()] if isinstance(value, dict) else value
    if isinstance(parts, list):
        text = ", ".join(one for one in map(_plain, parts) if not is_listed_title(one))
    else:
        text = _plain(parts or "")
    text = " ".join(text.split())
    return (text if len(text) <= _MAX_VALUE else f"{text[:_MAX_VALUE]}…") or "nothing"


def _plain(value: object) -> str:
    """Returns a part of a JSON value as text; of a link, its URL."""
    return str(value[-1] if isinstance(value, list) else value)


def _total(found: SearchResponse) -> str:
    results = found.results
    if results.total_is_minimum:
        return f"{results.total:,}+ papers"
    return count(results.total, "paper")


def _authors(paper: PaperDetails) -> str:
    shown = paper.author_names[:_MAX_AUTHORS]
    hidden = len(paper.author_names) - len(shown)
    ending = f" and {hidden} more" if hidden else ""
    return f"{', '.join(shown)}{ending if paper.authors_complete else ' et al.'}"
