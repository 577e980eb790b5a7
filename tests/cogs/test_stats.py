"""`/stats`: a picture of the paper list, and for moderators one of commands and feeds."""

from __future__ import annotations

import io
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bot.charts.chart import Chart, make_series
from bot.statistics import StatisticsRunner
from bot.ui.statistics import statistics_card
from tests.support.lab import Lab, reply_text
from tests.support.library import MODERATOR, locked_database

# Workers that draw have much to import, and other tests keep the machine busy.
pytestmark = pytest.mark.simcord(settle_timeout=60)


async def picture(result: Any) -> tuple[str, Image.Image]:
    """Returns the alternative text and the picture of a reply."""
    (file,) = result.response.attachments
    return file.description, Image.open(io.BytesIO(await file.read()))


async def test_statistics_are_a_picture_with_alternative_text(lab: Lab) -> None:
    shown = await lab.member.slash(lab.channel, "stats")
    description, image = await picture(shown)
    assert not shown.ephemeral
    assert reply_text(shown) == ("### 📊 20 papers\n2022 to 2023 · 10 venues · 8 without a date")
    assert description.startswith("Papers by year: 2022 10, 2023 2. Venues: arXiv 9, ICML 3,")
    assert "Authors: Stella Biderman 5, Schoelkopf 3" in description
    assert image.size == (1200, image.height)

    again = await lab.member.slash(lab.channel, "stats", private=True)
    assert again.ephemeral
    assert (await picture(again))[0] == description
    # Only workers draw.
    assert "matplotlib" not in sys.modules


async def test_statistics_of_some_papers_say_which(lab: Lab) -> None:
    shown = await lab.member.slash(
        lab.channel, "stats", query="language", author="Biderman", year="2022..", private=True
    )
    assert "papers for “language”, by Biderman, since 2022" in reply_text(shown)
    assert "without a date" not in reply_text(shown)


async def test_words_without_letters_are_not_said_to_match(lab: Lab) -> None:
    shown = await lab.run(lab.member, "stats", query="🧬 venue:ICML")
    assert "3 papers at ICML\n" in shown
    assert "“🧬” has no letters or digits, so I couldn't search for it." in shown


async def test_nothing_to_count_is_a_private_sentence(lab: Lab) -> None:
    for options, sentence in (
        ({"query": "xyzzyqwv"}, "No papers for “xyzzyqwv”"),
        ({"year": "last year"}, "isn't a year"),
        ({"author": "Nobody Whatsoever"}, "No papers by Nobody Whatsoever"),
        ({"venue": "🧬"}, "I can't search for the venue “🧬”: it has no letters or digits."),
    ):
        refused = await lab.member.slash(lab.channel, "stats", **options)
        assert refused.ephemeral
        assert sentence in reply_text(refused)
    for paper in range(1, 21):
        await lab.app.library.papers.remove(paper, MODERATOR)
    assert "The list has no papers yet." in await lab.run(lab.member, "stats")


async def test_papers_that_cannot_be_counted_in_time_are_answered_with_a_sentence(
    lab: Lab, tmp_path: Path
) -> None:
    cog: Any = lab.app.client.get_cog("Stats")
    with locked_database(tmp_path / "locked.db") as path:
        cog.runner = StatisticsRunner(path, timedelta(milliseconds=300))
        refused = await lab.member.slash(lab.channel, "stats")
    assert "takes too long" in reply_text(refused)
    assert refused.response is None
    assert [message.flags.ephemeral for message in refused.followups] == [True]


async def test_moderators_see_commands_and_feeds_privately(lab: Lab) -> None:
    await lab.run(lab.member, "random")
    await lab.run(lab.member, "random")
    await lab.run(lab.member, "author", name="nobody at all")
    await lab.use_menu(lab.member, "Suggest paper", lab.channel.last_message)
    shown = await lab.moderator.slash(lab.channel, "stats", about="activity")
    description, _ = await picture(shown)
    assert shown.ephemeral
    assert "4 commands used in the last 30 days" in reply_text(shown)
    assert description == (
        "Commands by day: 23 Nov 4. Commands: /random 2, /author 1, Suggest paper 1."
    )
    refused = await lab.moderator.slash(lab.channel, "stats", about="activity", venue="ICML")
    assert "only go with statistics about papers" in reply_text(refused)


async def test_members_do_not_see_commands_and_feeds(lab: Lab) -> None:
    refused = await lab.member.slash(lab.channel, "stats", about="activity")
    assert refused.ephemeral
    assert "Only moderators can do that" in reply_text(refused)


def test_without_a_picture_the_figures_are_text() -> None:
    chart = Chart(
        make_series("Papers by year", [("2023", 2)]), (make_series("Venues", [("*A*", 2)]),)
    )
    layout, files = statistics_card("### 2 papers", chart, None)
    assert files == []
    assert raw_text_of(layout) == "### 2 papers\n-# Papers by year: 2023 2\n-# Venues: \\*A\\* 2"


def raw_text_of(layout: Any) -> str:
    card = layout.to_components()[0]
    return "\n".join(part["content"] for part in card["components"])
