from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.charts.years import YearGroup, group_years, year_bar


def test_years_without_papers_are_there_too() -> None:
    assert group_years([(2019, 2), (2021, 1)], 24) == (
        YearGroup(2019, 2019, 2),
        YearGroup(2020, 2020, 0),
        YearGroup(2021, 2021, 1),
    )
    assert group_years([], 24) == ()


def test_many_years_are_grouped() -> None:
    groups = group_years([(1958, 1), (1999, 2), (2000, 3), (2026, 4)], 24)
    assert groups[0] == YearGroup(1958, 1959, 1)
    assert [group.papers for group in groups[-7:]] == [2, 3, 0, 0, 0, 0, 4]
    assert [group.label for group in group_years([(1995, 1), (2026, 1)], 4)] == [
        "1995–99", "2000–09", "2010–19", "2020–26",
    ]  # fmt: skip
    assert [group.label for group in group_years([(1988, 1), (2012, 1)], 2)] == [
        "1988–99", "2000–12",
    ]  # fmt: skip


@given(
    st.dictionaries(st.integers(1000, 9999), st.integers(1, 500), min_size=1, max_size=9),
    st.integers(2, 30),
)
def test_groups_lose_no_paper_and_are_not_too_many(years: dict[int, int], limit: int) -> None:
    groups = group_years(sorted(years.items()), limit)
    assert sum(group.papers for group in groups) == sum(years.values())
    assert (groups[0].first, groups[-1].last) == (min(years), max(years))
    assert len(groups) <= max(limit, 10)
    for before, after in pairwise(groups):
        assert after.first == before.last + 1


@pytest.mark.parametrize(
    ("years", "bar"),
    [
        ([], ""),
        ([(2023, 4)], ""),
        ([(2018, 1), (2019, 2), (2021, 8), (2022, 5)], "2018 ▁▂·█▅ 2022"),
        ([(2020, 1), (2021, 1000)], "2020 ▁█ 2021"),
        ([(1970, 3), (2020, 3)], "1970 █·········█ 2020"),
    ],
)
def test_a_bar_of_an_authors_years(years: list[tuple[int, int]], bar: str) -> None:
    assert year_bar(years) == bar
