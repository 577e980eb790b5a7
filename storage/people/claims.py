"""SQL of what was decided about people's parts in found papers, and what is learned from that."""

from __future__ import annotations

import enum
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from storage.audit.models import PeopleState, ReviewState, Settings
from storage.connection import Connection
from storage.errors import LabError
from storage.people import records, witnesses
from storage.people.agreement import Agreement, agreement, name_keys, written_forms
from storage.people.evidence import Evidence, Known
from storage.people.matching import find_claims
from storage.people.models import Person, PersonId
from storage.people.witnesses import person_id
from storage.text import fold

_DECISION = ("outcome", "decided_by", "decided_by_name", "decided_at", "paper_id")
_TAUGHT = ("foreign_ids", "to")  # what decisions change about people
_MIN_ACCEPTED = 20  # papers of somebody whose next ones may be announced without asking
_MAX_AUTHORS = 50  # of a paper whose authors know each other


class ClaimVerdict(enum.StrEnum):
    """What was decided about the claim that a person of the lab wrote a paper for the lab.

    ``ANNOUNCED`` papers weren't looked at before. A claim is ``REFUSED`` with its whole paper, and
    ``WRONG`` if the person didn't write it. Of those who had ``LEFT``, the paper isn't the lab's.
    """

    ACCEPTED = "accepted"
    ANNOUNCED = "announced"
    REFUSED = "refused"
    WRONG = "wrong"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class TrackRecord:
    """How moderators decided about the papers of a person so far."""

    accepted: int = 0
    rejected: int = 0

    @property
    def is_clean(self) -> bool:
        """Whether certain papers may be announced without asking, if that is allowed."""
        return self.accepted >= _MIN_ACCEPTED and not self.rejected


async def decide(
    db: Connection, found_id: int, verdict: ClaimVerdict, evidence: Mapping[int, Evidence]
) -> None:
    """Records a verdict about claims, given as their evidence by person."""
    await db.run_many(
        """INSERT INTO claims (found_paper_id, person_id, verdict, grade, ids, affiliations)
           VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET verdict = excluded.verdict""",
        [
            (
                found_id,
                person,
                verdict,
                one.grade,
                json.dumps([str(other) for other in one.other_ids]),
                json.dumps([affiliation.name for affiliation in one.affiliations]),
            )
            for person, one in evidence.items()
        ],
    )


async def decided_people(db: Connection, found_ids: Sequence[int]) -> dict[int, set[int]]:
    """Returns the people about whom something was decided, by found paper."""
    rows = await db.all(
        """SELECT found_paper_id, person_id FROM claims
           WHERE found_paper_id IN (SELECT value FROM json_each(?))""",
        [json.dumps([*found_ids])],
    )
    found: dict[int, set[int]] = {}
    for row in rows:
        found.setdefault(row["found_paper_id"], set()).add(row["person_id"])
    return found


async def is_refused(db: Connection, found_id: int) -> bool:
    """Returns whether somebody said that a found paper isn't the lab's, whoever wrote it."""
    return bool(
        await db.value(
            "SELECT 1 FROM claims WHERE found_paper_id = ? AND verdict = 'refused'", [found_id]
        )
    )


async def load_state(db: Connection, found_id: int) -> ReviewState:
    """Returns what a decision about a found paper changes, also about people, for the change log.

    It is empty if the found paper is gone, because it was united to another.
    """
    row = await db.one(
        f"SELECT {', '.join(_DECISION)} FROM found_papers WHERE id = ?",  # noqa: S608 - constants
        [found_id],
    )
    if row is None:
        return {}
    decided = await db.all(
        """SELECT person_id, verdict, grade, ids, affiliations FROM claims
           WHERE found_paper_id = ? ORDER BY person_id""",
        [found_id],
    )
    (found,) = await witnesses.load(db, [found_id])
    people = {one.person.id for one in find_claims(await records.load(db), found.witnesses)}
    known = await records.load_state(db, PeopleState(dict.fromkeys(sorted(people)), {}))
    taught = {
        str(number): {name: values[name] for name in _TAUGHT}
        for number, values in known.people.items()
        if values is not None
    }
    return {
        **{name: row[name] for name in _DECISION},
        "claims": json.dumps([[*one] for one in decided]),
        "people": json.dumps(taught),
    }


