"""Papers by year as bars of equal spans; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_SPANS = (1, 2, 5, 10, 20, 50, 100, 200, 500)  # years that one bar may stand for
_BLOCKS = "▁▂▃▄▅▆▇█"
_NO_PAPERS = "·"
_MAX_BLOCKS = 24


@dataclass(frozen=True, slots=True)
class YearGroup:
    """The number of papers from some years in a row."""

    first: int
    last: int
    papers: int

    @property
    def label(self) -> str:
        """The year, or the first and the last one: “1995–99”."""
        if self.first == self.last:
            return str(self.first)
        is_near = self.first // 100 == self.last // 100
        return f"{self.first}–{self.last % 100:02}" if is_near else f"{self.first}–{self.last}"


def group_years(papers_by_year: Sequence[tuple[int, int]], limit: int) -> tuple[YearGroup, ...]:
    """Returns all years from the first to the last one with papers, including those without.

    If these are more than ``limit``, each group has several years, such as a decade.
    """
    if not papers_by_year:
        return ()
    first = min(year for year, _ in papers_by_year)
    last = max(year for year, _ in papers_by_year)
    span = next((one for one in _SPANS if last // one - first // one < limit), 1000)
    groups = dict.fromkeys(range(first // span, last // span + 1), 0)
    for year, papers in papers_by_year:
        groups[year // span] += papers
    return tuple(
        YearGroup(max(group * span, first), min(group * span + span - 1, last), papers)
        for group, papers in groups.items()
    )


def year_bar(papers_by_year: Sequence[tuple[int, int]]) -> str:
    """Returns papers by year as a small bar, such as “2018 ▁▂·█▅ 2022”.

    A dot stands for a year without papers. Returns "" if all papers are from one year.
    """
    groups = group_years(papers_by_year, _MAX_BLOCKS)
    if len(groups) < 2:
        return ""
    most = max(group.papers for group in groups)
    bar = "".join(
        _BLOCKS[-(-len(_BLOCKS) * group.papers // most) - 1] if group.papers else _NO_PAPERS
        for group in groups
    )
    return f"{groups[0].first} {bar} {groups[-1].last}"
