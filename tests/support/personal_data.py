"""A member who has done everything in a library about which the bot stores something."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from storage.announcements.found_messages import FoundMessage, FoundPart
from storage.announcements.models import PostKind
from storage.audit.models import ReviewKind
from storage.feeds.models import Entry, FeedState
from storage.library import Library
from storage.models import Actor, Origin, PaperDraft, PartialDate
from storage.people.evidence import Lab as Affiliations
from storage.people.models import Credit, IdScheme, PersonDraft, PersonId, Witness
from storage.restore_report import Loss, RestoreReport
from storage.review.found_papers import CardDecision
from storage.review.models import Decision, NewProposal, Problem
from tests.support.lab import NOW, FakeClock
from tests.support.library import MODERATOR, added, deliver, execute

MEMBER_ID = 987_654_321_987_654_321
NAME = "Zora *Canary*"
ESCAPED_NAME = r"Zora \*Canary\*"
WORDS = "canarywords"  # in every note that the member writes
MEMBER = (MEMBER_ID, NAME)
ACTOR = Actor(f"discord:{MEMBER_ID}", NAME)
GUILD, CHANNEL, MODERATORS = 11, 12, 13
ORCID = PersonId(IdScheme.ORCID, "0000-0002-1825-0097")
_OTHER = (555_555_555_555_555_555, "ada")


async def act_as_member(library: Library, clock: FakeClock) -> None:
    """Has the member send everything that members can; the last one of each kind waits."""
    for name in ("Ann Lee", "Bo Chen"):
        await library.people.add(PersonDraft(name), MODERATOR)
    await claim_to_be(library, 1, is_accepted=True)
    await claim_to_be(library, 2)
    for title in ("Reported", "Reported, too"):
        paper = await added(library, PaperDraft(title=title))
        report_id = await report_problem(library, paper.id)
        suggestion_id = await suggest(library, f"Not {title}")
        if title == "Reported":
            await library.review.resolve_report(report_id, MODERATOR, is_fixed=True)
            await decline(library, suggestion_id)
            await deliver(library)  # also the answers to the member
        clock.advance(timedelta(minutes=2))
    await decline(library, await suggest(library, "Not listed"))  # with an answer that waits
    await _get_stuck(library, clock)


async def claim_to_be(
    library: Library, person_id: int, *, is_accepted: bool | None = None
) -> int | None:
    """Claims to be somebody as the member; returns the id of the decision's change, if any."""
    claim = await library.review.claim(person_id, MEMBER, channel_id=MODERATORS)
    if is_accepted is None:
        return None
    decided = await library.review.resolve_claim(claim.id, MODERATOR, is_accepted=is_accepted)
    return decided.change_id


async def suggest(library: Library, title: str) -> int:
    """Suggests a paper as the member; returns the suggestion's id."""
    result = await library.review.suggest(
        PaperDraft(title=title), f"By us, {WORDS}", MEMBER, daily_limit=5, channel_id=MODERATORS
    )
    assert result.suggestion is not None
    return result.suggestion.id


async def decline(library: Library, suggestion_id: int) -> None:
    """Declines a suggestion."""
    kind = ReviewKind.SUGGESTION
    await library.review.resolve(kind, suggestion_id, MODERATOR, Decision.DECLINE)


async def report_problem(library: Library, paper_id: int) -> int:
    """Reports a problem with a paper as the member; returns the report's id."""
    result = await library.review.report(
        paper_id, Problem.AUTHORS, f"Wrong, {WORDS}", MEMBER, channel_id=MODERATORS
    )
    assert result.report is not None
    return result.report.id


async def _get_stuck(library: Library, clock: FakeClock) -> None:
    """Leaves behind what the outbox knows of sending to the member, also after a restore."""
    await library.outbox.postpone(MEMBER_ID, clock())
    execute(library, "INSERT INTO generations VALUES (1, 'abc', ?1, ?1, '{}')", [str(NOW)])
    part = FoundMessage(5, PostKind.OUTCOME, (FoundPart(None, "eabcde"),))
    await library.outbox.record_history(MEMBER_ID, [part])