async def restore_state(
    db: Connection, found_id: int, expected: ReviewState, state: ReviewState
) -> None:
    """Gives a found paper a state that `load_state` returned, and takes back what it taught.

    Other decisions may have taught more about the same people since, which stays. Raises `LabError`
    if the paper isn't decided as ``expected`` any more.
    """
    present = await load_state(db, found_id)
    if any(present.get(name) != expected[name] for name in (*_DECISION, "claims")):
        raise LabError("Someone has decided this one differently since then. Undo that first.")
    await db.run(
        f"""UPDATE found_papers SET {", ".join(f"{name} = ?" for name in _DECISION)}
            WHERE id = ?""",  # noqa: S608 - constants
        [*(state[name] for name in _DECISION), found_id],
    )
    await db.run("DELETE FROM claims WHERE found_paper_id = ?", [found_id])
    await db.run_many(
        """INSERT INTO claims (found_paper_id, person_id, verdict, grade, ids, affiliations)
           VALUES (?, ?, ?, ?, ?, ?)""",
        [(found_id, *one) for one in json.loads(str(state["claims"]))],
    )
    before, after = (json.loads(str(one["people"])) for one in (expected, state))
    numbers = {int(number): None for number in before if before[number] != after.get(number)}
    known = await records.load_state(db, PeopleState(numbers, {}))
    people = {
        number: {**values, **_untaught(values, before[str(number)], after[str(number)])}
        for number, values in known.people.items()
        if values is not None and str(number) in after
    }
    await records.apply_state(db, PeopleState(people, {}))


def _untaught(present: Settings, before: Settings, after: Settings) -> Settings:
    """Returns what a person is given to take back the step from one state to another."""
    added = {*after["foreign_ids"]} - {*before["foreign_ids"]}
    dropped = {*before["foreign_ids"]} - {*after["foreign_ids"]}
    is_end_kept = before["to"] == after["to"] or present["to"] != before["to"]
    return {
        "foreign_ids": sorted(({*present["foreign_ids"]} - dropped) | added),
        "to": present["to"] if is_end_kept else after["to"],
    }


async def track_record(db: Connection, person: int) -> TrackRecord:
    """Returns a person's track record.

    A refused paper of grade C tells nothing, since it was a mere possibility, unless somebody said
    that it isn't this person's. A paper that was announced without a review counts as
    rejected while it is removed from the list.
    """
    row = await db.one(
        """SELECT COALESCE(SUM(verdict = 'accepted'), 0) AS accepted,
               COALESCE(SUM(
                   verdict = 'wrong' OR (verdict = 'refused' AND claims.grade IN ('A', 'B'))
                   OR (verdict = 'announced' AND papers.removed_at IS NOT NULL
                       AND NOT papers.is_undone)), 0) AS rejected
           FROM claims JOIN found_papers ON found_papers.id = found_paper_id
           LEFT JOIN papers AS named ON named.id = paper_id
           LEFT JOIN papers ON papers.id = IFNULL(named.merged_into_id, named.id)
           WHERE person_id = ?""",
        [person],
    )
    return TrackRecord(row["accepted"], row["rejected"]) if row else TrackRecord()


async def teach(
    db: Connection,
    person: int,
    *,
    foreign_ids: Iterable[PersonId] = (),
    last_day: date | None = None,
) -> None:
    """Remembers ids as not being a person's, or the last day of their membership.

    A membership that has ended by then, or that starts later, stays as it is.
    """
    state = await records.load_state(db, PeopleState({person: None}, {}))
    values = state.people[person]
    if values is None:
        return
    taught = {
        **values,
        "foreign_ids": sorted(
            ({*map(str, foreign_ids)} - {*values["ids"]}) | {*values["foreign_ids"]}
        ),
    }
    if last_day is not None:
        day = max(last_day.isoformat(), values["from"] or "")
        taught["to"] = min(day, values["to"] or day)
    await records.apply_state(db, PeopleState({person: taught}, {}))


