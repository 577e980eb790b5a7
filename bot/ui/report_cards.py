"""Members' reports of problems with papers, as layouts and text."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from discord.ui import ActionRow, Button

from bot.markdown import escape, timestamp
from bot.ui import buttons, cards, review_buttons
from bot.ui.cards import Layout
from storage.announcements.message_keys import event_key
from storage.models import Outcome
from storage.review.models import Problem, Report

PROBLEMS = {
    Problem.TEXT: "The title or abstract",
    Problem.AUTHORS: "The authors",
    Problem.VENUE: "The venue or year",
    Problem.LINK: "A link",
    Problem.DUPLICATE: "It's in the list twice",
    Problem.NOT_OURS: "It isn't one of ours",
    Problem.OTHER: "Something else",
}


def report_review(report: Report) -> Layout:
    """Returns the card of a report in the moderators' channel; once decided, how and by whom."""
    if not report.is_pending:
        return _decided(report)
    heading = f"-# 🚩 Reported by {escape(report.member_name, 80)}: **{PROBLEMS[report.problem]}**"
    card = cards.paper_card(
        report.paper,
        heading=f"{heading}\n### {_title(report, 700)}",
        max_abstract=500,
        actions=decision_buttons(
            report,
            review_buttons.FixReportButton(report.id),
            partial(review_buttons.ResolveReportButton, keys=_key(report)),
        ),
        below=f"💬 {escape(report.note, 900)}" if report.note else "",
    )
    return Layout(card)


def report_outcome(report: Report) -> Layout:
    """Returns the message that tells a member what became of their report."""
    status = {
        Outcome.REVIEW: "⏳ Waiting for review.",
        Outcome.UPDATED: "✅ The moderators have fixed it. Thanks!",
        Outcome.DECLINED: "👋 The moderators looked at it and left the paper as it is. "
        "Thanks anyway!",
    }[report.outcome]
    button = buttons.ReportedPaperButton(
        report.id,
        report.paper.id,
        disabled=report.paper.removed_at is not None,
        keys=_key(report),
    )
    text = f"🚩 You reported a problem with **{escape(report.paper.title, 300)}**.\n{status}"
    return cards.notice(text, ActionRow(button))


def queue_item(report: Report) -> str:
    """Returns a report as the review queue lists it."""
    source = f"-# 🚩 {escape(report.member_name, 60)} {timestamp(report.reported_at)}"
    source += f" · **{PROBLEMS[report.problem]}**"
    source += f" · {escape(report.note, 150)}" if report.note else ""
    lines = [f"**{_title(report, 200)}** (#{report.paper.id})"]
    return "\n".join(filter(None, [*lines, cards.byline(report.paper, 100, 40), source]))


def decision_buttons(
    report: Report, edit: Button[Any], resolve: Callable[..., Button[Any]]
) -> list[Button[Any]]:
    """Returns “Edit paper” unless the paper was removed, “Mark as fixed” and “Dismiss”.

    ``resolve`` makes the last two of the report's id and ``is_fixed``.
    """
    editing = [] if report.paper.removed_at else [edit]
    return [*editing, *(resolve(report.id, is_fixed=is_fixed) for is_fixed in (True, False))]


def _decided(report: Report) -> Layout:
    text = (
        f"🚩 **{escape(report.paper.title, 300)}** (#{report.paper.id}), reported by "
        f"{escape(report.member_name, 80)}.\n"
    )
    text += "✅ Fixed" if report.outcome is Outcome.UPDATED else "👋 Dismissed"
    if report.decided_by is not None:
        text += f" by {escape(report.decided_by.name, 80)}"
    return cards.notice(f"{text}.", ActionRow(review_buttons.DecidedReportButton(report.id)))


def _title(report: Report, limit: int) -> str:
    if report.paper.removed_at is not None:
        return f"~~{escape(report.paper.title, limit - 40)}~~ (removed from the list)"
    return cards.title_link(report.paper, limit)


def _key(report: Report) -> str:
    return event_key(report.member_id, report.reported_at)
