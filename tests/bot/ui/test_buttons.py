"""The custom ids of buttons, which old messages carry and which must never change."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from bot.ui import buttons, found_cards, review_buttons
from bot.ui.lab_button import LabButton, TooOld, button_classes, buttons_of_generation, parse
from bot.ui.message_marks import find_parts, is_marked
from storage.announcements.found_messages import FoundPart
from storage.announcements.models import Post, PostKind, PostState
from storage.generation import FIRST, Generation
from storage.review.models import Decision

HUGE = 2**63 - 1
CHOICES = {"add", "decision", "is_accepted", "is_fixed", "is_newer"}  # parts that are no ids
TABLES = (
    "papers",
    "posts",
    "entries",
    "suggestions",
    "reports",
    "feeds",
    "changes",
    "found_papers",
    "account_claims",
)
# A list that was restored from a backup with seven rows of each kind.
RESTORED = Generation(token="a1b2c3", ended={"": dict.fromkeys(TABLES, 7)})

# Every class of button with its custom id on the wire.
BUTTONS = {
    "help:3": buttons.HelpButton(3, "Feeds"),
    "paper:7": buttons.PaperButton(7),
    "announced:7": buttons.AnnouncedPaperButton(7),
    "announced:3:7": buttons.OldAnnouncedPaperButton(3, 7),
    "cite:7": buttons.CiteButton(7),
    "claim:7:1": review_buttons.ClaimButton(7, is_accepted=True),
    "claim:7:-": review_buttons.DecidedClaimButton(7),
    "bib:7": buttons.BibButton(7),
    "correct:7": buttons.ReportButton(7),
    "remove:5:7": buttons.RemoveButton(5, 7),
    "keep:5:7": buttons.KeepButton(5, 7),
    "mydata:5": buttons.DownloadDataButton(5),
    "forgetme:5": buttons.AskDeletionButton(5),
    "forgotten:5": buttons.DeleteDataButton(5),
    "keepdata:5": buttons.KeepDataButton(5),
    "undo:12": buttons.UndoButton(12),
    "log:5:0:1:12": buttons.HistoryPageButton(5, 0, 12, is_newer=True),
    "page:5:9:2": buttons.ResultsPageButton(5, 9, 2),
    "another:5:9": buttons.AnotherButton(5, 9),
    "suggest:9": buttons.SuggestButton(9),
    "digest:4": buttons.DigestButton(4, 12),
    "feeds:4": buttons.FeedsButton(4),
    "resend:4": buttons.RetryPostButton(4),
    "retry:4": buttons.RetryRefusedButton(4),
    "held:8:1": buttons.HeldEntriesButton(8, add=True),
    "reviews:8": buttons.OpenQueueButton(8),
    "review:8:1": review_buttons.ReviewButton(8, Decision.ADD),
    "review:8:-": review_buttons.ReviewedButton(8),
    "settle:8:0": review_buttons.OldDuplicateButton(8, Decision.SAME),
    "suggestion:6:1": review_buttons.SuggestionButton(6, Decision.ADD, is_duplicate=True),
    "suggestion:6:-": review_buttons.ReviewedSuggestionButton(6),
    "fix:9": review_buttons.FixReportButton(9),
    "report:9:1": review_buttons.ResolveReportButton(9, is_fixed=True),
    "report:9:-": review_buttons.DecidedReportButton(9),
    "reported:9:7": buttons.ReportedPaperButton(9, 7),
    "suggested:4": buttons.MySuggestionsButton(4),
    "queue:5:2": review_buttons.QueuePageButton(5, 2),
    "decide:5:2:0:8:1": review_buttons.QueueEntryButton(5, 2, 8, Decision.ADD),
    "decide:5:2:1:6:2": review_buttons.QueueSuggestionButton(5, 2, 6, Decision.DECLINE),
    "amend:5:2:9": review_buttons.QueueFixButton(5, 2, 9),
    "resolve:5:2:9:0": review_buttons.QueueReportButton(5, 2, 9, is_fixed=False),
    "vouch:5:2:7:1": review_buttons.QueueClaimButton(5, 2, 7, is_accepted=True),
    "complete:5:2:4:99:1": review_buttons.QueueProposalButton(5, 2, 4, 99, is_accepted=True),
    "unqueue:5:2:12": review_buttons.QueueUndoButton(5, 2, 12),
    "found:5:2": found_cards.FoundPapersButton(5, 2),
    "findings:4": found_cards.OpenFoundButton(4),
    "ours:8:3:0": found_cards.FoundCardButton(8, 3, 0),
    "ours:8:-": found_cards.DecidedFoundButton(8),
    "judge:5:2:8:3:0": found_cards.FoundDecisionButton(5, 2, 8, 3, 0),
    "unjudge:5:2:12": found_cards.FoundUndoButton(5, 2, 12),
    "waiting:0:8": review_buttons.OpenEntryButton(8),
    "waiting:1:6": review_buttons.OpenSuggestionButton(6),
}


def test_the_table_has_every_class() -> None:
    assert {type(button) for button in BUTTONS.values()} == set(button_classes())


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
        if name not in CHOICES:
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
        "review:8:3",
        "nothing:1",
        "paper:٣",
    ],
)
def test_other_ids_are_no_button_of_ours(custom_id: str) -> None:
    assert parse(custom_id) is None


def test_a_page_before_the_first_is_the_first() -> None:
    assert buttons.ResultsPageButton(5, 9, -1).custom_id == "page:5:9:0"
    assert review_buttons.QueuePageButton(5, -1).custom_id == "queue:5:0"


@pytest.mark.parametrize(
    ("post", "custom_ids"),
    [
        (PostKind.PAPER, {"announced:7", "announced:3:7"}),
        (PostKind.DIGEST, {"announced:7", "announced:3:7"}),
        (PostKind.REVIEW, {"review:8:1", "review:8:-"}),
        (PostKind.SUGGESTION, {"suggestion:6:1", "suggestion:6:-"}),
        (PostKind.REPORT, {"report:9:1", "report:9:-"}),
        (PostKind.OUTCOME, {"suggested:4", "reported:9:7"}),
        (PostKind.NOTICE, {"feeds:4", "findings:4"}),
        (PostKind.FOUND, {"ours:8:3:0", "ours:8:-"}),
        (PostKind.CLAIM, {"claim:7:1", "claim:7:-"}),
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
        report_id=9,
        found_paper_id=8,
        claim_id=7,
    )
    assert {
        custom_id for custom_id in BUTTONS if is_marked(custom_id, claimed, FIRST)
    } == custom_ids
    other = Post(5, 1, post, PostState.CLAIMED, 0, datetime.now(UTC))
    assert not any(is_marked(custom_id, other, FIRST) for custom_id in BUTTONS)


@pytest.fixture
def restored() -> Iterator[None]:
    """Draws buttons of a restored list."""
    with buttons_of_generation(RESTORED.token):
        yield


@pytest.mark.usefixtures("restored")
@pytest.mark.parametrize("button", BUTTONS.values())
def test_ids_of_rows_name_their_generation_once_there_are_several(button: LabButton) -> None:
    drawn = type(button)(**button.numbers)
    named = {
        "paper_id",
        "post_id",
        "entry_id",
        "suggestion_id",
        "report_id",
        "found_paper_id",
        "claim_id",
        "proposal_id",
        "feed_id",
        "change_id",
        "item_id",
        "person_id",
    }
    has_row = bool(named & {*button.numbers})
    assert drawn.custom_id == f"{button.custom_id}@a1b2c3" if has_row else button.custom_id
    parsed = parse(drawn.custom_id or "")
    assert type(parsed) is type(button)
    assert parsed.numbers == button.numbers
    assert parsed.generation == ("a1b2c3" if has_row else "")
    parsed.require_rows(RESTORED)


@pytest.mark.parametrize(
    "custom_id",
    [
        *("paper:8", "undo:8", "digest:8", "review:8:1", "suggestion:8:0", "fix:8"),
        *("decide:5:0:0:8:1", "decide:5:0:1:8:2", "waiting:0:8", "waiting:1:8", "amend:5:0:8"),
        *("resolve:5:0:8:1", "unqueue:5:0:8", "paper:1@beef01"),
        *("judge:5:0:8:1:0", "unjudge:5:0:8", "ours:8:1:0", "claim:8:1", "vouch:5:0:8:1"),
    ],
)
def test_a_number_that_was_lost_is_too_old(custom_id: str) -> None:
    button = parse(custom_id)
    assert button is not None
    with pytest.raises(TooOld, match="before the paper list was restored"):
        button.require_rows(RESTORED)
    kept = parse(custom_id.replace("8", "7").replace("@beef01", "@a1b2c3"))
    assert kept is not None
    kept.require_rows(RESTORED)


@pytest.mark.parametrize(
    "custom_id", ["feeds:8", "findings:8", "suggested:8", "reported:8:7", "queue:8:8"]
)
def test_a_button_that_needs_no_row_never_gets_too_old(custom_id: str) -> None:
    button = parse(custom_id)
    assert button is not None
    button.require_rows(RESTORED)


def test_a_message_of_a_lost_number_is_not_that_of_a_claimed_post() -> None:
    """The number was given again, to another paper."""
    claimed = Post(
        9, 1, PostKind.PAPER, PostState.CLAIMED, 1, datetime.now(UTC), claimed_papers=(7, 8)
    )
    assert is_marked("announced:7", claimed, RESTORED)
    assert not is_marked("announced:8", claimed, RESTORED)
    assert is_marked("announced:8@a1b2c3", claimed, RESTORED)


@pytest.mark.parametrize(
    ("custom_ids", "kind", "parts"),
    [
        (["announced:8~abcdef", "cite:8"], PostKind.PAPER, [FoundPart(None, "abcdef")]),
        (["announced:7", "cite:7"], PostKind.PAPER, [FoundPart(7)]),
        (["announced:1:7"], PostKind.PAPER, [FoundPart(7)]),
        (
            ["announced:7~abcdef.uvwxyz", "announced:8~123456"],
            PostKind.DIGEST,
            [FoundPart(7, "abcdef"), FoundPart(None, "uvwxyz"), FoundPart(None, "123456")],
        ),
        (["review:9:1~abcdef", "review:9:0~abcdef"], PostKind.REVIEW, [FoundPart(None, "abcdef")]),
        (["suggestion:7:1~eabcde"], PostKind.SUGGESTION, [FoundPart(None, "eabcde")]),
        (["fix:7", "report:7:1~eabcde"], PostKind.REPORT, [FoundPart(None, "eabcde")]),
        (["suggested:9~eabcde", "paper:3"], PostKind.OUTCOME, [FoundPart(None, "eabcde")]),
        (["reported:9:7~eabcde"], PostKind.OUTCOME, [FoundPart(None, "eabcde")]),
        (["feeds:7~eabcde"], PostKind.NOTICE, [FoundPart(None, "eabcde")]),
        (["findings:7~eabcde"], PostKind.NOTICE, [FoundPart(None, "eabcde")]),
        (["ours:7:1:0~abcdef", "ours:7:1:1~abcdef"], PostKind.FOUND, [FoundPart(7, "abcdef")]),
        (["claim:7:1~eabcde", "claim:7:0~eabcde"], PostKind.CLAIM, [FoundPart(None, "eabcde")]),
        (["suggestion:7:1"], PostKind.SUGGESTION, []),  # of an earlier version
        (["review:7:-"], None, []),
        (["suggestion:7:-"], None, []),
        (["ours:7:-"], None, []),
        (["claim:7:-"], None, []),
        (["paper:7", "cite:7", "anything"], None, []),
    ],
)
def test_what_a_message_is_about_is_in_its_custom_ids(
    custom_ids: list[str], kind: PostKind | None, parts: list[FoundPart]
) -> None:
    assert find_parts(custom_ids, RESTORED) == (kind, tuple(parts))
