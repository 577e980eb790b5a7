from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from storage.audit.models import PeopleChange
from storage.authors.errors import AuthorNotFound
from storage.errors import LabError
from storage.library import Library
from storage.models import Origin, PaperDraft
from storage.people.errors import (
    AccountTaken,
    IdForeign,
    IdTaken,
    NameTaken,
    PersonAmbiguous,
    PersonNotFound,
)
from storage.people.models import IdScheme, Membership, Person, PersonDraft, PersonId
from tests.support.library import MODERATOR

ORCID = PersonId(IdScheme.ORCID, "0000-0002-1825-0097")
OTHER_ORCID = PersonId(IdScheme.ORCID, "0000-0002-1694-233X")
OPENALEX = PersonId(IdScheme.OPENALEX, "A5023888391")
STELLA = PersonDraft(
    "Stella Biderman",
    other_names=("Stella Rose Biderman",),
    ids=(ORCID, OPENALEX),
    membership=Membership(date(2020, 7, 1)),
    categories=("cs.CL", "cs.LG"),
    discord_id=123456789012345678,
)


async def add(library: Library, name: str, *ids: PersonId, others: tuple[str, ...] = ()) -> Person:
    draft = PersonDraft(name, ids=ids, other_names=others)
    return (await library.people.add(draft, MODERATOR)).value


async def credit(library: Library, *authors: str) -> None:
    draft = PaperDraft(title=f"By {' and '.join(authors)}", authors=authors)
    await library.papers.upsert(draft, Origin.IMPORT, MODERATOR)


async def undo(library: Library, change_id: int | None) -> int:
    assert change_id is not None
    redo = (await library.undo(change_id, MODERATOR)).change_id
    assert redo is not None
    return redo


async def test_a_person_is_kept_with_everything_that_was_given(library: Library) -> None:
    added = await library.people.add(STELLA, MODERATOR)
    assert added.value == Person(
        id=1,
        name="Stella Biderman",
        other_names=("Stella Rose Biderman",),
        ids=(ORCID, OPENALEX),
        membership=Membership(date(2020, 7, 1)),
        categories=("cs.CL", "cs.LG"),
        discord_id=123456789012345678,
    )
    assert await library.people.all() == (added.value,)
    assert await library.people.get(1) == added.value


@pytest.mark.parametrize(
    "text",
    [
        "1",
        "#1",
        "biderman",
        "Biderman, Stella",
        "stella rose biderman",
        "0000-0002-1825-0097",
        "https://openalex.org/A5023888391",
        "<@123456789012345678>",
    ],
)
async def test_a_person_is_found_by_number_name_id_and_account(library: Library, text: str) -> None:
    await library.people.add(STELLA, MODERATOR)
    await add(library, "Bo Chen")
    assert (await library.people.find(text)).id == 1
    assert [one.id for one in await library.people.search(text)] in ([1], [])


async def test_what_means_nobody_or_several_people_says_so(library: Library) -> None:
    await add(library, "Wei Wang", ORCID)
    await add(library, "Wei Wang", OTHER_ORCID)
    with pytest.raises(PersonAmbiguous, match=r"Wei Wang \(number 1\) or Wei Wang \(number 2\)"):
        await library.people.find("Wei Wang")
    with pytest.raises(PersonNotFound, match="Did you mean “Wei Wang”"):
        await library.people.find("Wei Wnag")
    with pytest.raises(PersonNotFound):
        await library.people.get(3)
    assert await library.people.by_member(7) is None


async def test_people_of_one_name_are_found_by_their_numbers_at_dblp(library: Library) -> None:
    await add(library, "Wei Wang", PersonId(IdScheme.DBLP, "35/7092-1"))
    await add(library, "Wei Wang", PersonId(IdScheme.DBLP, "35/7092-12"))
    assert (await library.people.find("Wei Wang 0001")).id == 1
    assert (await library.people.find("Wang, Wei 0012")).id == 2
    with pytest.raises(PersonNotFound):
        await library.people.find("Wei Wang 0003")
    await add(library, "Wei Wang", ORCID)
    assert (await library.people.find("Wei Wang 0001")).id == 1
    assert (await library.people.find("Wei Wang 0003")).id == 3
    with pytest.raises(PersonAmbiguous):
        await library.people.find("Wei Wang")


async def test_people_are_suggested_by_the_beginnings_of_words(library: Library) -> None:
    await library.people.add(STELLA, MODERATOR)
    await add(library, "Ann Lee")
    assert [one.name for one in await library.people.search("ro bid")] == ["Stella Biderman"]
    assert [one.name for one in await library.people.search("")] == ["Ann Lee", "Stella Biderman"]


