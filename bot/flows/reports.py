"""Reporting a problem with a paper, and the buttons with which moderators resolve reports."""

from __future__ import annotations

from functools import partial

from bot.flows import edit_paper
from bot.flows.replies import reply_with_notice
from bot.flows.review_queue import show_not_waiting, show_queue
from bot.interactions import Interaction
from bot.markdown import count, escape, time_ahead, timestamp
from bot.permissions import actor, is_moderator, require_moderator
from bot.ui import cards, forms
from bot.ui.report_form import ReportForm, ReportValues
from bot.ui.review_buttons import (
    FixReportButton,
    QueueFixButton,
    QueueReportButton,
    ResolveReportButton,
)
from storage.errors import InvalidInput, LabError
from storage.redaction import redact_text
from storage.review.errors import NotWaiting
from storage.review.models import Problem, ReportResult, ReportStatus
from storage.review.reports import MAX_PENDING_REPORTS


async def report_or_edit(interaction: Interaction, paper_id: int) -> None:
    """Opens the form to report a problem with a paper or, for a moderator, to edit the paper."""
    bot = interaction.client
    if is_moderator(interaction):
        paper = await bot.library.papers.get(paper_id)
        await interaction.response.send_modal(edit_paper.edit_form(paper))
        return
    if not bot.home_guilds:
        raise LabError("There are no moderators here to look at a report.")
    rejection = await bot.library.review.check_report(paper_id, interaction.user.id)
    if rejection is not None:
        await interaction.response.send_message(view=_answer(rejection), ephemeral=True)
        return
    await interaction.response.send_modal(_report_form(paper_id))


def _report_form(paper_id: int) -> ReportForm:
    return ReportForm(paper_id, ReportValues(), partial(_submit, paper_id))


@forms.opener("report")
async def _open_again(_interaction: Interaction, paper_id: int) -> ReportForm:
    return _report_form(paper_id)


async def _submit(paper_id: int, interaction: Interaction, values: ReportValues) -> None:
    if values.problem is None or (values.problem is Problem.OTHER and not values.note):
        raise InvalidInput("Describe what's wrong in the note, so that the moderators can find it.")
    bot, member = interaction.client, interaction.user
    result = await bot.library.review.report(
        paper_id,
        values.problem,
        redact_text(values.note),
        (member.id, member.display_name),
        channel_id=bot.moderators.channel_id,
    )
    await interaction.response.send_message(view=_answer(result), ephemeral=True)
    bot.dispatcher.deliver_soon()


def _answer(result: ReportResult) -> cards.Layout:
    """Returns the answer to a report; raises `LabError` if a limit was reached."""
    title = escape(result.report.paper.title, 300) if result.report else ""
    match result.status:
        case ReportStatus.TOO_MANY if result.retry_at:
            again = time_ahead(result.retry_at)
            raise LabError(
                "That's as many problems as you can report for now. You can report another one "
                f"from {again}."
            )
        case ReportStatus.PENDING if result.report:
            reported_at = timestamp(result.report.reported_at)
            return cards.notice(
                f"⏳ You reported a problem with **{title}** {reported_at}. The moderators will "
                "look at it, and I'll let you know."
            )
        case ReportStatus.ACCEPTED:
            return cards.notice(
                f"🚩 Thanks! The moderators will look at **{title}**, and I'll let you know."
            )
    raise LabError(
        f"The moderators still have {count(MAX_PENDING_REPORTS, 'report')} to look at, which is "
        "the limit. Please try again later."
    )


@FixReportButton.on_press
async def open_edit_form(interaction: Interaction, button: FixReportButton) -> None:
    """Opens the form to edit the paper of a report; saving it marks the report as fixed."""
    await _open_edit_form(interaction, button.report_id)


@QueueFixButton.on_press
async def open_edit_form_in_queue(interaction: Interaction, button: QueueFixButton) -> None:
    """Opens the form to edit the paper of a report in the review queue."""
    try:
        await _open_edit_form(interaction, button.report_id, button.page)
    except NotWaiting as error:
        await show_not_waiting(interaction, error, button.page)


async def _open_edit_form(
    interaction: Interaction, report_id: int, page: int | None = None
) -> None:
    require_moderator(interaction)
    library = interaction.client.library
    report = await library.review.get_pending_report(report_id, actor(interaction))
    paper = await library.papers.get(report.paper.id)
    form = edit_paper.edit_form(paper, report_id=report.id, queue_page=page)
    await interaction.response.send_modal(form)


@ResolveReportButton.on_press
async def resolve_report(interaction: Interaction, button: ResolveReportButton) -> None:
    """Marks a report as fixed, or dismisses it."""
    text, change_id = await _resolve(interaction, button.report_id, is_fixed=button.is_fixed)
    await reply_with_notice(interaction, text, change_id)


@QueueReportButton.on_press
async def resolve_report_in_queue(interaction: Interaction, button: QueueReportButton) -> None:
    """Resolves a report in the review queue, and draws the page again."""
    try:
        text, change_id = await _resolve(interaction, button.report_id, is_fixed=button.is_fixed)
    except NotWaiting as error:
        await show_not_waiting(interaction, error, button.page)
        return
    await show_queue(interaction, text, change_id, button.page)


async def _resolve(
    interaction: Interaction, report_id: int, *, is_fixed: bool
) -> tuple[str, int | None]:
    """Resolves a report; returns what was done, and the change to undo."""
    require_moderator(interaction)
    review = interaction.client.library.review
    resolved = await review.resolve_report(report_id, actor(interaction), is_fixed=is_fixed)
    interaction.client.dispatcher.deliver_soon()
    report = (await review.reports([report_id]))[report_id]
    title = f"**{escape(report.paper.title, 100)}**"
    text = f"👋 You dismissed the report about {title}."
    if is_fixed:
        text = f"✅ You marked the report about {title} as fixed."
    told = " I'll let the member know." if report.has_member else ""
    return f"{text}{told}", resolved.change_id
