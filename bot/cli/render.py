"""What the shell prints about papers and authors."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from bot.markdown import count
from storage.models import Author, Paper, PaperDetails
from storage.search.engine import SearchResponse

_WIDTH = 92
_MAX_AUTHORS = 8
_MAX_ABSTRACT = 400


def paper(paper: PaperDetails) -> str:
    """Returns a paper on a few lines, without a number if it isn't in the list."""
    lines = [f"#{paper.id}  {paper.title}" if isinstance(paper, Paper) else paper.title]
    if authors := _authors(paper):
        lines.append(f"    {authors}")
    if facts := [part for part in (paper.venue, str(paper.year or ""), paper.note) if part]:
        lines.append(f"    {' · '.join(facts)}")
    if paper.url:
        lines.append(f"    {paper.url}")
    if paper.abstract:
        text = textwrap.shorten(paper.abstract, _MAX_ABSTRACT, placeholder=" …")
        lines += textwrap.wrap(text, _WIDTH, initial_indent="    ", subsequent_indent="    ")
    return "\n".join(lines)


def no_results(query: str, found: SearchResponse) -> str:
    """Returns why there are no papers to show."""
    if not found.results.total:
        return f"No papers match “{query}”."
    verb = "matches" if found.results.total == 1 else "match"
    return f"Only {_total(found)} {verb} “{query}”, so there's nothing at that offset."


def search_results(query: str, found: SearchResponse) -> str:
    """Returns one page of the papers that match a query, of which there is at least one."""
    results = found.results
    lines = []
    if found.searched_for:
        lines.append(f"No papers match “{query}”. Showing “{found.searched_for}” instead.")
    elif found.corrections:
        words = ", ".join(f"“{new}” instead of “{old}”" for old, new in found.corrections)
        lines.append(f"Searched for {words}.")
    if found.also_searched:
        lines.append(f"Also searched for {', '.join(map('“{}”'.format, found.also_searched))}.")
    if found.missing_phrases:
        phrases = ", ".join(map("“{}”".format, found.missing_phrases))
        lines.append(f"No paper has {phrases}, so the single words were searched.")
    last = results.offset + len(results.papers)
    is_part = results.total_is_minimum or len(results.papers) < results.total
    part = f", showing {results.offset + 1:,} to {last:,}" if is_part else ""
    total = _total(found)
    if 0 < found.complete < results.total:
        others = results.total - found.complete
        total = f"{count(found.complete, 'paper')}, and {others:,} with most of these words"
    lines.append(f"{total}{part}:\n")
    first_partial = max(found.complete - results.offset, 0)
    shown = [*map(paper, results.papers)]
    if first_partial < len(shown):
        shown.insert(first_partial, "Papers with most of these words:")
    return "\n".join(lines) + "\n" + "\n\n".join(shown)


def author(author: Author, papers: Sequence[Paper]) -> str:
    """Returns an author with all of their papers."""
    lines = [f"{author.name}: {count(author.paper_count, 'paper')}"]
    if variants := [variant for variant in author.variants if variant != author.name]:
        lines.append(f"Also credited as {', '.join(variants)}")
    return "\n".join(lines) + "\n\n" + "\n\n".join(map(paper, papers))


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