async def test_an_id_belongs_to_one_person_at_most(library: Library) -> None:
    await add(library, "Ann Lee", ORCID)
    with pytest.raises(IdTaken, match=r"ORCID 0000-0002-1825-0097 belongs to Ann Lee \(number 1\)"):
        await add(library, "Bo Chen", ORCID)
    bo = await add(library, "Bo Chen", OPENALEX)
    with pytest.raises(IdTaken):
        await library.people.edit(bo.id, lambda one: replace(one, ids=(ORCID,)), MODERATOR)
    assert await library.people.get(bo.id) == bo


async def test_an_account_belongs_to_one_person_at_most(library: Library) -> None:
    await library.people.add(STELLA, MODERATOR)
    draft = PersonDraft("Ann Lee", discord_id=STELLA.discord_id)
    with pytest.raises(AccountTaken, match="belongs to Stella Biderman"):
        await library.people.add(draft, MODERATOR)


async def test_an_id_may_be_known_to_be_other_peoples_until_it_is_given(library: Library) -> None:
    ann, bo = await add(library, "Ann Lee"), await add(library, "Bo Chen", ORCID)
    await library.people.edit(ann.id, lambda one: replace(one, foreign_ids=(ORCID,)), MODERATOR)
    assert (await library.people.get(ann.id)).foreign_ids == (ORCID,)
    await library.people.edit(bo.id, lambda one: replace(one, ids=()), MODERATOR)
    edited = await library.people.edit(ann.id, lambda one: replace(one, ids=(ORCID,)), MODERATOR)
    assert (edited.value.ids, edited.value.foreign_ids) == ((ORCID,), ())


async def test_an_author_is_found_by_a_name_before_any_paper_credits_them(
    library: Library,
) -> None:
    with pytest.raises(AuthorNotFound):
        await library.authors.get("biderman")
    await library.people.add(STELLA, MODERATOR)
    for name in ("Stella Biderman", "biderman", "Stella Rose Biderman", "stella rose"):
        if name == "stella rose":
            continue
        author = await library.authors.get(name)
        assert (author.name, author.paper_count) == ("Stella Biderman", 0)
    await credit(library, "Stella Rose Biderman")
    assert (await library.authors.get("biderman")).paper_count == 1


async def test_an_author_without_papers_is_gone_after_the_person(library: Library) -> None:
    ann = await add(library, "Ann Lee")
    await library.people.remove(ann.id, MODERATOR)
    with pytest.raises(AuthorNotFound):
        await library.authors.get("lee")
    with pytest.raises(AuthorNotFound):
        await library.authors.get("Ann Lee")


async def test_merging_and_splitting_authors_changes_the_persons_names(library: Library) -> None:
    await credit(library, "Stephen Harrow", "A Guest")
    await credit(library, "Steve Harrow")
    person = await add(library, "Steve Harrow")
    merged = await library.authors.merge("Steve Harrow", "Stephen Harrow", MODERATOR)
    found = await library.people.get(person.id)
    assert (found.name, found.other_names) == ("Stephen Harrow", ("Steve Harrow",))
    await undo(library, merged.change_id)
    assert await library.people.get(person.id) == person
    await library.authors.merge("Stephen Harrow", "Steve Harrow", MODERATOR)
    assert (await library.people.get(person.id)).other_names == ("Stephen Harrow",)
    await library.authors.split("Stephen Harrow", MODERATOR)
    assert await library.people.get(person.id) == person


async def test_a_former_name_finds_the_person_and_is_never_shown(library: Library) -> None:
    person = await add(library, "Jan Former", ORCID)
    await library.authors.rename("Jan Former", "Jan New", MODERATOR)
    found = await library.people.find("Jan Former")
    assert (found.id, found.name, found.other_names) == (person.id, "Jan New", ())
    assert found.former_names == ("Jan Former",)
    assert (await library.authors.get("Jan Former")).name == "Jan New"
    assert [one.name for one in await library.people.search("former")] == ["Jan New"]
    await library.people.edit(person.id, lambda one: replace(one, ids=()), MODERATOR)
    changes = (await library.audit.page()).changes
    assert "Former" not in repr([one for one in changes if isinstance(one, PeopleChange)])
    await credit(library, "Jan Former")
    assert (await library.papers.batch())[0].authors == ("Jan New",)


