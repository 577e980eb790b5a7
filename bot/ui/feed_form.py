"""The form in which a moderator changes a watched feed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import discord
from discord import SelectOption
from discord.ui import Label, Modal, Select, TextInput

from bot.errors import respond
from bot.markdown import clip
from storage.feeds.models import FeedSettings

Sent: TypeAlias = Callable[[discord.Interaction[Any], FeedSettings], Awaitable[None]]


class FeedForm(Modal):
    """Title, address, venue, and whether moderators decide; ``sent`` gets what was filled in."""

    def __init__(self, feed_id: int, terms: FeedSettings, sent: Sent) -> None:
        super().__init__(title=f"Change feed {feed_id}")
        self._sent = sent
        self._title = _line("title", terms.title, 300, required=True)
        self._url = _line("url", terms.url, 2000, required=True)
        self._venue = _line("venue", terms.venue, 100)
        self._review = Select[Any](
            custom_id="review",
            options=[
                SelectOption(
                    label="Announce them at once", value="no", default=not terms.is_reviewed
                ),
                SelectOption(
                    label="Let a moderator decide each", value="yes", default=terms.is_reviewed
                ),
            ],
        )
        for text, description, field in (
            ("Title", "Yours stays, whatever the feed calls itself", self._title),
            ("Address", "Of the feed, or of a page that names it", self._url),
            ("Venue", "Of its papers, where the feed gives none", self._venue),
            ("New entries", None, self._review),
        ):
            self.add_item(Label(text=text, description=description, component=field))

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        """Give what was filled in to the one who asked for it."""
        terms = FeedSettings(
            title=clip(self._title.value, 300),
            url=self._url.value.strip(),
            venue=clip(self._venue.value, 100),
            is_reviewed=self._review.values == ["yes"],
        )
        await self._sent(interaction, terms)

    async def on_error(  # type: ignore[override]  # a modal has no item that failed
        self, interaction: discord.Interaction[Any], error: Exception, /
    ) -> None:
        """Errors go the one way."""
        await respond(interaction, error, f"the form “{self.title}”")


def _line(name: str, value: str, limit: int, *, required: bool = False) -> TextInput[Any]:
    return TextInput(
        custom_id=name, default=value[:limit] or None, required=required, max_length=limit
    )
