"""Whatever moderators do to people and names, undoing it all brings back how it was."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from storage.audit.models import Recorded
from storage.errors import LabError
from storage.library import Library
from storage.models import Origin, PaperDraft
from storage.people.imports import FileRow
from storage.people.models import IdScheme, Membership, Person, PersonDraft, PersonId
from tests.support.lab import FakeClock
from tests.support.library import MODERATOR, open_copy

NAMES = ("Ann Lee", "Anna Lee", "A. Lee", "Bo Chen", "Wei Wang", "王伟")
IDS = tuple(PersonId(IdScheme.OPENALEX, f"A{number}") for number in range(1000, 1004))
_NAMES = st.lists(st.sampled_from(NAMES), max_size=2, unique=True).map(tuple)
_IDS = st.lists(st.sampled_from(IDS), max_size=2, unique=True).map(tuple)
_DRAFTS = st.builds(
    PersonDraft,
    name=st.sampled_from(NAMES),
    other_names=_NAMES,
    ids=_IDS,
    membership=st.sampled_from([Membership(), Membership(date(2020, 1, 1))]),
    categories=st.sampled_from([(), ("cs.CL",)]),
    discord_id=st.sampled_from([None, 7]),
)
_NUMBER = st.integers(1, 4)
_ACTIONS = st.one_of(
    st.tuples(st.just("add"), _DRAFTS),
    st.tuples(st.just("edit"), _NUMBER, _DRAFTS),
    st.tuples(st.just("remove"), _NUMBER),
    st.tuples(st.just("trust"), st.lists(_NUMBER, max_size=1), st.booleans()),
    st.tuples(st.just("import"), st.lists(_DRAFTS, min_size=1, max_size=3)),
    st.tuples(st.just("merge"), st.sampled_from(NAMES), st.sampled_from(NAMES)),
    st.tuples(st.just("rename"), st.sampled_from(NAMES), st.sampled_from(("Ann New", "Bo New"))),
)


def _edited(draft: PersonDraft) -> Callable[[Person], Person]:
    return lambda person: replace(
        person,
        name=draft.name,
        other_names=draft.other_names,
        ids=draft.ids[:1],
        foreign_ids=draft.ids[1:],
        membership=draft.membership,
        categories=draft.categories,
        discord_id=draft.discord_id,
    )


async def _act(library: Library, action: tuple[object, ...]) -> int | None:
    people, authors = library.people, library.authors
    recorded: Recorded[Any]
    match action:
        case ("add", PersonDraft() as draft):
            recorded = await people.add(draft, MODERATOR)
        case ("edit", int(number), PersonDraft() as draft):
            recorded = await people.edit(number, _edited(draft), MODERATOR)
        case ("remove", int(number)):
            recorded = await people.remove(number, MODERATOR)
        case ("trust", list(numbers), bool(is_trusted)):
            recorded = await people.set_trust(MODERATOR, numbers, is_trusted=is_trusted)
        case ("import", list(drafts)):
            rows = [FileRow(line, one.name, one) for line, one in enumerate(drafts, 2)]
            expected = await people.preview_many(rows)
            recorded = await people.import_many(rows, MODERATOR)
            assert [one.outcome for one in recorded.value[:1]] == [
                one.outcome for one in expected[:1]
            ]
        case ("merge", str(name), str(into)):
            recorded = await authors.merge(name, into, MODERATOR)
        case ("rename", str(name), str(to)):
            recorded = await authors.rename(name, to, MODERATOR)
        case _:
            raise TypeError(action)
    return recorded.change_id


async def _state(library: Library) -> object:
    found: list[object] = []
    for name in NAMES:
        try:
            found.append(await library.authors.get(name))
        except LabError as error:
            found.append(str(error))
    with closing(sqlite3.connect(library.path)) as db:
        decided = db.execute("SELECT * FROM aliases ORDER BY 1").fetchall()
    return await library.people.all(), decided, found, await library.people.is_trusting()


async def _run(database: Path, actions: list[tuple[object, ...]]) -> None:
    async with open_copy(database, FakeClock()) as library:
        for title, authors in (("One", NAMES[:1]), ("Two", NAMES[2:4])):
            draft = PaperDraft(title=title, authors=authors)
            await library.papers.upsert(draft, Origin.IMPORT, MODERATOR)
        states: list[tuple[int, object]] = []
        for action in actions:
            before = await _state(library)
            try:
                change_id = await _act(library, action)
            except LabError:
                change_id = None
            if change_id is None:
                assert await _state(library) == before, action
            else:
                states.append((change_id, before))
            ids = [one for person in await library.people.all() for one in person.ids]
            assert len(ids) == len(set(ids))
        for change_id, before in reversed(states):
            after = await _state(library)
            undone = await library.undo(change_id, MODERATOR)
            assert await _state(library) == before
            redone = await library.undo(undone.change_id or 0, MODERATOR)
            assert await _state(library) == after
            await library.undo(redone.change_id or 0, MODERATOR)


@settings(max_examples=8, phases=(Phase.explicit, Phase.reuse, Phase.generate))  # slow to shrink
@given(st.lists(_ACTIONS, min_size=1, max_size=5))
def test_everything_done_to_people_can_be_undone(
    empty_database: Path, actions: list[tuple[object, ...]]
) -> None:
    asyncio.run(_run(empty_database, actions))