async def test_a_former_name_means_its_person_when_somebody_is_added(library: Library) -> None:
    await credit(library, "Jan Former")
    await library.authors.rename("Jan Former", "Jan New", MODERATOR)
    added = await add(library, "Jan Former")
    assert (added.name, added.former_names) == ("Jan New", ("Jan Former",))
    assert "Former" not in repr((await library.audit.page(limit=1)).changes)


async def test_other_names_can_be_replaced(library: Library) -> None:
    added = await add(library, "Ann Lee", others=("Annette Li",))
    edited = await library.people.edit(
        added.id, lambda one: replace(one, other_names=("Anna Lih",)), MODERATOR
    )
    assert edited.value.other_names == ("Anna Lih",)
    with pytest.raises(AuthorNotFound):
        await library.authors.get("Annette Li")
    await undo(library, edited.change_id)
    assert await library.people.get(added.id) == added


async def test_a_new_name_keeps_the_credited_one_and_drops_a_typo(library: Library) -> None:
    await credit(library, "Ann Lee")
    ann, bo = await add(library, "Ann Lee"), await add(library, "Bo Chne", others=("Bob Chen",))
    for person, name in ((ann, "Ann Maria Lee"), (bo, "Bo Chen")):
        await library.people.edit(person.id, lambda one, to=name: replace(one, name=to), MODERATOR)
    found = await library.people.get(ann.id)
    assert (found.name, found.other_names) == ("Ann Maria Lee", ("Ann Lee",))
    assert (await library.authors.get("Ann Maria Lee")).paper_count == 1
    found = await library.people.get(bo.id)
    assert (found.name, found.other_names) == ("Bo Chen", ("Bob Chen",))
    with pytest.raises(AuthorNotFound):
        await library.authors.get("Bo Chne")


async def test_one_of_the_other_names_can_become_the_one_shown(library: Library) -> None:
    added = (await library.people.add(STELLA, MODERATOR)).value
    edited = await library.people.edit(
        added.id,
        lambda one: replace(one, name="Stella Rose Biderman", other_names=("Stella Biderman",)),
        MODERATOR,
    )
    assert edited.value.name == "Stella Rose Biderman"
    assert edited.value.other_names == ("Stella Biderman",)
    assert (await library.authors.get("Stella Biderman")).name == "Stella Rose Biderman"


async def test_somebody_elses_name_cannot_be_another_name(library: Library) -> None:
    await add(library, "Ann Lee", others=("Anna Lee",))
    for name in ("Ann Lee", "Anna Lee", "Lee, Anna"):
        with pytest.raises(NameTaken):
            await add(library, "Bo Chen", others=(name,))
    bo = await add(library, "Bo Chen")
    with pytest.raises(NameTaken):
        await library.people.edit(bo.id, lambda one: replace(one, name="Ann Lee"), MODERATOR)
    assert len(await library.people.all()) == 2


async def test_namesakes_share_their_names_but_not_their_ids(library: Library) -> None:
    first = await add(library, "Wei Wang", ORCID)
    second = await add(library, "Wei Wang", OTHER_ORCID, others=("Wayne Wang",))
    assert (await library.people.get(first.id)).other_names == ("Wayne Wang",)
    renamed = await library.people.edit(
        second.id, lambda one: replace(one, name="Wendy Wang"), MODERATOR
    )
    assert renamed.value.name == "Wendy Wang"
    assert (await library.people.get(first.id)).name == "Wei Wang"
    await library.people.remove(second.id, MODERATOR)
    assert (await library.authors.get("Wei Wang")).name == "Wei Wang"


async def test_an_author_cannot_be_renamed_for_one_of_several_people(library: Library) -> None:
    await add(library, "Wei Wang", ORCID)
    await add(library, "Wei Wang", OTHER_ORCID)
    with pytest.raises(LabError, match="Several of the lab's people are called “Wei Wang”"):
        await library.authors.rename("Wei Wang", "Wendy Wang", MODERATOR)


async def test_nothing_changes_if_nothing_is_different(library: Library) -> None:
    added = await library.people.add(STELLA, MODERATOR)
    again = await library.people.edit(1, lambda one: one, MODERATOR)
    assert (again.value, again.change_id) == (added.value, None)


