"""Records → what people see: papers, lists, people and announcements as Discord layouts; pure.

Discord allows 40 components and 4,000 characters in one message; every card's parts have limits
that add up to less, whatever the data.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
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

from bot.markdown import author_list, clip, count, escape, link, timestamp
from bot.ui import buttons
from bot.ui.excerpt import excerpt
from storage.models import Author, LinkKind, Paper, PaperDetails, ResultPage
from storage.search.related import Related
from storage.text import fold

_ARXIV_RED = 0xB31B1B
_PALETTE = (
    0x5865F2, 0x2F9E8F, 0xD97706, 0x9B59B6, 0x2E86DE, 0xC2416B, 0x4C9F38, 0x8E6C3A,
)  # fmt: skip
NEUTRAL = 0x99AAB5
_MAX_CARD = 3300  # characters of one card, which leaves room for a sentence above it
_ROW = 5  # buttons in one row
_MAX_URL = 512  # of a link button
_ADDRESS = re.compile(r"https?://[^\s<>\"\\^`{|}]+")  # that Discord takes for a button
_LINK_LABELS = {
    LinkKind.PDF: "PDF",
    LinkKind.CODE: "Code",
    LinkKind.DATA: "Data",
    LinkKind.MODEL: "Model",
    LinkKind.VIDEO: "Video",
}


class Layout(LayoutView):
    """A message made of cards. Its buttons keep no memory here: they work by their custom ids."""

    def __init__(self, *items: Item[Any]) -> None:
        super().__init__(timeout=None)
        for item in items:
            self.add_item(item)
        self.stop()


def paper(shown: Paper, related: Sequence[Related] = ()) -> Container[Any]:
    """The whole card of a paper, with some related ones and why they are."""
    return paper_card(
        shown,
        heading=f"### {title_link(shown, 700)}",
        abstract=_MAX_CARD,
        pressed=[buttons.CiteButton(shown.id)],
        below=_related(related[:3]),
    )


def random_paper(shown: Paper, owner: int, question: int) -> Layout:
    """One paper by chance, with a button for another."""
    card = paper_card(
        shown,
        heading=f"-# 🎲 Picked for you\n### {title_link(shown, 700)}",
        abstract=900,
    )
    return Layout(card, ActionRow(buttons.AnotherButton(owner, question)))


def results(
    heading: str,
    shown: ResultPage,
    *,
    words: Sequence[str] = (),
    remark: str = "",
    turning: Sequence[Button[Any]] = (),
) -> Layout:
    """A page of papers, five at most, under a heading that is already fit for Discord.

    Where not all of the folded ``words`` stand in a title, the abstract shows where they do.
    """
    card: Container[Any] = Container(accent_colour=NEUTRAL)
    card.add_item(TextDisplay(f"### {heading}" + (f"\n{remark}" if remark else "")))
    _add_papers(card, shown.papers, words)
    _add_turning(card, shown, turning)
    return Layout(card)


def person(someone: Author, page: ResultPage, turning: Sequence[Button[Any]] = ()) -> Layout:
    """An author's card with one page of their papers."""
    card: Container[Any] = Container(accent_colour=_colour_of(someone.name))
    card.add_item(TextDisplay(_about(someone)))
    _add_papers(card, page.papers)
    _add_turning(card, page, turning)
    return Layout(card)


def notice(text: str, *rows: ActionRow[Any], colour: int = NEUTRAL) -> Layout:
    """A few sentences, already fit for Discord, perhaps with buttons under them."""
    return Layout(note(text, *rows, colour=colour))


def note(text: str, *rows: ActionRow[Any], colour: int = NEUTRAL) -> Container[Any]:
    """The card of a `notice`."""
    card: Container[Any] = Container(TextDisplay(text[:3900]), accent_colour=colour)
    for row in rows:
        card.add_item(row)
    return card


def paper_with(shown: Paper, text: str, *row: Button[Any]) -> tuple[Item[Any], ...]:
    """A sentence about a paper, its card, and buttons to decide with: the parts of a layout.

    The sentence is already fit for Discord, and has 600 characters at most.
    """
    parts: list[Item[Any]] = [TextDisplay(text), paper(shown)]
    if row:
        parts.append(ActionRow(*row))
    return tuple(parts)


def plain(shown: PaperDetails) -> str:
    """A paper in one line of plain text, for places that know no layout."""
    return clip(" · ".join(part for part in (shown.title, shown.venue) if part), 300)


def paper_card(
    shown: PaperDetails,
    *,
    heading: str,
    abstract: int,
    pressed: Sequence[Button[Any]] = (),
    below: str = "",
) -> Container[Any]:
    """The card of one paper; the abstract has ``abstract`` characters, or what room is left.

    The buttons to be ``pressed`` stand beside the links, or under them where there is no room.
    """
    card: Container[Any] = Container(TextDisplay(heading), accent_colour=_colour(shown))
    about, footer = byline(shown, 500), _footer(shown)
    if about:
        card.add_item(TextDisplay(about))
    room = _MAX_CARD - len(heading) - len(about) - len(below) - len(footer)
    if text := escape(shown.abstract, min(abstract, room)):
        card.add_item(TextDisplay(text))
    links = _links(shown)
    rows = [[*links, *pressed]] if len(links) + len(pressed) <= _ROW else [links, [*pressed]]
    for row in rows:
        if row:
            card.add_item(ActionRow(*row))
    if below:
        card.add_item(TextDisplay(below))
    if footer:
        card.add_item(TextDisplay(footer))
    return card


