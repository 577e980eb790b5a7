"""Reads the date of a publication from the text around its title; pure."""

from __future__ import annotations

import re

from storage.models import PartialDate

_YEAR = re.compile(
    r"(?<![\d./:(–-])(?<!\d\()((?:19|20)\d{2})(?![\d/]|[–-]\d|\.\d|:\d)|\(((?:19|20)\d{2})[a-z]?\)"
    r"|(?<=[a-z]\()((?:19|20)\d{2})(?=[a-z]?[,)])|\(((?:19|20)\d{2})(?=[a-z]?,)|'(\d{2})\)"
    r"|\b[A-Za-z]{2,12}[-/]((?:19|20)\d{2})\b|\b(?:0?\d|1[0-2])/((?:19|20)\d{2})\b"
)
_OTHER_DATE = re.compile(
    r"\b(?:epub|accessed|retrieved|last accessed|updated|received|posted)\b[^.;\n]{0,40}",
    re.IGNORECASE,
)
_NO_YEAR = re.compile(r"\b(?:pp?\.?|pages?|no\.?|art(?:icle)?\.?|seiten|s\.)\s*$|#$", re.IGNORECASE)
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            *("jan january", "feb february", "mar march", "apr april", "may", "jun june"),
            *("jul july", "aug august", "sep sept september", "oct october", "nov november"),
            "dec december",
        ),
        start=1,
    )
    for name in names.split()
}
MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_MONTH_YEAR = re.compile(
    rf"\b({MONTH})\.?,? (?:\d{{1,2}}(?:st|nd|rd|th)?,? )?((?:19|20)\d{{2}})\b", re.IGNORECASE
)
_YEAR_MONTH = re.compile(rf"\b((?:19|20)\d{{2}}),? ({MONTH})\b", re.IGNORECASE)
YEAR_ONLY = re.compile(
    rf"[\s(\[,]*(?:(?:{MONTH})\.?,? )?(?:19|20)\d{{2}}[a-z]?(?:,? (?:{MONTH})\.?(?: \d{{1,2}})?)?"
    r"[\s)\].,:;]*|[(\[]?(?:in press|forthcoming|n\.d\.|accepted|submitted|to appear)[)\]]?[.,:;]?",
    re.IGNORECASE,
)


def read_date(text: str) -> PartialDate | None:
    """Returns the last year of a text that isn't a page or a number, or None.

    The text has no ids, which may look like years. Its month is read if it is next to the year.
    """
    text = _OTHER_DATE.sub(" ", text)
    years: list[int] = []
    for found in _YEAR.finditer(text):
        digits = next(group for group in found.groups() if group)
        if not _NO_YEAR.search(text[max(0, found.start() - 12) : found.start()]):
            years.append(int(digits) if len(digits) == 4 else 2000 + int(digits))
    if not years:
        return None
    year = years[-1]
    for found in _MONTH_YEAR.finditer(text):
        if int(found[2]) == year:
            return PartialDate(year, _MONTHS[found[1].lower()])
    for found in _YEAR_MONTH.finditer(text):
        if int(found[1]) == year:
            return PartialDate(year, _MONTHS[found[2].lower()])
    return PartialDate(year)
