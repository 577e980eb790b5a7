"""What services say about papers of the list without it being sure, from lookups to decisions.

What became of a proposal is remembered, so that services can't bring it up again. A proposal whose
paper was removed or merged, or has changed so that it doesn't fit any more, doesn't wait.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from storage import timestamps
from storage.audit.models import Recorded, ReviewKind
from storage.connection import Connection, Row
from storage.curation import intake
from storage.curation.catalogue import CatalogueReader, StoredCatalogue, Submission
from storage.database import Database
from storage.models import Actor, Origin, Outcome, Paper, PaperDetails, PaperDraft, UpsertResult
from storage.papers import queries as paper_queries
from storage.papers.combine import as_draft, normalize
from storage.papers.matching import contradictions
from storage.papers.retractions import is_retracted, with_retraction
from storage.papers.snapshots import draft_from_text, draft_to_text
from storage.review import resolutions
from storage.review.errors import AlreadyResolved, NotWaiting, ProposalChanged
from storage.review.models import NewProposal, Proposal
from storage.text import fold
from storage.timestamps import Clock


@dataclass(frozen=True, slots=True)
class _Saved:
    """A row: what services said, and the paper as it was when they were asked."""

    id: int
    paper_id: int
    paper: PaperDraft
    draft: PaperDraft
    service: str
    reason: str
    outcome: Outcome = Outcome.REVIEW
    decided_by: Actor | None = None

    @property
    def marks(self) -> frozenset[str]:
        return marks(self.paper, self.draft)


class Proposals:
    """Uncertain completions of papers."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def propose(self, paper: Paper, new: Sequence[NewProposal]) -> tuple[Proposal, ...]:
        """Saves what services said about a paper, and returns the proposals that wait.

        ``paper`` is the paper as it was when they were asked. What was proposed before replaces the
        proposal that waits; if it was decided, it is left out.
        """
        if not new:
            return ()
        now = timestamps.to_text(self._clock())
        async with self._database.transaction() as db:
            ids = []
            for one in await _undecided(db, paper, new):
                said = [draft_to_text(one.paper), draft_to_text(one.draft), one.service, one.reason]
                if one.id:
                    ids.append(one.id)
                    await db.run(
                        """UPDATE completion_proposals
                           SET paper = ?, draft = ?, service = ?, reason = ? WHERE id = ?""",
                        [*said, one.id],
                    )
                    continue
                proposal_id = await db.insert(
                    """INSERT INTO completion_proposals
                           (paper_id, paper, draft, service, reason, proposed_at)
                       VALUES (?, ?, ?, ?, ?, ?)""",
                    [paper.id, *said, now],
                )
                ids.append(proposal_id)
            rows = await db.all(
                "SELECT * FROM completion_proposals WHERE id IN (SELECT value FROM json_each(?))",
                [json.dumps(ids)],
            )
            return await _fitting(db, [_saved(row) for row in rows])

    async def preview(self, paper: Paper, new: Sequence[NewProposal]) -> tuple[Proposal, ...]:
        """Returns what `propose` would, with the id 0 for proposals that are new; only reads."""
        async with self._database.reading() as db:
            return await _fitting(db, await _undecided(db, paper, new))

    async def declined(self, paper_id: int) -> frozenset[str]:
        """Returns the `marks` of what moderators decided not to be about a paper."""
        async with self._database.reading() as db:
            every = await _about(db, paper_id)
        return _marks_of(one for one in every if one.outcome is Outcome.DECLINED)

    async def decide(
        self, proposal_id: int, actor: Actor, *, accept: bool, seen: int | None = None
    ) -> Recorded[UpsertResult]:
        """Completes a paper by a proposal, or keeps the paper as it is.

        Fields that moderators set stay as they are, except that a retraction is added to the note.
        ``seen`` is the fingerprint of the proposal that the moderator accepts. Raises
        `ProposalChanged` if accepting it would change something else by now, and `NotWaiting` if it
        is decided or gone.
        """
        submission = Submission(Origin.FEED, actor, self._clock())
        async with self._database.transaction(in_reply=True) as db:
            proposal, saved = await _get_waiting(db, proposal_id, actor)
            if accept and seen is not None and seen != proposal.fingerprint:
                raise ProposalChanged(proposal.paper.id)
            catalogue = StoredCatalogue(db, submission)
            before = await resolutions.load(db, ReviewKind.COMPLETION, proposal_id)
            result = UpsertResult(Outcome.DECLINED, proposal.paper)
            if accept:
                result = await _accept(catalogue, proposal, saved.draft)
            await db.run(
                """UPDATE completion_proposals SET outcome = ?, decided_by = ?,
                       decided_by_name = ?, decided_at = ? WHERE id = ?""",
                [
                    result.outcome,
                    actor.key,
                    actor.name,
                    timestamps.to_text(submission.at),
                    proposal_id,
                ],
            )
            return await resolutions.record(
                catalogue.change_set,
                ReviewKind.COMPLETION,
                proposal_id,
                proposal.paper.title,
                before,
                result,
            )