def _related(related: Sequence[Related]) -> str:
    lines = ["**Related**"] if related else []
    for one in related:
        reasons = []
        if one.authors:
            reasons.append(f"also by {author_list(one.authors, complete=True, limit=90)}")
        if one.words:
            quoted = ", ".join(f"“{escape(word, 25)}”" for word in one.words[:3])
            reasons.append(f"also about {quoted}")
        lines += [title_link(one.paper, 190), f"-# {' · '.join(reasons)}"]
    return "\n".join(lines)


def title_link(shown: PaperDetails, limit: int) -> str:
    """Returns a paper's title as a link to it, or a substitute if the title shows nothing."""
    title = shown.title
    if not escape(title):
        title = f"Paper {shown.id}" if isinstance(shown, Paper) else "Untitled paper"
    return link(title, shown.url, limit)


def byline(shown: PaperDetails, limit: int, place_limit: int = 120) -> str:
    """Who wrote it, in ``limit`` characters, and where it stands, on up to two lines."""
    lines = []
    if shown.authors:
        lines.append(author_list(shown.authors, complete=shown.authors_complete, limit=limit))
    place = [f"**{escape(shown.venue, place_limit)}**"] if shown.venue else []
    if shown.date:
        place.append(str(shown.date.year))
    if shown.note:
        place.append(f"🏅 {escape(shown.note, place_limit)}")
    if place:
        lines.append(" · ".join(place))
    return "\n".join(lines)


def _footer(shown: PaperDetails) -> str:
    """Returns a paper's tags and poster and, if it is in the list, its id and since when."""
    parts = [f"#{shown.id}"] if isinstance(shown, Paper) else []
    if shown.tags:
        parts.append(escape(", ".join(shown.tags), 200))
    if shown.posted_by:
        parts.append(f"posted by {escape(shown.posted_by, 80)}")
    if isinstance(shown, Paper):
        parts.append(f"in the list since {timestamp(shown.provenance.created_at, 'D')}")
    return f"-# {' · '.join(parts)}" if parts else ""


def _links(shown: PaperDetails) -> list[Button[Any]]:
    """Link buttons: page, arXiv, PDF, DOI, code and the like; five at most."""
    found: dict[str, str] = {}
    if shown.arxiv:
        found["arXiv"] = f"https://arxiv.org/abs/{shown.arxiv}"
    if shown.pdf_url:
        found["PDF"] = shown.pdf_url
    if shown.doi:
        found["DOI"] = f"https://doi.org/{shown.doi}"
    for one in shown.links:
        if one.kind is LinkKind.PAGE and one.url not in found.values():
            found.setdefault("Page", one.url)
        elif one.kind in _LINK_LABELS:
            found.setdefault(_LINK_LABELS[one.kind], one.url)
    return [
        Button(style=ButtonStyle.link, label=label, url=url)
        for label, url in found.items()
        if len(url) <= _MAX_URL and _ADDRESS.fullmatch(url)
    ][:4]


def _add_papers(card: Container[Any], papers: Sequence[Paper], words: Sequence[str] = ()) -> None:
    for one in papers:
        card.add_item(Separator(visible=True))
        lines = [f"**{title_link(one, 240)}**"]
        if about := byline(one, 130, 60):
            lines.append(about)
        title = f" {fold(one.title)}"
        if (lacking := [word for word in words if f" {word}" not in title]) and (
            part := excerpt(one.abstract, lacking, 150)
        ):
            lines.append(f"-# {part}")
        card.add_item(Section("\n".join(lines), accessory=buttons.PaperButton(one.id)))


def _add_turning(card: Container[Any], shown: ResultPage, turning: Sequence[Button[Any]]) -> None:
    if turning:
        card.add_item(Separator(visible=False))
        card.add_item(ActionRow(*turning))
    elif shown.total > len(shown.papers):
        card.add_item(TextDisplay(f"-# {count(shown.total, 'paper')} in all"))


def _about(someone: Author) -> str:
    """The head of an author's card."""
    facts = [count(someone.paper_count, "paper")]
    if someone.years:
        first, last = someone.years
        facts.append(str(first) if first == last else f"{first} to {last}")
    lines = [f"### {escape(someone.name, 160)}", " · ".join(facts)]
    if someone.venues:
        lines.append(f"**Venues** {_counted(someone.venues, 6)}")
    if someone.coauthors:
        lines.append(f"**Writes with** {_counted(someone.coauthors, 6)}")
    others = [form for form in someone.variants if form != someone.name]
    if others:
        lines.append(f"-# also credited as {escape(', '.join(others), 110)}")
    return "\n".join(lines)


def _counted(items: Sequence[tuple[str, int]], shown: int) -> str:
    parts = [
        escape(name, 40) + (f" ({number:,})" if number > 1 else "")
        for name, number in items[:shown]
    ]
    if len(items) > shown:
        parts.append(f"and {len(items) - shown:,} more")
    return ", ".join(parts)


def _colour(shown: PaperDetails) -> discord.Colour:
    if fold(shown.venue) == "arxiv" or (not shown.venue and shown.arxiv):
        return discord.Colour(_ARXIV_RED)
    return _colour_of(shown.venue) if shown.venue else discord.Colour(NEUTRAL)


def _colour_of(word: str) -> discord.Colour:
    """The same colour for the same word, always."""
    return discord.Colour(_PALETTE[zlib.crc32(fold(word).encode()) % len(_PALETTE)])
