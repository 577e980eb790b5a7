"""Changes as text and cards: what they say, and that they stay within Discord's limits."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.flows.merge_papers import MergePair, comparison
from bot.ui import audit_log as audit_cards
from bot.ui.cards import Layout
from storage.audit.models import (
    Change,
    ChangeAction,
    ImportChange,
    LogPage,
    NameChange,
    PaperChange,
    ReviewChange,
)
from storage.models import Link, LinkKind, Outcome, PaperDraft, details_of
from storage.papers.snapshots import PaperSnapshot
from tests.support.library import MODERATOR
from tests.support.papers import AT, drafts, make_paper

_LONG = "word " * 40


def common(number: int, action: ChangeAction, fields: dict[str, Any]) -> dict[str, Any]:
    return {"id": number, "at": AT, "actor": MODERATOR, "action": action, **fields}


def change(number: int = 7, action: ChangeAction = ChangeAction.EDIT, **fields: Any) -> PaperChange:
    return PaperChange(**common(number, action, {"paper_id": 1, **fields}))


def imported(**fields: Any) -> ImportChange:
    return ImportChange(**common(7, ChangeAction.IMPORT, fields))


def reviewed(title: str, outcome: Outcome, **fields: Any) -> ReviewChange:
    fields |= {"title": title, "outcome": outcome}
    return ReviewChange(**common(7, ChangeAction.REVIEW, fields))


def snapshot(paper: PaperDraft, *, is_removed: bool = False) -> PaperSnapshot:
    return PaperSnapshot(**details_of(paper), is_removed=is_removed)


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ("", "ICML", "none → ICML"),
        ("arXiv", None, "arXiv → none"),
        (False, True, "no → yes"),
        (("Ann Lee", "Bo Chen"), ("Ann Lee",), "Ann Lee, Bo Chen → Ann Lee"),
        ((Link(LinkKind.PDF, "https://a.org"),), (), "https://a.org → none"),
        (
            f"{_LONG}red {_LONG}",
            f"{_LONG}green {_LONG}",
            "…word word word red word word word… → …word word word green word word word…",
        ),
        (f"{_LONG}end", _LONG, "…word word word end → …word word word"),
        ("*bold* @everyone", "plain", "\\*bold\\* \\@everyone → plain"),
    ],
)
def test_a_difference_is_shown_with_some_words_around_it(
    before: object, after: object, shown: str
) -> None:
    assert audit_cards.difference(before, after) == shown


@pytest.mark.parametrize(
    ("made", "shown"),
    [
        (change(action=ChangeAction.ADD), "✅ added **A \\*title\\*** (#1)"),
        (change(action=ChangeAction.REMOVE), "🗑️ removed **A \\*title\\*** (#1)"),
        (change(action=ChangeAction.MERGE, merged_into=9), "into **a paper** (#9)"),
        (
            change(action=ChangeAction.UNDO, undoes=3, original_id=3),
            "↩️ undid change 3: **A \\*title\\*** (#1)",
        ),
        (imported(undoes=3, original_id=3, outcomes={}), "↩️ undid change 3"),
        (imported(undoes=4, original_id=3, is_redo=True, outcomes={}), "↪️ redid change 3"),
        (
            imported(outcomes={Outcome.ADDED: 1200, Outcome.DUPLICATE: 1}),
            "📥 imported papers: 1,200 added, 1 possible duplicate skipped",
        ),
        (reviewed("*Ours*", Outcome.DECLINED), "👋 declined **\\*Ours\\***"),
        (
            reviewed("*Ours*", Outcome.DECLINED, undoes=3, original_id=3),
            "↩️ undid change 3: **\\*Ours\\***",
        ),
        (reviewed("Ours", Outcome.UNCHANGED), "🔎 marked **Ours** as already in the list"),
        (
            NameChange(
                **common(
                    7,
                    ChangeAction.RENAME,
                    {"name": "Ann New", "before": {"x": None}, "after": {}},
                )
            ),
            "🏷️ renamed an author to **Ann New**",
        ),
    ],
)
def test_a_change_is_summarized(made: Change, shown: str) -> None:
    assert audit_cards.summary(made, {1: "A *title*"}).endswith(shown)
    assert audit_cards.differences(made) == []
    assert audit_cards.plain_summary(made, {1: "A *title*"}).startswith("7 · ")


def test_identifiers_that_only_the_list_has_are_no_difference() -> None:
    before = snapshot(PaperDraft(title="A Lens", identifiers=("listed:alens",)))
    after = snapshot(PaperDraft(title="A Lens", identifiers=("listed:lens", "doi:10.1/a")))
    shown = audit_cards.differences(change(before=before, after=after))
    assert shown == ["Identifiers: none → DOI 10.1/a"]
    same = snapshot(PaperDraft(title="A Lens", identifiers=("listed:lens",)))
    assert audit_cards.differences(change(before=before, after=same)) == []


@pytest.mark.slow
@given(st.lists(st.tuples(drafts(), drafts()), max_size=5), st.booleans())
def test_a_page_of_the_log_stays_within_discords_limits(
    pairs: list[tuple[PaperDraft, PaperDraft]],
    undone: bool,  # noqa: FBT001
) -> None:
    made = tuple(
        change(
            number,
            before=snapshot(before),
            after=snapshot(after, is_removed=True),
            is_undone=undone,
            parts=(
                change(action=ChangeAction.UPDATE, before=snapshot(after), after=snapshot(before)),
            ),
        )
        for number, (before, after) in enumerate(pairs)
    )
    titles = {1: "A title, and much more of it " * 20}
    page = audit_cards.history(LogPage(made, has_newer=True, has_older=False), titles, 1 << 62, 1)
    layout = Layout(page)
    assert layout.content_length() <= 4000
    assert layout.total_children_count <= 40
    assert layout.to_components()


@given(drafts(), drafts())
def test_a_comparison_of_two_papers_stays_within_discords_limits(
    one: PaperDraft, two: PaperDraft
) -> None:
    pair = MergePair(make_paper(one, 1 << 40), make_paper(two, 1 << 41), edited={})
    layout = Layout(
        comparison(pair, pair.default_choices(), lambda _name, _keep: None, "warning " * 85)
    )
    assert layout.content_length() <= 4000
    assert layout.total_children_count <= 38
    for row in layout.to_components()[0]["components"]:
        for menu in row.get("components", []):
            assert all(1 <= len(option["label"]) <= 100 for option in menu["options"])