class KnownPeople:
    """What the list and accepted claims tell of people; read once, while nothing changes."""

    def __init__(self, db: Connection) -> None:
        self._db = db
        self._known: dict[int, Known] = {}

    async def load(self, people: Iterable[Person]) -> Mapping[int, Known]:
        """Returns what is known of these people, and perhaps of others, by person."""
        missing = [one for one in people if one.id not in self._known]
        if missing:
            self._known |= await _load_known(self._db, missing)
        return self._known

    def forget(self) -> None:
        """Has everything read again, because papers in the list have changed."""
        self._known.clear()


async def _load_known(db: Connection, people: Collection[Person]) -> dict[int, Known]:
    """Returns what the list and accepted claims tell of people, by person."""
    accepted: dict[int, tuple[set[PersonId], set[str]]] = {}
    rows = await db.all(
        """SELECT person_id, ids, affiliations FROM claims WHERE verdict = 'accepted'
           AND person_id IN (SELECT value FROM json_each(?))""",
        [json.dumps([person.id for person in people])],
    )
    for row in rows:
        ids, affiliations = accepted.setdefault(row["person_id"], (set(), set()))
        ids.update(map(person_id, json.loads(row["ids"])))
        affiliations.update(map(fold, json.loads(row["affiliations"])))
    strangers = await _strangers(db, people)
    coauthors = await _coauthors(db, people)
    known = {}
    for person in people:
        ids, affiliations = accepted.get(person.id, (set(), set()))
        known[person.id] = Known(
            coauthors=frozenset(coauthors[person.id]),
            strangers=frozenset(strangers.get(person.id, set()) - coauthors[person.id]),
            affiliations=frozenset(affiliations),
            ids=frozenset(ids),
        )
    return known


async def _strangers(db: Connection, people: Collection[Person]) -> dict[int, set[str]]:
    """Returns keys of the full names of those who wrote refused papers, by person."""
    rows = await db.all(
        """SELECT person_id, author.value AS name FROM claims
           JOIN found_papers ON found_papers.id = found_paper_id
           JOIN json_each(found_papers.draft, '$.authors') AS author
           WHERE verdict IN ('refused', 'wrong')
           AND person_id IN (SELECT value FROM json_each(?))""",
        [json.dumps([person.id for person in people])],
    )
    by_id = {person.id: person for person in people}
    found: dict[int, set[str]] = {}
    for row in rows:
        if not agreement(by_id[row["person_id"]], row["name"]):
            found.setdefault(row["person_id"], set()).update(name_keys(row["name"]))
    return found


async def _coauthors(db: Connection, people: Collection[Person]) -> dict[int, set[str]]:
    """Returns keys of the full names of those who wrote papers in the list, by person.

    The authors of papers with very many don't know each other.
    """
    own = await _own_names(db, people)
    rows = await db.all(
        """WITH papers_of AS (
               SELECT DISTINCT own.value ->> 0 AS person_id, paper_id FROM json_each(?) AS own
               JOIN credits ON name_id = own.value ->> 1
               JOIN papers ON papers.id = paper_id AND removed_at IS NULL
           ), small AS (
               SELECT paper_id FROM credits
               WHERE paper_id IN (SELECT paper_id FROM papers_of)
               GROUP BY paper_id HAVING COUNT(*) <= ?
           )
           SELECT DISTINCT person_id, name_id, name FROM papers_of
           JOIN small USING (paper_id) JOIN credits USING (paper_id)
           JOIN names ON names.id = name_id""",
        [json.dumps([(person, name) for person in own for name in own[person]]), _MAX_AUTHORS],
    )
    found: dict[int, set[str]] = {person.id: set() for person in people}
    for row in rows:
        if row["name_id"] not in own[row["person_id"]]:
            found[row["person_id"]] |= name_keys(row["name"])
    return found


async def _own_names(db: Connection, people: Collection[Person]) -> dict[int, set[int]]:
    """Returns the ids of the credited names that are surely a person's, by person."""
    keys = {
        one.id: {key for name in written_forms(one) for key in name.family_keys} for one in people
    }
    rows = await db.all(
        """SELECT id, name, family_key FROM names WHERE is_full
           AND family_key IN (SELECT value FROM json_each(?))""",
        [json.dumps(sorted(set().union(*keys.values())))],
    )
    return {
        person.id: {
            row["id"]
            for row in rows
            if row["family_key"] in keys[person.id]
            and agreement(person, row["name"]) is Agreement.FULL
        }
        for person in people
    }
