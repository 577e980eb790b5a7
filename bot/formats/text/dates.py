"""Reads dates as people and programs write them; pure.

A date is never more precise than it was stated, and never moved to another time zone. What can't be
read is left out: “2019-13-40” is 2019, and “in press” is no date at all.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from storage.errors import InvalidInput
from storage.models import PartialDate

_MAX_LENGTH = 200  # characters; a longer text isn't a date
# In English, German, French, Spanish, Italian, Portuguese and Dutch, without accents.
_MONTHS = (
    "january jan januar janvier janv januari enero ene gennaio gen janeiro",
    "february feb febr februar fevrier fevr febrero febbraio fevereiro fev februari",
    "march mar marz maerz mrz mars marzo marco maart mrt",
    "april apr avril avr abril abr aprile",
    "may mai mayo maggio mag maio mei",
    "june jun juni juin junio giugno giu junho",
    "july jul juli juillet juil julio luglio lug julho",
    "august aug aout agosto ago augustus",
    "september sept sep septembre septiembre setiembre settembre set setembro",
    "october oct oktober okt octobre octubre ottobre ott outubro out",
    "november nov novembre noviembre novembro",
    "december dec dezember dez decembre diciembre dic dicembre dezembro",
)
_MONTH_OF = {name: number for number, names in enumerate(_MONTHS, 1) for name in names.split()}
_WEEKDAY = re.compile(
    r"\b(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\b[.,]*\s*"
)
_TIME = re.compile(
    r"(?:(?<=\d)t|(?<![\d:.]))\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d+)?(?:\s?[ap]\.?m\b\.?)?"
    r"(?:\s?(?:z|[a-z]{1,3}t|utc|gmt)\b)?(?:\s?[+-]\d{1,2}:?\d{2}(?!\d))?"
)
_YEAR = re.compile(r"(?<!\d)(?:1[5-9]|20)\d\d(?!\d)")
_OPEN = re.compile(r"[\[{(~?% ]*(?:[12]\d{0,2}[xu]{1,3}(?![a-z\d])|/|\.\.|-\d)")
_CJK = re.compile(r"(\d{4})\s?[年년](?:\s?(\d{1,2})\s?[月월](?:\s?(\d{1,2})\s?[日일号])?)?")
# ISO 8601 and EDTF, with marks of uncertain parts (2004-06~) and of unknown ones (2004-XX).
_ISO = re.compile(
    r"[~?%]?(\d{4})[~?%]?"
    r"(?:([-/. ])[~?%]?(\d{1,2}|[xu]{2})[~?%]?(?:\2[~?%]?(\d{1,2}|[xu]{2})[~?%]?)?)?(?:t.*|z)?"
)
_ISO_INSIDE = re.compile(r"(?<![\d-])(\d{4})-(\d{2})(?:-(\d{2}))?(?!\d|-\d\d?(?!\d))")
_COMPACT = re.compile(r"((?:1[5-9]|20)\d\d)(\d\d)(\d\d)(?:t.*)?")
_DAY_FIRST = re.compile(r"(\d{1,2})([-/.])\s?(\d{1,2})\2\s?((?:1[5-9]|20)\d\d)")
_MONTH_AND_YEAR = re.compile(r"(\d{1,2})\s?[-/.]\s?((?:1[5-9]|20)\d\d)")
_DAY = r"\d{1,2}(?:\.|st|nd|rd|th|er)?"
_DAY_BEFORE = re.compile(  # the name of a month: 7-12 June, 3rd of May
    rf"(?<!\d)(\d{{1,2}})(?:\.|st|nd|rd|th|er)?"
    rf"(?:\s?(?:[-/,&]|\b(?:to|and|bis|und|au|et|al|y)\b)\s?{_DAY})*\s?(?:\b(?:of|de|di)\b|[-/.])?\s?$"
)
_DAY_AFTER = re.compile(r"[\s.,/-]{0,3}(\d{1,2})(?![\d:])")
_SHORT_YEAR = re.compile(r"[\s-](\d\d)\b")  # of RFC 822


def read_date(text: str) -> PartialDate | None:
    """Returns the date that a text states, as far as it is certain, or None.

    A range counts with its first day. Only the year of ``3/4/2024`` is known, since the order of
    day and month isn't. https://www.loc.gov/standards/datetime/ defines EDTF.
    """
    plain = _plain(text)
    if not any(char.isdigit() for char in plain) or _OPEN.match(plain):
        return None
    if plain.startswith("[") and len(_YEAR.findall(plain)) > 1:
        return None  # one of several years, in EDTF
    plain = plain.strip("[]() ")
    start = re.split(r"/|\.\.", plain, maxsplit=1)[0]  # of an interval
    without_time = _TIME.sub("", plain).strip(" ,")
    for candidate in (plain, without_time, start if plain.count("/") < 2 else plain):
        if iso := _ISO.fullmatch(candidate):
            return _as_far_as_valid(iso[1], iso[3], iso[4])
    if numbers := _DAY_FIRST.fullmatch(without_time):
        return _from_numbers(numbers[1], numbers[3], numbers[4], is_day_first=numbers[2] == ".")
    if numbers := _MONTH_AND_YEAR.fullmatch(without_time):
        return _as_far_as_valid(numbers[2], numbers[1])
    found = _COMPACT.fullmatch(plain) or _CJK.search(plain) or _ISO_INSIDE.search(plain)
    return _as_far_as_valid(*found.groups()) if found else _from_words(plain)


def read_parts(year: str, month: str = "", day: str = "") -> PartialDate | None:
    """Returns the date in separate texts for its year, month and day.

    The text of the month may have days, or be a whole date: ``June 7--12``, ``2 May 2019``.
    """
    date, stated = read_date(year), read_date(month)
    if date is None or date.month is not None:
        return date or stated
    if stated is not None:
        return stated if stated.year == date.year else date
    plain = _plain(month)
    if number := re.fullmatch(r"(\d{1,2})[.~?]?", plain):
        stated = _as_far_as_valid(str(date.year), number[1])
    else:
        stated = _from_words(f"{plain} {date.year}")
    if stated is None or stated.month is None:
        return date
    if stated.day is None and (first := re.search(r"[0-9]{1,2}", day)):
        return _as_far_as_valid(str(date.year), str(stated.month), first[0])
    return stated


def from_numbers(numbers: Sequence[object]) -> PartialDate | None:
    """Returns the date of a list of a year, perhaps a month, and perhaps a day."""
    year, *rest = [str(number) for number in numbers[:3]] or [""]
    return _as_far_as_valid(year, *rest) if re.fullmatch(r"[1-9]\d{3}", year, re.ASCII) else None


def _plain(text: str) -> str:
    """Returns a text in lower case without accents, and with plain dashes and single spaces.

    The text is empty if it is too long for a date.
    """
    if len(text) > _MAX_LENGTH:
        return ""
    text = re.sub(r"\s*(?:--+|[‐‑‒–—―−])\s*", "-", text)
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text)
        text = "".join(char for char in decomposed if not unicodedata.combining(char))
        text = unicodedata.normalize("NFC", text)
    return " ".join(text.lower().split())


def _as_far_as_valid(year: str, *rest: str | None) -> PartialDate | None:
    """Returns the longest valid start of a date; EDTF's numbers of seasons aren't months."""
    parts = [int(year)]
    for part in rest:
        if part is None or not part.isdecimal():
            break
        parts.append(int(part))
    while parts:
        try:
            return PartialDate(*parts)
        except InvalidInput:
            parts.pop()
    return None


def _from_numbers(one: str, two: str, year: str, *, is_day_first: bool) -> PartialDate | None:
    if int(two) > 12 or int(one) == int(two):
        return _as_far_as_valid(year, one, two)
    if int(one) > 12 or is_day_first:
        return _as_far_as_valid(year, two, one)
    return _as_far_as_valid(year)


def _from_words(plain: str) -> PartialDate | None:
    """Returns the date in a text with the name of a month, or else its first year."""
    has_time = _TIME.search(plain) is not None
    plain = " ".join(_WEEKDAY.sub("", _TIME.sub(" ", plain)).split())
    year = _YEAR.search(plain)
    for word in re.finditer(r"[a-z]+", plain):
        month = _MONTH_OF.get(word[0])
        if month is None:
            continue
        after = plain[word.end() :]
        day = _DAY_BEFORE.search(plain[: word.start()]) or _DAY_AFTER.match(after)
        parts = (str(month), day[1] if day else None)
        if year is not None:
            return _as_far_as_valid(year[0], *parts)
        if has_time and (short := _SHORT_YEAR.match(after)):
            return _as_far_as_valid(("20" if int(short[1]) < 70 else "19") + short[1], *parts)
        return None
    return _as_far_as_valid(year[0]) if year else None
