"""The form in which a moderator edits a followed feed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import discord
from discord import SelectOption
from discord.ui import Label, Modal, Select, TextInput

from bot.errors import respond
from bot.markdown import clip
from storage.feeds.models import FeedSettings
from storage.redaction import redact_url

SubmitHandler: TypeAlias = Callable[[discord.Interaction[Any], FeedSettings], Awaitable[None]]


class FeedForm(Modal):
    """Edits a feed's title, address, venue and review; ``on_settings`` gets what was submitted.

    Secrets in the address are hidden, and stay if it isn't changed.
    """

    def __init__(self, feed_id: int, settings: FeedSettings, on_settings: SubmitHandler) -> None:
        super().__init__(title=f"Edit feed {feed_id}")
        self._on_settings = on_settings
        self._title = _text_input("title", settings.title, 300, required=True)
        self._url = _text_input("url", redact_url(settings.url), 2000, required=True)
        self._venue = _text_input("venue", settings.venue, 100)
        self._review = Select[Any](
            custom_id="review",
            options=[
                SelectOption(
                    label="Announce right away", value="no", default=not settings.is_reviewed
                ),
                SelectOption(
                    label="Wait for a moderator's review", value="yes", default=settings.is_reviewed
                ),
            ],
        )
        for text, description, component in (
            ("Title", "The feed won't overwrite it", self._title),
            ("URL", "The feed, or a page that links to it", self._url),
            ("Venue", "Used if the feed doesn't name one", self._venue),
            ("New entries", None, self._review),
        ):
            self.add_item(Label(text=text, description=description, component=component))

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        """Passes on what was submitted."""
        settings = FeedSettings(
            title=clip(self._title.value, 300),
            url=self._url.value.strip(),
            venue=clip(self._venue.value, 100),
            is_reviewed=self._review.values == ["yes"],
        )
        await self._on_settings(interaction, settings)

    async def on_error(  # type: ignore[override]  # a modal has no item that failed
        self, interaction: discord.Interaction[Any], error: Exception, /
    ) -> None:
        """Replies with what went wrong."""
        await respond(interaction, error, f"the form “{self.title}”")


def _text_input(name: str, value: str, limit: int, *, required: bool = False) -> TextInput[Any]:
    return TextInput(
        custom_id=name, default=value[:limit] or None, required=required, max_length=limit
    )
