"""Whatever moderators do, the tables match a simple model, and everything can be undone."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from storage.errors import LabError
from storage.models import Link, LinkKind, Origin, PaperDraft, PartialDate
from storage.papers.combine import normalize
from tests.support.lab import FakeClock
from tests.support.library import MODERATOR, open_copy
from tests.support.library_model import MULTIVALUED, LibraryModel, UndoRefused, changed_fields
from tests.support.library_tables import all_tables, as_text

FORMER, NEW = "Ann Former", "Ann New"
_INDEX = st.integers(0, 1000)
_TAGS = st.lists(st.sampled_from(["nlp", "maths", "code"]), max_size=2, unique=True).map(tuple)
_FIELDS = st.fixed_dictionaries(
    {
        "authors": st.lists(
            st.sampled_from([FORMER, "Bo Chen", "Bo Chen 0001", "Cy Dee"]), max_size=2, unique=True
        ).map(tuple),
        "authors_complete": st.booleans(),
        "abstract": st.sampled_from(["", "wisdom", "folly " * 50]),
        "venue": st.sampled_from(["", "arXiv", "ICML", "TMLR"]),
        "date": st.sampled_from([None, PartialDate(2023), PartialDate(2023, 4)]),
        "note": st.sampled_from(["", "Oral"]),
        "tags": _TAGS,
        "links": st.lists(
            st.sampled_from([Link(LinkKind.PAGE, f"https://lab.org/{n}") for n in "ab"]),
            max_size=2,
            unique=True,
        ).map(tuple),
    }
)


class Moderators(RuleBasedStateMachine):
    """Random actions on a real database, each also done to the model."""

    def __init__(self, database: Path) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        opening = open_copy(database, FakeClock())
        self.library = self.run(self.stack.enter_async_context(opening))
        self.model = LibraryModel()
        self.renames: list[int] = []
        self.titles = 0
        self.first_changes = 0

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(coroutine)

    @initialize(fields=st.lists(_FIELDS, min_size=2, max_size=3))
    def add_first_papers(self, fields: list[dict[str, Any]]) -> None:
        self.run(self.library.subscriptions.subscribe(1, 7, MODERATOR))
        for one in fields:
            draft = self.new_draft(one, 1)
            self.run(self.library.papers.upsert(draft, Origin.FEED, MODERATOR, announce=True))
            self.model.upsert(draft)
            self.model.record(self.last_change())
        self.first_changes = self.last_change()
        self.first = self.run(all_tables(self.library))

    def teardown(self) -> None:
        """Undoes everything, in passes: an undo may need an identifier that another change took."""
        try:
            while self.first_changes:
                open_changes = [
                    number
                    for number, made in self.model.changes.items()
                    if made.is_active and made.undoes is None and number > self.first_changes
                ]
                if not open_changes:
                    assert self.run(all_tables(self.library)) == self.first
                    break
                undone = [self.undo_change(number) for number in reversed(open_changes)]
                assert any(undone)
        finally:
            self.run(self.stack.aclose())
            self.runner.close()

    @rule(fields=_FIELDS, names=st.integers(0, 2))
    def add(self, fields: dict[str, Any], names: int) -> None:
        self.upsert(self.new_draft(fields, names))

    @precondition(lambda self: self.model.owners())
    @rule(fields=_FIELDS, one=_INDEX, other=_INDEX)
    def add_known_paper(self, fields: dict[str, Any], one: int, other: int) -> None:
        self.upsert(self.known_draft(fields, one, other))

    @rule(data=st.data())
    def import_several(self, data: st.DataObject) -> None:
        drafts = []
        for fields in data.draw(st.lists(_FIELDS, min_size=1, max_size=4)):
            if self.model.owners() and data.draw(st.booleans()):
                drafts.append(self.known_draft(fields, data.draw(_INDEX), data.draw(_INDEX)))
            else:
                drafts.append(self.new_draft(fields, 1))
        imported = self.run(self.library.papers.upsert_many(drafts, Origin.IMPORT, MODERATOR))
        for draft in drafts:
            self.model.upsert(draft)
        assert (imported.change_id is not None) == self.model.is_changed
        self.record(is_bulk=True)

    @precondition(lambda self: self.model.active_ids)
    @rule(fields=_FIELDS, which=_INDEX, keep=st.booleans(), title=st.booleans())
    def edit(self, fields: dict[str, Any], which: int, *, keep: bool, title: bool) -> None:
        number = self.pick(self.model.active_ids, which)
        displayed = self.model.displayed(number)
        draft = replace(displayed, **fields)
        if not keep:
            draft = replace(draft, identifiers=displayed.identifiers[:1])
        if title:
            draft = replace(draft, title=f"{displayed.title} anew")
        if FORMER in draft.authors and FORMER in self.model.aliases:
            draft = replace(draft, authors=displayed.authors)
        if normalize(draft) == normalize(displayed):
            with pytest.raises(LabError, match="didn't change anything"):
                self.run(self.library.papers.edit(number, draft, MODERATOR))
            return
        self.run(self.library.papers.edit(number, draft, MODERATOR))
        self.model.edit(number, draft)
        self.record()

    @precondition(lambda self: self.model.active_ids)
    @rule(which=_INDEX, add=_TAGS, remove=_TAGS)
    def tag(self, which: int, add: tuple[str, ...], remove: tuple[str, ...]) -> None:
        number = self.pick(self.model.active_ids, which)
        paper = self.model.get(number)
        tags = tuple(sorted({*paper.draft.tags, *add} - {*remove}))
        if tags == paper.draft.tags:
            with pytest.raises(LabError, match="wouldn't change the tags"):
                self.run(self.library.papers.tag(number, add, remove, MODERATOR))
            return
        self.run(self.library.papers.tag(number, add, remove, MODERATOR))
        taken = {"tags"} - ({"tags"} if {*paper.draft.tags} <= {*tags} else set())
        self.model.set_details(
            number, replace(self.model.displayed(number), tags=tags), paper.locked | taken
        )
        self.record()

    @precondition(lambda self: self.model.active_ids)
    @rule(which=_INDEX)
    def remove(self, which: int) -> None:
        number = self.pick(self.model.active_ids, which)
        self.run(self.library.papers.remove(number, MODERATOR))
        self.model.remove(number)
        self.record()

    @precondition(lambda self: self.model.removed)
    @rule(which=_INDEX)
    def restore(self, which: int) -> None:
        number = self.pick(self.model.removed, which)
        self.run(self.library.papers.restore(number, MODERATOR))
        self.model.restore(number)
        self.record()

    @precondition(lambda self: len(self.model.active_ids) > 1)
    @rule(one=_INDEX, other=_INDEX, title=st.booleans(), venue=st.booleans())
    def merge(self, one: int, other: int, *, title: bool, venue: bool) -> None:
        target = self.pick(self.model.active_ids, one)
        absorbed = self.pick(
            [number for number in self.model.active_ids if number != target], other
        )
        ours, theirs = self.model.displayed(target), self.model.displayed(absorbed)
        chosen = replace(
            ours,
            title=theirs.title if title else ours.title,
            venue=theirs.venue if venue else ours.venue,
            tags=(*ours.tags, *theirs.tags),
            links=(*ours.links, *theirs.links),
        )
        self.run(self.library.papers.merge(target, absorbed, chosen, MODERATOR))
        both = normalize(replace(chosen, identifiers=(*ours.identifiers, *theirs.identifiers)))
        locked = (
            self.model.get(target).locked
            | (self.model.get(absorbed).locked | changed_fields(ours, theirs)) - MULTIVALUED
        )
        self.model.merge(target, absorbed, both, locked)
        self.record()

    @precondition(lambda self: not self.model.aliases)
    @rule()
    def rename(self) -> None:
        credited = {
            name
            for number in self.model.active_ids
            for name in self.model.get(number).draft.authors
        }
        if FORMER not in credited or NEW in credited:
            return
        number = self.run(self.library.authors.rename(FORMER, NEW, MODERATOR)).change_id
        self.model.rename(FORMER, NEW)
        self.model.record(number)
        self.renames.append(number)

    @precondition(lambda self: self.model.changes)
    @rule(which=_INDEX)
    def undo(self, which: int) -> None:
        self.undo_change(self.pick(list(self.model.changes), which))

    @precondition(lambda self: self.model.changes)
    @rule()
    def undo_last_of_moderator(self) -> None:
        change = self.run(self.library.audit.last_by(MODERATOR))
        active = [one.id for one in self.model.changes.values() if one.is_active and not one.undoes]
        assert (change.id if change else 0) == max(active, default=0)
        if change:
            self.undo_change(change.id)

    def undo_change(self, number: int) -> bool:
        if number <= self.first_changes:
            return False
        try:
            undone = self.run(self.library.undo(number, MODERATOR))
        except LabError as error:
            message = str(error)
            with pytest.raises(UndoRefused):
                self.model.undo(number, 0)
            assert any(word in message for word in ("already", "since then", "has an identifier"))
            return False
        self.model.undo(number, undone.change_id)
        root = self.model.changes[number].root
        if root in self.renames:
            is_renamed = self.model.changes[root].is_active
            self.model.aliases = {FORMER: NEW} if is_renamed else {}
        return True

    @invariant()
    def tables_match_the_model(self) -> None:
        if self.first_changes:
            self.run(self.compare())

    async def compare(self) -> None:
        tables = await all_tables(self.library)
        expected = {
            number: as_text(one) for number, one in self.model.papers.items() if one is not None
        }
        assert tables["papers"] == expected
        assert tables["identifiers"] == self.model.owners()
        for number in self.model.active_ids:
            (paper,) = await self.library.papers.load([number])
            assert paper.authors == self.model.displayed(number).authors
        for word in ("nlp", "maths", "code"):
            tagged = {n for n in self.model.active_ids if word in self.model.get(n).draft.tags}
            assert tables["found"][f"tag:{word}"] == tagged
        for word in ("wisdom", "folly"):
            having = {n for n in self.model.active_ids if word in self.model.get(n).draft.abstract}
            assert tables["found"][word] == having
        assert tables["found"]["subject"] == {*self.model.active_ids}

    def upsert(self, draft: PaperDraft) -> None:
        self.run(
            self.library.papers.upsert(
                draft, Origin.MODERATOR, MODERATOR, allow_duplicate=True, announce=True
            )
        )
        self.model.upsert(draft, by_moderator=True)
        self.record()

    def record(self, *, is_bulk: bool = False) -> None:
        """Checks that the last action is one change in the log, or none if nothing changed."""
        last = self.last_change()
        known = max(self.model.changes, default=0)
        assert (last > known) == self.model.is_changed
        if last > known:
            self.model.record(last)
            change = self.run(self.library.audit.find(last))
            assert (change.action == "import") == is_bulk

    def last_change(self) -> int:
        page = self.run(self.library.audit.page(limit=1))
        return page.changes[0].id if page.changes else 0

    def new_draft(self, fields: dict[str, Any], names: int) -> PaperDraft:
        """Returns a draft of a paper that isn't in the list."""
        self.titles += 1
        identifiers = tuple(f"doi:10.1/{self.titles}.{name}" for name in range(names))
        return PaperDraft(
            f"A paper on subject matter {self.titles}", identifiers=identifiers, **fields
        )

    def known_draft(self, fields: dict[str, Any], one: int, other: int) -> PaperDraft:
        """Returns a draft with the identifiers of one or two papers in the list."""
        names = sorted(self.model.owners())
        named = {self.pick(names, one), self.pick(names, other)}
        first = self.model.get(self.model.owners()[min(named)])
        return PaperDraft(first.draft.title, identifiers=tuple(sorted(named)), **fields)

    @staticmethod
    def pick(some: list[Any], which: int) -> Any:
        return some[which % len(some)]


def test_random_moderators(pytestconfig: pytest.Config, empty_database: Path) -> None:
    runs = pytestconfig.getoption("--moderator-runs")
    run_state_machine_as_test(
        partial(Moderators, empty_database),
        settings=settings(
            max_examples=runs,
            stateful_step_count=30 if runs > 100 else 15,
            deadline=None,
            phases=[Phase.explicit, Phase.reuse, Phase.generate],  # to shrink them takes minutes
            suppress_health_check=list(HealthCheck),
        ),
    )
