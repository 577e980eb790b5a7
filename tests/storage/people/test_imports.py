from __future__ import annotations

from dataclasses import replace
from datetime import date

from storage.library import Library
from storage.people.imports import FileRow, ImportedRow, RowOutcome
from storage.people.models import IdScheme, Membership, PersonDraft, PersonId
from tests.support.library import MODERATOR

ORCID = PersonId(IdScheme.ORCID, "0000-0002-1825-0097")
OTHER_ORCID = PersonId(IdScheme.ORCID, "0000-0002-1694-233X")
OPENALEX = PersonId(IdScheme.OPENALEX, "A5023888391")
DBLP = PersonId(IdScheme.DBLP, "17/1926")
ADDED, UPDATED = RowOutcome.ADDED, RowOutcome.UPDATED
UNCHANGED, REJECTED = RowOutcome.UNCHANGED, RowOutcome.REJECTED


def row(name: str, *ids: PersonId, **fields: object) -> PersonDraft:
    return PersonDraft(name, ids=ids, **fields)  # type: ignore[arg-type]


async def run(library: Library, *drafts: PersonDraft) -> tuple[ImportedRow, ...]:
    """Imports rows and returns what became of them, which the preview must have said."""
    rows = [FileRow(line, one.name, one) for line, one in enumerate(drafts, 2)]
    expected = await library.people.preview_many(rows)
    imported = (await library.people.import_many(rows, MODERATOR)).value
    assert [(one.outcome, one.changed, one.reason) for one in imported] == [
        (one.outcome, one.changed, one.reason) for one in expected
    ]
    return imported


async def outcomes(library: Library, *drafts: PersonDraft) -> list[tuple[RowOutcome, int | None]]:
    return [(one.outcome, one.number) for one in await run(library, *drafts)]


async def test_two_rows_of_one_name_with_different_ids_are_two_people(library: Library) -> None:
    rows = (row("Wei Wang", ORCID), row("Wei Wang", OTHER_ORCID), row("Wei Wang", DBLP))
    assert await outcomes(library, *rows) == [(ADDED, 1), (ADDED, 2), (ADDED, 3)]
    assert await outcomes(library, *rows) == [(UNCHANGED, 1), (UNCHANGED, 2), (UNCHANGED, 3)]
    assert await outcomes(library, *rows[::-1]) == [(UNCHANGED, 3), (UNCHANGED, 2), (UNCHANGED, 1)]


async def test_a_row_updates_who_has_its_id(library: Library) -> None:
    await run(library, row("Ann Lee", ORCID))
    (updated,) = await run(library, row("Ann Maria Lee", ORCID, DBLP))
    assert (updated.outcome, updated.changed) == (UPDATED, ("name", "other_names", "ids"))
    person = await library.people.get(1)
    assert (person.name, person.other_names) == ("Ann Maria Lee", ("Ann Lee",))
    assert await outcomes(library, row("A. Lee", ORCID)) == [(UNCHANGED, 1)]


async def test_a_row_updates_who_has_its_name_unless_ids_contradict(library: Library) -> None:
    await run(library, row("Ann Lee", ORCID))
    assert await outcomes(library, row("lee, ann", OPENALEX)) == [(UPDATED, 1)]
    assert (await library.people.get(1)).ids == (ORCID, OPENALEX)
    assert await outcomes(library, row("Ann Lee", OTHER_ORCID)) == [(ADDED, 2)]


async def test_an_id_in_the_file_comes_before_a_name(library: Library) -> None:
    await run(library, row("Ann Lee", ORCID))
    rows = (row("Ann Lee", OPENALEX), row("Ann Lee", ORCID))
    assert await outcomes(library, *rows) == [(ADDED, 2), (UNCHANGED, 1)]


async def test_a_name_of_several_people_needs_an_id(library: Library) -> None:
    await run(library, row("Wei Wang", ORCID), row("Wei Wang", OTHER_ORCID))
    (refused,) = await run(library, row("Wei Wang", categories=("cs.CL",)))
    assert refused.outcome is REJECTED
    assert "Wei Wang (number 1), Wei Wang (number 2)" in refused.reason


