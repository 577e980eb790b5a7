"""Reads a publications page in any shape: finds its entries, and leaves out what isn't a paper."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bot.formats.pages.document import LOWEST_LEVEL, Container, Line
from bot.formats.pages.entries import Entry, Heading, Item, Rest, find_entries, read_best
from bot.formats.pages.html_document import number_lines, parse_html
from bot.formats.pages.markdown_document import is_markdown, parse_markdown
from bot.formats.pages.read_more import is_read_more_page, parse_read_more_page
from bot.formats.pages.repeated_authors import repeat_authors
from bot.formats.pages.sections import Section
from bot.formats.pages.text_document import parse_text
from bot.formats.results import ParsedPaper, Problem
from storage.errors import InvalidInput
from storage.models import PaperDraft
from storage.text import fold

_HTML = re.compile(
    r"\s*(?:<\?xml[^>]{0,200}>\s*)?(?:<!--(?:(?!-->).){0,2000}-->\s*)?"
    r"<(?:!doctype\s+html|html|head|body|div|table|ul|ol|dl|p|h[1-6]|section|article|main|meta"
    r"|title)\b",
    re.IGNORECASE | re.DOTALL,
)

_MIN_USUAL = 2  # entries of the same shape, which others probably have, too


_NO_PAPERS = (
    "I can't find any papers on that page. I can read lists, tables and references in text, "
    "Markdown and HTML that name the title and the authors of each paper."
)


class NoPapersFound(InvalidInput):
    """The page has no entry that can be read as a paper."""

    def __init__(self, sentence: str = _NO_PAPERS) -> None:
        super().__init__(sentence)


@dataclass(frozen=True, slots=True)
class PublicationsPage:
    """The papers of a page, and its entries that can't be used."""

    papers: tuple[ParsedPaper, ...]
    problems: tuple[Problem, ...]


def is_html(text: str) -> bool:
    """Returns whether a text is a web page or a part of one, and not a feed."""
    return _HTML.match(text.removeprefix("\ufeff")) is not None


def parse_publications_page(text: str, base_url: str = "") -> PublicationsPage:
    """Reads a whole page; an invalid entry doesn't affect the others.

    Relative links are kept if ``base_url`` or the page says where it is from. Raises
    `NoPapersFound`, except for an empty page.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if is_read_more_page(text):
        return PublicationsPage(*parse_read_more_page(text))
    items = _read_alike(find_entries(_tree(text, base_url)))
    found = sorted(_papers(items), key=lambda one: one.line)
    papers = tuple(one for one in found if isinstance(one, ParsedPaper))
    if not papers and text.strip():
        raise NoPapersFound
    return PublicationsPage(papers, tuple(one for one in found if isinstance(one, Problem)))


def _tree(text: str, base_url: str) -> Container:
    if is_html(text):
        return parse_html(number_lines(text), base_url)
    text = repeat_authors(text)
    return parse_markdown(text, base_url) if is_markdown(text) else parse_text(text)


def _read_alike(items: Sequence[Item]) -> list[Item]:
    """Returns the items with entries in an unusual shape read again in the usual one."""
    shapes = Counter(item.reference.shape for item in items if isinstance(item, Entry))
    usual, count = shapes.most_common(1)[0] if shapes else (None, 0)
    if count < _MIN_USUAL or count * 2 < shapes.total():
        return list(items)
    return [
        replace(item, reference=read_best(item.lines, usual) or item.reference)
        if isinstance(item, Entry) and item.reference.shape != usual
        else item
        for item in items
    ]


def _papers(items: Sequence[Item]) -> Iterator[ParsedPaper | Problem]:
    """Yields the papers in the sections that list papers, and the entries that can't be used."""
    placed = list(_placed(items))
    entries = [(item, section) for item, section in placed if isinstance(item, Entry)]
    own_urls = _own_urls([item for item, _ in entries])
    accepted = _accepted(entries)
    papers: dict[tuple[str, tuple[str, ...]], ParsedPaper] = {}
    for item, section in placed:
        if isinstance(item, Entry) and id(item) in accepted:
            paper = ParsedPaper(item.reference.line, item.reference.draft(section.year, own_urls))
            key = (fold(paper.draft.title), tuple(map(fold, paper.draft.author_names)))
            first = papers.get(key)
            if first and first.draft.date and paper.draft.date not in {None, first.draft.date}:
                yield paper  # one of a series with the same title
            elif first is None or _details(paper.draft) > _details(first.draft):
                papers[key] = paper
        elif item.is_unread if isinstance(item, Rest) else _is_half_read(item):
            yield _problem(item.lines)
    yield from papers.values()


def _is_half_read(entry: Entry) -> bool:
    """Returns whether an entry that isn't accepted may be a paper all the same."""
    found = entry.reference
    return entry.has_siblings and bool(found.date or found.has_year_between or found.identifiers)


def _details(draft: PaperDraft) -> int:
    return sum(map(bool, (draft.date, draft.venue, draft.abstract))) + len(draft.identifiers)


def _placed(items: Sequence[Item]) -> Iterator[tuple[Entry | Rest, Section]]:
    """Yields entries and the rest with the heading of a year above them, if they are papers'."""
    dated = Section()
    dated_level = 0
    closed_at: int | None = None  # the level of the heading that began a section of other things
    for item in items:
        if not isinstance(item, Heading):
            if closed_at is None:
                yield item, dated
            continue
        level = item.line.level or LOWEST_LEVEL
        section = item.section
        if section.has_papers is False:
            closed_at = min(level, closed_at or level)
        elif closed_at and level <= closed_at and (section.has_papers or level < LOWEST_LEVEL):
            closed_at = None
        is_dated = section.year or section.are_forthcoming
        if is_dated or level <= dated_level:
            dated, dated_level = (section, level) if is_dated else (Section(), 0)


def _own_urls(entries: Sequence[Entry]) -> frozenset[str]:
    """Returns the addresses that only one title has."""
    titles: dict[str, set[str]] = {}
    for entry in entries:
        for _, url in entry.reference.links:
            titles.setdefault(url, set()).add(fold(entry.reference.title))
    return frozenset(url for url, names in titles.items() if len(names) == 1)


def _accepted(entries: Sequence[tuple[Entry, Section]]) -> set[int]:
    """Returns the ids of the entries that enough things speak for, the page seen as a whole.

    A heading's year alone isn't enough, because footers stand below it as well.
    """
    are_below_dates = [bool(section.year or section.are_forthcoming) for _, section in entries]
    evidence = [
        item.reference.evidence(is_below_date=is_below)
        for (item, _), is_below in zip(entries, are_below_dates, strict=True)
    ]
    dated = [
        bool(item.reference.date or item.reference.has_year_between or is_below)
        for (item, _), is_below in zip(entries, are_below_dates, strict=True)
    ]
    are_dated = sum(dated) * 2 > len(entries)
    are_sure = sum(evidence) >= 2 * len(entries)
    accepted = set()
    for (item, _), facts, is_dated in zip(entries, evidence, dated, strict=True):
        least = 2 if is_dated or not are_dated else 3
        if len(entries) == 1:
            least = 4 if item.is_joined else 3
        elif item.has_siblings and are_sure:
            least = 1
        if facts >= least and item.reference.evidence(is_below_date=False):
            accepted.add(id(item))
    return accepted


def _problem(lines: Sequence[Line]) -> Problem:
    text = " ".join(line.text for line in lines)
    shown = text if len(text) <= 80 else f"{text[:79]}…"
    reason = f"I can't tell the title and the authors of “{shown}” apart, so I skipped it."
    return Problem(lines[0].number, reason)
