"""Statistics are counted and drawn beside everything else, whatever papers are called."""

from __future__ import annotations

import asyncio
import io
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image

from bot.charts.chart import Chart, Series, make_series
from bot.net.sandbox import open_workers
from bot.statistics import (
    StatisticsRunner,
    StatisticsTakeTooLong,
    TooManyStatistics,
    draw_chart,
)
from storage.database import Database
from storage.library import Library
from storage.models import PaperDraft
from storage.search.query import Query, parse
from tests.support.library import locked_database, upsert

NO_YEARS = Series("Papers by year", ())
HOSTILE = (
    "$\\frac{1}{", "\\unknown $x^$", "{}^_%", "مجلة علوم الحاسوب", "عربي $x$ English",
    "ICML 🎉👩‍👩‍👧", "\U0010ffff", "e\u0301" * 300, "<b>&amp;", " ",
)  # fmt: skip


async def test_any_label_is_drawn_and_always_alike(tmp_path: Path) -> None:
    ones = [(label, 1) for label in HOSTILE]
    charts = [
        Chart(make_series("Papers by year", [("2023", 1)]), (make_series("Venues", ones),)),
        Chart(NO_YEARS, (make_series("Venues", [("一二三", 10**9)]), make_series("Authors", ones))),
        Chart(make_series("Papers by year", [(f"{year}–99", 0) for year in range(900, 924)])),
    ]
    async with open_workers(timedelta(seconds=60)) as workers:
        pictures = [await workers.run(draw_chart, chart, str(tmp_path)) for chart in charts]
        again = await workers.run(draw_chart, charts[0], str(tmp_path))
    assert again == pictures[0]
    for picture in pictures:
        assert len(picture.png) < 200_000
        with Image.open(io.BytesIO(picture.png)) as image:
            image.load()
            assert image.width == 1200
            assert image.getpixel((0, 0))[3] == 0  # outside of the rounded card
            assert image.getpixel((20, 60)) == (0x1F, 0x21, 0x27, 255)
    assert set(pictures[0].unwritable) <= {*HOSTILE, ""}
    with Image.open(io.BytesIO(pictures[2].png)) as image:
        assert image.height < 480


async def test_texts_overlap_neither_each_other_nor_the_margins(tmp_path: Path) -> None:
    wide = make_series("Papers by year", [(f"{year}", 12_345_678) for year in range(2010, 2024)])
    long = make_series("Papers by year", [("5500–5999", value) for value in (1, *[0] * 18, 1)])
    lists = [
        make_series("Venues", [("ICML", 1), ("NeurIPS", 1), (label, 1)])
        for label in ("Go", "Go" + "\u0301" * 50)
    ]
    charts = [Chart(wide), Chart(long), *(Chart(NO_YEARS, (one,)) for one in lists)]
    async with open_workers(timedelta(seconds=60)) as workers:
        drawn = [await workers.run(draw_chart, chart, str(tmp_path)) for chart in charts]
    values, labels, plain, piled = (
        Image.open(io.BytesIO(picture.png)).convert("L") for picture in drawn
    )
    card, text = 0x22, 0xA0
    for margin in ((8, 60, 44, 400), (1156, 60, 1192, 400)):
        assert all(picture.crop(margin).getextrema()[1] < card for picture in (values, labels))
    # Only one of the values is written, and labels have a gap before the last one.
    assert values.crop((400, 100, 1150, 140)).getextrema()[1] < text
    assert labels.crop((930, 372, 950, 420)).getextrema()[1] < text
    above = (0, 0, plain.width, plain.height - 120)
    assert plain.crop(above).tobytes() == piled.crop(above).tobytes()


async def test_a_count_that_takes_too_long_is_given_up_with_a_sentence(tmp_path: Path) -> None:
    with locked_database(tmp_path / "locked.db") as path:
        runner = StatisticsRunner(path, timedelta(milliseconds=300))
        with pytest.raises(StatisticsTakeTooLong, match="narrow them down"):
            await runner.count(Query())


async def test_a_drawing_that_takes_too_long_is_no_picture_and_no_error(
    library: Library, caplog: pytest.LogCaptureFixture
) -> None:
    runner = StatisticsRunner(library.path, timedelta(milliseconds=1))
    assert await runner.draw(Chart(make_series("Papers by year", [("2023", 1)]))) is None
    assert [record.levelname for record in caplog.records] == ["WARNING"]


async def test_counting_needs_none_of_the_connections_that_others_use(
    library: Library, database: Database
) -> None:
    await upsert(library, PaperDraft(title="One"))
    runner = StatisticsRunner(library.path)
    async with database.reading(), database.reading(), database.transaction():
        assert (await runner.count(parse("one"))).papers == 1


async def test_only_so_many_people_wait(library: Library) -> None:
    runner = StatisticsRunner(library.path)
    runner.require_room()
    waiting = [asyncio.create_task(runner.count(Query())) for _ in range(11)]
    await asyncio.sleep(0)
    with pytest.raises(TooManyStatistics, match="Try again in a minute"):
        runner.require_room()
    for one in waiting:
        one.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    runner.require_room()
    assert (await runner.count(Query())).papers == 0
