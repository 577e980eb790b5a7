"""Completing a paper: what services say about it, before → after, for a moderator to decide."""

from __future__ import annotations

from functools import partial
from typing import Any

from discord import ButtonStyle
from discord.ui import ActionRow, Item, TextDisplay

from bot.completing.completer import Completion
from bot.flows.replies import reply, reply_with_paper
from bot.interactions import Interaction
from bot.markdown import escape, join_and
from bot.permissions import actor, require_moderator
from bot.ui import audit_log as audit_cards
from bot.ui import cards
from bot.ui.dialogs import Dialog, DialogButton
from storage.models import Paper, PaperDetails, PaperDraft
from storage.papers.combine import as_draft, merge_metadata

_MAX_DOUBTS = 3  # that a message shows
_MAX_TEXT = 1100  # characters of one part of a message
_NOTHING_DUE = (
    "👌 All papers have been looked up recently. To look one up again, choose it with `paper`."
)


async def start(interaction: Interaction, paper: Paper | None) -> None:
    """Looks up a paper, or the next one that is due, and shows what would change."""
    await interaction.response.defer(ephemeral=True, thinking=True)
    bot = interaction.client
    if paper is None:
        due = await bot.library.completions.due(1)
        if not due:
            await reply(interaction, cards.notice(_NOTHING_DUE))
            return
        (paper,) = due
    completion = await bot.completer.complete(paper, actor(interaction), preview=True)
    await bot.completer.record(completion)
    await reply(interaction, _preview(completion))


def _preview(completion: Completion) -> Dialog | cards.Layout:
    paper = completion.paper
    head = f"### {cards.title_link(paper, 300)} (#{paper.id})"
    parts: list[Item[Any]] = [TextDisplay(head)]
    if completion.after and completion.news:
        services = join_and([escape(one, 40) for one in completion.services])
        text = f"🔎 {services} can complete this paper:\n{_changes(paper, completion.after)}"
        complete = partial(_complete, paper.id, completion.news)
        button = DialogButton("Complete", complete, ButtonStyle.success, decides=True)
        parts.append(cards.text_card(text, ActionRow(button)))
    for doubt in completion.doubts[:_MAX_DOUBTS]:
        answer = doubt.answer
        after = merge_metadata(as_draft(paper), answer.draft)
        text = (
            f"⚖️ {escape(answer.service, 40)} may know this paper. Is it the same one? "
            f"{escape(doubt.reason, 300)}\n{_changes(paper, after)}"
        )
        button = DialogButton(
            "Same paper", partial(_complete, paper.id, answer.draft), decides=True
        )
        parts.append(cards.text_card(text, ActionRow(button)))
    if len(parts) == 1:
        text = "Something went wrong." if completion.failures else "I found nothing new."
        parts.append(cards.text_card(f"👌 {text}"))
    if sentences := [*completion.problems, *completion.failures]:
        text = "\n".join(f"-# ⚠️ {escape(one, 200)}" for one in sentences[:4])
        parts.append(TextDisplay(text))
    return Dialog(*parts)


def _changes(before: PaperDetails, after: PaperDetails) -> str:
    """Returns a line “field: before → after” for each field that differs, as far as they fit."""
    lines: list[str] = []
    for name in audit_cards.differing_fields(before, after):
        values = audit_cards.difference(getattr(before, name), getattr(after, name))
        line = f"**{audit_cards.field_name(name)}:** {values}"
        if sum(map(len, lines)) + len(line) > _MAX_TEXT:
            lines.append("…")
            break
        lines.append(line)
    return "\n".join(lines)


async def _complete(paper_id: int, draft: PaperDraft, interaction: Interaction) -> None:
    """Merges what a moderator saw, and shows the paper with Undo."""
    require_moderator(interaction)
    library = interaction.client.library
    recorded = await library.papers.complete(paper_id, draft, actor(interaction))
    if recorded.value is None:
        await reply(interaction, cards.notice("👌 That paper was removed in the meantime."))
        return
    text = "✅ Completed." if recorded.change_id is not None else "👌 Nothing changed."
    await reply_with_paper(interaction, recorded.value, text, recorded.change_id)
    interaction.client.dispatcher.deliver_soon()
