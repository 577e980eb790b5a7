"""arXiv: each day's new papers by category, and the pages of authors who claimed their papers.

https://info.arxiv.org/help/rss.html, https://info.arxiv.org/help/author_identifiers.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote
from zoneinfo import ZoneInfo

from bot.feeds.parser import ParsedFeed, parse_feed
from bot.lookup.providers import global_identifiers
from bot.net.services import ARXIV
from bot.sources.source import (
    Limits,
    NotAnAnswer,
    Question,
    Reading,
    Request,
    Response,
    Subject,
    TooManyWorks,
)
from bot.sources.works import IdSource, first_public, id_of, owner_of
from storage.feeds.models import Entry
from storage.people.matching import find_claims
from storage.people.models import Credit, IdScheme, Person, Witness

LISTING = "arxiv_listing"
AUTHOR = "arxiv_author"
_ATOM = {"Accept": "application/atom+xml"}
_CATEGORY = re.compile(r"[a-z]+(?:-[a-z]+)*(?:\.[A-Za-z]+(?:-[a-z]+)*)?")
_MAX_ENTRIES = 2000  # of a listing, which leaves out the rest
_TIME_ZONE = ZoneInfo("America/New_York")  # in which papers are announced


class ArXivListing:
    """The papers that arXiv announces on a working day; those of the lab are found by name."""

    name = LISTING
    title = "arXiv's daily listing"
    limits = Limits(
        service=ARXIV,
        daily_requests=8,
        days=1,
        batch=200,
        from_time=timedelta(hours=5, minutes=30),  # it is rebuilt at midnight in New York
        weekdays=frozenset(range(5)),
    )
    unchanged = Reading(is_stale=True)

    def __init__(self, url: str) -> None:
        self.url = url

    @property
    def read(self) -> Callable[[Response, Question], Reading]:
        """Reads a listing."""
        return read_listing

    def subjects(self, people: Sequence[Person]) -> tuple[Subject, ...]:
        """Returns the categories that people usually publish in."""
        names = {name for person in people for name in person.categories}
        return tuple(Subject(name) for name in sorted(names) if _CATEGORY.fullmatch(name))

    def request(self, question: Question) -> Request:
        """Returns the request for the listing of all categories."""
        return Request(f"{self.url}/{'+'.join(one.key for one in question.subjects)}", _ATOM)


class ArXivAuthor(IdSource):
    """The papers that people claimed at arXiv, of those who have a page there."""

    name = AUTHOR
    title = "arXiv's author pages"
    limits = Limits(ARXIV, daily_requests=12, days=7)
    schemes = (IdScheme.ARXIV, IdScheme.ORCID)  # which arXiv may know, too
    one_each = True

    @property
    def read(self) -> Callable[[Response, Question], Reading]:
        """Reads the feed of an author's page."""
        return read_author

    def request(self, question: Question) -> Request:
        """Returns the request for the feed of an author's page."""
        author = quote(id_of(question.subjects[0]), safe="")
        return Request(f"{self.url}/{author}.atom", _ATOM)


def read_listing(response: Response, question: Question) -> Reading:
    """Reads a listing; keeps the papers that credit somebody who may be of the lab."""
    feed = _parse(response)
    if response.body.count(b"<entry") >= _MAX_ENTRIES and len(question.subjects) > 1:
        raise TooManyWorks(f"arXiv lists more than {_MAX_ENTRIES:,} papers")
    found = [witness for one in feed.entries if (witness := _witness(one, LISTING))]
    claims = find_claims(question.people, found)
    kept = {number for claim in claims for number in claim.matches}
    today = response.received_at.astimezone(_TIME_ZONE).date()
    dates = [one.draft.date.first_day for one in feed.entries if one.draft.date]
    return Reading(
        tuple(found[number] for number in sorted(kept)),
        is_stale=max(dates, default=None) != today,
        problems=(*feed.problems, *feed.causes),
    )


def read_author(response: Response, question: Question) -> Reading:
    """Reads the feed of an author's page."""
    feed = _parse(response)
    owner = owner_of(question)
    found = [witness for one in feed.entries if (witness := _witness(one, AUTHOR))]
    return Reading(
        tuple(replace(one, listed_for=owner) for one in found),
        problems=(*feed.problems, *feed.causes),
    )


def _parse(response: Response) -> ParsedFeed:
    """Parses a whole Atom feed; raises `NotAFeed` and `NotAnAnswer`."""
    feed = parse_feed(response.body, response.url, response.received_at, response.content_type)
    if b"</feed>" not in response.body:
        raise NotAnAnswer("the feed has no end")
    return feed


def _witness(entry: Entry, source: str) -> Witness | None:
    """Returns what an entry says, or None if it isn't about a paper at arXiv.

    A paper that is cross-listed may be years old; all that is sure is the month in its id.
    """
    draft = replace(entry.draft, identifiers=global_identifiers(entry.draft.identifiers))
    number = draft.arxiv
    if number is None:
        return None
    month = first_public(draft)
    if entry.is_cross_list and month and draft.date:
        is_same = (draft.date.year, draft.date.month) == (month.year, month.month)
        draft = draft if is_same else replace(draft, date=month)
    return Witness(
        source=source,
        key=number,
        draft=draft,
        credits=tuple(Credit(name) for name in draft.authors),
        first_public=first_public(draft, draft.date),
        categories=entry.categories,
    )
