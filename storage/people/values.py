"""Dates of membership and arXiv categories as people write them; pure."""

from __future__ import annotations

import contextlib
import re
from datetime import date

from storage.errors import InvalidInput
from storage.people.models import Membership

# https://arxiv.org/category_taxonomy
_ARCHIVE = re.compile(
    r"astro-ph|cond-mat|cs|econ|eess|gr-qc|hep-(?:ex|lat|ph|th)|math(?:-ph)?|nlin|nucl-(?:ex|th)"
    r"|physics|q-bio|q-fin|quant-ph|stat"
)
_LOWER_CASE_SUBJECTS = frozenset({"cond-mat", "physics"})
_SUBJECT = re.compile(r"[A-Za-z][A-Za-z-]+")
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_SPAN = re.compile(r"(\S*?)\s*(?:\.\.|–|—|\b(?:to|until)\b)\s*(\S*)", re.IGNORECASE)
_ACCOUNT = re.compile(r"(?:<@!?)?(\d{15,20})>?", re.ASCII)
_MAX_ACCOUNT = 2**63 - 1
_MAX_CATEGORIES = 20


def parse_categories(text: str) -> tuple[str, ...]:
    """Returns arXiv categories, separated by spaces or commas; raises `InvalidInput`."""
    found = dict.fromkeys(_parse_category(word) for word in re.split(r"[\s,;]+", text) if word)
    if len(found) > _MAX_CATEGORIES:
        raise InvalidInput(f"Enter at most {_MAX_CATEGORIES} arXiv categories.")
    return tuple(found)


def parse_membership(start: str, end: str) -> Membership:
    """Returns the membership between two ISO dates, each of which may be empty.

    Raises `InvalidInput` for other dates, and for an end before the start.
    """
    membership = Membership(_parse_date(start), _parse_date(end))
    if membership.start and membership.end and membership.end < membership.start:
        raise InvalidInput(
            f"The membership can't end on {membership.end}, before it starts on {membership.start}."
        )
    return membership


def parse_span(text: str) -> Membership:
    """Returns the membership that somebody wrote as “2020-07-01..2024-09-30”.

    Either date may be missing, and a single date is the start. Raises like `parse_membership`.
    """
    text = text.strip()
    match = _SPAN.fullmatch(text)
    return parse_membership(match[1], match[2]) if match else parse_membership(text, "")


def span_text(membership: Membership) -> str:
    """Returns a membership as `parse_span` reads it; empty if both ends are open."""
    start, end = membership.start, membership.end
    return f"{start or ''}..{end or ''}" if start or end else ""


def membership_text(membership: Membership) -> str:
    """Returns when somebody was a member, such as “since 2020-07-01”; empty if that's not known."""
    start, end = membership.start, membership.end
    if start and end:
        return f"from {start} to {end}"
    if start:
        return f"since {start}"
    return f"until {end}" if end else ""


def parse_discord_id(text: str) -> int | None:
    """Returns the id of a Discord member, or None for an empty text; raises `InvalidInput`."""
    text = text.strip()
    if not text:
        return None
    match = _ACCOUNT.fullmatch(text)
    if match is None or int(match[1]) > _MAX_ACCOUNT:
        raise InvalidInput(
            f"“{text[:60]}” isn't a Discord member's ID, which is a number of 15 to 20 digits. In "
            "Discord's developer mode, Copy User ID gives it."
        )
    return int(match[1])


def _parse_category(text: str) -> str:
    archive, dot, subject = text.partition(".")
    archive = archive.lower()
    if not _ARCHIVE.fullmatch(archive) or (dot and not _SUBJECT.fullmatch(subject)):
        raise InvalidInput(f"“{text[:60]}” isn't an arXiv category. Try cs.CL.")
    if not dot:
        return archive
    is_lower = archive in _LOWER_CASE_SUBJECTS
    return f"{archive}.{subject.lower() if is_lower else subject.upper()}"


def _parse_date(text: str) -> date | None:
    text = text.strip()
    if not text:
        return None
    with contextlib.suppress(ValueError):  # of a day that doesn't exist
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
    raise InvalidInput(f"“{text[:60]}” isn't a date. Try 2024-09-30.")
