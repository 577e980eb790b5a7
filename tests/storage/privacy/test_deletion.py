"""What a member deletes is gone, and what stays doesn't name them and can still be undone."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from storage.announcements.models import PostKind
from storage.audit.models import ReviewKind
from storage.database import open_database
from storage.errors import ImportInProgress, LabError
from storage.library import Library
from storage.models import FORMER_MEMBER, Outcome
from storage.people.models import PersonDraft
from storage.privacy.deletion_list import RecentlyDeleted
from storage.privacy.members import NothingStored
from storage.review.models import Decision
from tests.support.lab import FakeClock
from tests.support.library import MODERATOR, OTHER_MODERATOR, deliver, import_running
from tests.support.library_tables import dump
from tests.support.personal_data import (
    ACTOR,
    ESCAPED_NAME,
    GUILD,
    MEMBER,
    MEMBER_ID,
    MODERATORS,
    NAME,
    WORDS,
    act_as_member,
    act_as_moderator,
    claim_to_be,
    columns_with,
    decline,
    suggest,
)

FORMER = FORMER_MEMBER.name
TRACES = (str(MEMBER_ID), NAME, ESCAPED_NAME, WORDS)


def content(path: Path) -> bytes:
    """Returns the bytes of a database and its log."""
    return path.read_bytes() + Path(f"{path}-wal").read_bytes()


async def test_what_a_member_sees_is_what_they_did(library: Library, clock: FakeClock) -> None:
    assert (await library.privacy.overview(MEMBER_ID)).is_empty
    await act_as_member(library, clock)
    await act_as_moderator(library)
    overview = await library.privacy.overview(MEMBER_ID)
    data = await library.privacy.load(MEMBER_ID)
    assert overview.person == "Ann Lee"
    assert data.person is not None
    assert (data.person["number"], data.person["name"]) == (1, "Ann Lee")
    assert data.names == [NAME]
    assert {name: len(records) for name, records in data.records.items()} == {
        name: number for name, number in overview.counts.items() if name != "direct_messages"
    }
    assert overview.counts["direct_messages"] == data.direct_messages == 3
    assert (overview.counts["suggestions"], overview.counts["reports"]) == (3, 2)
    first = data.records["suggestions"][0]
    assert (first["title"], first["note"]) == ("Not Reported", f"By us, {WORDS}")
    assert [one["name"] for one in data.records["account_claims"]] == ["Ann Lee", "Bo Chen"]
    assert {one["kind"] for one in data.records["changes"]} >= {"paper", "feed", "people", "review"}
    assert data.records["papers"][0]["title"] == "Mine"
    assert (await library.privacy.overview(MEMBER_ID + 1)).is_empty


async def test_a_deletion_leaves_neither_id_nor_name_nor_words(
    library: Library, clock: FakeClock
) -> None:
    await act_as_member(library, clock)
    await act_as_moderator(library)
    assert columns_with(library.path, *TRACES)
    assert NAME.encode() in content(library.path)
    deleted = await library.privacy.delete(MEMBER_ID)
    assert deleted.counts["suggestions"] == 3
    assert columns_with(library.path, *TRACES) == set()
    # Not even in pages that are free, or in the log.
    for text in TRACES:
        assert text.encode() not in content(library.path)
    assert (await library.privacy.overview(MEMBER_ID)).is_empty
    assert (await library.privacy.load(MEMBER_ID)).records == {}


async def test_an_account_that_moderators_unlinked_again_is_shown_and_deleted(
    library: Library,
) -> None:
    await library.people.add(PersonDraft("Ann Lee", discord_id=MEMBER_ID), MODERATOR)
    await library.people.remove(1, MODERATOR)
    overview = await library.privacy.overview(MEMBER_ID)
    assert (overview.counts, overview.person) == ({"account_changes": 2}, None)
    data = await library.privacy.load(MEMBER_ID)
    assert [one["action"] for one in data.records["account_changes"]] == ["add", "remove"]
    for other in (MEMBER_ID // 10, MEMBER_ID + 1):
        assert (await library.privacy.overview(other)).is_empty
    await library.privacy.delete(MEMBER_ID)
    assert columns_with(library.path, str(MEMBER_ID)) == set()
    assert (await library.privacy.load(MEMBER_ID)).is_empty


async def test_a_deletion_touches_nobody_else(library: Library, clock: FakeClock) -> None:
    await act_as_member(library, clock)
    await act_as_moderator(library)
    before = dump(library.path)
    with pytest.raises(NothingStored, match="don't store anything about you"):
        await library.privacy.delete(MEMBER_ID + 1)
    assert dump(library.path) == before
    await library.privacy.delete(MEMBER_ID)
    after = dump(library.path)
    assert {name: len(rows) for name, rows in after.items() if len(rows) != len(before[name])} == {
        "deletions": 1,
        "posts": len(before["posts"]) - 3,
        "destinations": 0,
        "checked_destinations": 0,
        "found_messages": 0,
    }
    with_names = columns_with(library.path, "ada", MODERATOR.name, FORMER)
    assert {("suggestions", "member_name"), ("changes", "actor_name")} <= with_names


async def test_moderators_see_a_former_member_everywhere(library: Library) -> None:
    await act_as_moderator(library)
    await library.privacy.delete(MEMBER_ID)
    page = await library.audit.page(guild_id=GUILD, limit=100)
    assert {change.actor for change in page.changes} == {MODERATOR, FORMER_MEMBER}
    feed = next(one for one in await library.feeds.all() if one.title == "News")
    assert (feed.added_by, feed.paused_because) == (FORMER_MEMBER, f"by {FORMER}: too much")
    assert {one.set_by for one in await library.moderator_settings.all()} == {FORMER_MEMBER}
    report = await library.restore_reports.find()
    assert report is not None
    assert report.losses[0].examples == [f"2026-01-31 12:00 {FORMER}: edit “Mine”"]
    (notice,) = [one.notice for one in await deliver(library) if one.kind is PostKind.NOTICE]
    assert notice == f"- 2026-01-31 12:00 {FORMER}: edit “Mine”"


async def test_everything_that_a_former_moderator_did_can_be_undone_and_redone(
    library: Library,
) -> None:
    await act_as_moderator(library)
    before = await library.feeds.all()
    await library.privacy.delete(MEMBER_ID)
    page = await library.audit.page(guild_id=GUILD, limit=100)
    changes = [change for change in page.changes if change.actor == FORMER_MEMBER]
    assert len(changes) > 12
    undos = [await library.undo(change.id, OTHER_MODERATOR) for change in changes]
    assert [one.title for one in await library.feeds.all()] == ["New"]
    assert await library.moderator_settings.all() == ()
    for undo in reversed(undos):
        assert undo.change_id is not None
        await library.undo(undo.change_id, OTHER_MODERATOR)
    assert len(await library.feeds.all()) == len(before)
    assert {one.set_by for one in await library.moderator_settings.all()} == {FORMER_MEMBER}
    assert columns_with(library.path, *TRACES) == set()
    assert await library.audit.last_by(ACTOR) is None


async def test_what_waits_stays_for_moderators_and_nobody_is_told(library: Library) -> None:
    suggestion_id = await suggest(library, "Wanted")
    await deliver(library)
    await library.privacy.delete(MEMBER_ID)
    pending = (await library.review.suggestions([suggestion_id]))[suggestion_id]
    assert (pending.is_pending, pending.has_member) == (True, False)
    assert (pending.member_name, pending.note, pending.draft.title) == (FORMER, "", "Wanted")
    (card,) = await library.outbox.needing_follow_up()  # which shows the name until then
    assert (card.suggestion_id, card.destination_id) == (suggestion_id, MODERATORS)
    decided = await library.review.resolve(
        ReviewKind.SUGGESTION, suggestion_id, MODERATOR, Decision.DECLINE
    )
    assert await library.outbox.enqueue_and_fetch_due() == ()
    assert decided.change_id is not None
    await library.undo(decided.change_id, MODERATOR)
    await decline(library, suggestion_id)
    assert await library.outbox.enqueue_and_fetch_due() == ()


async def test_an_answer_that_is_being_sent_does_no_harm(library: Library) -> None:
    await decline(library, await suggest(library, "Wanted"))
    due = await library.outbox.enqueue_and_fetch_due()
    (answer,) = [post for post in due if post.is_direct_message]
    assert answer.id in await library.outbox.claim(due)
    await library.privacy.delete(MEMBER_ID)
    assert await library.outbox.claim([answer]) == set()
    await library.outbox.record_sent([(answer, 100)])
    assert await library.outbox.find_post(answer.id) is None


async def test_a_waiting_claim_is_withdrawn_and_a_decided_one_is_unlinked_for_good(
    library: Library,
) -> None:
    for name in ("Ann Lee", "Bo Chen"):
        await library.people.add(PersonDraft(name), MODERATOR)
    accepted = await claim_to_be(library, 1, is_accepted=True)
    await claim_to_be(library, 2)
    assert accepted is not None
    undone = await library.undo(accepted, MODERATOR)
    assert undone.change_id is not None
    redone = await library.undo(undone.change_id, MODERATOR)
    assert redone.change_id is not None
    await library.privacy.delete(MEMBER_ID)
    first, second = (await library.review.claims([1, 2])).values()
    assert (first.outcome, first.decided_by) == (Outcome.UPDATED, MODERATOR)
    assert (second.outcome, second.decided_by) == (Outcome.DECLINED, FORMER_MEMBER)
    assert await library.review.count_claims() == 0
    with pytest.raises(LabError, match="A former member has already decided"):
        await library.review.resolve_claim(2, MODERATOR, is_accepted=True)
    with pytest.raises(LabError, match="That member has deleted their data"):
        await library.undo(redone.change_id, MODERATOR)
    page = await library.audit.page(limit=20)
    titles = {str(getattr(change, "title", "")) for change in page.changes}
    assert f"{FORMER} is Ann Lee" in titles
    # Somebody else can be Ann Lee, and then that can be undone.
    claim = await library.review.claim(1, (5, "ada"), channel_id=None)
    linked = await library.review.resolve_claim(claim.id, MODERATOR, is_accepted=True)
    assert linked.change_id is not None
    await library.undo(linked.change_id, MODERATOR)


async def test_a_change_of_an_account_can_be_undone_without_bringing_it_back(
    library: Library,
) -> None:
    person = (await library.people.add(PersonDraft("Ann Lee"), MODERATOR)).value
    linked, moved = [
        await library.people.edit(person.id, partial(replace, **{name: value}), MODERATOR)
        for name, value in (("discord_id", MEMBER_ID), ("categories", ("cs.CL",)))
    ]
    await library.privacy.delete(MEMBER_ID)
    for change in (moved, linked):
        assert change.change_id is not None
        await library.undo(change.change_id, MODERATOR)
    found = await library.people.get(person.id)
    assert (found.categories, found.discord_id) == ((), None)


async def test_pressed_twice_one_deletion_wins(library: Library) -> None:
    await suggest(library, "Wanted")
    results = await asyncio.gather(
        *(library.privacy.delete(MEMBER_ID) for _ in range(5)), return_exceptions=True
    )
    assert [type(one) for one in results].count(NothingStored) == 4
    assert len(dump(library.path)["deletions"]) == 1


async def test_deleting_while_moderators_decide_leaves_nothing(
    library: Library, clock: FakeClock
) -> None:
    """Whichever comes first: the decision, its undo, or the deletion."""
    await library.people.add(PersonDraft("Ann Lee"), MODERATOR)
    for number in range(6):
        clock.advance(timedelta(days=2))
        suggestion_id = await suggest(library, f"Wanted {number}")
        claim = await library.review.claim(1, MEMBER, channel_id=MODERATORS)
        steps = [
            library.review.resolve(ReviewKind.SUGGESTION, suggestion_id, ACTOR, Decision.DECLINE),
            library.review.resolve_claim(claim.id, MODERATOR, is_accepted=number % 2 == 0),
            library.privacy.delete(MEMBER_ID),
        ]
        shift = number % 3
        await asyncio.gather(*steps[shift:], *steps[:shift], return_exceptions=True)
        if not (await library.privacy.overview(MEMBER_ID)).is_empty:  # a decision came last
            await library.privacy.delete(MEMBER_ID)
        assert columns_with(library.path, *TRACES) == set()
        assert (await library.people.get(1)).discord_id is None


async def test_an_undo_that_read_the_change_before_the_deletion_brings_nothing_back(
    library: Library,
) -> None:
    suggestion_id = await suggest(library, "Wanted")
    decided = await library.review.resolve(
        ReviewKind.SUGGESTION, suggestion_id, ACTOR, Decision.DECLINE
    )
    assert decided.change_id is not None
    undone = await library.undo(decided.change_id, MODERATOR)
    assert undone.change_id is not None

    async def authorize(_change: object) -> None:  # between reading and writing
        await library.privacy.delete(MEMBER_ID)

    await library.undo(undone.change_id, MODERATOR, authorize=authorize)
    assert columns_with(library.path, *TRACES) == set()
    found = (await library.review.suggestions([suggestion_id]))[suggestion_id]
    assert found.decided_by == FORMER_MEMBER


async def test_a_deletion_is_no_way_around_the_limits(library: Library, clock: FakeClock) -> None:
    await library.people.add(PersonDraft("Ann Lee"), MODERATOR)
    await suggest(library, "Wanted")
    await library.privacy.delete(MEMBER_ID)
    with pytest.raises(RecentlyDeleted, match="try again tomorrow"):
        await suggest(library, "Wanted, too")
    with pytest.raises(RecentlyDeleted):
        await claim_to_be(library, 1)
    clock.advance(timedelta(days=1, minutes=1))
    await suggest(library, "Wanted, too")
    await library.privacy.delete(MEMBER_ID)
    assert len(dump(library.path)["deletions"]) == 1


async def test_a_list_that_cannot_be_saved_is_logged_and_saved_later(
    library: Library, caplog: pytest.LogCaptureFixture
) -> None:
    folder = library.path.parent / "backups"
    folder.write_text("In the way")
    await suggest(library, "Wanted")
    await library.privacy.delete(MEMBER_ID)
    assert (await library.privacy.overview(MEMBER_ID)).is_empty
    (record,) = [one for one in caplog.records if one.levelno == logging.WARNING]
    assert "The list of deletions wasn't saved" in record.getMessage()
    folder.unlink()
    await library.privacy.save_list()
    assert [one.name for one in folder.iterdir()] == ["lab-deletions.json"]
    assert str(MEMBER_ID) not in (folder / "lab-deletions.json").read_text()


async def test_during_an_import_nothing_is_deleted(library: Library) -> None:
    await suggest(library, "Wanted")
    async with import_running(library):
        with pytest.raises(ImportInProgress):
            await library.privacy.delete(MEMBER_ID)
    assert not (await library.privacy.overview(MEMBER_ID)).is_empty


async def test_a_reader_does_not_hold_up_a_deletion(
    library: Library, caplog: pytest.LogCaptureFixture
) -> None:
    await suggest(library, "Wanted")
    async with open_database(library.path) as other, other.reading() as db:
        await db.run("BEGIN")
        assert await db.value("SELECT COUNT(*) FROM suggestions") == 1
        await library.privacy.delete(MEMBER_ID)
        await db.run("ROLLBACK")
    assert (await library.privacy.overview(MEMBER_ID)).is_empty
    assert "write-ahead log for now: others are reading it" in caplog.text
