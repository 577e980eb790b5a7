"""Completing a paper: what services say about it, before → after, for a moderator to decide."""

from __future__ import annotations

from functools import partial
from typing import Any

from discord import ButtonStyle
from discord.ui import ActionRow, Item, TextDisplay

from bot.completing.completer import Completion
from bot.flows.replies import reply, reply_with_notice, reply_with_paper
from bot.flows.review_queue import show_not_waiting, show_queue
from bot.interactions import Interaction
from bot.markdown import count, escape, join_and
from bot.permissions import actor, require_moderator
from bot.ui import cards, completion_cards
from bot.ui.dialogs import Dialog, DialogButton
from bot.ui.review_buttons import QueueProposalButton
from storage.models import Paper, PaperDraft
from storage.review.errors import NotWaiting
from storage.review.models import Proposal

_MAX_PROPOSALS = 3  # that a message shows
_MAX_TEXT = 700  # characters of the differences of each answer
_MAX_TEXTS = 1500  # of all of them, so that a message has room for everything else
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
    await reply(interaction, _preview(await bot.completer.suggest(paper)))


def _preview(completion: Completion) -> Dialog:
    paper = completion.paper
    proposals = completion.proposals[:_MAX_PROPOSALS]
    limit = min(_MAX_TEXT, _MAX_TEXTS // (len(proposals) + 1))
    head = f"### {cards.title_link(paper, 300)} (#{paper.id})"
    parts: list[Item[Any]] = [TextDisplay(head)]
    if completion.after and completion.news:
        services = join_and([escape(one, 40) for one in completion.services])
        changes = completion_cards.differences(paper, completion.after, limit)
        complete = partial(_complete, paper, completion.news)
        button = DialogButton("Complete", complete, ButtonStyle.success, decides=True)
        text = f"🔎 {services} can complete this paper:\n{changes}"
        parts.append(cards.text_card(text, ActionRow(button)))
    for proposal in proposals:
        changes = completion_cards.differences(proposal.paper, proposal.after, limit)
        row = ActionRow[Any](
            DialogButton(
                "Accept", partial(_decide, proposal, is_accepted=True), ButtonStyle.success
            ),
            DialogButton("Keep as it is", partial(_decide, proposal, is_accepted=False)),
        )
        text = f"{completion_cards.question(proposal)}\n{changes}"
        parts.append(cards.text_card(text, row))
    if waiting := len(completion.proposals):
        waits = "waits" if waiting == 1 else "wait"
        text = f"{count(waiting, 'uncertain answer')} {waits} in `/curate queue`, too."
        parts.append(TextDisplay(f"-# {text}"))
    if len(parts) == 1:
        text = "Something went wrong." if completion.failures else "I found nothing new."
        parts.append(cards.text_card(f"👌 {text}"))
    if sentences := [*completion.problems, *completion.failures]:
        text = "\n".join(f"-# ⚠️ {escape(one, 150)}" for one in sentences[:4])
        parts.append(TextDisplay(text))
    return Dialog(*parts)


async def _complete(seen: Paper, draft: PaperDraft, interaction: Interaction) -> None:
    """Merges what a moderator saw, and shows the paper with Undo."""
    require_moderator(interaction)
    papers = interaction.client.library.papers
    recorded = await papers.complete(seen.id, draft, actor(interaction), seen=seen)
    if recorded.value.after is None:
        title = f"**{escape(seen.title, 100)}**"
        await reply(interaction, cards.notice(f"👌 {title} was removed in the meantime."))
        return
    text = "✅ Completed." if recorded.change_id is not None else "👌 Nothing changed."
    await reply_with_paper(interaction, recorded.value.after, text, recorded.change_id)
    interaction.client.dispatcher.deliver_soon()


async def _decide(proposal: Proposal, interaction: Interaction, *, is_accepted: bool) -> None:
    """Decides about an uncertain answer in a new message, so that the others stay in view."""
    text, change_id = await _resolve(
        interaction, proposal.id, proposal.fingerprint, is_accepted=is_accepted
    )
    await reply_with_notice(interaction, text, change_id)


@QueueProposalButton.on_press
async def decide_in_queue(interaction: Interaction, button: QueueProposalButton) -> None:
    """Decides about an uncertain answer in the review queue, and draws the page again."""
    try:
        text, change_id = await _resolve(
            interaction, button.proposal_id, button.fingerprint, is_accepted=button.is_accepted
        )
    except NotWaiting as error:
        await show_not_waiting(interaction, error, button.page)
        return
    await show_queue(interaction, text, change_id, button.page)


async def _resolve(
    interaction: Interaction, proposal_id: int, seen: int, *, is_accepted: bool
) -> tuple[str, int | None]:
    """Decides about an uncertain answer; returns what was done, and the change to undo."""
    require_moderator(interaction)
    client = interaction.client
    decided = await client.library.proposals.decide(
        proposal_id, actor(interaction), accept=is_accepted, seen=seen
    )
    client.dispatcher.deliver_soon()
    paper = decided.value.paper
    name = f"**{escape(paper.title, 100)}** (#{paper.id})" if paper else "the paper"
    text = f"✅ You completed {name}."
    if not is_accepted:
        text = f"👌 {name} stays as it is. I won't ask about this again."
    return text, decided.change_id