def marks(paper: PaperDetails, draft: PaperDetails) -> frozenset[str]:
    """Returns what tells a proposal about a paper from others; the same ones share a mark.

    These are the ids that the paper doesn't have itself, and the title together with the authors. A
    retraction has only its notice.
    """
    if is_retracted(draft.note):
        return frozenset({draft.note})
    ids = {name for name in draft.identifiers if name.startswith(("arxiv:", "doi:"))}
    work = [fold(draft.title), *map(fold, draft.author_names)]
    return frozenset({*(ids - {*paper.identifiers}), "|".join(work)})


async def waiting(db: Connection) -> tuple[Proposal, ...]:
    """Returns all proposals that wait for a moderator, in the order in which they were made."""
    rows = await db.all("SELECT * FROM completion_proposals WHERE decided_at IS NULL ORDER BY id")
    return await _fitting(db, [_saved(row) for row in rows])


async def _about(db: Connection, paper_id: int) -> list[_Saved]:
    """Returns all proposals about a paper, and about those that were merged into it."""
    rows = await db.all(
        """SELECT * FROM completion_proposals
           WHERE paper_id IN (SELECT id FROM papers WHERE ? IN (id, merged_into_id))""",
        [paper_id],
    )
    return [_saved(row) for row in rows]


async def _undecided(db: Connection, paper: Paper, new: Sequence[NewProposal]) -> list[_Saved]:
    """Returns what isn't decided yet, once, with the id of the same proposal if that waits."""
    every = await _about(db, paper.id)
    known = _marks_of(one for one in every if one.decided_by)
    waiting = [one for one in every if one.paper_id == paper.id and not one.decided_by]
    found = []
    for one in new:
        saved = _Saved(0, paper.id, as_draft(paper), normalize(one.draft), one.service, one.reason)
        if saved.marks & known:
            continue
        known |= saved.marks
        same = next((other.id for other in waiting if other.marks & saved.marks), 0)
        found.append(replace(saved, id=same))
    return found


def _marks_of(every: Iterable[_Saved]) -> frozenset[str]:
    return frozenset(mark for one in every for mark in one.marks)


def _saved(row: Row) -> _Saved:
    return _Saved(
        row["id"],
        row["paper_id"],
        draft_from_text(row["paper"]),
        draft_from_text(row["draft"]),
        row["service"],
        row["reason"],
        Outcome(row["outcome"]),
        Actor(row["decided_by"], row["decided_by_name"]) if row["decided_at"] else None,
    )


async def _fitting(db: Connection, every: Sequence[_Saved]) -> tuple[Proposal, ...]:
    """Returns the proposals of papers in the list that would change something, and still fit."""
    reader = CatalogueReader(db)
    papers = {one.id: one for one in await reader.load([one.paper_id for one in every])}
    found = [await _find_fitting(reader, papers[one.paper_id], one) for one in every]
    return tuple(one for one in found if one is not None)


async def _find_fitting(reader: CatalogueReader, paper: Paper, saved: _Saved) -> Proposal | None:
    draft = await reader.with_current_names(saved.draft)
    if is_retracted(draft.note):
        after = replace(as_draft(paper), note=with_retraction(paper.note, draft.note))
    elif contradictions(paper, draft) <= contradictions(saved.paper, draft):
        after = await intake.combine(reader, paper, draft)
    else:
        return None
    if paper.removed_at is not None or after == as_draft(paper):
        return None
    return Proposal(saved.id, paper, after, draft, saved.service, saved.reason)


async def _get_waiting(db: Connection, proposal_id: int, actor: Actor) -> tuple[Proposal, _Saved]:
    row = await db.one("SELECT * FROM completion_proposals WHERE id = ?", [proposal_id])
    if row is None:
        raise NotWaiting("I couldn't find that card.")
    saved = _saved(row)
    if saved.decided_by is not None:
        is_declined = saved.outcome is Outcome.DECLINED
        what = "decided to keep this paper as it is" if is_declined else "accepted this one"
        raise AlreadyResolved(saved.decided_by, actor, what)
    (paper,) = await paper_queries.load(db, [saved.paper_id])
    if paper.removed_at is not None:
        raise NotWaiting(f"#{paper.id} was removed, or merged into another paper.")
    proposal = await _find_fitting(CatalogueReader(db), paper, saved)
    if proposal is None:
        raise NotWaiting(f"#{paper.id} has changed since then, so that card is gone.")
    return proposal, saved


async def _accept(
    catalogue: StoredCatalogue, proposal: Proposal, draft: PaperDraft
) -> UpsertResult:
    if not is_retracted(draft.note):
        return await intake.upsert_as(catalogue, proposal.paper, draft)
    updated = await catalogue.update(proposal.paper, proposal.after, {}, ())
    return UpsertResult(Outcome.UPDATED, updated)
