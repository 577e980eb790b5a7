"""Recognizes the bot's own messages in a channel by the custom ids of their buttons."""

from __future__ import annotations

from collections.abc import Iterable

from bot.ui.buttons import (
    AnnouncedPaperButton,
    DigestButton,
    FeedsButton,
    MySuggestionsButton,
    OldAnnouncedPaperButton,
    ReportedPaperButton,
)
from bot.ui.found_cards import (
    DecidedFoundButton,
    FoundCardButton,
    OpenFoundButton,
)
from bot.ui.lab_button import LabButton, parse
from bot.ui.review_buttons import (
    ClaimButton,
    DecidedClaimButton,
    DecidedReportButton,
    ResolveReportButton,
    ReviewButton,
    ReviewedButton,
    ReviewedSuggestionButton,
    SuggestionButton,
)
from storage.announcements.found_messages import FoundPart
from storage.announcements.models import Post, PostKind
from storage.generation import Generation
from storage.review.found_papers import CardDecision
from storage.review.models import Decision

_KINDS: dict[type[LabButton], PostKind] = {
    ReviewButton: PostKind.REVIEW,
    SuggestionButton: PostKind.SUGGESTION,
    ResolveReportButton: PostKind.REPORT,
    FoundCardButton: PostKind.FOUND,
    ClaimButton: PostKind.CLAIM,
    MySuggestionsButton: PostKind.OUTCOME,
    ReportedPaperButton: PostKind.OUTCOME,
    FeedsButton: PostKind.NOTICE,
    OpenFoundButton: PostKind.NOTICE,
}


def is_marked(custom_id: str, post: Post, generation: Generation) -> bool:
    """Returns whether a component with this id shows that its message is the one of a claimed post.

    An announcement's id names papers, so it can also match the message of another post whose
    papers were merged into these; `Outbox` knows that message already.
    """
    match post.kind, parse(custom_id):
        case PostKind.REVIEW, (ReviewButton() | ReviewedButton()) as button:
            row_id, expected = button.named_row("item_id", generation), post.entry_id
        case PostKind.SUGGESTION, (SuggestionButton() | ReviewedSuggestionButton()) as button:
            row_id, expected = button.named_row("item_id", generation), post.suggestion_id
        case PostKind.REPORT, (ResolveReportButton() | DecidedReportButton()) as button:
            row_id, expected = button.named_row("report_id", generation), post.report_id
        case PostKind.OUTCOME, ReportedPaperButton() as button:
            row_id, expected = button.named_row("report_id", generation), post.report_id
        case PostKind.OUTCOME, MySuggestionsButton() as button:
            row_id, expected = button.named_row("post_id", generation), post.id
        case PostKind.FOUND, (FoundCardButton() | DecidedFoundButton()) as button:
            row_id, expected = button.named_row("found_paper_id", generation), post.found_paper_id
        case PostKind.CLAIM, (ClaimButton() | DecidedClaimButton()) as button:
            row_id, expected = button.named_row("claim_id", generation), post.claim_id
        case PostKind.NOTICE, (FeedsButton() | OpenFoundButton()) as button:
            row_id, expected = button.named_row("post_id", generation), post.id
        case (
            PostKind.PAPER | PostKind.DIGEST,
            (AnnouncedPaperButton() | OldAnnouncedPaperButton()) as button,
        ):
            return button.named_row("paper_id", generation) in post.claimed_papers
        case _:
            return False
    return row_id is not None and row_id == expected


def find_parts(
    custom_ids: Iterable[str], generation: Generation
) -> tuple[PostKind | None, tuple[FoundPart, ...]]:
    """Returns what a message of the bot is about, by its custom ids, or None if it is a reply.

    A card that was decided is about nothing: what was decided was lost, and is asked again.
    """
    kind: PostKind | None = None
    parts: list[FoundPart] = []
    for custom_id in custom_ids:
        match parse(custom_id):
            case AnnouncedPaperButton() as button:
                kind = PostKind.PAPER if kind is None else PostKind.DIGEST
                own, *others = button.keys.split(".")
                parts.append(FoundPart(button.named_row("paper_id", generation), own))
                parts += [FoundPart(None, keys) for keys in others]
            case OldAnnouncedPaperButton() as button:
                kind = PostKind.PAPER if kind is None else PostKind.DIGEST
                parts.append(FoundPart(button.named_row("paper_id", generation)))
            case DigestButton():
                kind = PostKind.DIGEST
            case LabButton() as button if other := _other_kind(button):
                kind = other
                parts.append(FoundPart(_row_id(button, generation), button.keys))
    return kind, tuple(part for part in parts if part.row_id is not None or part.keys)


def _other_kind(button: LabButton) -> PostKind | None:
    """Returns which kind of message, apart from an announcement, a button marks; else None.

    Of several buttons that decide, only the first one does.
    """
    match button:
        case ReviewButton() | SuggestionButton() if button.decision is not Decision.ADD:
            return None
        case FoundCardButton() if button.choice is not CardDecision.ADD:
            return None
        case ResolveReportButton(is_fixed=False) | ClaimButton(is_accepted=False):
            return None
    return _KINDS.get(type(button))


def _row_id(button: LabButton, generation: Generation) -> int | None:
    """Returns the id of the entry or found paper that a button names, if it is still the same."""
    match button:
        case ReviewButton():
            return button.named_row("item_id", generation)
        case FoundCardButton():
            return button.named_row("found_paper_id", generation)
    return None
