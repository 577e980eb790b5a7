"""What the catalogue holds, as frozen records without behaviour; standard library only."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from storage.errors import InvalidInput


@dataclass(frozen=True, slots=True, order=True)
class PartialDate:
    """A date as precisely as it is known: a year, a month or a day."""

    year: int
    month: int | None = None
    day: int | None = None

    def __post_init__(self) -> None:
        if not 1000 <= self.year <= 9999:
            raise InvalidInput(f"“{self.year}” is not a year I can use; four digits, please.")
        if self.day is not None and self.month is None:
            raise InvalidInput("A day needs its month.")
        try:
            datetime(self.year, self.month or 1, self.day or 1)  # noqa: DTZ001 - only validates
        except ValueError:
            raise InvalidInput(f"“{self}” is not a date in the calendar.") from None

    @classmethod
    def parse(cls, text: str) -> PartialDate:
        """Read ``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD``; raises `InvalidInput` for anything else."""
        match = re.fullmatch(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?", text.strip(), re.ASCII)
        if match is None:
            raise InvalidInput(f"“{text}” is not a date; write 2023, 2023-07 or 2023-07-14.")
        year, month, day = match.groups()
        return cls(int(year), int(month) if month else None, int(day) if day else None)

    @property
    def first_day(self) -> date:
        """The earliest day that the date may be."""
        return date(self.year, self.month or 1, self.day or 1)

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
    """Through which door a paper came."""

    STARTER = "starter"
    IMPORT = "import"
    FEED = "feed"
    MODERATOR = "moderator"


@dataclass(frozen=True, slots=True)
class Link:
    """One address that belongs to a paper."""

    kind: LinkKind
    url: str


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did something: ``key`` is stable (``discord:123``), ``name`` is for people."""

    key: str
    name: str


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
    names as credited, in order; ``authors_complete`` is false if the credit ends in "et al.".
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
    """What became of a draft that was offered to the catalogue."""

    ADDED = "added"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REVIEW = "review"
    DECLINED = "declined"
    DUPLICATE = "duplicate"
    REMOVED = "removed"
    RESTORED = "restored"


class DuplicatePolicy(enum.StrEnum):
    """What becomes of possible duplicates among many drafts, as somebody decides of them all.

    They are left out, or completed as the papers whose titles they have, or added.
    """

    SKIP = "leave"
    MERGE = "same"
    ADD = "new"


@dataclass(frozen=True, slots=True)
class UpsertResult:
    """The catalogue's answer to a draft.

    ``paper`` is the paper it became or completed, or, for a possible duplicate, the paper it
    resembles; none where the draft matches a removed paper. ``former_title`` is that of a completed
    one before.
    """

    outcome: Outcome
    paper: Paper | None
    former_title: str = ""


@dataclass(frozen=True, slots=True)
class Author:
    """An author: the forms in which their name is credited, and what their papers have in common.

    ``forms`` begins with ``name``; ``papers`` is a number, and ``years`` the first and last of a
    dated paper. Venues and the closest co-authors (50 at most) come with how many papers each,
    most first. ``name_ids`` are the credited names whose papers are theirs.
    """

    name: str
    forms: tuple[str, ...]
    papers: int
    years: tuple[int, int] | None = None
    venues: tuple[tuple[str, int], ...] = ()
    coauthors: tuple[tuple[str, int], ...] = ()
    name_ids: tuple[int, ...] = ()


class Sort(enum.StrEnum):
    """The order of a list of papers."""

    RELEVANCE = "relevance"
    NEWEST = "newest"
    OLDEST = "oldest"
    TITLE = "title"


@dataclass(frozen=True, slots=True)
class Filters:
    """Which papers are asked for, beside the words; an empty field asks for nothing."""

    author: str = ""
    venue: str = ""
    tag: str = ""
    first_year: int | None = None
    last_year: int | None = None

    def __bool__(self) -> bool:
        return self != Filters()


@dataclass(frozen=True, slots=True)
class Results:
    """One page of a list of papers: ``papers`` from ``offset`` on, of ``total`` in all.

    ``more`` is true where there are more than the ``total`` that were counted.
    """

    papers: tuple[Paper, ...]
    total: int
    offset: int = 0
    more: bool = False
