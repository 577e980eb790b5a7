"""Tells the moderators of papers that were found for the lab's people, in their channel."""

from __future__ import annotations

from bot.ui import found_cards
from storage.library import Library
from storage.people.evidence import Lab

_MAX_CARDS = 5  # at a time; the others are counted in one line


async def tell_moderators(library: Library, lab: Lab, channel_id: int) -> None:
    """Queues a few cards of papers that were found since, and once a week the list of weak ones."""
    if cards := await library.found_posts.cards_to_post(lab):
        shown, others = cards[:_MAX_CARDS], cards[_MAX_CARDS:]
        notice = found_cards.others_text(len(others))
        await library.found_posts.enqueue_cards(channel_id, shown, others, notice)
    if cards := await library.found_posts.lines_to_list(lab):
        await library.found_posts.enqueue_list(channel_id, cards, found_cards.list_text(cards))
