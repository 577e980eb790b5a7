"""SQL of witnesses, and of the papers that they are about, to which they are united."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache, reduce
from typing import Any

from storage import timestamps
from storage.connection import Connection, Row
from storage.curation.classify import Verdict, classify
from storage.models import (
    Actor,
    Origin,
    Outcome,
    Paper,
    PaperDraft,
    PartialDate,
    Provenance,
    details_of,
)
from storage.papers import matching
from storage.papers.combine import merge_metadata, normalize
from storage.papers.identifiers import identify
from storage.papers.snapshots import details_to_json, draft_from_text, draft_to_text
from storage.people.models import Affiliation, Credit, IdScheme, PersonId, Witness
from storage.text import fold

_MIN_TITLE_WORDS = 4  # of a title that isn't given to two papers of the same people
_NOBODY = Provenance(Origin.FEED, datetime.min.replace(tzinfo=UTC), Actor("", ""))


@dataclass(frozen=True, slots=True)
class FoundPaper:
    """A paper that witnesses were united to, and what became of it: ``REVIEW`` while it waits.

    ``paper_id`` is the paper that it became or, while it waits, one that it resembles.
    """

    id: int
    draft: PaperDraft
    witnesses: tuple[Witness, ...]
    is_backlog: bool
    was_decided: bool
    outcome: Outcome
    paper_id: int | None
    decided_by: Actor | None


def is_same_paper(one: Paper, draft: PaperDraft) -> bool:
    """Returns whether a paper with the title of a draft is certainly the same one.

    People's lists often lack the ids that others give, so a title of some words with a compatible
    author in nearly the same year is enough, unless arXiv ids or DOIs differ.
    """
    words = fold(draft.title).split()
    return (
        len(words) >= _MIN_TITLE_WORDS
        and fold(one.title) == " ".join(words)
        and matching.may_be_same(one, draft)
    )


async def changed(db: Connection, said: Sequence[Witness]) -> list[Witness]:
    """Returns the witnesses that are new, or say something else than before, each once."""
    records = {_key(witness): (_record(witness), witness) for witness in said}
    rows = await db.all(
        """SELECT source, witnesses.key, listed_for, record
           FROM json_each(?) AS keys CROSS JOIN witnesses
           ON source = keys.value ->> 0 AND witnesses.key = keys.value ->> 1
           AND listed_for = keys.value ->> 2""",
        [json.dumps([*records])],
    )
    for row in rows:
        key = (row["source"], row["key"], row["listed_for"])
        if records[key][0] == row["record"]:
            await _remember(db, records.pop(key)[1])
    return [witness for _, witness in records.values()]


async def ungraded(db: Connection, said: Iterable[Witness]) -> list[int]:
    """Returns the found papers of known witnesses that nobody of the lab seemed to have written.

    People who are new to the lab may have.
    """
    rows = await db.all(
        """SELECT DISTINCT found_papers.id
           FROM json_each(?) AS keys CROSS JOIN witnesses
           ON source = keys.value ->> 0 AND witnesses.key = keys.value ->> 1
           AND listed_for = keys.value ->> 2
           JOIN found_papers ON found_papers.id = found_paper_id
           WHERE outcome = 'declined' OR (outcome = 'review' AND COALESCE(grade, 'D') = 'D')""",
        [json.dumps([_key(witness) for witness in said])],
    )
    return [row["id"] for row in rows]


async def _remember(db: Connection, witness: Witness) -> None:
    """Records by what a witness that says nothing new is recognised next time."""
    await db.run(
        """UPDATE witnesses SET fingerprint = ?
           WHERE source = ? AND key = ? AND listed_for = ? AND fingerprint <> ?1""",
        [witness.fingerprint, *_key(witness)],
    )


async def add(
    db: Connection, witness: Witness, same: Sequence[int], at: datetime, *, is_backlog: bool
) -> int:
    """Stores a witness with the found paper that it is about; returns that paper's id.

    A witness that shows that several found papers are the ``same`` unites them; what was decided
    about one is decided about all.
    """
    key = _key(witness)
    known = await db.value(
        """SELECT found_paper_id FROM witnesses
           WHERE source = ? AND key = ? AND listed_for = ?""",
        key,
    )
    if known is not None:
        same = list(dict.fromkeys([known, *same]))
    found_id = await _unite(db, same) if same else await _insert(db, at, is_backlog=is_backlog)
    await db.run(
        """INSERT INTO witnesses
               (source, key, listed_for, found_paper_id, record, fingerprint, seen_at)
           VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
               found_paper_id = excluded.found_paper_id, record = excluded.record,
               fingerprint = excluded.fingerprint""",
        [*key, found_id, _record(witness), witness.fingerprint, timestamps.to_text(at)],
    )
    await _combine(db, found_id)
    return found_id


def _key(witness: Witness) -> tuple[str, str, int]:
    """Returns what a witness has in common with what its source says about the work later."""
    return witness.source, witness.key, witness.listed_for or 0


def _record(witness: Witness) -> str:
    return json.dumps(witness_to_json(witness), ensure_ascii=False, sort_keys=True)


async def find_same(db: Connection, witness: Witness) -> list[int]:
    """Returns the ids of the found papers that a witness is about, as for papers in the list."""
    draft = normalize(witness.draft)
    found = await classify(_FoundCandidates(db), draft)
    if found.paper is None:
        return []
    if found.verdict is Verdict.KNOWN or is_same_paper(found.paper, draft):
        return [found.paper.id, *(one.id for one in found.same)]
    return []


async def find_named(db: Connection, text: str) -> int | None:
    """Returns the id of the found paper with an identifier or a title that a text is, or None."""
    owners = await _FoundCandidates(db).owners(identify(text))
    if owners:
        return next(iter(owners.values()))
    found: int | None = await db.value(
        "SELECT id FROM found_papers WHERE title_key = ? AND title_key <> ''", [fold(text)]
    )
    return found


async def load(db: Connection, ids: Sequence[int]) -> list[FoundPaper]:
    """Returns found papers with their witnesses, in this order; those that are gone are skipped."""
    rows = await db.all(
        """SELECT found_papers.* FROM json_each(?) AS ids
           JOIN found_papers ON found_papers.id = ids.value ORDER BY ids.key""",
        [json.dumps([*ids])],
    )
    witnesses = await _load_witnesses(db, ids)
    return [_read(row, witnesses.get(row["id"], [])) for row in rows]


def witness_to_json(witness: Witness) -> dict[str, Any]:
    """Returns a witness as JSON values; `witness_from_json` reads it back."""
    return {
        "source": witness.source,
        "key": witness.key,
        "draft": details_to_json(normalize(witness.draft)),
        "credits": [
            [
                credit.name,
                [str(one) for one in credit.ids],
                [[one.name, one.ror] for one in credit.affiliations],
            ]
            for credit in witness.credits
        ],
        "first_public": str(witness.first_public) if witness.first_public else None,
        "categories": [*witness.categories],
        "listed_for": witness.listed_for,
    }


def witness_from_json(values: Mapping[str, Any]) -> Witness:
    """Returns the witness that `witness_to_json` made these values of."""
    return Witness(
        source=values["source"],
        key=values["key"],
        draft=draft_from_text(json.dumps(values["draft"])),
        credits=tuple(
            Credit(
                name,
                tuple(map(person_id, ids)),
                tuple(Affiliation(name, ror) for name, ror in affiliations),
            )
            for name, ids, affiliations in values["credits"]
        ),
        first_public=PartialDate.parse(values["first_public"]) if values["first_public"] else None,
        categories=tuple(values["categories"]),
        listed_for=values["listed_for"],
    )


@lru_cache(maxsize=65_536)
def person_id(text: str) -> PersonId:
    """Returns the id that was made a text, such as ``orcid:0000-0002-1825-0097``."""
    scheme, _, value = text.partition(":")
    return PersonId(IdScheme(scheme), value)


class _FoundCandidates:
    """Reads the found papers that a draft may be; see `classify.Candidates`."""

    def __init__(self, db: Connection) -> None:
        self._db = db

    async def owners(self, identifiers: Sequence[str]) -> Mapping[str, int]:
        rows = await self._db.all(
            """SELECT identifier, found_paper_id FROM found_identifiers
               WHERE identifier IN (SELECT value FROM json_each(?))""",
            [json.dumps([*identifiers])],
        )
        return {row["identifier"]: row["found_paper_id"] for row in rows}

    async def load(self, paper_ids: Sequence[int]) -> Sequence[Paper]:
        rows = await self._db.all(
            """SELECT found_papers.id, draft FROM json_each(?) AS ids
               JOIN found_papers ON found_papers.id = ids.value ORDER BY ids.key""",
            [json.dumps([*paper_ids])],
        )
        return [_as_paper(row) for row in rows]

    async def titled(self, title: str) -> Sequence[Paper]:
        rows = await self._db.all(
            "SELECT id, draft FROM found_papers WHERE title_key = ? ORDER BY id", [fold(title)]
        )
        return [_as_paper(row) for row in rows]

    async def listed_under(self, _prefix: str) -> Sequence[Paper]:
        return ()

    async def removed_titled(self, _title: str) -> Sequence[Paper]:
        return ()


async def _load_witnesses(db: Connection, ids: Sequence[int]) -> dict[int, list[Witness]]:
    """Returns the witnesses of found papers, by the paper's id."""
    rows = await db.all(
        """SELECT found_paper_id, record FROM witnesses
           WHERE found_paper_id IN (SELECT value FROM json_each(?))
           ORDER BY source, key, listed_for""",
        [json.dumps([*ids])],
    )
    witnesses: dict[int, list[Witness]] = {}
    for row in rows:
        witness = witness_from_json(json.loads(row["record"]))
        witnesses.setdefault(row["found_paper_id"], []).append(witness)
    return witnesses


