"""The record of changes: bulk ones, merges, tags, restoring, the log, and undoing all of it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from storage.announcements.models import DeliveryStatus
from storage.audit.models import Change, ImportChange, PaperChange
from storage.database import Database
from storage.errors import InvalidInput, LabError
from storage.feeds.models import Entry, FeedState
from storage.library import Library, open_library
from storage.models import Actor, Link, LinkKind, Origin, Outcome, Paper, PaperDraft
from storage.papers.combine import as_draft
from storage.papers.errors import PaperChanged, PaperExists, PaperNotFound, PaperNotRemoved
from storage.search.query import parse
from tests.support.lab import NOW, FakeClock
from tests.support.library import MODERATOR, OTHER_MODERATOR
from tests.support.old_database import run_migrations

ONE = PaperDraft("A Paper on Things", ("Ann Lee",), venue="arXiv", identifiers=("doi:10.1000/one",))
TWO = PaperDraft(
    "A Paper on Other Things",
    ("Ann Lee", "Bo Chen"),
    venue="ICML",
    identifiers=("doi:10.1000/two",),
    links=(Link(LinkKind.CODE, "https://lab.org/code"),),
    tags=("maths",),
)


async def add(library: Library, draft: PaperDraft, **options: bool) -> Paper:
    paper = (await library.papers.upsert(draft, Origin.IMPORT, MODERATOR, **options)).value.paper
    assert paper is not None
    return paper


async def last(library: Library, actor: Actor = MODERATOR) -> int:
    change = await library.audit.last_by(actor)
    assert change is not None
    return change.id


def tags_after(change: Change) -> tuple[str, ...]:
    assert isinstance(change, PaperChange)
    assert change.after is not None
    return change.after.tags


async def found(library: Library, words: str) -> list[int]:
    return [p.id for p in (await library.search.find(parse(words), limit=50)).results.papers]


async def test_an_import_is_one_change_and_one_undo(library: Library) -> None:
    known = await add(library, ONE)
    drafts = [TWO, replace(ONE, abstract="New words."), PaperDraft("A Third"), ONE]
    imported = await library.papers.upsert_many(drafts, Origin.IMPORT, OTHER_MODERATOR)
    assert imported.value == {Outcome.ADDED: 2, Outcome.UPDATED: 1, Outcome.UNCHANGED: 1}
    newest = (await library.audit.page()).changes[0]
    assert isinstance(newest, ImportChange)
    assert (newest.id, newest.outcomes) == (imported.change_id, imported.value)

    undone = await library.undo(await last(library, OTHER_MODERATOR), OTHER_MODERATOR)
    assert [as_draft(paper) for paper in await library.papers.batch()] == [as_draft(known)]
    assert await found(library, "third") == []
    again = await library.papers.upsert_many(drafts, Origin.IMPORT, OTHER_MODERATOR)
    assert again.value == imported.value
    with pytest.raises(
        LabError, match=f"#1 has been changed since then. Undo change {again.change_id} "
    ):
        await library.undo(undone.change_id, OTHER_MODERATOR)
    assert again.change_id is not None
    await library.undo(again.change_id, OTHER_MODERATOR)
    await library.undo(undone.change_id, OTHER_MODERATOR)
    assert await found(library, "third") == [3]
    assert (await library.papers.get_by_text("10.1000/two")).id == 2
    assert (await library.papers.get(known.id)).abstract == "New words."


async def test_an_addition_is_not_redone_if_another_paper_has_its_identifier(
    library: Library,
) -> None:
    await add(library, ONE)
    undone = await library.undo(await last(library), MODERATOR)
    await add(library, ONE)
    with pytest.raises(PaperExists, match=r"A Paper on Things” \(#2\) now has an identifier"):
        await library.undo(undone.change_id, MODERATOR)


async def test_an_import_that_changes_nothing_is_no_change(library: Library) -> None:
    await add(library, ONE)
    before = await library.audit.page()
    assert (await library.papers.upsert_many([ONE], Origin.IMPORT, MODERATOR)).change_id is None
    assert await library.audit.page() == before


async def test_an_import_is_undone_completely_or_not_at_all(library: Library) -> None:
    drafts = [PaperDraft(f"Paper number {n}", identifiers=(f"doi:10.1000/{n}",)) for n in range(6)]
    imported = (await library.papers.upsert_many(drafts, Origin.IMPORT, MODERATOR)).change_id
    assert imported is not None
    part = (await library.audit.for_paper(2))[0]
    with pytest.raises(LabError, match=f"together with the rest of change {imported}"):
        await library.undo(part.id, MODERATOR)
    for number in (1, 2, 3, 4, 5):
        await library.papers.tag(number, ["mine"], [], OTHER_MODERATOR)
    edits = [await last(library, OTHER_MODERATOR)]
    with pytest.raises(LabError) as refused:
        await library.undo(imported, MODERATOR)
    assert str(refused.value) == (
        f"#5, #4, #3 and others have been changed since then. Undo change {edits[0]} first."
    )
    assert await library.papers.count() == 6
    for _ in range(5):
        await library.undo(await last(library, OTHER_MODERATOR), OTHER_MODERATOR)
    await library.undo(imported, MODERATOR)
    assert await library.papers.count() == 0


@pytest.mark.slow
async def test_a_long_import_is_undone_and_redone(library: Library) -> None:
    drafts = [
        PaperDraft(
            f"Number {n} of many", ("Ann Lee",), venue="ICML", identifiers=(f"doi:10.1000/{n}",)
        )
        for n in range(600)
    ]
    await library.papers.upsert_many(drafts[::2], Origin.IMPORT, MODERATOR)
    imported = await library.papers.upsert_many(
        [replace(draft, abstract="words") for draft in drafts], Origin.IMPORT, MODERATOR
    )
    assert imported.change_id is not None
    undone = await library.undo(imported.change_id, MODERATOR)
    assert await library.papers.count() == 300
    assert (await library.search.find(parse("words"))).results.total == 0
    assert (await library.authors.get("Ann Lee")).paper_count == 300
    await library.undo(undone.change_id, MODERATOR)
    pages = [len(page) async for page in library.search.pages(parse("words"))]
    assert sum(pages) == 600
    assert (await library.search.suggest_venues("icml")) == (("ICML", 600),)


async def test_a_redone_change_must_be_undone_before_an_earlier_one(library: Library) -> None:
    await add(library, ONE)
    await library.papers.tag(1, ["a"], [], MODERATOR)
    first = await last(library)
    await library.papers.tag(1, ["b"], [], MODERATOR)
    second = await last(library)
    undone = await library.undo(second, MODERATOR)
    again = await library.undo(undone.change_id, MODERATOR)
    with pytest.raises(LabError, match=f"Undo change {second} first"):
        await library.undo(first, MODERATOR)
    with pytest.raises(LabError, match="already been undone"):
        await library.undo(undone.change_id, MODERATOR)
    await library.undo(second, MODERATOR)
    with pytest.raises(LabError, match="been changed since then"):
        await library.undo(again.change_id, MODERATOR)
    await library.undo(first, MODERATOR)
    assert (await library.papers.get(1)).tags == ()


async def test_undo_unlocks_the_fields_that_the_change_locked(library: Library) -> None:
    paper = await add(library, ONE)
    await library.papers.edit(paper.id, replace(as_draft(paper), venue="Mine"), MODERATOR)
    await library.undo(await last(library), MODERATOR)
    await library.papers.upsert(replace(ONE, venue="ICML"), Origin.FEED, OTHER_MODERATOR)
    assert (await library.papers.get(paper.id)).venue == "ICML"


async def test_a_moderator_can_also_lock_that_the_author_list_is_complete(library: Library) -> None:
    paper = await add(library, ONE)
    cut = replace(as_draft(paper), authors_complete=False)
    await library.papers.edit(paper.id, cut, MODERATOR)
    await library.papers.upsert(
        replace(ONE, authors=("Ann Lee", "Bo Chen")), Origin.FEED, OTHER_MODERATOR
    )
    assert as_draft(await library.papers.get(paper.id)) == cut


async def test_a_merged_paper_has_the_fields_that_the_moderator_chose(library: Library) -> None:
    one, two = await add(library, ONE), await add(library, TWO)
    chosen = replace(as_draft(one), venue="ICML", tags=())
    kept = (await library.papers.merge(one.id, two.id, chosen, MODERATOR)).value
    assert (kept.id, kept.title, kept.venue, kept.tags, kept.links) == (
        1,
        "A Paper on Things",
        "ICML",
        (),
        (),
    )
    assert set(kept.identifiers) == {"doi:10.1000/one", "doi:10.1000/two"}
    assert (await library.papers.get(two.id)).id == one.id
    await library.papers.upsert(replace(TWO, venue="arXiv"), Origin.FEED, OTHER_MODERATOR)
    assert await library.papers.get(one.id) == kept, "what was chosen is a moderator's"

    (change,) = (await library.audit.page(limit=1)).changes
    assert isinstance(change, PaperChange)
    assert (change.action, change.paper_id, change.merged_into) == ("merge", 2, 1)
    (part,) = change.parts
    assert part.after is not None
    assert (part.action, part.paper_id, part.after.venue) == ("update", 1, "ICML")
    assert [one.id for one in (await library.audit.page(1)).changes] == [
        *(part.id, change.id, 2, 1),
    ]
    with pytest.raises(LabError, match=f"Undo change {change.id} first"):
        await library.undo(1, MODERATOR)
    with pytest.raises(LabError, match="already the same paper"):
        await library.papers.merge(one.id, two.id, chosen, MODERATOR)
    undone = await library.undo(change.id, MODERATOR)
    assert [as_draft(paper) for paper in await library.papers.batch()] == [
        as_draft(one),
        as_draft(two),
    ]
    assert await found(library, "other") == [2]
    await library.undo(undone.change_id, MODERATOR)
    assert await library.papers.get(two.id) == kept
    assert await found(library, "other") == []


async def test_an_edit_that_changes_nothing_is_not_recorded(library: Library) -> None:
    paper = await add(library, replace(ONE, links=(Link(LinkKind.PAGE, "https://e.org/1"),)))
    same = replace(as_draft(paper), links=paper.links * 2, tags=paper.tags * 2)
    before = await library.audit.for_paper(paper.id)
    for seen in (None, as_draft(paper)):
        with pytest.raises(LabError, match="You didn't change anything"):
            await library.papers.edit(paper.id, same, MODERATOR, seen=seen)
    assert await library.audit.for_paper(paper.id) == before


async def test_a_merge_needs_two_papers_that_did_not_change_meanwhile(library: Library) -> None:
    one, two = await add(library, ONE), await add(library, TWO)
    third = await add(library, PaperDraft("A Third", identifiers=("doi:10.1000/three",)))
    seen = (as_draft(one), as_draft(two))
    wrong = replace(as_draft(one), identifiers=third.identifiers)
    with pytest.raises(PaperExists, match="A Third"):
        await library.papers.merge(one.id, two.id, wrong, MODERATOR)
    await library.papers.tag(two.id, ["new"], [], OTHER_MODERATOR)
    with pytest.raises(PaperChanged) as changed:
        await library.papers.merge(one.id, two.id, as_draft(one), MODERATOR, seen=seen)
    assert changed.value.paper.tags == ("maths", "new")
    await library.papers.remove(two.id, OTHER_MODERATOR)
    with pytest.raises(PaperNotFound):
        await library.papers.merge(one.id, two.id, as_draft(one), MODERATOR)
    assert await library.papers.count() == 2


async def announced(library: Library) -> tuple[int, int]:
    """Two papers: channel 1 was sent the first, and 2 the second, which waits for 1, 3 and 4."""
    await library.subscriptions.subscribe(1, 1, MODERATOR)
    one = await add(library, ONE, announce=True)
    for channel in (2, 3, 4):
        await library.subscriptions.subscribe(1, channel, MODERATOR)
    two = await add(library, TWO, announce=True)
    for post in await library.outbox.enqueue_and_fetch_due():
        if post.destination_id in {1, 2}:
            await library.outbox.record_sent([(post, 70 + post.destination_id)])
        else:
            await library.outbox.release(post)
    return one.id, two.id


async def fates(library: Library, paper_id: int) -> dict[int, DeliveryStatus]:
    return {one.channel_id: one.status for one in await library.outbox.for_paper(paper_id)}


@pytest.mark.parametrize("is_swapped", [False, True])
async def test_undoing_a_merge_separates_the_announcements_again(
    library: Library,
    is_swapped: bool,  # noqa: FBT001
) -> None:
    numbers = await announced(library)
    before = [await fates(library, number) for number in numbers]
    assert before == [
        {1: DeliveryStatus.SENT},
        {
            1: DeliveryStatus.WAITING,
            2: DeliveryStatus.SENT,
            3: DeliveryStatus.WAITING,
            4: DeliveryStatus.WAITING,
        },
    ]
    kept_id, other_id = numbers[::-1] if is_swapped else numbers
    kept = await library.papers.get(kept_id)
    await library.papers.merge(kept_id, other_id, as_draft(kept), MODERATOR)
    assert await fates(library, kept_id) == {**before[1], 1: DeliveryStatus.SENT}
    await library.undo(await last(library), MODERATOR)
    assert [await fates(library, number) for number in numbers] == before


async def test_announcements_of_a_merged_paper_stay_sent(library: Library) -> None:
    one, two = await announced(library)
    await library.papers.merge(one, two, ONE, MODERATOR)
    for post in await library.outbox.enqueue_and_fetch_due():
        assert post.paper_ids == (one,)
        await library.outbox.record_sent([(post, 80 + post.destination_id)])
    await library.subscriptions.unsubscribe(1, 4, MODERATOR)
    await library.undo(await last(library), MODERATOR)
    assert await fates(library, one) == dict.fromkeys((1, 3, 4), DeliveryStatus.SENT)
    assert await fates(library, two) == {
        1: DeliveryStatus.WAITING,
        2: DeliveryStatus.SENT,
        3: DeliveryStatus.WAITING,
    }


async def test_feed_entries_move_with_their_paper(library: Library) -> None:
    await add(library, ONE)
    feed = (await library.feeds.follow("https://lab.org/feed", "Lab", "", MODERATOR)).value
    state = FeedState("https://lab.org/feed", "Lab", "", "", NOW + timedelta(hours=1))
    await library.feeds.ingest(feed, [Entry("key", TWO)], state)
    third = await add(library, PaperDraft("A Third"))
    await library.papers.merge(2, third.id, TWO, MODERATOR)
    await library.papers.merge(1, 2, ONE, MODERATOR)
    for number in (2, third.id):
        assert (await library.papers.get(number)).id == 1
    (entry,) = (await library.traces.get("A Paper on Things")).entries
    assert entry.paper_id == 1
    await library.undo(await last(library), MODERATOR)
    assert (await library.papers.get(third.id)).id == 2
    (entry,) = (await library.traces.get("A Paper on Other Things")).entries
    assert entry.paper_id == 2
    await library.undo(await last(library), MODERATOR)
    assert (await library.papers.get(third.id)).title == "A Third"


async def test_an_undone_addition_is_not_announced(library: Library) -> None:
    await library.subscriptions.subscribe(1, 1, MODERATOR)
    await add(library, ONE, announce=True)
    undone = await library.undo(await last(library), MODERATOR)
    assert await library.outbox.enqueue_and_fetch_due() == ()
    with pytest.raises(PaperNotRemoved, match="use `/curate undo` to redo that"):
        await library.papers.restore(1, MODERATOR)
    await library.undo(undone.change_id, MODERATOR)
    (post,) = await library.outbox.enqueue_and_fetch_due()
    assert post.paper_ids == (1,)


async def test_adding_a_removed_paper_again_is_one_change(library: Library) -> None:
    await add(library, ONE)
    await library.papers.remove(1, MODERATOR)
    again = await library.papers.upsert(
        replace(ONE, abstract="More."), Origin.MODERATOR, OTHER_MODERATOR
    )
    change = await library.audit.find(again.change_id or 0)
    assert change is not None
    assert change.action == "restore"
    undone = await library.undo(change.id, OTHER_MODERATOR)
    with pytest.raises(PaperNotFound):
        await library.papers.get(1)
    await library.undo(undone.change_id, OTHER_MODERATOR)
    assert (await library.papers.get(1)).abstract == "More."


async def test_tags_are_added_and_removed(library: Library) -> None:
    await add(library, replace(ONE, tags=("old",)))
    tagged = (
        await library.papers.tag(1, [" long  words ", "new", ""], ["old", "none"], MODERATOR)
    ).value
    assert tagged.tags == ("long words", "new")
    await library.papers.upsert(replace(ONE, tags=("old",)), Origin.FEED, OTHER_MODERATOR)
    assert (await library.papers.get(1)).tags == tagged.tags
    assert await found(library, "tag:new") == [1]
    for add_to, remove, sentence in (
        (["new"], [], "wouldn't change the tags"),
        (["x" * 51], [], "too long for a tag"),
        ([f"t{n}" for n in range(20)], [], "at most 20 tags"),
    ):
        with pytest.raises(LabError, match=sentence):
            await library.papers.tag(1, add_to, remove, MODERATOR)
    with pytest.raises(InvalidInput):
        await library.papers.tag(1, [], ["x" * 51], MODERATOR)
    await library.undo(await last(library), MODERATOR)
    assert (await library.papers.get(1)).tags == ("old",)


async def test_a_removed_paper_is_found_and_restored(library: Library, clock: FakeClock) -> None:
    for draft in (ONE, TWO, PaperDraft("A Third")):
        await add(library, draft)
    for number in (2, 1):
        clock.advance(timedelta(minutes=1))
        await library.papers.remove(number, MODERATOR)
    assert await library.papers.suggest_removed("things") == (
        (1, "A Paper on Things"),
        (2, "A Paper on Other Things"),
    )
    assert await library.papers.suggest_removed("other") == ((2, "A Paper on Other Things"),)
    for text in ("2", "#2", "a paper on other things", "https://doi.org/10.1000/two"):
        assert (await library.papers.get_removed(text)).id == 2
    for text in ("3", "nothing", "", "9" * 30):
        with pytest.raises(PaperNotRemoved):
            await library.papers.get_removed(text)
    restored = (await library.papers.restore(2, OTHER_MODERATOR)).value
    assert (restored.id, restored.removed_at) == (2, None)
    assert await found(library, "other") == [2]
    with pytest.raises(PaperNotRemoved, match="couldn't find a removed paper for “#2”"):
        await library.papers.restore(2, OTHER_MODERATOR)
    await library.undo(await last(library, OTHER_MODERATOR), OTHER_MODERATOR)
    assert len(await library.papers.suggest_removed("")) == 2


async def test_the_audit_log_has_pages(library: Library) -> None:
    assert await library.audit.last_by(MODERATOR) is None
    await library.papers.upsert_many([ONE, TWO], Origin.IMPORT, MODERATOR)
    for tag in "abcdef":
        await library.papers.tag(1, [tag], [], MODERATOR)
    await library.papers.tag(2, ["z"], [], OTHER_MODERATOR)
    history = library.audit
    first = await history.page(limit=3)
    assert (first.has_newer, first.has_older) == (False, True)
    assert [tags_after(change)[-1] for change in first.changes] == ["z", "f", "e"]
    second = await history.page(before=first.changes[-1].id, limit=3)
    assert (second.has_newer, second.has_older) == (True, True)
    oldest = await history.page(before=second.changes[-1].id, limit=3)
    assert ([one.action for one in oldest.changes], oldest.has_older) == (["tag", "import"], False)
    assert (await history.page(after=oldest.changes[0].id, limit=3)).changes == second.changes
    back = await history.page(after=second.changes[0].id, limit=3)
    assert (back.changes, back.has_newer, back.has_older) == (first.changes, False, True)
    of_one = await history.page(2)
    assert [one.action for one in of_one.changes] == ["tag", "add"]
    addition = of_one.changes[1]
    assert isinstance(addition, PaperChange)
    assert addition.part_of == oldest.changes[1].id
    assert await history.find(999) is None


async def test_the_audit_log_shows_current_names(library: Library) -> None:
    await add(library, ONE)
    await library.papers.edit(1, replace(ONE, authors=("Bo Chen",)), MODERATOR)
    await library.authors.rename("Bo Chen", "Bo New", MODERATOR)
    renamed = await last(library)
    edited = (await library.audit.for_paper(1))[-1]
    assert edited.after is not None
    assert edited.after.authors == ("Bo New",)
    await library.undo(renamed, MODERATOR)
    await library.undo(edited.id, MODERATOR)
    assert (await library.papers.get(1)).authors == ("Ann Lee",)


async def test_undo_restores_the_credited_name(library: Library) -> None:
    await add(library, replace(ONE, authors=("Ann New",)))
    await add(library, replace(TWO, authors=("Ann Former",)))
    await library.authors.merge("Ann New", "Ann Former", MODERATOR)
    await library.authors.rename("Ann Former", "Ann New", MODERATOR)
    await library.papers.edit(1, replace(ONE, authors=("Ann Former",)), MODERATOR)
    for _ in range(3):
        await library.undo(await last(library), MODERATOR)
    assert [paper.authors for paper in await library.papers.batch()] == [
        ("Ann New",),
        ("Ann Former",),
    ]


async def test_a_name_decision_that_was_changed_since_is_not_redone(library: Library) -> None:
    await add(library, replace(ONE, authors=("Al Gray", "Albert Gray")))
    merged = (await library.authors.merge("Al Gray", "Albert Gray", MODERATOR)).change_id
    undone = await library.undo(merged, MODERATOR)
    other = (await library.authors.merge("Albert Gray", "Al Gray", MODERATOR)).change_id
    with pytest.raises(LabError, match=f"Undo change {other} first"):
        await library.undo(undone.change_id, MODERATOR)


async def test_changes_recorded_by_an_old_version_can_be_undone(tmp_path: Path) -> None:
    """Two papers made one, an edit undone, and an edit that was undone and made again."""
    path = tmp_path / "old.db"
    old = sqlite3.connect(path)
    run_migrations(old, 3)
    said = """{"title": "%s", "authors": [], "authors_complete": true, "abstract": "", "venue": "",
               "date": null, "identifiers": [], "links": [], "note": "", "tags": [],
               "posted_by": "", "removed": %s}"""
    for number, title, removed in ((1, "Kept", None), (2, "Gone", "2026-01-02"), (3, "C", None)):
        old.execute(
            """INSERT INTO papers (id, title, title_key, abstract, authors_complete, venue, place,
                   note, posted_by, origin, created_at, created_by, created_by_name, removed_at)
               VALUES (?, ?, ?, '', 1, '', ?, '', '', 'import', '2026-01-01T00:00:00.000000Z',
                       'shell', 'the shell', ?)""",
            (number, title, title.casefold(), number, removed),
        )
    old.execute("UPDATE papers SET became_id = 1 WHERE id = 2")
    old.execute("INSERT INTO locked_fields VALUES (3, 'title')")
    changes = [
        (1, "merge", 2, "Gone", "false", "Gone", "true", None),
        (2, "complete", 1, "Old", "false", "Kept", "false", None),
        (3, "edit", 3, "A", "false", "B", "false", None),
        (4, "undo", 3, "B", "false", "A", "false", 3),
        (5, "edit", 3, "A", "false", "C", "false", None),
        (6, "undo", 3, "C", "false", "A", "false", 5),
        (7, "undo", 3, "A", "false", "C", "false", 6),
    ]
    old.executemany(
        """INSERT INTO changes (id, at, actor, actor_name, action, paper_id, before, after, undoes)
           VALUES (?, '2026-01-01T00:00:00.000000Z', 'discord:1', 'noor', ?, ?, ?, ?, ?)""",
        [
            (number, action, paper, said % (before, was), said % (after, is_), undoes)
            for number, action, paper, before, was, after, is_, undoes in changes
        ],
    )
    old.execute("PRAGMA user_version = 3")
    old.commit()
    old.close()
    async with open_library(path, FakeClock()) as library:
        log = (await library.audit.page(limit=9)).changes
        assert {change.id: change.is_undone for change in log} == {
            1: False,
            3: True,
            4: False,
            5: False,
            6: True,
            7: False,
        }
        assert isinstance(log[-1], PaperChange)
        assert [part.id for part in log[-1].parts] == [2]
        with pytest.raises(LabError, match="didn't record how to undo that"):
            await library.undo(1, MODERATOR)
        await library.undo(7, MODERATOR)
        assert (await library.papers.get(3)).title == "A"
        await library.undo(4, MODERATOR)
        assert (await library.papers.get(3)).title == "B"
        with closing(sqlite3.connect(path)) as connection:
            (locked,) = connection.execute("SELECT field FROM locked_fields").fetchall()
        assert locked == ("title",)


async def test_an_undo_reads_its_change_once(library: Library, database: Database) -> None:
    await add(library, ONE)
    tagged = await library.papers.tag(1, ["new"], [], MODERATOR)
    statements: list[str] = []
    await database.trace(statements.append)
    await library.undo(tagged.change_id, MODERATOR)
    reads = [sql for sql in statements if sql.startswith("SELECT changes.*")]
    with_chain = [sql for sql in reads if "WITH RECURSIVE chain" in sql]
    steps = [sql for sql in reads if "changes.action <> 'add'" in sql]
    assert len(with_chain) == 1
    assert len(reads) == len(with_chain) + len(steps)


async def test_an_undo_is_refused_if_somebody_else_was_faster(library: Library) -> None:
    await add(library, ONE)
    tagged = await library.papers.tag(1, ["new"], [], MODERATOR)

    async def undo_first(change: Change) -> None:
        await library.undo(change.id, OTHER_MODERATOR)

    with pytest.raises(LabError, match="already been undone"):
        await library.undo(tagged.change_id, MODERATOR, authorize=undo_first)
    assert (await library.papers.get(1)).tags == ()


async def test_an_undo_that_is_not_authorized_changes_nothing(library: Library) -> None:
    await add(library, ONE)
    tagged = await library.papers.tag(1, ["new"], [], MODERATOR)

    async def refuse(_change: Change) -> None:
        raise LabError("You may not undo that.")

    with pytest.raises(LabError, match="You may not"):
        await library.undo(tagged.change_id, MODERATOR, authorize=refuse)
    assert (await library.papers.get(1)).tags == ("new",)
