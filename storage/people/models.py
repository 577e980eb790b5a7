"""The lab's people, and what services say about their works, as frozen records without logic."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import date

from storage.models import PaperDraft, PartialDate


class IdScheme(enum.StrEnum):
    """The services that give people ids; the values are the columns of a file of people."""

    ORCID = "orcid"
    OPENALEX = "openalex"
    ARXIV = "arxiv"
    DBLP = "dblp"
    SEMANTIC_SCHOLAR = "semantic_scholar"


@dataclass(frozen=True, slots=True, order=True)
class PersonId:
    """An id of a person at a service, in canonical form and without the service's address.

    ``0000-0002-1825-0097``, ``A5023888391``, ``warner_s_1``, ``17/1926``, ``1741101``.
    """

    scheme: IdScheme
    value: str

    def __str__(self) -> str:
        return f"{self.scheme}:{self.value}"


@dataclass(frozen=True, slots=True)
class Membership:
    """The first and last day of a membership, inclusive; None if that end is open."""

    start: date | None = None
    end: date | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whose papers belong to the list.

    ``other_names`` are further written forms; ``former_names`` find the person, too, but are never
    shown. ``foreign_ids`` are known to be other people's. ``categories`` are the arXiv categories
    of most of their papers. ``is_trusted`` is whether certain papers need no review.
    """

    id: int
    name: str
    other_names: tuple[str, ...] = ()
    former_names: tuple[str, ...] = ()
    ids: tuple[PersonId, ...] = ()
    foreign_ids: tuple[PersonId, ...] = ()
    membership: Membership = Membership()
    categories: tuple[str, ...] = ()
    discord_id: int | None = None
    is_trusted: bool = False


@dataclass(frozen=True, slots=True)
class PersonDraft:
    """What a form or a row of a file says about a person; `Person` explains the fields."""

    name: str
    other_names: tuple[str, ...] = ()
    ids: tuple[PersonId, ...] = ()
    membership: Membership = Membership()
    categories: tuple[str, ...] = ()
    discord_id: int | None = None


@dataclass(frozen=True, slots=True)
class Affiliation:
    """An institution that a work credits an author with; ``ror`` is its id without the address."""

    name: str
    ror: str = ""


@dataclass(frozen=True, slots=True)
class Credit:
    """An author of a work, with all that the source says about who that is."""

    name: str
    ids: tuple[PersonId, ...] = ()
    affiliations: tuple[Affiliation, ...] = ()


@dataclass(frozen=True, slots=True)
class Witness:
    """What a source says about one work.

    ``source`` names the source, and ``key`` is its own id of the work. ``credits`` are in order,
    and empty if the source names nobody. ``first_public`` is the first date that it gives, which
    may precede the date of the draft. ``listed_for`` is the id of the person whose own list at the
    source has the work, or None if it was found among everybody's. ``fingerprint`` is the same as
    long as the source says the same about the work for the same person, or empty if there is none.
    """

    source: str
    key: str
    draft: PaperDraft
    credits: tuple[Credit, ...] = ()
    first_public: PartialDate | None = None
    categories: tuple[str, ...] = ()
    listed_for: int | None = None
    fingerprint: str = field(default="", compare=False)
