"""Reads where a preprint was accepted from authors' comments: “Accepted at ICML 2023”; pure."""

from __future__ import annotations

import re

_ACCEPTED = re.compile(
    r"(?<!not )(?:accepted|published|to appear|appeared|presented)\s"
    r"(?:for (?:publication|presentation)\s|as an? [\w-]{1,20}(?: [\w-]{1,20})?\s)?"
    r"(?:at|in|to|by)\s(?:the\s)?(?:proceedings of\s(?:the\s)?)?([^.;,:()\n]{3,90})",
    re.IGNORECASE,
)
_ALONE = re.compile(
    r"[A-Z][a-z]{0,5}[A-Z][A-Za-z+-]{0,10} ?['’]?(?:20)?\d\d"
)  # “ICML 2023”, “NeurIPS'22”
_UNDECIDED = re.compile(r"\b(?:submitted|under review|rejected|withdrawn)\b", re.IGNORECASE)
_YEAR = re.compile(r"\s?\b((?:19|20)\d\d)\b|\s?['’](\d\d)\b")
_MAX_COMMENT = 1000


def read_acceptance(comment: str) -> tuple[str, int | None] | None:
    """Returns the venue that a comment names, and the year if it does, or None."""
    comment = " ".join(comment[:_MAX_COMMENT].split())
    found = _ACCEPTED.search(comment)
    if found:
        text = found[1]
    elif _UNDECIDED.search(comment):
        return None
    else:
        segments = [one.strip() for one in re.split(r"[.;,:()]", comment)]
        text = next((one for one in segments if _ALONE.fullmatch(one)), "")
    year = _YEAR.search(text)
    venue = " ".join(_YEAR.sub("", text).split())
    if not venue[:1].isupper():
        return None
    return venue, (int(year[1] or f"20{year[2]}") if year else None)