async def test_an_id_of_somebody_with_quite_another_name_is_refused(library: Library) -> None:
    await run(library, row("Ann Lee", ORCID))
    (refused,) = await run(library, row("Bo Chen", ORCID))
    assert refused.outcome is REJECTED
    assert "ORCID 0000-0002-1825-0097 belongs to Ann Lee (number 1)" in refused.reason


async def test_ids_of_different_people_are_refused(library: Library) -> None:
    await run(library, row("Ann Lee", ORCID), row("Bo Chen", OPENALEX))
    (refused,) = await run(library, row("Ann Lee", ORCID, OPENALEX))
    assert refused.reason == (
        "Its IDs belong to different people: Ann Lee (number 1) and Bo Chen (number 2)."
    )


async def test_an_id_known_to_be_somebody_elses_makes_another_person(library: Library) -> None:
    await run(library, row("Ann Lee"))
    await library.people.edit(1, lambda one: replace(one, foreign_ids=(ORCID,)), MODERATOR)
    assert await outcomes(library, row("Ann Lee", ORCID)) == [(ADDED, 2)]


async def test_empty_cells_change_nothing_but_an_open_end(library: Library) -> None:
    membership = Membership(date(2020, 1, 1), date(2022, 1, 1))
    full = row("Ann Lee", ORCID, membership=membership, categories=("cs.CL",), discord_id=7)
    await run(library, full)
    assert await outcomes(library, row("Ann Lee")) == [(UNCHANGED, 1)]
    back = Membership(date(2024, 1, 1))
    (updated,) = await run(library, row("Ann Lee", membership=back))
    assert updated.changed == ("membership",)
    assert (await library.people.get(1)).membership == back


async def test_a_row_with_somebodys_name_as_another_name_is_refused(library: Library) -> None:
    await run(library, row("Ann Lee"))
    rows = (row("Bo Chen", other_names=("Ann Lee",)), row("Cy Dee", other_names=("Bo Chen",)))
    found = await run(library, *rows)
    assert [one.outcome for one in found] == [REJECTED, ADDED]


async def test_a_former_name_in_a_file_means_its_person_and_stays_hidden(library: Library) -> None:
    await run(library, row("Jan Former", ORCID))
    await library.authors.rename("Jan Former", "Jan New", MODERATOR)
    assert await outcomes(library, row("Jan Former", ORCID)) == [(UNCHANGED, 1)]
    assert await outcomes(library, row("Jan Former", categories=("cs.CL",))) == [(UPDATED, 1)]
    assert (await library.people.get(1)).name == "Jan New"


async def test_an_import_is_one_change(library: Library) -> None:
    await run(library, row("Ann Lee", ORCID))
    before = await library.people.all()
    drafts = (row("Ann Lee", DBLP), row("Bo Chen", OPENALEX), row("Bo Chen", OPENALEX))
    rows = [FileRow(line, one.name, one) for line, one in enumerate(drafts, 2)]
    imported = await library.people.import_many(rows, MODERATOR)
    assert [one.outcome for one in imported.value] == [UPDATED, ADDED, UNCHANGED]
    undone = await library.undo(imported.change_id or 0, MODERATOR)
    assert await library.people.all() == before
    await library.undo(undone.change_id or 0, MODERATOR)
    assert [one.ids for one in await library.people.all()] == [(ORCID, DBLP), (OPENALEX,)]


async def test_a_row_that_cannot_be_used_is_passed_on_with_its_reason(library: Library) -> None:
    rows = [FileRow(2, "Ann Lee", reason="A reason."), FileRow(3, "Bo Chen", row("Bo Chen"))]
    imported = await library.people.import_many(rows, MODERATOR)
    assert imported.value[0] == ImportedRow(2, "Ann Lee", REJECTED, reason="A reason.")
    assert [one.name for one in await library.people.all()] == ["Bo Chen"]
    nothing = await library.people.import_many(rows, MODERATOR)
    assert nothing.change_id is None


async def test_rows_with_one_account_and_different_ids_are_refused(library: Library) -> None:
    one, other = row("Ann Lee", ORCID, discord_id=7), row("Ann Lee", OTHER_ORCID, discord_id=7)
    first, second = await run(library, one, other)
    assert (first.outcome, second.outcome) == (ADDED, REJECTED)
    assert second.reason == (
        "Another row gives the Discord account to Ann Lee in this file, with different IDs."
    )
    assert await outcomes(library, other) == [(UPDATED, 1)]  # a correction
