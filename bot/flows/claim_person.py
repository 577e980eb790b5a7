"""`/people claim`: a member says who they are among the lab's people, and a moderator confirms."""

from __future__ import annotations

from bot.flows.replies import reply_with_notice
from bot.flows.review_queue import show_not_waiting, show_queue
from bot.interactions import Interaction
from bot.markdown import escape
from bot.permissions import actor, require_moderator
from bot.ui import claim_cards
from bot.ui.review_buttons import ClaimButton, QueueClaimButton
from storage.errors import LabError
from storage.people.models import Person
from storage.review.errors import NotWaiting


async def ask(interaction: Interaction, person: Person) -> None:
    """Asks the moderators to confirm that the user is this person.

    Raises `LabError` if the user or the person is known to be somebody else, or if the user has
    asked already.
    """
    user, bot = interaction.user, interaction.client
    own = await bot.library.people.by_member(user.id)
    if own is not None:
        is_same = own.id == person.id
        raise LabError(
            f"You're already {own.name}."
            if is_same
            else f"You're {own.name}. If that's wrong, ask a moderator."
        )
    if person.discord_id is not None:
        raise LabError(
            f"{person.name} is linked to another member. If that's wrong, ask a moderator."
        )
    await bot.library.review.claim(
        person.id, (user.id, user.display_name), channel_id=bot.moderators.channel_id
    )
    name = escape(person.name, 100)
    await reply_with_notice(
        interaction, f"🙋 Thanks! A moderator will confirm that you're **{name}**."
    )
    bot.dispatcher.deliver_soon()


@ClaimButton.on_press
async def decide(interaction: Interaction, button: ClaimButton) -> None:
    """Links the account to the person, or not."""
    text, change_id = await _resolve(interaction, button.claim_id, is_accepted=button.is_accepted)
    await reply_with_notice(interaction, text, change_id)


@QueueClaimButton.on_press
async def decide_in_queue(interaction: Interaction, button: QueueClaimButton) -> None:
    """Decides a claim in the review queue, and draws the page again."""
    try:
        text, change_id = await _resolve(
            interaction, button.claim_id, is_accepted=button.is_accepted
        )
    except NotWaiting as error:
        await show_not_waiting(interaction, error, button.page)
        return
    await show_queue(interaction, text, change_id, button.page)


async def _resolve(
    interaction: Interaction, claim_id: int, *, is_accepted: bool
) -> tuple[str, int | None]:
    """Decides a claim; returns what was done, and the change to undo."""
    require_moderator(interaction)
    resolved = await interaction.client.library.review.resolve_claim(
        claim_id, actor(interaction), is_accepted=is_accepted
    )
    interaction.client.dispatcher.deliver_soon()
    return claim_cards.decision_text(resolved.value), resolved.change_id