def _as_paper(row: Row) -> Paper:
    draft = draft_from_text(row["draft"])
    return Paper(**details_of(draft), id=row["id"], provenance=_NOBODY)


async def _insert(db: Connection, at: datetime, *, is_backlog: bool) -> int:
    return await db.insert(
        """INSERT INTO found_papers (title_key, draft, found_at, is_backlog)
           VALUES ('', '', ?, ?)""",
        [timestamps.to_text(at), is_backlog],
    )


async def _unite(db: Connection, ids: Sequence[int]) -> int:
    """Moves all that belongs to found papers to one, rather a decided one; returns its id."""
    target, *others = [
        row["id"]
        for row in await db.all(
            """SELECT id FROM found_papers WHERE id IN (SELECT value FROM json_each(?))
               ORDER BY outcome = 'review', id""",
            [json.dumps([*ids])],
        )
    ]
    await db.run(  # of “card”, “list” and NULL, the first that one of them has
        """UPDATE found_papers SET told_by = (
               SELECT MIN(told_by) FROM found_papers
               WHERE id IN (SELECT value FROM json_each(?))) WHERE id = ?""",
        [json.dumps([*ids]), target],
    )
    for other in others:
        for table in ("witnesses", "found_identifiers", "posts"):
            await db.run(
                f"UPDATE {table} SET found_paper_id = ? WHERE found_paper_id = ?",  # noqa: S608 - constants
                [target, other],
            )
        await db.run(
            "UPDATE OR IGNORE claims SET found_paper_id = ? WHERE found_paper_id = ?",
            [target, other],
        )
        await db.run("DELETE FROM claims WHERE found_paper_id = ?", [other])
        await db.run("DELETE FROM found_papers WHERE id = ?", [other])
    return int(target)


async def _combine(db: Connection, found_id: int) -> None:
    """Combines what all witnesses of a found paper say into its draft."""
    witnesses = (await _load_witnesses(db, [found_id]))[found_id]
    draft = reduce(merge_metadata, (one.draft for one in witnesses))
    await db.run(
        "UPDATE found_papers SET draft = ?, title_key = ? WHERE id = ?",
        [draft_to_text(draft), fold(draft.title), found_id],
    )
    await db.run("DELETE FROM found_identifiers WHERE found_paper_id = ?", [found_id])
    await db.run(
        """INSERT OR IGNORE INTO found_identifiers (identifier, found_paper_id)
           SELECT value, ? FROM json_each(?)""",
        [found_id, json.dumps(draft.identifiers)],
    )


def _read(row: Row, witnesses: Sequence[Witness]) -> FoundPaper:
    return FoundPaper(
        id=row["id"],
        draft=draft_from_text(row["draft"]),
        witnesses=tuple(witnesses),
        is_backlog=bool(row["is_backlog"]),
        was_decided=bool(row["was_decided"]),
        outcome=Outcome(row["outcome"]),
        paper_id=row["paper_id"],
        decided_by=Actor(row["decided_by"], row["decided_by_name"]) if row["decided_at"] else None,
    )
