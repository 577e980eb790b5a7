"""Members' claims to be one of the lab's people, as layouts and text."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from discord.ui import ActionRow, Button

from bot.markdown import escape, timestamp
from bot.ui import cards, review_buttons
from bot.ui.cards import Layout
from storage.announcements.message_keys import event_key
from storage.models import FORMER_MEMBER, Outcome
from storage.people import ids
from storage.review.models import AccountClaim


def claim_review(claim: AccountClaim) -> Layout:
    """Returns the card of a claim in the moderators' channel; once decided, how and by whom."""
    if claim.is_pending and claim.person is not None:
        key = event_key(claim.member_id, claim.claimed_at)
        actions = decision_buttons(claim, partial(review_buttons.ClaimButton, keys=key))
        return cards.notice(
            f"{_question(claim)} Is that right?\n{_ids(claim)}", ActionRow(*actions)
        )
    done = ActionRow[Any](review_buttons.DecidedClaimButton(claim.id))
    return cards.notice(f"{_question(claim)}\n{_answer(claim)}", done, colour=cards.GREY)


def queue_item(claim: AccountClaim) -> str:
    """Returns a claim as the review queue lists it."""
    return f"{_question(claim)} {timestamp(claim.claimed_at)}\n{_ids(claim)}"


def decision_buttons(claim: AccountClaim, resolve: Callable[..., Button[Any]]) -> list[Button[Any]]:
    """Returns “Confirm” and “No”; ``resolve`` makes them of the id and ``is_accepted``."""
    return [resolve(claim.id, is_accepted=is_accepted) for is_accepted in (True, False)]


def decision_text(claim: AccountClaim) -> str:
    """Returns what a moderator has just decided."""
    name = f"**{escape(claim.name, 100)}**"
    if claim.outcome is Outcome.UPDATED:
        return f"✅ You confirmed that {_member(claim)} is {name}."
    return f"👋 You said that {_member(claim)} isn't {name}."


def _question(claim: AccountClaim) -> str:
    name = f"**{escape(claim.name, 100)}** (number {claim.person_id})"
    if not claim.has_member:
        return f"🙋 {FORMER_MEMBER.name.capitalize()} said that they're {name}."
    return f"🙋 {_member(claim)} says that they're {name}."


def _member(claim: AccountClaim) -> str:
    return f"<@{claim.member_id}>" if claim.has_member else FORMER_MEMBER.name


def _ids(claim: AccountClaim) -> str:
    known = [escape(ids.describe(one), 100) for one in claim.person.ids] if claim.person else []
    return f"-# {' · '.join(known[:5]) or 'No IDs yet'}"


def _answer(claim: AccountClaim) -> str:
    if claim.decided_by is None:
        return "🤷 They were removed from the lab's people."
    if not claim.has_member and claim.decided_by == FORMER_MEMBER:
        return "👋 They've deleted their data since then."
    verb = "✅ Confirmed" if claim.outcome is Outcome.UPDATED else "👋 Declined"
    return f"{verb} by {escape(claim.decided_by.name, 80)}."
