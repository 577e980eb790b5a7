"""Papers, lists of papers, authors and short notices as Discord layouts; pure functions.

Discord allows 40 components and 4,000 characters in a message. The limits of a card's parts add up
to less than that, whatever the data.
"""

from __future__ import annotations

import calendar
import re
import zlib
from collections.abc import Iterable, Sequence
from typing import Any

import discord
from discord import ButtonStyle
from discord.ui import (
    ActionRow,
    Button,
    Container,
    Item,
    LayoutView,
    Section,
    Separator,
    TextDisplay,
)

from bot.charts.years import year_bar
from bot.markdown import author_list, count, escape, escape_prose, link, timestamp
from bot.ui import buttons
from bot.ui.author_menu import author_menu
from bot.ui.excerpt import excerpt
from storage.models import Author, LinkKind, Paper, PaperDetails, PartialDate, ResultPage
from storage.papers.retractions import is_retracted
from storage.search.related import Related
from storage.text import fold

NEUTRAL = 0x99AAB5
GREY = 0x747F8D  # of what is over: a removed paper, a decided review
_ARXIV_RED = 0xB31B1B
_PALETTE = (
    0x5865F2, 0x2F9E8F, 0xD97706, 0x9B59B6, 0x2E86DE, 0xC2416B, 0x4C9F38, 0x8E6C3A,
)  # fmt: skip
_MAX_CARD = 3300  # characters of a card; leaves room for a sentence above it
_MAX_NOTICE = 3900
_MAX_ROW = 5  # buttons in a row
_MAX_LINKS = 4
_MAX_URL = 512  # characters of a link button's URL
_MAX_RELATED = 3
_BUTTON_URL = re.compile(r"https?://[^\s<>\"\\^`{|}]+")  # what Discord accepts
_LINK_LABELS = {
    LinkKind.PDF: "PDF",
    LinkKind.CODE: "Code",
    LinkKind.DATA: "Data",
    LinkKind.MODEL: "Model",
    LinkKind.VIDEO: "Video",
}


class Layout(LayoutView):
    """A message made of cards. It holds no state: its buttons work through their custom ids."""

    def __init__(self, *items: Item[Any]) -> None:
        super().__init__(timeout=None)
        for item in items:
            self.add_item(item)
        self.stop()


def full_card(
    paper: Paper, related: Sequence[Related] = (), *actions: Button[Any]
) -> Container[Any]:
    """Returns the card of a paper with its whole abstract and some related papers.

    It has buttons to cite the paper and to open the related ones, and more ``actions``.
    """
    return paper_card(
        paper,
        heading=f"### {title_link(paper, 700)}",
        max_abstract=_MAX_CARD,
        actions=[buttons.CiteButton(paper.id), *actions],
        related=related[:_MAX_RELATED],
    )


def random_paper(paper: Paper, owner_id: int, query_id: int) -> Layout:
    """Returns the card of a random paper, with buttons for another one and for this one."""
    card = paper_card(
        paper,
        heading=f"-# 🎲 Random paper\n### {title_link(paper, 700)}",
        max_abstract=900,
    )
    row = ActionRow(
        buttons.AnotherButton(owner_id, query_id),
        buttons.PaperButton(paper.id, "Details"),
        buttons.CiteButton(paper.id),
    )
    return Layout(card, row)


def results_page(
    heading: str,
    results: ResultPage,
    *,
    words: Sequence[str] = (),
    remark: str = "",
    complete: int | None = None,
    full_dates: bool = False,
    page_buttons: Sequence[Button[Any]] = (),
    condition_buttons: Iterable[Button[Any]] = (),
) -> Layout:
    """Returns a page of at most five papers, under an escaped heading.

    If a title lacks some of the folded ``words``, an excerpt of the abstract shows those. A line
    separates the first ``complete`` ones of all results from those with only most of the words.
    """
    card: Container[Any] = Container(accent_colour=NEUTRAL)
    card.add_item(TextDisplay(f"### {heading}" + (f"\n{remark}" if remark else "")))
    first_partial = len(results.papers)
    if complete is not None:
        first_partial = max(complete - results.offset, 0)
    add_papers(card, results.papers[:first_partial], words, full_dates=full_dates)
    if partial := results.papers[first_partial:]:
        card.add_item(TextDisplay("**Papers with most of these words**"))
        add_papers(card, partial, words, full_dates=full_dates)
    _add_page_buttons(card, results, page_buttons)
    if dropping := [*condition_buttons]:
        card.add_item(ActionRow(*dropping))
    return Layout(card)


def author_page(
    author: Author,
    results: ResultPage,
    page_buttons: Sequence[Button[Any]] = (),
    account: int | None = None,
) -> Layout:
    """Returns an author's card with a page of their papers, and a menu of their co-authors.

    ``account`` is the author's Discord account, which is named but not notified.
    """
    card: Container[Any] = Container(accent_colour=_palette_colour(author.name))
    card.add_item(TextDisplay(_author_summary(author, account)))
    add_papers(card, results.papers)
    _add_page_buttons(card, results, page_buttons)
    coauthors = [(name, f"{count(papers, 'paper')} together") for name, papers in author.coauthors]
    for row in author_menu("Show a co-author", coauthors):
        card.add_item(row)
    return Layout(card)


