"""The records that all of storage shares: papers, authors, filters and results."""

from __future__ import annotations

import enum
import re
from calendar import monthrange
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from storage.errors import InvalidInput
from storage.names import affixes
from storage.publication import NO_DETAILS, Publication
from storage.text import without_invisible


@dataclass(frozen=True, slots=True, order=True)
class PartialDate:
    """A date as precisely as it is known: a year, a month or a day."""

    year: int
    month: int | None = None
    day: int | None = None

    def __post_init__(self) -> None:
        if not 1000 <= self.year <= 9999:
            raise InvalidInput(
                f"“{self.year}” isn't a year I can use. Enter four digits, like 2023."
            )
        if self.day is not None and self.month is None:
            raise InvalidInput("A day needs a month. Try 2023-07-14.")
        month = 1 if self.month is None else self.month
        day = 1 if self.day is None else self.day
        if not (1 <= month <= 12 and 1 <= day <= monthrange(self.year, month)[1]):
            raise InvalidInput(f"“{self}” isn't a date on the calendar.")

    @classmethod
    def parse(cls, text: str) -> PartialDate:
        """Parses ``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD``; raises `InvalidInput` for other text.

        Zeros stand for a month or a day that isn't known.
        """
        match = re.fullmatch(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?", text.strip(), re.ASCII)
        if match is None:
            raise InvalidInput(f"“{text}” isn't a date. Try 2023, 2023-07 or 2023-07-14.")
        year, month, day = (int(part or 0) for part in match.groups())
        return cls(year, month or None, day or None if month else None)

    @property
    def first_day(self) -> date:
        """The earliest day that the date can stand for."""
        return date(self.year, self.month or 1, self.day or 1)

    @property
    def last_day(self) -> date:
        """The latest day that the date can stand for."""
        month = self.month or 12
        return date(self.year, month, self.day or monthrange(self.year, month)[1])

    def __str__(self) -> str:
        parts = [f"{self.year:04}"]
        parts += [f"{part:02}" for part in (self.month, self.day) if part is not None]
        return "-".join(parts)


class LinkKind(enum.StrEnum):
    """What a link leads to."""

    PAGE = "page"
    PDF = "pdf"
    CODE = "code"
    DATA = "data"
    MODEL = "model"
    VIDEO = "video"


class Origin(enum.StrEnum):
    """How a paper was added to the list."""

    STARTER = "starter"
    IMPORT = "import"
    FEED = "feed"
    MODERATOR = "moderator"


@dataclass(frozen=True, slots=True)
class Link:
    """An address that belongs to a paper; it has no characters that can't be seen."""

    kind: LinkKind
    url: str

    def __post_init__(self) -> None:
        if not self.url.isprintable():  # sources may send codes for terminals
            object.__setattr__(self, "url", "".join(without_invisible(self.url).split()))


@dataclass(frozen=True, slots=True)
class Actor:
    """Who made a change: ``key`` is stable (``discord:123``), ``name`` is for display."""

    key: str
    name: str


FORMER_MEMBER = Actor("deleted", "a former member")  # who did what somebody's deleted data says
NO_MEMBER = 0  # the Discord ID of such a member


@dataclass(frozen=True, slots=True)
class Provenance:
    """How, when and by whom something was added to the list."""

    origin: Origin
    created_at: datetime
    created_by: Actor


@dataclass(frozen=True, slots=True)
class PaperDetails:
    """The bibliographic details of a paper, whether it is in the list or not.

    ``identifiers`` are in canonical form (see `storage.papers.identifiers`). ``authors`` are the
    names as credited, in order, each with the id that tells namesakes apart if its source
    gives one (“Wei Wang 0001”); what people see are the ``author_names`` without it.
    ``authors_complete`` is false if the credit ends in "et al.".
    ``collectives`` are those of them that a source marks as groups or organizations, apart from
    names that show it themselves (see `is_collective`). ``venue_undated`` is true if no source of
    the venue states its date, so that ``date`` is that of another version.
    """

    title: str
    authors: tuple[str, ...] = ()
    authors_complete: bool = True
    abstract: str = ""
    venue: str = ""
    date: PartialDate | None = None
    identifiers: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    note: str = ""
    tags: tuple[str, ...] = ()
    posted_by: str = ""
    publication: Publication = NO_DETAILS
    collectives: tuple[str, ...] = ()
    venue_undated: bool = False

    def is_collective(self, name: str) -> bool:
        """Returns whether an author is a group or an organization, and not a person."""
        return name in self.collectives or affixes.is_collective(name)

    @property
    def author_names(self) -> tuple[str, ...]:
        """The names of the authors as they are shown."""
        return tuple(map(affixes.without_author_id, self.authors))

    @property
    def year(self) -> int | None:
        """The year of publication, or None if it isn't known."""
        return self.date.year if self.date else None

    @property
    def arxiv(self) -> str | None:
        """The arXiv id without its version, or None."""
        return self._identifier("arxiv")

    @property
    def doi(self) -> str | None:
        """The bare DOI (no resolver address), or None."""
        return self._identifier("doi")

    @property
    def url(self) -> str | None:
        """The best page about the paper: its own, else arXiv's, else the DOI's."""
        for link in self.links:
            if link.kind is LinkKind.PAGE:
                return link.url
        if self.arxiv:
            return f"https://arxiv.org/abs/{self.arxiv}"
        return f"https://doi.org/{self.doi}" if self.doi else None

    @property
    def pdf_url(self) -> str | None:
        """The address of the full text, or None."""
        for link in self.links:
            if link.kind is LinkKind.PDF:
                return link.url
        return f"https://arxiv.org/pdf/{self.arxiv}" if self.arxiv else None

    def _identifier(self, scheme: str) -> str | None:
        prefix = f"{scheme}:"
        for identifier in self.identifiers:
            if identifier.startswith(prefix):
                return identifier.removeprefix(prefix)
        return None


@dataclass(frozen=True, slots=True)
class PaperDraft(PaperDetails):
    """What a source says about a paper, before it is matched against the list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper(PaperDetails):
    """A paper that is in the list, or was until ``removed_at``."""

    id: int
    provenance: Provenance
    removed_at: datetime | None = None


_DETAILS = tuple(field.name for field in fields(PaperDetails))


def details_of(paper: PaperDetails) -> dict[str, Any]:
    """Returns the fields of `PaperDetails` by name, to build another record from them."""
    return {name: getattr(paper, name) for name in _DETAILS}


class Outcome(enum.StrEnum):
    """What happened to a draft that was submitted to the list."""

    ADDED = "added"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REVIEW = "review"
    DECLINED = "declined"
    DUPLICATE = "duplicate"
    REMOVED = "removed"
    RESTORED = "restored"


class DuplicatePolicy(enum.StrEnum):
    """What to do with possible duplicates in a batch of drafts.

    SKIP leaves them out, MERGE completes the paper with the same title, and ADD adds them.
    """

    SKIP = "leave"
    MERGE = "same"
    ADD = "new"


@dataclass(frozen=True, slots=True)
class UpsertResult:
    """The outcome of submitting a draft.

    ``paper`` is the paper that was added or updated, or for a possible duplicate the paper it
    resembles. It is None if the draft matches a removed paper. ``previous_title`` is the title that
    an updated paper had before.
    """

    outcome: Outcome
    paper: Paper | None
    previous_title: str = ""


@dataclass(frozen=True, slots=True)
class Author:
    """A person with what their papers have in common.

    ``variants`` are the names they're credited by, beginning with ``name``, and ``name_ids`` the
    ids of all their credited names. ``papers_by_year`` has the years with papers, oldest first.
    ``venues`` and the closest ``coauthors`` (at most 50) come with their number of papers, most
    papers first.
    """

    name: str
    variants: tuple[str, ...]
    paper_count: int
    papers_by_year: tuple[tuple[int, int], ...] = ()
    venues: tuple[tuple[str, int], ...] = ()
    coauthors: tuple[tuple[str, int], ...] = ()
    name_ids: tuple[int, ...] = ()

    @property
    def years(self) -> tuple[int, int] | None:
        """The years of the first and the last dated paper, or None if no paper has a date."""
        if not self.papers_by_year:
            return None
        return self.papers_by_year[0][0], self.papers_by_year[-1][0]

    @property
    def undated_count(self) -> int:
        """The number of papers without a date."""
        return self.paper_count - sum(papers for _, papers in self.papers_by_year)


@dataclass(frozen=True, slots=True)
class AuthorSummary:
    """A person with their number of papers, and the years of the first and the last dated one.

    If several people share the ``name`` that is shown, the ``author_id`` behind it tells them
    apart for us, and years and the closest ``coauthor`` for people.
    """

    name: str
    paper_count: int
    years: tuple[int, int] | None = None
    author_id: str = ""
    coauthor: str = ""

    @property
    def lookup(self) -> str:
        """A name that finds this person, and no other one of the same name."""
        return affixes.with_author_id(self.name, self.author_id)

    @property
    def details(self) -> str:
        """What tells the person apart from others of the same name: “2019–2023, with Ann Lee”."""
        if not self.author_id:
            return ""
        first, last = self.years or (0, 0)
        span = "" if not first else str(first) if first == last else f"{first}–{last}"
        coauthor = f"with {self.coauthor}" if self.coauthor else ""
        unclear = "unclear which one" if self.author_id == affixes.NO_AUTHOR_ID else ""
        return ", ".join(filter(None, [span, coauthor, unclear]))


@dataclass(frozen=True, slots=True)
class AuthorMatches:
    """The first of ``total`` people that a name can mean, or of more if ``total_is_minimum``."""

    people: tuple[AuthorSummary, ...]
    total: int
    total_is_minimum: bool = False


class Sort(enum.StrEnum):
    """The order of a list of papers."""

    RELEVANCE = "relevance"
    NEWEST = "newest"
    OLDEST = "oldest"
    TITLE = "title"


@dataclass(frozen=True, slots=True)
class Filters:
    """Conditions that papers must meet besides the search words; empty ones are ignored."""

    author: str = ""
    venue: str = ""
    tag: str = ""
    first_year: int | None = None
    last_year: int | None = None

    def __bool__(self) -> bool:
        return self != Filters()


@dataclass(frozen=True, slots=True)
class ResultPage:
    """One page of a list of papers: ``papers`` from ``offset`` on, out of ``total``.

    Counting stops at a limit. If it did, ``total_is_minimum`` is true and there are more papers.
    """

    papers: tuple[Paper, ...]
    total: int
    offset: int = 0
    total_is_minimum: bool = False