async def test_every_write_can_be_undone_and_redone(library: Library) -> None:
    added = await library.people.add(STELLA, MODERATOR)
    person = added.value
    edited = await library.people.edit(
        1,
        lambda one: replace(
            one,
            ids=(ORCID,),
            foreign_ids=(OPENALEX,),
            membership=Membership(date(2020, 7, 1), date(2024, 1, 1)),
            categories=(),
            discord_id=None,
        ),
        MODERATOR,
    )
    removed = await library.people.remove(1, MODERATOR)
    assert removed.value == edited.value
    assert await library.people.all() == ()
    redo_removal = await undo(library, removed.change_id)
    assert await library.people.all() == (edited.value,)
    redo_edit = await undo(library, edited.change_id)
    assert await library.people.all() == (person,)
    redo_addition = await undo(library, added.change_id)
    assert await library.people.all() == ()
    with pytest.raises(AuthorNotFound):
        await library.authors.get("Stella Rose Biderman")
    await undo(library, redo_addition)
    assert await library.people.all() == (person,)
    await undo(library, redo_edit)
    assert await library.people.all() == (edited.value,)
    await undo(library, redo_removal)
    assert await library.people.all() == ()
    assert (await add(library, "Ann Lee")).id == 2


async def test_an_earlier_change_is_undone_only_after_the_later_one(library: Library) -> None:
    added = await library.people.add(STELLA, MODERATOR)
    renamed = await library.authors.rename("Stella Biderman", "Stella New", MODERATOR)
    with pytest.raises(LabError, match=rf"Undo change {renamed.change_id} first"):
        await library.undo(added.change_id or 0, MODERATOR)
    edited = await library.people.edit(1, lambda one: replace(one, name="Stella Newer"), MODERATOR)
    with pytest.raises(LabError, match=rf"Undo change {edited.change_id} first"):
        await library.undo(renamed.change_id or 0, MODERATOR)
    for change in (edited, renamed, added):
        await undo(library, change.change_id)
    assert await library.people.all() == ()


async def test_an_id_that_somebody_else_has_now_is_not_taken_back(library: Library) -> None:
    ann = await add(library, "Ann Lee", ORCID)
    removed = await library.people.remove(ann.id, MODERATOR)
    bo = await add(library, "Bo Chen", ORCID)
    with pytest.raises(IdTaken, match="belongs to Bo Chen"):
        await library.undo(removed.change_id or 0, MODERATOR)
    assert await library.people.all() == (bo,)


async def test_the_change_log_tells_what_was_done(library: Library) -> None:
    await library.people.add(STELLA, MODERATOR)
    (change,) = (await library.audit.page()).changes
    assert isinstance(change, PeopleChange)
    assert change.before.people == {1: None}
    assert change.actor == MODERATOR
    assert (await library.audit.last_by(MODERATOR)) == change


async def test_trust_is_off_until_it_is_turned_on(library: Library) -> None:
    ann, bo = await add(library, "Ann Lee"), await add(library, "Bo Chen")
    assert not ann.is_trusted
    some = await library.people.set_trust(MODERATOR, [bo.id], is_trusted=True)
    assert [one.is_trusted for one in await library.people.all()] == [False, True]
    every = await library.people.set_trust(MODERATOR, is_trusted=True)
    assert [one.name for one in every.value] == ["Ann Lee", "Bo Chen"]
    assert (await add(library, "Cy Dee")).is_trusted
    assert await library.people.is_trusting()
    await library.people.set_trust(MODERATOR, [ann.id], is_trusted=False)
    assert [one.is_trusted for one in await library.people.all()] == [False, True, True]
    off = await library.people.set_trust(MODERATOR, is_trusted=False)
    assert not any(one.is_trusted for one in await library.people.all())
    assert (await library.people.set_trust(MODERATOR, is_trusted=False)).change_id is None
    await undo(library, off.change_id)
    assert [one.is_trusted for one in await library.people.all()] == [False, True, True]
    with pytest.raises(LabError, match="Undo change"):
        await library.undo(some.change_id or 0, MODERATOR)


async def test_ids_are_added_unless_they_are_known_to_be_somebody_elses(library: Library) -> None:
    people = library.people
    person = await add(library, "Ann Lee", OPENALEX)
    added = await people.add_ids(person.id, [ORCID, OPENALEX], MODERATOR)
    assert added.value.ids == (ORCID, OPENALEX)
    assert (await people.add_ids(person.id, [ORCID], MODERATOR)).change_id is None
    await undo(library, added.change_id)
    await people.edit(person.id, lambda one: replace(one, foreign_ids=(ORCID,)), MODERATOR)
    with pytest.raises(IdForeign, match="known to be somebody else's, not that of Ann Lee"):
        await people.add_ids(person.id, [OTHER_ORCID, ORCID], MODERATOR)
    await add(library, "Bo Chen", OTHER_ORCID)
    with pytest.raises(IdTaken):
        await people.add_ids(person.id, [OTHER_ORCID], MODERATOR)
    assert (await people.get(person.id)).ids == (OPENALEX,)
