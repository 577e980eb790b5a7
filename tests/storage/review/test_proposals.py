"""Uncertain completions wait for a moderator, fit the paper as it is, and are decided once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from storage.audit.models import PaperChange, ReviewChange
from storage.library import Library
from storage.models import Actor, Outcome, Paper, PaperDraft, PartialDate
from storage.papers.combine import as_draft
from storage.papers.retractions import retraction_note
from storage.review.errors import AlreadyResolved, NotWaiting, ProposalChanged
from storage.review.models import NewProposal, Proposal
from tests.support.library import MODERATOR, OTHER_MODERATOR, added

TITLE = "Eliciting Latent Predictions with a Lens"
FOUND = PaperDraft(
    title=TITLE,
    authors=("Nora Belmont", "Zach Furness"),
    venue="ICML",
    date=PartialDate(2023, 7),
    identifiers=("arxiv:2303.08112",),
)
REASON = "It has this title, but only OpenAlex knows it."


@pytest.fixture
async def paper(library: Library) -> Paper:
    return await added(library, PaperDraft(title=TITLE))


async def propose(
    library: Library, paper: Paper, *drafts: PaperDraft, service: str = "OpenAlex"
) -> tuple[Proposal, ...]:
    new = [NewProposal(one, service, REASON) for one in drafts or (FOUND,)]
    return await library.proposals.propose(paper, new)


async def waiting(library: Library) -> list[Proposal]:
    return [one for one in await library.review.page(0, 50) if isinstance(one, Proposal)]


async def edit(library: Library, paper: Paper, **fields: object) -> None:
    now = as_draft(await library.papers.get(paper.id))
    await library.papers.edit(paper.id, replace(now, **fields), MODERATOR)


async def test_a_proposal_shows_what_would_change_and_accepting_it_is_one_undoable_change(
    library: Library, paper: Paper
) -> None:
    (proposal,) = await propose(library, paper)
    assert (proposal.paper, proposal.service, proposal.reason) == (paper, "OpenAlex", REASON)
    assert proposal.after.authors == FOUND.authors
    assert await library.review.count() == 1

    done = await library.proposals.decide(proposal.id, MODERATOR, accept=True)

    assert done.value.outcome is Outcome.UPDATED
    now = await library.papers.get(paper.id)
    assert (now.authors, now.venue, now.date) == (FOUND.authors, "ICML", FOUND.date)
    assert await waiting(library) == []
    change = await library.audit.last_by(MODERATOR)
    assert isinstance(change, PaperChange)
    assert change.id == done.change_id

    undone = await library.undo(change.id, MODERATOR)

    assert as_draft(await library.papers.get(paper.id)) == as_draft(paper)
    assert await waiting(library) == [proposal]
    assert undone.change_id is not None
    await library.undo(undone.change_id, MODERATOR)
    assert (await library.papers.get(paper.id)).authors == FOUND.authors
    assert await library.review.count() == 0


async def test_what_was_rejected_is_not_proposed_again_until_that_is_undone(
    library: Library, paper: Paper
) -> None:
    (proposal,) = await propose(library, paper)
    done = await library.proposals.decide(proposal.id, MODERATOR, accept=False)
    assert done.value.outcome is Outcome.DECLINED
    assert as_draft(await library.papers.get(paper.id)) == as_draft(paper)
    same_work = replace(FOUND, authors=("N. Belmont",), identifiers=(*FOUND.identifiers, "doi:1"))
    without_ids = replace(FOUND, identifiers=())
    assert await propose(library, paper, FOUND, same_work, without_ids) == ()
    assert await library.proposals.preview(paper, [NewProposal(FOUND, "S2", "")]) == ()
    other = replace(FOUND, authors=("Bo Chen",), identifiers=("arxiv:2303.00001",))
    assert len(await propose(library, paper, other)) == 1

    change = await library.audit.last_by(MODERATOR)
    assert isinstance(change, ReviewChange)
    await library.undo(change.id, MODERATOR)

    assert len(await waiting(library)) == 2


async def test_the_same_is_never_proposed_twice_and_the_newest_answer_counts(
    library: Library, paper: Paper
) -> None:
    await propose(library, paper)
    longer = replace(FOUND, abstract="We look at it.", identifiers=(*FOUND.identifiers, "doi:1"))
    await propose(library, paper, longer, service="Crossref")
    (proposal,) = await propose(library, paper, longer, longer, service="Crossref")
    assert await waiting(library) == [proposal]
    assert (proposal.service, proposal.after.abstract) == ("Crossref", "We look at it.")
    assert await library.review.count() == 1


async def test_a_preview_saves_nothing(library: Library, paper: Paper) -> None:
    (proposal,) = await library.proposals.preview(paper, [NewProposal(FOUND, "OpenAlex", REASON)])
    assert (proposal.id, proposal.after.authors) == (0, FOUND.authors)
    assert await waiting(library) == []


async def test_what_a_moderator_set_stays(library: Library, paper: Paper) -> None:
    await edit(library, paper, authors=("Nora Belmont",), venue="A workshop")
    (proposal,) = await propose(library, await library.papers.get(paper.id))
    assert (proposal.after.authors, proposal.after.venue) == (("Nora Belmont",), "A workshop")
    await library.proposals.decide(proposal.id, MODERATOR, accept=True)
    now = await library.papers.get(paper.id)
    assert (now.authors, now.venue, now.arxiv) == (("Nora Belmont",), "A workshop", "2303.08112")


async def test_accepting_what_was_seen_before_an_edit_changes_nothing(
    library: Library, paper: Paper
) -> None:
    (seen,) = await propose(library, paper)
    await edit(library, paper, venue="NeurIPS")
    with pytest.raises(ProposalChanged, match="has changed since you saw this card"):
        await library.proposals.decide(seen.id, MODERATOR, accept=True, seen=seen.fingerprint)
    assert (await library.papers.get(paper.id)).authors == ()
    (now,) = await waiting(library)
    assert (now.after.venue, now.after.authors) == ("NeurIPS", FOUND.authors)
    await library.proposals.decide(now.id, MODERATOR, accept=True, seen=now.fingerprint)
    assert (await library.papers.get(paper.id)).venue == "NeurIPS"


@pytest.mark.parametrize(
    "fields",
    [
        {"title": "Birds of the North"},
        {"authors": ("Bo Chen",)},
        {"identifiers": ("arxiv:2303.00001",)},
        {
            "authors": FOUND.authors,
            "venue": FOUND.venue,
            "date": FOUND.date,
            "identifiers": FOUND.identifiers,
        },
    ],
)
async def test_a_proposal_that_does_not_fit_any_more_is_gone(
    library: Library, paper: Paper, fields: dict[str, object]
) -> None:
    (proposal,) = await propose(library, paper)
    identifiers = fields.get("identifiers", ())
    assert isinstance(identifiers, tuple)
    await edit(library, paper, **{**fields, "identifiers": (*paper.identifiers, *identifiers)})
    assert await waiting(library) == []
    assert await library.review.count() == 0
    before = as_draft(await library.papers.get(paper.id))
    with pytest.raises(NotWaiting, match="has changed since then"):
        await library.proposals.decide(proposal.id, MODERATOR, accept=True)
    assert as_draft(await library.papers.get(paper.id)) == before


async def test_an_answer_that_never_had_the_papers_title_still_waits_after_another_edit(
    library: Library,
) -> None:
    cited = await added(library, PaperDraft("Birds of the North", identifiers=FOUND.identifiers))
    await propose(library, cited)
    await edit(library, cited, venue="ICLR")
    assert len(await waiting(library)) == 1


async def test_the_proposals_of_a_removed_or_merged_paper_vanish_and_come_back(
    library: Library, paper: Paper
) -> None:
    (proposal,) = await propose(library, paper)
    await library.papers.remove(paper.id, MODERATOR)
    assert await waiting(library) == []
    with pytest.raises(NotWaiting, match="was removed"):
        await library.proposals.decide(proposal.id, MODERATOR, accept=True)
    await library.papers.restore(paper.id, MODERATOR)
    assert await waiting(library) == [proposal]

    other = await added(library, PaperDraft(title="The same paper", authors=("Nora Belmont",)))
    chosen = as_draft(other)
    merged = await library.papers.merge(other.id, paper.id, chosen, MODERATOR)
    assert await waiting(library) == []
    with pytest.raises(NotWaiting, match="merged into another"):
        await library.proposals.decide(proposal.id, MODERATOR, accept=False)
    assert merged.change_id is not None
    await library.undo(merged.change_id, MODERATOR)
    assert await waiting(library) == [proposal]


async def test_a_rejection_counts_for_the_paper_that_a_paper_was_merged_into(
    library: Library, paper: Paper
) -> None:
    (proposal,) = await propose(library, paper)
    await library.proposals.decide(proposal.id, MODERATOR, accept=False)
    other = await added(library, PaperDraft(title="The same paper"))
    await library.papers.merge(other.id, paper.id, as_draft(paper), MODERATOR)
    assert await propose(library, await library.papers.get(other.id)) == ()
    assert "arxiv:2303.08112" in await library.proposals.declined(other.id)


async def test_a_second_moderator_hears_who_decided(library: Library, paper: Paper) -> None:
    (first,) = await propose(library, paper)
    await library.proposals.decide(first.id, MODERATOR, accept=False)
    with pytest.raises(AlreadyResolved, match="noor has already decided to keep this paper"):
        await library.proposals.decide(first.id, OTHER_MODERATOR, accept=True)
    other = replace(FOUND, authors=("Bo Chen",), identifiers=("arxiv:2303.00001",))
    (second,) = await propose(library, paper, other)
    await library.proposals.decide(second.id, MODERATOR, accept=True)
    with pytest.raises(AlreadyResolved, match="You've already accepted this one"):
        await library.proposals.decide(second.id, MODERATOR, accept=False)
    with pytest.raises(NotWaiting, match="couldn't find"):
        await library.proposals.decide(404, MODERATOR, accept=True)


async def test_a_retraction_is_added_to_the_note_that_a_moderator_wrote(
    library: Library, paper: Paper
) -> None:
    await edit(library, paper, note="Oral")
    note = retraction_note("10.5555/8")
    (proposal,) = await propose(library, paper, PaperDraft(title=TITLE, note=note))
    await edit(library, paper, title="Lenses", note="Oral, best paper")
    (proposal,) = await waiting(library)
    assert proposal.after.note == f"{note} · Oral, best paper"
    done = await library.proposals.decide(proposal.id, MODERATOR, accept=True)
    assert (await library.papers.get(paper.id)).note == proposal.after.note
    assert done.change_id is not None
    await library.undo(done.change_id, MODERATOR)
    assert (await library.papers.get(paper.id)).note == "Oral, best paper"


async def test_a_former_name_is_never_proposed(library: Library, paper: Paper) -> None:
    await added(library, PaperDraft(title="By her", authors=("Zach Furness",)))
    await library.authors.rename("Zach Furness", "Zoe Furness", MODERATOR)
    (proposal,) = await propose(library, paper)
    assert proposal.after.authors == ("Nora Belmont", "Zoe Furness")
    await library.proposals.decide(proposal.id, MODERATOR, accept=True)
    assert (await library.papers.get(paper.id)).authors == ("Nora Belmont", "Zoe Furness")


async def test_uncertain_completions_come_after_everything_else(
    library: Library, paper: Paper
) -> None:
    (proposal,) = await propose(library, paper)
    await library.review.suggest(
        PaperDraft("A suggested paper"), "", (5, "mia"), daily_limit=3, channel_id=None
    )
    every = await library.review.page(0, 1), await library.review.page(1, 1)
    assert await library.review.count() == 2
    assert every[1] == (proposal,)


async def test_the_bot_itself_can_decide_nothing_twice(library: Library, paper: Paper) -> None:
    (proposal,) = await propose(library, paper)
    nobody = Actor("shell", "")
    await library.proposals.decide(proposal.id, nobody, accept=True)
    with pytest.raises(AlreadyResolved, match="Someone has already accepted"):
        await library.proposals.decide(proposal.id, MODERATOR, accept=True)
