"""The custom ids of buttons, which old messages carry and which must never change."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.ui import buttons
from bot.ui.buttons import LabButton, is_marked, parse
from storage.announcements.models import Post, PostKind, PostState

HUGE = 2**63 - 1

# Every class of button with its custom id on the wire.
BUTTONS = {
    "paper:7": buttons.PaperButton(7),
    "announced:7": buttons.AnnouncedPaperButton(7),
    "announced:3:7": buttons.OldAnnouncedPaperButton(3, 7),
    "cite:7": buttons.CiteButton(7),
    "correct:7": buttons.EditPaperButton(7),
    "remove:5:7": buttons.RemoveButton(5, 7),
    "keep:5:7": buttons.KeepButton(5, 7),
    "undo:12": buttons.UndoButton(12),
    "log:5:0:1:12": buttons.HistoryPageButton(5, 0, 12, is_newer=True),
    "page:5:9:2": buttons.ResultsPageButton(5, 9, 2),
    "another:5:9": buttons.AnotherButton(5, 9),
    "digest:4": buttons.DigestButton(4, 12),
    "feeds:4": buttons.FeedsButton(4),
    "retry:4": buttons.RetryRefusedButton(4),
    "review:8:1": buttons.ReviewButton(8, add=True),
    "review:8:-": buttons.ReviewedButton(8),
    "settle:8:0": buttons.DuplicateButton(8, add=False),
    "suggestion:6:1": buttons.SuggestionButton(6, add=True, is_duplicate=True),
    "suggestion:6:-": buttons.DecidedSuggestionButton(6),
    "suggested:4": buttons.MySuggestionsButton(4),
    "queue:5:2": buttons.QueuePageButton(5, 2),
}


def test_the_table_has_every_class() -> None:
    assert {type(button) for button in BUTTONS.values()} == set(LabButton.__subclasses__())


@pytest.mark.parametrize("custom_id", BUTTONS)
def test_a_custom_id_is_built_and_parsed_in_the_form_of_old_messages(custom_id: str) -> None:
    button = BUTTONS[custom_id]
    assert button.custom_id == custom_id
    parsed = parse(custom_id)
    assert type(parsed) is type(button)
    assert parsed.numbers == button.numbers


@pytest.mark.parametrize("button", BUTTONS.values())
def test_a_custom_id_with_the_largest_numbers_fits(button: LabButton) -> None:
    largest = button.custom_id or ""
    for name, number in button.numbers.items():
        if name not in {"add", "is_newer"}:
            largest = largest.replace(f":{number}", f":{HUGE}", 1)
    assert len(largest) <= 100
    assert parse(largest) is not None


@pytest.mark.parametrize(
    "custom_id",
    [
        "",
        "page",
        "paper:",
        "paper:x",
        "paper:-7",
        "paper:7:7",
        "review:8:2",
        "nothing:1",
        "paper:٣",
    ],
)
def test_other_ids_are_no_button_of_ours(custom_id: str) -> None:
    assert parse(custom_id) is None


def test_a_page_before_the_first_is_the_first() -> None:
    assert buttons.ResultsPageButton(5, 9, -1).custom_id == "page:5:9:0"
    assert buttons.QueuePageButton(5, -1).custom_id == "queue:5:0"


@pytest.mark.parametrize(
    ("post", "custom_ids"),
    [
        (PostKind.PAPER, {"announced:7", "announced:3:7"}),
        (PostKind.DIGEST, {"announced:7", "announced:3:7"}),
        (PostKind.REVIEW, {"review:8:1", "review:8:-"}),
        (PostKind.SUGGESTION, {"suggestion:6:1", "suggestion:6:-"}),
        (PostKind.OUTCOME, {"suggested:4"}),
        (PostKind.NOTICE, {"feeds:4"}),
    ],
)
def test_a_claimed_post_is_recognized_by_its_buttons(post: PostKind, custom_ids: set[str]) -> None:
    claimed = Post(
        4,
        1,
        post,
        PostState.CLAIMED,
        0,
        datetime.now(UTC),
        claimed_papers=(7,),
        entry_id=8,
        suggestion_id=6,
    )
    assert {custom_id for custom_id in BUTTONS if is_marked(custom_id, claimed)} == custom_ids
    other = Post(5, 1, post, PostState.CLAIMED, 0, datetime.now(UTC))
    assert not any(is_marked(custom_id, other) for custom_id in BUTTONS)
