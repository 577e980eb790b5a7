"""Tells from its words and numbers whether a text is a venue, and where its name ends."""

from __future__ import annotations

import re

from bot.formats.pages.dates import MONTH, YEAR_ONLY

_VENUE = re.compile(
    r"\b(?:in )?proc(?:eedings|\.)|\bjournal\b|\bj\. [A-Z]|\btrans(?:actions|\.) |\bconference\b"
    r"|\bconf\.|\bsymposium\b|\bworkshop\b|\bletters?$|\blett\.|\barxiv\b|\bbiorxiv\b|\bmedrxiv\b"
    r"|\bpreprint\b|\bpress\b|\buniversity\b|\bthesis\b|\bdissertation\b|\btechnical report\b"
    r"|\bvol\.|\bvol(?:ume)? \d|\bpp?\. ?\d|\bno\. ?\d|\bpages \d|\bto appear\b|\bpresented at\b"
    r"|\baccepted\b|\bsubmitted to\b|\bunder review\b|\bspringer\b|\belsevier\b|\bwiley\b"
    r"|\bissue \d|\beds?\.|\brev\.|\blncs\b|\blecture notes\b|\bjournals?\b|\bfindings of\b"
    r"|\badvances in\b|\bannals of\b|\bint\. ",
    re.IGNORECASE,
)
_VENUE_NUMBERS = re.compile(
    r"\d+ ?\(\d+(?:[-–/]\d+)?\)|\b\d+(?:\(\d+\))?:\s?e?\d+|\d+[-–]{1,2}\d+|\(\w+ ?['’]\d\d\)"
    r"|\b[A-Z][A-Za-z&+-]*[A-Z][A-Za-z]*[ -]?(?:['’]\d\d|(?:19|20)\d{2})\b|,\s\d+,\s?\d+|,\s(?:19"
    r"|20)\d{2}\.?$"
)
_STARTS_VENUE = re.compile(r"(?:in|in:|en|to appear in|proc\.?|presented at|at)\s+[A-Z(“\"]")


def venue_points(text: str) -> float:
    """Returns what speaks for a text being a venue, from 0 to 5."""
    text = text.lstrip(".,;: ")
    points = 0.0
    if _VENUE.search(text):
        points += 2.0
    if _VENUE_NUMBERS.search(text):
        points += 1.5
    if _STARTS_VENUE.match(text):
        points += 1.5
    return points


def clean_venue(text: str) -> str:
    """Returns a venue without volume, pages and year, or "" if the text isn't one."""
    text = re.sub(
        r"^[\s.,;:]*(?:(?:to appear|forthcoming|erscheint|à paraître|appears) (?:in|dans)\b:?"
        r"|in:?|presented at(?: the)?)\s+",
        "",
        text,
        flags=re.IGNORECASE,
    )
    text = re.split(
        r",?\s(?:[Vv]ol\.?|[Vv]olume|[Pp]p?\.|pages|[Nn]o\.|art\.|article|early access)\s"
        r"|\s\d+\s?\(|,\s\d"
        r"|\(pp|\s\d+:\d|\s\d+[-–]\d|\.?\s(?:19|20)\d{2}[^;,]{0,12};\s?\d"
        r"|,?\s\(?(?:edited by|eds?\.?|hrsg\.?)\s",
        text,
    )[0]
    text = re.sub(
        r"[\s,(]+(?:(?:" + MONTH + r")\.?\s)?(?:19|20)\d{2}\)?\W*$",
        "",
        text,
        flags=re.IGNORECASE,
    )
    text = " ".join(text.split()).strip(' .,;:()[]“”"–-')
    is_venue = (
        sum(map(str.isalpha, text)) >= 2
        and text.lower() != "in"
        and not YEAR_ONLY.fullmatch(text)
        and len(text) < 200
    )
    return text if is_venue else ""
