"""The cards of `/stats`: a picture, or the same figures as text, under a few words; pure."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import discord
from discord.ui import Container, MediaGallery, TextDisplay

from bot.charts.chart import Chart, Picture, alt_text, describe
from bot.charts.statistics import paper_facts
from bot.markdown import count, escape
from bot.ui import cards
from storage.command_uses import UsageStatistics
from storage.statistics import PaperStatistics

BARS = 5  # in each list; more would be too small on a phone
_FILE = "statistics.png"
_MAX_LINE = 1000


def papers_text(statistics: PaperStatistics, subject: str) -> str:
    """Returns the words above the picture of papers; the escaped ``subject`` says of which."""
    facts = []
    if statistics.years:
        first, last = statistics.years[0][0], statistics.years[-1][0]
        facts.append(str(first) if first == last else f"{first} to {last}")
    facts += paper_facts(statistics)
    heading = f"### 📊 {count(statistics.papers, 'paper')} {subject}".rstrip()
    return "\n".join(filter(None, [heading, " · ".join(facts)]))


def activity_text(usage: UsageStatistics) -> str:
    """Returns the words above the picture of commands and feeds."""
    uses = "No command was used" if not usage.total else f"{count(usage.total, 'command')} used"
    return (
        f"### 📊 Commands and feeds\n{uses} in the last {len(usage.days)} days. "
        "I only count by day and command, not who used it."
    )


def statistics_card(
    text: str, chart: Chart, picture: Picture | None
) -> tuple[cards.Layout, list[discord.File]]:
    """Returns a message with a chart, and the file that belongs to it.

    Without a ``picture``, the figures follow as text.
    """
    card: Container[Any] = Container(TextDisplay(text), accent_colour=cards.NEUTRAL)
    if picture is None:
        if lines := [f"-# {escape(line, _MAX_LINE)}" for line in describe(chart)]:
            card.add_item(TextDisplay("\n".join(lines)))
        return cards.Layout(card), []
    description = alt_text(chart)
    gallery: MediaGallery[Any] = MediaGallery()
    gallery.add_item(media=f"attachment://{_FILE}", description=description)
    card.add_item(gallery)
    if picture.unwritable:
        card.add_item(TextDisplay(f"-# {_numbered(picture.unwritable)}"))
    file = discord.File(io.BytesIO(picture.png), _FILE, description=description)
    return cards.Layout(card), [file]


def _numbered(labels: Sequence[str]) -> str:
    """Returns the labels that the numbers in a picture stand for."""
    return " · ".join(f"({number}) {escape(label, 80)}" for number, label in enumerate(labels, 1))
