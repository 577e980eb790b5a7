"""The form in which a moderator edits a followed feed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from discord import SelectOption
from discord.ui import Label, Select, TextInput

from bot.interactions import Interaction
from bot.markdown import clip
from bot.ui.forms import LabForm, Typed
from storage.feeds.models import FeedSettings

SubmitHandler: TypeAlias = Callable[[Interaction, FeedSettings], Awaitable[None]]


class FeedForm(LabForm):
    """Edits a feed's title, URL, venue and review; ``on_settings`` gets what was submitted.

    The fields show ``settings`` as they are, so the caller hides secrets in the URL.
    """

    def __init__(self, feed_id: int, settings: FeedSettings, on_settings: SubmitHandler) -> None:
        super().__init__(f"Edit feed {feed_id}", "feed", (feed_id,), settings)
        self._feed_id = feed_id
        self._on_settings = on_settings
        self._title = _text_input("title", settings.title, 300, required=True)
        self._url = _text_input("url", settings.url, 2000, required=True)
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

    async def submit(self, interaction: Interaction, typed: Typed) -> None:
        """Passes on what was submitted."""
        await self._on_settings(interaction, _settings(typed))

    def filled_in(self, typed: Typed) -> FeedForm:
        """Returns the form with what was typed."""
        return FeedForm(self._feed_id, _settings(typed), self._on_settings)


def _settings(typed: Typed) -> FeedSettings:
    return FeedSettings(
        title=clip(typed.get("title", ""), 300),
        url=typed.get("url", "").strip(),
        venue=clip(typed.get("venue", ""), 100),
        is_reviewed=typed.get("review") == "yes",
    )


def _text_input(name: str, value: str, limit: int, *, required: bool = False) -> TextInput[Any]:
    return TextInput(
        custom_id=name, default=value[:limit] or None, required=required, max_length=limit
    )
