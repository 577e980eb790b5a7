"""Recognizes the bot's own messages in a channel by the custom ids of their buttons."""

from __future__ import annotations

from collections.abc import Iterable

from bot.ui.buttons import (
    AnnouncedPaperButton,
    DecidedReportButton,
    DigestButton,
    FeedsButton,
    MySuggestionsButton,
    OldAnnouncedPaperButton,
    ReportedPaperButton,
    ResolveReportButton,
    ReviewButton,
    ReviewedButton,
    ReviewedSuggestionButton,
    SuggestionButton,
)
from bot.ui.lab_button import parse
from storage.announcements.found_messages import FoundPart
from storage.announcements.models import Post, PostKind
from storage.generation import Generation
from storage.review.models import Decision


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
        case PostKind.NOTICE, FeedsButton() as button:
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
            case ReviewButton(decision=Decision.ADD) as button:
                kind = PostKind.REVIEW
                parts.append(FoundPart(button.named_row("item_id", generation), button.keys))
            case SuggestionButton(decision=Decision.ADD) as button:
                kind = PostKind.SUGGESTION
                parts.append(FoundPart(None, button.keys))
            case ResolveReportButton(is_fixed=True) as button:
                kind = PostKind.REPORT
                parts.append(FoundPart(None, button.keys))
            case MySuggestionsButton() | ReportedPaperButton() as button:
                kind = PostKind.OUTCOME
                parts.append(FoundPart(None, button.keys))
            case FeedsButton() as button:
                kind = PostKind.NOTICE
                parts.append(FoundPart(None, button.keys))
    return kind, tuple(part for part in parts if part.row_id is not None or part.keys)