def notice(text: str, *rows: ActionRow[Any], colour: int = NEUTRAL) -> Layout:
    """Returns a message with a few sentences, already escaped, and rows of buttons."""
    return Layout(text_card(text, *rows, colour=colour))


def text_card(text: str, *rows: ActionRow[Any], colour: int = NEUTRAL) -> Container[Any]:
    """Returns a card with a few sentences, already escaped, and rows of buttons."""
    card: Container[Any] = Container(TextDisplay(text[:_MAX_NOTICE]), accent_colour=colour)
    for row in rows:
        card.add_item(row)
    return card


def paper_with(paper: Paper, text: str, *actions: Button[Any]) -> tuple[Item[Any], ...]:
    """Returns the parts of a message about a paper: a sentence, the paper's card and buttons.

    The sentence is already escaped and has at most 600 characters.
    """
    parts: list[Item[Any]] = [TextDisplay(text), full_card(paper)]
    if actions:
        parts.append(ActionRow(*actions))
    return tuple(parts)


def paper_card(
    paper: PaperDetails,
    *,
    heading: str,
    max_abstract: int,
    actions: Sequence[Button[Any]] = (),
    below: str = "",
    related: Sequence[Related] = (),
) -> Container[Any]:
    """Returns the card of a paper, with a text ``below`` it and related papers.

    The abstract has at most ``max_abstract`` characters, less if the rest takes the room. The
    ``actions`` share a row with the paper's links if they all fit.
    """
    card: Container[Any] = Container(TextDisplay(heading), accent_colour=_paper_colour(paper))
    credit, footer = byline(paper, 500), _footer(paper)
    if credit:
        card.add_item(TextDisplay(credit))
    related_texts = [_related_text(match) for match in related]
    room = _MAX_CARD - sum(map(len, [heading, credit, below, footer, *related_texts]))
    if abstract := escape_prose(paper.abstract, min(max_abstract, room)):
        card.add_item(TextDisplay(abstract))
    links = _link_buttons(paper)
    fits_one_row = len(links) + len(actions) <= _MAX_ROW
    for row in [[*links, *actions]] if fits_one_row else [links, [*actions]]:
        if row:
            card.add_item(ActionRow(*row))
    if below:
        card.add_item(TextDisplay(below))
    if related:
        card.add_item(TextDisplay("**Related**"))
    for match, text in zip(related, related_texts, strict=True):
        card.add_item(Section(text, accessory=buttons.PaperButton(match.paper.id)))
    if footer:
        card.add_item(TextDisplay(footer))
    return card


def title_with_id(paper: Paper) -> str:
    """Returns a paper's title in bold, escaped, and its number."""
    return f"**{escape(paper.title, 300)}** (#{paper.id})"


def title_link(paper: PaperDetails, limit: int) -> str:
    """Returns a paper's title as a link to it, or a substitute if the title shows nothing."""
    title = paper.title
    if not escape(title):
        title = f"Paper {paper.id}" if isinstance(paper, Paper) else "Untitled paper"
    return link(title, paper.url, limit)


def byline(
    paper: PaperDetails, max_authors: int, max_venue: int = 120, *, full_date: bool = False
) -> str:
    """Returns a paper's authors on one line, and its venue, year and note on another.

    The ``full_date`` is as precise as it is known, and says so if there is none.
    """
    lines = []
    if paper.authors:
        lines.append(
            author_list(paper.author_names, complete=paper.authors_complete, limit=max_authors)
        )
    details = [f"**{escape(paper.venue, max_venue)}**"] if paper.venue else []
    if full_date:
        details.append(_date_text(paper.date) if paper.date else "no date")
    elif paper.date:
        details.append(str(paper.date.year))
    if paper.note:
        mark = "⚠️" if is_retracted(paper.note) else "🏅"
        details.append(f"{mark} {escape(paper.note, max_venue)}")
    if details:
        lines.append(" · ".join(details))
    return "\n".join(lines)


def _date_text(date: PartialDate) -> str:
    """Returns a date in words: “14 July 2023”, “July 2023” or “2023”."""
    parts = [str(date.day)] if date.day else []
    parts += [calendar.month_name[date.month]] if date.month else []
    return " ".join([*parts, str(date.year)])


def _related_text(match: Related) -> str:
    """Returns a related paper's title, and what it shares with the paper."""
    reasons = []
    if match.authors:
        reasons.append(f"also by {author_list(match.authors, complete=True, limit=90)}")
    if match.words:
        words = ", ".join(f"“{escape(word, 25)}”" for word in match.words[:3])
        reasons.append(f"also about {words}")
    if match.tags:
        reasons.append(f"also tagged {escape(', '.join(match.tags[:3]), 60)}")
    return f"{title_link(match.paper, 190)}\n-# {' · '.join(reasons)}"


