from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.formats.text.dates import from_numbers, read_date, read_parts
from storage.models import PartialDate


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2019", "2019"),
        ("2020-05", "2020-05"),
        ("2020-5-7", "2020-05-07"),
        ("20200507", "2020-05-07"),
        ("2020-05-07T23:30:00-08:00", "2020-05-07"),
        ("2020-05-07 00:15:00 +0900", "2020-05-07"),
        ("Fri, 01 May 2020 00:00:00 +0900", "2020-05-01"),
        ("Thu, 07 May 20 19:48:21 GMT", "2020-05-07"),
        ("Thu May  7 16:29:06 PST 2020", "2020-05-07"),
        ("2020/5/17 15:07:41", "2020-05-17"),
        ("2020/05", "2020-05"),
        ("05/2020", "2020-05"),
        ("17.5.2020", "2020-05-17"),
        ("7.5.2020", "2020-05-07"),
        ("17/5/2020", "2020-05-17"),
        ("5/17/2020", "2020-05-17"),
        ("3/4/2020", "2020"),
        ("2020年5月7日", "2020-05-07"),
    ],
)
def test_a_date_is_the_day_that_is_written(text: str, expected: str) -> None:
    assert str(read_date(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("May 7, 2020", "2020-05-07"),
        ("7th of May, 2020", "2020-05-07"),
        ("Sept. 2020", "2020-09"),
        ("07-MAY-2020", "2020-05-07"),
        ("2020 May 7", "2020-05-07"),
        ("7. März 2020", "2020-03-07"),
        ("1er août 2020", "2020-08-01"),
        ("7 de mayo de 2020", "2020-05-07"),
        ("Published online: 7 May 2020", "2020-05-07"),
        ("Vol. 12, May 2020", "2020-05"),
        ("May 31, 2020", "2020-05-31"),
        ("June 31, 2020", "2020-06"),
    ],
)
def test_months_are_read_by_their_names(text: str, expected: str) -> None:
    assert str(read_date(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7-12 June 2020", "2020-06-07"),
        ("June 7–12, 2020", "2020-06-07"),
        ("30 May – 2 June 2020", "2020-05-30"),
        ("Mon 1 - Fri 5 June 2020", "2020-06-01"),
        ("Dec 30, 2019 – Jan 2, 2020", "2019-12-30"),
        ("Jan/Feb 2020", "2020-01"),
        ("2019/2020", "2019"),
        ("2020-05-07 to 2020-05-09", "2020-05-07"),
        ("2020-05--2020-07", "2020-05"),
    ],
)
def test_a_range_counts_with_its_first_day(text: str, expected: str) -> None:
    assert str(read_date(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2020-21", "2020"),
        ("2020-XX", "2020"),
        ("2020-05-XX", "2020-05"),
        ("2020-uu", "2020"),
        ("2020~", "2020"),
        ("2020-05?", "2020-05"),
        ("2020-05~-07", "2020-05-07"),
        ("?2020-05-07", "2020-05-07"),
        ("2020-05/2020-07", "2020-05"),
        ("2020-05/..", "2020-05"),
        ("2020/", "2020"),
        ("202X", None),
        ("20XX", None),
        ("202x/203x", None),
        ("../2020", None),
        ("/2020", None),
        ("[2019, 2020]", None),
        ("-0400", None),
        ("Y-170000002", None),
    ],
)
def test_edtf_is_read_as_far_as_it_is_certain(text: str, expected: str | None) -> None:
    read = read_date(text)
    assert (str(read) if read else None) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2020-13-40", "2020"),
        ("2020-02-30", "2020-02"),
        ("2020-00-00", "2020"),
        ("Spring 2020", "2020"),
        ("to appear in 2020", "2020"),
        ("c. 2020", "2020"),
        ("in press", None),
        ("May 7", None),
        ("0000-00-00", None),
        ("99/99/9999", None),
        ("07/05/20", None),
        ("1588809600", None),
        ("2020 " * 100, None),
        ("", None),
    ],
)
def test_what_is_not_stated_stays_open(text: str, expected: str | None) -> None:
    read = read_date(text)
    assert (str(read) if read else None) == expected


@pytest.mark.parametrize(
    ("year", "month", "day", "expected"),
    [
        ("2020", "", "", "2020"),
        ("2020", "6", "", "2020-06"),
        ("2020", "06", "9--12", "2020-06-09"),
        ("2020", "June", "9", "2020-06-09"),
        ("2020", "9--12 June", "", "2020-06-09"),
        ("2020", "June 9", "", "2020-06-09"),
        ("2020", "June--July", "", "2020-06"),
        ("2020", "9 June 2020", "", "2020-06-09"),
        ("2020", "2020-06", "", "2020-06"),
        ("2020", "June 2019", "", "2020"),
        ("2020", "9-12", "", "2020"),
        ("2020", "31", "", "2020"),
        ("2020", "1st quarter", "", "2020"),
        ("2020-05", "June", "", "2020-05"),
        ("", "June 2020", "", "2020-06"),
        ("in press", "June", "", "None"),
    ],
)
def test_separate_parts_are_one_date(year: str, month: str, day: str, expected: str) -> None:
    assert str(read_parts(year, month, day)) == expected


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ([2020, 5, 7], PartialDate(2020, 5, 7)),
        (["2020", "5"], PartialDate(2020, 5)),
        ([2020, 13], PartialDate(2020)),
        ([2020, None], PartialDate(2020)),
        ([0], None),
        ([None], None),
        ([], None),
    ],
)
def test_lists_of_numbers_are_dates(numbers: list[object], expected: PartialDate | None) -> None:
    assert from_numbers(numbers) == expected


_PIECES = st.sampled_from(
    [
        "2020",
        "05",
        "7",
        "-",
        "/",
        " ",
        "May",
        "~",
        "XX",
        "T",
        "10:30",
        "th",
        "[",
        "٣",
        "²",
        "–",
        "年",
    ]
)


@given(st.lists(_PIECES, max_size=12).map("".join) | st.text())
def test_any_text_is_a_date_or_none(text: str) -> None:
    for read in (read_date(text), read_parts("2020", text), read_parts(text, "5", text)):
        assert read is None or PartialDate.parse(str(read)) == read


@given(st.dates(date(1500, 1, 1), date(2099, 12, 31)))
def test_a_days_usual_forms_are_the_same_day(day: date) -> None:
    for shape in ("%Y-%m-%d", "%d %B %Y", "%B %d, %Y", "%a, %d %b %Y 00:30:00 +1400"):
        assert str(read_date(f"{day:{shape}}")) == str(day)
