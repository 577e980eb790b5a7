"""Parses single fields as people and programs write them: titles, dates, ids, links; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from bot.formats import plain_text
from storage.errors import InvalidInput
from storage.models import Link, LinkKind, PartialDate
from storage.papers.identifiers import canonical_url, identify, is_identifier_page, is_pdf_url
from storage.redaction import redact_text, redact_url

_MAX_TITLE = 1000
_ARXIV_ID = re.compile(r"(?:arxiv:)?\s*([a-z.-]+/\d{7}|\d{4}\.\d{4,5})(?:v\d+)?", re.IGNORECASE)
_NUMBERS = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")
_ISO = re.compile(r"(\d{4}(?:-\d{1,2}){0,2})(?:[T ]\d{2}:\d{2}.*)?", re.ASCII)
_YEAR = re.compile(r"(?<!\d)(1[5-9]\d\d|20\d\d)(?!\d)")
_DAYS = ("%b %d %Y", "%B %d %Y", "%d %b %Y", "%d %B %Y", "%Y/%m/%d")
_NOT_XML = re.compile(r"[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MONTHS = ("%b %Y", "%B %Y", "%Y %b", "%Y %B", "%m/%Y", "%Y/%m")


def parse_title(text: str) -> str:
    """Returns a title on one line; raises `InvalidInput` if it is missing or too long."""
    title = plain_text.line(text)
    if not title:
        raise InvalidInput("It has no title.")
    if len(title) > _MAX_TITLE:
        raise InvalidInput(f"“{title[:60]}…” is too long for a title.")
    return title


def parse_date(text: str) -> PartialDate | None:
    """Parses a date in the formats of spreadsheets and bibliographies, as precisely as it is given.

    Only the year of ``3/4/2024`` is known, since the order of day and month isn't. Returns None for
    text without a digit (“in press”). Raises `InvalidInput` for anything else.
    """
    plain = " ".join(text.replace(",", " ").replace("\u00a0", " ").split())
    plain = re.sub(r"(?<=\d)(?:st|nd|rd|th)\b", "", plain)
    plain = re.sub(r"\b([A-Za-z]{3,9})\.", r"\1", plain).replace("Sept ", "Sep ")
    if not any(char.isdigit() for char in plain):
        return None
    if iso := _ISO.fullmatch(plain):
        return PartialDate.parse(iso[1])
    if numbers := _NUMBERS.fullmatch(plain):
        return _from_numbers(*map(int, numbers.groups()))
    for shape in (*_DAYS, *_MONTHS):
        try:
            at = datetime.strptime(plain, shape)  # noqa: DTZ007 - a calendar day
        except ValueError:
            continue
        return PartialDate(at.year, at.month, at.day if shape in _DAYS else None)
    if year := _YEAR.search(plain):
        return PartialDate(int(year[1]))
    raise InvalidInput(f"“{text[:40]}” isn't a date. Try 2023, 2023-07 or 2023-07-14.")


def _from_numbers(first: int, second: int, year: int) -> PartialDate:
    if first == second or second > 12:
        return PartialDate(year, first, second)
    return PartialDate(year, second, first) if first > 12 else PartialDate(year)


def parse_identifiers(
    *, arxiv: str = "", doi: str = "", urls: Iterable[str] = ()
) -> tuple[str, ...]:
    """Returns the canonical identifiers in these fields, arXiv ids and DOIs before URLs."""
    found: list[str] = []
    if number := _ARXIV_ID.fullmatch(arxiv.strip()):
        found += identify(f"arXiv:{number[1]}")
    elif arxiv:
        found += identify(arxiv)
    found += identify(doi) if doi else ()
    for url in urls:
        found += identify(url)
    strong = [name for name in found if not name.startswith("url:")]
    return tuple(dict.fromkeys([*strong, *(name for name in found if name.startswith("url:"))]))


def parse_links(urls: Iterable[tuple[LinkKind, str]]) -> tuple[Link, ...]:
    """Returns links, leaving out identifier pages; raises `InvalidInput` for an invalid URL."""
    links: list[Link] = []
    for kind, url in urls:
        if not canonical_url(url):
            shown = redact_url(url)[:80]
            raise InvalidInput(f"“{shown}” isn't a URL that starts with http:// or https://.")
        if not is_identifier_page(url):
            is_pdf = kind is LinkKind.PAGE and is_pdf_url(url)
            links.append(Link(LinkKind.PDF if is_pdf else kind, url))
    return tuple(dict.fromkeys(links))


def join_list(values: Sequence[str]) -> str:
    r"""Joins values with ``; `` for one cell; semicolons and line breaks are escaped by ``\``."""
    return "; ".join(
        value.replace("\\", "\\\\").replace(";", "\\;").replace("\n", "\\n").replace("\r", "\\r")
        for value in values
    )


def split_list(text: str) -> tuple[str, ...]:
    """Splits what `join_list` joined."""
    if not text:
        return ()
    escapes = {"n": "\n", "r": "\r"}
    parts = text.split("; ") if "\\" not in text else _split_escaped(text)
    return tuple(re.sub(r"\\(.)", lambda m: escapes.get(m[1], m[1]), part) for part in parts)


def _split_escaped(text: str) -> list[str]:
    return re.findall(r"(?:\A|; )((?:\\.|[^\\;])*)", text, re.DOTALL)


def pack_links(links: Iterable[Link]) -> str:
    """Joins links for one cell, each as its kind and URL."""
    return join_list([f"{link.kind} {link.url}" for link in links])


def unpack_links(text: str) -> tuple[Link, ...]:
    """Splits what `pack_links` joined; raises `InvalidInput` for anything else."""
    links = []
    for part in split_list(text):
        kind, _, url = part.partition(" ")
        if kind not in set(LinkKind) or not url:
            raise InvalidInput(
                f"“{redact_text(part)[:60]}” isn't a link. Write its kind and URL, such as code "
                "https://example.org."
            )
        links.append(Link(LinkKind(kind), url))
    return tuple(links)


def xml_text(text: str) -> str:
    """Returns the text without the characters that XML 1.0 can't represent."""
    return _NOT_XML.sub("", text)
