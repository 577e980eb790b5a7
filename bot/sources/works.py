"""What the readers of sources share: JSON, ids of people, and dates; pure."""

from __future__ import annotations

import hashlib
import json
import re
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, TypeAlias
from urllib.parse import urlencode

from bot import __version__
from bot.formats.records.registry_records import readable
from bot.sources.source import NotAnAnswer, Question, Reading, Subject
from storage.errors import InvalidInput
from storage.models import PaperDraft, PartialDate
from storage.people.models import Affiliation, IdScheme, Person, PersonId, Witness
from storage.text import without_invisible

Record: TypeAlias = Mapping[str, Any]

_MAX_WORKS = 10_000  # of one response
_MAX_TEXT = 1000  # characters of a name or an affiliation
_ARXIV_MONTH = re.compile(r"arxiv:(?:[a-z.-]+/)?(\d\d)(\d\d)", re.IGNORECASE)
_ORCID = re.compile(r"(?:\d{4}-){3}\d{3}[\dX]")
_ESCAPED_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


class IdSource:
    """What sources have in common that are asked by people's ids in some schemes.

    With ``one_each``, they are asked by one id of a person, the first that they have.
    """

    schemes: ClassVar[tuple[IdScheme, ...]]
    one_each: ClassVar[bool] = False
    unchanged = Reading()

    def __init__(self, url: str) -> None:
        self.url = url

    def subjects(self, people: Sequence[Person]) -> tuple[Subject, ...]:
        """Returns people's ids."""
        return subjects_of(people, *self.schemes, one_each=self.one_each)


def subjects_of(
    people: Sequence[Person], *schemes: IdScheme, one_each: bool = False
) -> tuple[Subject, ...]:
    """Returns a subject for each id that people have in these schemes, of the scheme's kind.

    With ``one_each``, a person has only one, in the first scheme that they have an id of.
    """
    found: dict[PersonId, list[Person]] = {}
    for person in people:
        ids = [one for scheme in schemes for one in person.ids if one.scheme is scheme]
        for one in ids[:1] if one_each else ids:
            found.setdefault(one, []).append(person)
    return tuple(
        Subject(str(one), tuple(owners), one.scheme.value) for one, owners in found.items()
    )


def id_of(subject: Subject) -> str:
    """Returns the id of a subject that `subjects_of` made, without its scheme."""
    return subject.key.partition(":")[2]


def owner_of(question: Question) -> int | None:
    """Returns the id of the person whose own list a question asks for, if it's only one's."""
    (subject,) = question.subjects
    return subject.people[0].id if len(subject.people) == 1 else None


def query(**values: object) -> str:
    """Returns the query of a URL with all values that aren't empty."""
    return urlencode({name: value for name, value in values.items() if value}, safe=":,|*")


def email(contact: str) -> str:
    """Returns the contact if it's an email address, which some services ask for."""
    return contact if _EMAIL.fullmatch(contact) else ""


def parse_json(body: bytes) -> Record:
    """Parses an object; raises `NotAnAnswer` or `ValueError` for anything else."""
    try:
        found = json.loads(body)
        if _ESCAPED_SURROGATE.search(body):  # half of a pair can't be stored
            whole = json.dumps(found, ensure_ascii=False).encode("utf-8", "ignore")
            found = json.loads(whole)
    except RecursionError as error:
        raise NotAnAnswer("it's nested too deeply") from error
    if not isinstance(found, dict):
        raise NotAnAnswer("it isn't an object")
    return found


def read_works(
    works: object,
    read: Callable[[Record], Witness | None],
    question: Question,
    *,
    owner: int | None = None,
    cursor: str = "",
) -> Reading:
    """Reads each of a list of works; one that can't be read doesn't take the others with it.

    ``owner`` is the person whose own list it is, if it's anybody's. Known works that haven't
    changed aren't read. Raises `NotAnAnswer` if there's no list.
    """
    if not isinstance(works, list):
        raise NotAnAnswer("it has no list of works")
    witnesses: dict[str, Witness] = {}
    problems = []
    unchanged = 0
    for work in works[:_MAX_WORKS]:
        fingerprint = _fingerprint(work, owner)
        if fingerprint in question.known:
            unchanged += 1
            continue
        try:
            witness = read(work) if isinstance(work, dict) else None
        except InvalidInput:  # it has no title
            continue
        except Exception:  # noqa: BLE001 - see above
            problems.append(f"A work could not be read: {traceback.format_exc()}")
            continue
        if witness is not None:
            found = replace(witness, listed_for=owner, fingerprint=fingerprint)
            witnesses.setdefault(witness.key, found)
    return Reading(tuple(witnesses.values()), cursor, unchanged, problems=tuple(problems))


def _fingerprint(work: object, owner: int | None) -> str:
    """Returns a hash of what this version of the bot reads of a work for a person."""
    said = json.dumps([__version__, owner, work], sort_keys=True)
    return hashlib.blake2b(said.encode(), digest_size=8).hexdigest()


def first_public(draft: PaperDraft, *dates: PartialDate | None) -> PartialDate | None:
    """Returns the earliest date that is sure: of those given, or the month of the arXiv id.

    A year by itself is no earlier than a day in it.
    """
    months = map(_ARXIV_MONTH.match, draft.identifiers)
    known = [
        *(date for date in dates if date is not None),
        *(
            PartialDate((1900 if int(one[1]) > 90 else 2000) + int(one[1]), int(one[2]))
            for one in months
            if one and 1 <= int(one[2]) <= 12
        ),
    ]
    return min(known, key=lambda one: (one.year, one.month or 13, one.day or 32), default=None)


def parse_orcid(value: object) -> tuple[PersonId, ...]:
    """Returns the ORCID in a text, such as its address, or nothing."""
    found = _ORCID.search(text(value).upper())
    return (PersonId(IdScheme.ORCID, found[0]),) if found else ()


def affiliation(name: object, ror: object = "") -> tuple[Affiliation, ...]:
    """Returns an affiliation of this name, whose ROR may be an address, or nothing."""
    line = readable(text(name))
    return (Affiliation(line, text(ror).rstrip("/").rpartition("/")[2]),) if line else ()


def text(value: object) -> str:
    """Returns a text on one line, or a number as text, or an empty string for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return " ".join(without_invisible(str(value)[:_MAX_TEXT]).split())


def mapping(value: object) -> Record:
    """Returns an object, or an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[Any]:
    """Returns a list, or an empty one for anything else."""
    return value if isinstance(value, list) else []


def objects(value: object) -> list[Record]:
    """Returns the objects in a list."""
    return [one for one in items(value) if isinstance(one, dict)]


def unique(affiliations: Iterable[Affiliation]) -> tuple[Affiliation, ...]:
    """Returns affiliations once for each name, in order; those with a ROR have to come first."""
    found: dict[str, Affiliation] = {}
    for one in affiliations:
        found.setdefault(one.name, one)
    return tuple(found.values())


def has_more(works: object, per_page: object, total: object, cursor: str) -> bool:
    """Returns whether a page of works is followed by another, as far as it says.

    ``cursor`` is that of the page, and empty for the first one.
    """
    count = len(works) if isinstance(works, list) else 0
    if not cursor and isinstance(total, int) and total <= count:
        return False
    return count > 0 and (not isinstance(per_page, int) or count >= per_page)