def _footer(paper: PaperDetails) -> str:
    """Returns a paper's tags and poster and, if it is in the list, its id and since when.

    Examples of papers have no positive id.
    """
    parts = [f"#{paper.id}"] if isinstance(paper, Paper) and paper.id > 0 else []
    if paper.tags:
        parts.append(escape(", ".join(paper.tags), 200))
    if paper.posted_by:
        parts.append(f"posted by {escape(paper.posted_by, 80)}")
    if isinstance(paper, Paper):
        parts.append(f"added {timestamp(paper.provenance.created_at, 'D')}")
    return f"-# {' · '.join(parts)}" if parts else ""


def _link_buttons(paper: PaperDetails) -> list[Button[Any]]:
    """Returns buttons for the page, arXiv, PDF, DOI, code and so on, the first few of them."""
    urls: dict[str, str] = {}
    if paper.arxiv:
        urls["arXiv"] = f"https://arxiv.org/abs/{paper.arxiv}"
    if paper.pdf_url:
        urls["PDF"] = paper.pdf_url
    if paper.doi:
        urls["DOI"] = f"https://doi.org/{paper.doi}"
    for target in paper.links:
        if target.kind is LinkKind.PAGE and target.url not in urls.values():
            urls.setdefault("Page", target.url)
        elif target.kind in _LINK_LABELS:
            urls.setdefault(_LINK_LABELS[target.kind], target.url)
    return [
        Button(style=ButtonStyle.link, label=label, url=url)
        for label, url in urls.items()
        if len(url) <= _MAX_URL and _BUTTON_URL.fullmatch(url)
    ][:_MAX_LINKS]


def add_papers(
    card: Container[Any],
    papers: Sequence[Paper],
    words: Sequence[str] = (),
    *,
    full_dates: bool = False,
) -> None:
    """Adds papers to a card like `results_page`, each under a line and with Open."""
    for paper in papers:
        card.add_item(Separator(visible=True))
        lines = [f"**{title_link(paper, 240)}**"]
        if credit := byline(paper, 130, 60, full_date=full_dates):
            lines.append(credit)
        title = f" {fold(paper.title)}"
        missing = [word for word in words if f" {word}" not in title]
        if missing and (passage := excerpt(paper.abstract, missing, 150)):
            lines.append(f"-# {passage}")
        card.add_item(Section("\n".join(lines), accessory=buttons.PaperButton(paper.id)))


def _add_page_buttons(
    card: Container[Any], results: ResultPage, page_buttons: Sequence[Button[Any]]
) -> None:
    if page_buttons:
        card.add_item(Separator(visible=False))
        card.add_item(ActionRow(*page_buttons))
    elif results.total > len(results.papers):
        card.add_item(TextDisplay(f"-# {count(results.total, 'paper')} in total"))


def _author_summary(author: Author, account: int | None) -> str:
    """Returns an author's name, papers by year, venues, co-authors and aliases."""
    facts = papers_and_years(author.paper_count, author.years)
    if author.undated_count:
        facts += (
            f" · {author.undated_count:,} without a date" if author.years else " without a date"
        )
    facts += f" · <@{account}>" if account else ""
    lines = [f"### {escape(author.name, 160)}", facts]
    if bar := year_bar(author.papers_by_year):
        lines.append(f"`{bar}`")
    if author.venues:
        lines.append(f"**Venues** {_with_counts(author.venues, 6)}")
    if author.coauthors:
        lines.append(f"**Co-authors** {_with_counts(author.coauthors, 6)}")
    aliases = [variant for variant in author.variants if variant != author.name]
    if aliases:
        lines.append(f"-# Also credited as {escape(', '.join(aliases), 110)}")
    return "\n".join(lines)


def papers_and_years(papers: int, years: tuple[int, int] | None) -> str:
    """Returns, for example, “3 papers · 2019 to 2023”, “1 paper · 2023” or “1 paper”."""
    facts = [count(papers, "paper")]
    if years:
        first, last = years
        facts.append(str(first) if first == last else f"{first} to {last}")
    return " · ".join(facts)


def _with_counts(items: Sequence[tuple[str, int]], limit: int) -> str:
    """Returns, for example, “ICML (3), NeurIPS, and 2 more”."""
    parts = [
        escape(name, 40) + (f" ({number:,})" if number > 1 else "")
        for name, number in items[:limit]
    ]
    if len(items) > limit:
        parts.append(f"and {len(items) - limit:,} more")
    return ", ".join(parts)


def _paper_colour(paper: PaperDetails) -> discord.Colour:
    if fold(paper.venue) == "arxiv" or (not paper.venue and paper.arxiv):
        return discord.Colour(_ARXIV_RED)
    return _palette_colour(paper.venue) if paper.venue else discord.Colour(NEUTRAL)


def _palette_colour(text: str) -> discord.Colour:
    """Returns a colour that is always the same for the same text."""
    return discord.Colour(_PALETTE[zlib.crc32(fold(text).encode()) % len(_PALETTE)])
