"""Completions of papers as text: what would change, and what isn't sure about it."""

from __future__ import annotations

from typing import Any

from discord.ui import Button

from bot.markdown import escape
from bot.ui import buttons, cards, review_buttons
from bot.ui.differences import paper_differences
from storage.models import PaperDetails
from storage.review.models import Proposal


def differences(before: PaperDetails, after: PaperDetails, limit: int) -> str:
    """Returns a line “field: before → after” for each field that differs.

    Of those that don't fit into ``limit`` characters, only the names follow.
    """
    lines: list[str] = []
    rest: list[str] = []
    for label, values in paper_differences(before, after).items():
        line = f"**{label}:** {values}"
        if sum(map(len, lines)) + len(line) > limit:
            rest.append(label)
        else:
            lines.append(line)
    return "\n".join([*lines, *([f"-# Also: {', '.join(rest)}"] if rest else [])])


def question(proposal: Proposal) -> str:
    """Returns why a moderator has to decide about a proposal."""
    return f"🧩 {escape(proposal.service, 60)}: {escape(proposal.reason, 200)}"


def queue_item(proposal: Proposal, max_title: int, max_changes: int) -> str:
    """Returns a proposal as the review queue lists it."""
    return "\n".join(
        [
            f"**{cards.title_link(proposal.paper, max_title)}** (#{proposal.paper.id})",
            f"-# {question(proposal)}",
            differences(proposal.paper, proposal.after, max_changes),
        ]
    )


def queue_buttons(proposal: Proposal, owner: int, page: int) -> list[Button[Any]]:
    """Returns “Accept”, “Keep as it is”, and a button that opens the paper."""
    return [
        *(
            review_buttons.QueueProposalButton(
                owner, page, proposal.id, proposal.fingerprint, is_accepted=is_accepted
            )
            for is_accepted in (True, False)
        ),
        buttons.PaperButton(proposal.paper.id),
    ]