async def act_as_moderator(library: Library) -> None:
    """Has the member do everything that moderators and managers are recorded for."""
    mine = (await library.papers.upsert(PaperDraft(title="Mine"), Origin.MODERATOR, ACTOR)).value
    assert mine.paper is not None
    await library.papers.remove(mine.paper.id, ACTOR)
    feed = (await library.feeds.follow("https://e.org/feed", "News", "", ACTOR)).value
    await library.feeds.pause(feed.id, f"by {NAME}: too much", ACTOR)
    await library.subscriptions.subscribe(GUILD, CHANNEL, ACTOR)
    for role_id in (1, 2):
        await library.moderator_settings.set_roles(GUILD, (role_id,), ACTOR)
    await library.people.add(PersonDraft("Cy Dunn", ids=(ORCID,)), ACTOR)
    await _decide_everything(library)
    lost = f"2026-01-31 12:00 {NAME}: edit “Mine”"
    await library.restore_reports.save(RestoreReport(NOW, [Loss("change", 1, [lost])]))
    await library.outbox.enqueue_notice(MODERATORS, "- " + lost.replace(NAME, ESCAPED_NAME))


async def _decide_everything(library: Library) -> None:
    """Has the member decide one of each kind of what can wait for a moderator."""
    feed = (
        await library.feeds.follow("https://e.org/new", "New", "", MODERATOR, is_reviewed=True)
    ).value
    entry = Entry("one", PaperDraft("From a feed", date=PartialDate(2026)))
    state = FeedState(feed.url, "New", "", "", NOW + timedelta(hours=1))
    await library.feeds.ingest(feed, [], state, MODERATORS)
    await library.feeds.ingest(await library.feeds.get(feed.id), [entry], state, MODERATORS)
    (waiting,) = await library.review.pending_entries(feed.id)
    await library.review.resolve(ReviewKind.ENTRY, waiting.id, ACTOR, Decision.DECLINE)

    paper = await added(library, PaperDraft(title="Eliciting Latent Predictions with a Lens"))
    found = PaperDraft(title=paper.title, venue="ICML", identifiers=("arxiv:2303.08112",))
    (proposal,) = await library.proposals.propose(paper, [NewProposal(found, "OpenAlex", "Why")])
    await library.proposals.decide(proposal.id, ACTOR, accept=False)

    draft = PaperDraft("Ferns", ("Cy Dunn",), identifiers=("doi:10.1000/1",))
    witness = Witness("crossref", "1", draft, (Credit("Cy Dunn", (ORCID,)),))
    await library.found_papers.ingest([witness], Affiliations(), is_first=False)
    (card,) = await library.found_papers.cards(Affiliations())
    await library.found_papers.decide(card.id, CardDecision.NOT_OURS, ACTOR, Affiliations())

    suggested = await library.review.suggest(
        PaperDraft(title="Ada's wish"), "", _OTHER, daily_limit=5, channel_id=MODERATORS
    )
    assert suggested.suggestion is not None
    suggestion_id = suggested.suggestion.id
    await library.review.resolve(ReviewKind.SUGGESTION, suggestion_id, ACTOR, Decision.ADD)
    reported = await library.review.report(
        paper.id, Problem.LINK, "", _OTHER, channel_id=MODERATORS
    )
    assert reported.report is not None
    await library.review.resolve_report(reported.report.id, ACTOR, is_fixed=False)
    person = (await library.people.add(PersonDraft("Di Ede"), MODERATOR)).value
    claim = await library.review.claim(person.id, _OTHER, channel_id=MODERATORS)
    await library.review.resolve_claim(claim.id, ACTOR, is_accepted=True)


def columns_of(path: Path) -> set[tuple[str, str]]:
    """Returns all tables and columns of a database but those that SQLite keeps for itself."""
    with closing(sqlite3.connect(path)) as db:
        return set(
            db.execute(
                """SELECT one.name, info.name FROM pragma_table_list AS one
                   JOIN pragma_table_xinfo(one.name) AS info
                   WHERE one.schema = 'main' AND one.type IN ('table', 'virtual')
                   AND one.name NOT LIKE 'sqlite_%' AND info.hidden <> 1"""
            )
        )


def columns_with(path: Path, *texts: str) -> set[tuple[str, str]]:
    """Returns the tables and columns of a database that have one of these texts in some row."""
    with closing(sqlite3.connect(path)) as db:
        return {
            (table, column)
            for table, column in columns_of(path)
            for text in texts
            if db.execute(
                f'SELECT 1 FROM "{table}" WHERE instr(CAST("{column}" AS TEXT), ?)', [text]
            ).fetchone()
        }
