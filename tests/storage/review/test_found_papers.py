"""Tests of papers that services name for the lab's people, from witnesses to decisions."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from storage.library import Library
from storage.models import Origin, Outcome, Paper, PaperDraft, PartialDate
from storage.papers.combine import as_draft
from storage.people.evidence import Grade, Lab
from storage.people.models import (
    Affiliation,
    Credit,
    IdScheme,
    Membership,
    Person,
    PersonDraft,
    PersonId,
    Witness,
)
from storage.review.errors import NeedsTitle, NotWaiting
from storage.review.found_cards import Card
from storage.review.found_papers import CardDecision
from tests.support.library import ARXIV, MODERATOR, OTHER_MODERATOR, added, deliver

ORCID = PersonId(IdScheme.ORCID, "0000-0002-1825-0097")
OPENALEX = PersonId(IdScheme.OPENALEX, "A5023888391")
STRANGER = PersonId(IdScheme.OPENALEX, "A111")
LAB = Lab(("EleutherAI",))
OURS = (Affiliation("EleutherAI"),)
DAY = PartialDate(2026, 5, 12)
TITLE = "Scaling the wisdom of owls"


async def _add_person(library: Library, name: str = "Ann Lee", *ids: PersonId) -> Person:
    return (await library.people.add(PersonDraft(name, ids=ids), MODERATOR)).value


def _witness(
    *credits: Credit,
    title: str = TITLE,
    source: str = "openalex",
    key: str = "W1",
    identifiers: tuple[str, ...] = ("doi:10.1000/owl",),
    day: PartialDate | None = DAY,
    listed_for: int | None = None,
) -> Witness:
    authors = tuple(one.name for one in credits)
    draft = PaperDraft(title, authors, date=day, identifiers=identifiers)
    return Witness(source, key, draft, credits, day, (), listed_for)


HERS = _witness(Credit("Ann Lee", (ORCID,)), Credit("Bo Chen"))
WEAK = _witness(Credit("Ann Lee"), Credit("Bo Chen"))


async def _ingest(library: Library, *said: Witness, is_first: bool = False) -> tuple[Card, ...]:
    return await library.found_papers.ingest(said, LAB, is_first=is_first)


async def _cards(library: Library) -> tuple[Card, ...]:
    return await library.found_papers.cards(LAB)


async def _only_card(library: Library) -> Card:
    (card,) = await _cards(library)
    return card


async def _decide(
    library: Library, decision: CardDecision, person_id: int | None = None
) -> tuple[Outcome, int]:
    card = await _only_card(library)
    recorded = await library.found_papers.decide(
        card.id, decision, MODERATOR, LAB, person_id=person_id
    )
    assert recorded.change_id is not None
    return recorded.value.outcome, recorded.change_id


async def _papers(library: Library) -> list[Paper]:
    return [*await library.papers.batch()]


async def _earn_trust(library: Library, number: int = 20) -> None:
    """Has a moderator accept papers of Ann Lee and Bo Chen, and allow announcing more."""
    for n in range(number):
        title = f"An accepted paper with number {n}"
        witness = replace(HERS, key=f"accepted {n}", draft=PaperDraft(title, HERS.draft.authors))
        await _ingest(library, witness)
        await _decide(library, CardDecision.ADD)
    await library.people.set_trust(MODERATOR, is_trusted=True)


async def test_witnesses_of_one_paper_are_one_card_with_the_best_grade(library: Library) -> None:
    person = await _add_person(library, "Ann Lee", ORCID)
    listing = replace(WEAK, source="arxiv_listing", key="2605.00001")
    listing = replace(listing, draft=replace(WEAK.draft, identifiers=("arxiv:2605.00001",)))

    await _ingest(library, listing)
    assert (await _only_card(library)).grade is Grade.C
    await _ingest(library, HERS)
    card = await _only_card(library)

    assert (card.grade, card.person.id, card.also) == (Grade.A, person.id, ())
    assert card.draft.identifiers == ("arxiv:2605.00001", "doi:10.1000/owl")
    assert [one.source for one in card.witnesses] == ["arxiv_listing", "openalex"]
    assert card.reason == "Credited to Ann Lee with this person's ORCID iD."


async def test_a_witness_that_links_two_found_papers_unites_them(library: Library) -> None:
    await _add_person(library, "Ann Lee", ORCID)
    first = replace(HERS, draft=replace(HERS.draft, title="Owls", identifiers=("doi:10.1000/a",)))
    second = replace(
        HERS, key="W2", draft=replace(HERS.draft, title="Owls", identifiers=("arxiv:2605.00001",))
    )
    both = replace(
        HERS,
        key="W3",
        draft=replace(HERS.draft, title="Owls", identifiers=("doi:10.1000/a", "arxiv:2605.00001")),
    )

    await _ingest(library, first, second)
    assert len(await _cards(library)) == 2
    await _ingest(library, both)

    card = await _only_card(library)
    assert card.draft.identifiers == ("arxiv:2605.00001", "doi:10.1000/a")
    assert len(card.witnesses) == 3


async def test_the_same_witness_again_changes_nothing(library: Library) -> None:
    await _add_person(library, "Ann Lee", ORCID)
    await _ingest(library, HERS)
    await _decide(library, CardDecision.NOT_OURS)

    await _ingest(library, HERS, replace(HERS, source="crossref", key="10.1000/owl"))
    await _ingest(library, replace(HERS, key="W9", draft=replace(HERS.draft, identifiers=())))

    assert not await _cards(library)
    assert not await _papers(library)


async def test_works_of_nobody_of_the_lab_are_not_kept(library: Library) -> None:
    await _add_person(library)
    await _ingest(library, _witness(Credit("Zoe Zimmer"), key="W5"))

    assert await library.found_papers.find(1, LAB) is None


async def test_initials_are_kept_but_not_shown(library: Library) -> None:
    await _add_person(library)
    await _ingest(library, _witness(Credit("A. Lee")))

    card = await library.found_papers.find(1, LAB)
    assert not await _cards(library)
    assert card is not None
    assert card.grade is Grade.D


async def test_adding_a_card_announces_the_paper_and_can_be_undone(library: Library) -> None:
    await _add_person(library, "Ann Lee", ORCID)
    await library.subscriptions.subscribe(1, 7, MODERATOR)
    await _ingest(library, HERS)

    outcome, change_id = await _decide(library, CardDecision.ADD)
    assert outcome is Outcome.ADDED
    assert [paper.title for paper in await _papers(library)] == [TITLE]
    assert not await _cards(library)
    assert len(await deliver(library)) == 1

    redo = (await library.undo(change_id, MODERATOR)).change_id
    assert (await _only_card(library)).grade is Grade.A
    assert not await _papers(library)

    assert redo is not None
    await library.undo(redo, MODERATOR)
    assert not await _cards(library)
    assert len(await _papers(library)) == 1


async def test_backlog_is_added_without_announcing_it(library: Library) -> None:
    await _add_person(library, "Ann Lee", ORCID)
    await library.subscriptions.subscribe(1, 7, MODERATOR)
    await _ingest(library, HERS, is_first=True)

    assert (await _only_card(library)).is_backlog
    await _decide(library, CardDecision.ADD)

    assert len(await _papers(library)) == 1
    assert not await deliver(library)


async def test_papers_of_the_list_are_completed_and_never_a_card(library: Library) -> None:
    await _add_person(library, "Ann Lee", ORCID)
    by_title = await added(library, PaperDraft(TITLE, ("Ann Lee",), date=PartialDate(2026)))
    by_id = await added(library, ARXIV)
    known = replace(HERS, key="W2", draft=replace(ARXIV, venue="", abstract="About owls."))

    await _ingest(library, HERS, known)

    papers = {paper.id: paper for paper in await _papers(library)}
    assert not await _cards(library)
    assert papers[by_title.id].authors == ("Ann Lee", "Bo Chen")
    assert papers[by_title.id].identifiers == ("doi:10.1000/owl",)
    assert papers[by_id.id].abstract == "About owls."


async def test_a_paper_that_was_removed_stays_removed(library: Library) -> None:
    await _add_person(library, "Ann Lee", ORCID)
    paper = await added(
        library, PaperDraft(TITLE, ("Ann Lee",), identifiers=HERS.draft.identifiers)
    )
    await library.papers.remove(paper.id, MODERATOR)

    await _ingest(library, HERS)

    assert not await _cards(library)
    assert not await _papers(library)


async def test_a_card_that_resembles_a_paper_can_be_the_same(library: Library) -> None:
    await _add_person(library, "Ann Lee", ORCID)
    paper = await added(
        library, PaperDraft(TITLE, ("Ann Lee",), identifiers=("doi:10.1000/preprint",))
    )
    await _ingest(library, HERS)
    assert (await _only_card(library)).paper_id == paper.id

    outcome, _ = await _decide(library, CardDecision.SAME)

    assert outcome is Outcome.UPDATED
    (only,) = await _papers(library)
    assert only.identifiers == ("doi:10.1000/owl", "doi:10.1000/preprint")


async def test_same_needs_a_paper_and_add_needs_a_title(library: Library) -> None:
    await _add_person(library, "Ann Lee", ORCID)
    await _ingest(library, HERS)
    with pytest.raises(Exception, match="doesn't resemble any paper"):
        await _decide(library, CardDecision.SAME)
    await _decide(library, CardDecision.NOT_OURS)

    untitled = replace(
        HERS, key="W2", draft=PaperDraft("10.1000/x", identifiers=("doi:10.1000/x",))
    )
    await _ingest(library, untitled)
    with pytest.raises(NeedsTitle):
        await _decide(library, CardDecision.ADD)
    assert len(await _cards(library)) == 1


async def test_a_card_is_decided_once(library: Library) -> None:
    await _add_person(library, "Ann Lee", ORCID)
    await _ingest(library, HERS)
    await _decide(library, CardDecision.NOT_OURS)

    with pytest.raises(NotWaiting, match="noor has already declined"):
        await library.found_papers.decide(1, CardDecision.ADD, OTHER_MODERATOR, LAB)
    with pytest.raises(NotWaiting, match="couldn't find"):
        await library.found_papers.decide(99, CardDecision.ADD, MODERATOR, LAB)


async def test_not_this_person_remembers_the_credits_id_as_foreign(library: Library) -> None:
    person = await _add_person(library)
    await _ingest(library, _witness(Credit("Ann Lee", (STRANGER,), OURS)))

    outcome, change_id = await _decide(library, CardDecision.NOT_THIS_PERSON)

    assert outcome is Outcome.DECLINED
    assert (await library.people.get(person.id)).foreign_ids == (STRANGER,)
    await library.undo(change_id, MODERATOR)
    assert (await library.people.get(person.id)).foreign_ids == ()
    assert len(await _cards(library)) == 1


async def test_one_person_can_be_removed_from_a_card_of_several(library: Library) -> None:
    ann = await _add_person(library, "Ann Lee", ORCID)
    bo = await _add_person(library, "Bo Chen")
    await _ingest(library, HERS)
    card = await _only_card(library)
    assert (card.person.id, [one.id for one in card.also]) == (ann.id, [bo.id])

    outcome, change_id = await _decide(library, CardDecision.NOT_THIS_PERSON, bo.id)
    assert outcome is Outcome.REVIEW
    card = await _only_card(library)
    assert (card.person.id, card.also) == (ann.id, ())

    await library.undo(change_id, MODERATOR)
    assert (await _only_card(library)).also[0].id == bo.id
    with pytest.raises(Exception, match="That person isn't on the card"):
        await _decide(library, CardDecision.NOT_THIS_PERSON, 99)
    await _decide(library, CardDecision.NOT_THIS_PERSON)
    assert (await _only_card(library)).person.id == bo.id


async def test_a_card_declined_for_one_person_comes_back_for_another(library: Library) -> None:
    await _add_person(library, "Ann Lee")
    await _ingest(library, WEAK)
    await _decide(library, CardDecision.NOT_THIS_PERSON)
    bo = await _add_person(library, "Bo Chen")

    await _ingest(library, replace(WEAK, source="dblp", key="x"))

    assert [one.id for one in (await _only_card(library)).people] == [bo.id]


async def test_left_the_lab_ends_the_membership_before_the_paper(library: Library) -> None:
    person = await _add_person(library, "Ann Lee", ORCID)
    await _ingest(library, HERS)

    outcome, change_id = await _decide(library, CardDecision.LEFT_THE_LAB)

    assert outcome is Outcome.DECLINED
    member = await library.people.get(person.id)
    assert member.membership == Membership(end=date(2026, 5, 11))
    later = replace(
        HERS, key="W2", draft=PaperDraft("A later paper about owls", HERS.draft.authors)
    )
    await _ingest(library, later)
    assert (await _only_card(library)).grade is Grade.C
    await library.undo(change_id, MODERATOR)
    assert (await library.people.get(person.id)).membership == Membership()


async def test_a_certain_paper_is_announced_only_after_twenty_and_with_trust(
    library: Library,
) -> None:
    await _add_person(library, "Ann Lee", ORCID)
    await _earn_trust(library, 19)
    assert not await _ingest(library, HERS)
    await _decide(library, CardDecision.ADD)
    another = replace(HERS, key="W2", draft=PaperDraft("Another paper on owls", HERS.draft.authors))

    await library.people.set_trust(MODERATOR, is_trusted=False)
    assert not await _ingest(library, another)
    await _decide(library, CardDecision.ADD)
    await library.people.set_trust(MODERATOR, is_trusted=True)
    await library.subscriptions.subscribe(1, 7, MODERATOR)
    third = replace(HERS, key="W3", draft=PaperDraft("A third paper on owls", HERS.draft.authors))
    (announced,) = await _ingest(library, third)

    assert announced.grade is Grade.A
    assert len(await _papers(library)) == 22
    assert len(await deliver(library)) == 1


async def test_an_announcement_that_was_undone_is_never_made_again(library: Library) -> None:
    await _add_person(library, "Ann Lee", ORCID)
    await _earn_trust(library)
    assert len(await _ingest(library, HERS)) == 1
    change = await library.audit.last_by(replace(MODERATOR, key="radar"))
    assert change is not None
    await library.undo(change.id, MODERATOR)

    assert not await _ingest(library, replace(HERS, source="crossref", key="x"))
    assert (await _only_card(library)).grade is Grade.A


@pytest.mark.parametrize(
    ("witness", "decision", "is_announced"),
    [
        (WEAK, CardDecision.NOT_OURS, True),
        (WEAK, CardDecision.NOT_THIS_PERSON, False),
        (HERS, CardDecision.NOT_OURS, False),
        (HERS, CardDecision.NOT_THIS_PERSON, False),
        (HERS, CardDecision.LEFT_THE_LAB, True),
    ],
)
async def test_refusals_end_trust_if_the_person_was_wrong(
    library: Library, witness: Witness, decision: CardDecision, *, is_announced: bool
) -> None:
    person = await _add_person(library, "Ann Lee", ORCID)
    await _earn_trust(library)
    await library.people.set_trust(MODERATOR, is_trusted=False)
    refused = replace(witness, key="refused")
    await _ingest(library, refused)
    await _decide(library, decision)
    await library.people.set_trust(MODERATOR, is_trusted=True)
    await library.people.edit(
        person.id, lambda one: replace(one, membership=Membership()), MODERATOR
    )

    another = PaperDraft("Another paper on owls", HERS.draft.authors, date=DAY)
    announced = await _ingest(library, replace(HERS, key="W2", draft=another))

    assert bool(announced) is is_announced


async def test_removing_a_paper_that_was_announced_unasked_ends_trust(library: Library) -> None:
    await _add_person(library, "Ann Lee", ORCID)
    await _earn_trust(library)
    assert len(await _ingest(library, HERS)) == 1
    paper = await library.papers.get_by_text(TITLE)

    def another(number: int) -> Witness:
        draft = PaperDraft(f"Another paper on owls, number {number}", HERS.draft.authors)
        return replace(HERS, key=f"another {number}", draft=draft)

    removed = await library.papers.remove(paper.id, MODERATOR)
    assert not await _ingest(library, another(1))
    assert removed.change_id is not None
    await library.undo(removed.change_id, MODERATOR)
    assert len(await _ingest(library, another(2))) == 1
    other = await added(library, PaperDraft("The same owls", ("Ann Lee",)))
    kept = replace(as_draft(other), title=TITLE)
    await library.papers.merge(other.id, paper.id, kept, MODERATOR)
    assert len(await _ingest(library, another(3))) == 1
    await library.papers.remove(other.id, MODERATOR)
    assert not await _ingest(library, another(4))


async def test_removing_a_paper_that_a_moderator_accepted_keeps_trust(library: Library) -> None:
    await _add_person(library, "Ann Lee", ORCID)
    await _earn_trust(library)
    accepted = await library.papers.get_by_text("An accepted paper with number 3")
    await library.papers.remove(accepted.id, MODERATOR)

    assert len(await _ingest(library, HERS)) == 1


async def test_nothing_of_a_first_look_is_announced(library: Library) -> None:
    await _add_person(library, "Ann Lee", ORCID)
    await _earn_trust(library)

    assert not await _ingest(library, HERS, is_first=True)
    assert not await _ingest(library, replace(HERS, source="crossref", key="x"))
    assert len(await _cards(library)) == 1


async def test_accepted_affiliations_and_ids_contradict_no_more(library: Library) -> None:
    await _add_person(library, "Ann Lee", OPENALEX)
    elsewhere = (Affiliation("University of Elsewhere"),)
    await _ingest(library, _witness(Credit("Ann Lee", (OPENALEX, STRANGER), elsewhere)))
    assert (await _only_card(library)).grade is Grade.C
    await _decide(library, CardDecision.ADD)

    credit = Credit("Ann Lee", (OPENALEX, STRANGER), elsewhere)
    await _ingest(library, _witness(credit, title="Another paper", key="W2", identifiers=()))

    assert (await _only_card(library)).grade is Grade.A


async def test_co_authors_are_known_from_the_list(library: Library) -> None:
    await _add_person(library)
    witness = _witness(Credit("Ann Lee", (), OURS), Credit("Bo Chen"))
    await _ingest(library, witness)
    assert (await _only_card(library)).grade is Grade.C

    await added(library, PaperDraft("An earlier paper", ("Bo Chen", "Ann Lee")), Origin.IMPORT)

    assert (await _only_card(library)).grade is Grade.B


async def test_more_of_a_refused_namesakes_group_is_not_asked_about(library: Library) -> None:
    await _add_person(library)
    await _ingest(library, WEAK)
    await _decide(library, CardDecision.NOT_OURS)
    more = PaperDraft("More of the wisdom of owls", WEAK.draft.authors)

    await _ingest(library, replace(WEAK, key="W2", draft=more))
    assert not await _cards(library)

    await library.people.add(PersonDraft("Bo Chen"), MODERATOR)
    await _ingest(library, replace(WEAK, key="W3", source="dblp", draft=more))
    assert (await _only_card(library)).grade is Grade.C


async def test_undoing_a_decision_keeps_what_later_ones_taught(library: Library) -> None:
    person = await _add_person(library)
    other = PersonId(IdScheme.OPENALEX, "A222")
    await _ingest(library, _witness(Credit("Ann Lee", (STRANGER,))))
    _, first = await _decide(library, CardDecision.NOT_THIS_PERSON)
    later = _witness(Credit("Ann Lee", (other,)), title="Moths", key="W2", identifiers=())
    await _ingest(library, later)
    await _decide(library, CardDecision.NOT_THIS_PERSON)

    await library.undo(first, MODERATOR)

    assert (await library.people.get(person.id)).foreign_ids == (other,)
    assert len(await _cards(library)) == 1


async def test_somebody_new_gets_a_card_for_a_paper_that_was_known_but_nobody_s(
    library: Library,
) -> None:
    await _add_person(library, "Bob Chen")
    witness = _witness(Credit("Ann Lee", (ORCID,)), Credit("B. Chen"))
    await _ingest(library, witness)
    assert await _cards(library) == ()

    ann = await _add_person(library, "Ann Lee", ORCID)
    await _ingest(library, witness)
    assert await _cards(library) == ()  # it says nothing new
    await _ingest(library, witness, is_first=True)

    card = await _only_card(library)
    assert (card.person.id, card.grade) == (ann.id, Grade.A)


async def test_the_co_authors_of_a_namesake_with_another_number_at_dblp_are_no_evidence(
    library: Library,
) -> None:
    ids = [PersonId(IdScheme.DBLP, f"35/7092-{number}") for number in (1, 2)]
    for dblp in ids:
        await _add_person(library, "Wei Wang", dblp)
    await added(library, PaperDraft("On bats", ("Wei Wang 0002", "Bo Chen")))
    for number, dblp in enumerate(ids, start=1):
        credits = (Credit("Wei Wang", (dblp,)), Credit("Bo Chen"))
        doi = (f"doi:10.1000/{number}",)
        title = f"Scaling the wisdom of {number} owls"
        await _ingest(library, _witness(*credits, title=title, key=f"W{number}", identifiers=doi))
    reasons = {card.people[0].id: card.reason for card in await _cards(library)}
    assert "co-author" not in reasons[1]
    assert "one known co-author" in reasons[2]
