"""Options that name feeds, announcement channels and time zones."""

from __future__ import annotations

import re
from zoneinfo import available_timezones

import discord
from discord import app_commands
from discord.app_commands import Choice

from bot.errors import suggestions
from bot.interactions import Interaction
from bot.markdown import clip
from bot.options.catalogue import make_choice
from bot.permissions import is_moderator, is_server_manager
from storage.announcements.models import Subscription
from storage.errors import FeedNotFound, InvalidInput
from storage.feeds.models import CountedFeed
from storage.redaction import redact_text, redact_url


class FeedOption(app_commands.Transformer):
    """A feed by title, number or URL."""

    async def transform(  # type: ignore[override]  # noqa: D102
        self, interaction: Interaction, value: str, /
    ) -> CountedFeed:
        text = value.strip()
        for feed in await interaction.client.library.feeds.all():
            if (
                text in {f"#{feed.id}", f"{feed.id}", feed.url, redact_url(feed.url)}
                or text.casefold() == feed.title.casefold()
            ):
                return await interaction.client.library.feeds.get(feed.id)
        raise FeedNotFound(clip(redact_text(text), 100))

    async def autocomplete(  # type: ignore[override]  # noqa: D102
        self, interaction: Interaction, value: str, /
    ) -> list[Choice[str]]:
        # Discord asks for suggestions before it runs any check; a feed's address may hold a secret.
        if not is_moderator(interaction):
            return []
        return await suggestions(_feeds(interaction, value))


class SubscriptionOption(app_commands.Transformer):
    """An announcement channel of this server; it may have been deleted."""

    async def transform(  # type: ignore[override]  # noqa: D102
        self, interaction: Interaction, value: str, /
    ) -> Subscription:
        name_or_id = re.sub(r"[<#>\s]", "", value)
        for subscription in await interaction.client.library.subscriptions.all(
            interaction.guild_id
        ):
            if name_or_id in {
                str(subscription.channel_id),
                _channel_name(interaction, subscription).lstrip("#"),
            }:
                return subscription
        raise InvalidInput(
            f"“{clip(redact_text(value), 60)}” isn't an announcement channel. `/announce list` "
            "shows them all."
        )

    async def autocomplete(  # type: ignore[override]  # noqa: D102
        self, interaction: Interaction, value: str, /
    ) -> list[Choice[str]]:
        if not is_server_manager(interaction):
            return []
        return await suggestions(_subscriptions(interaction, value))


class ForumTagOption(app_commands.Transformer):
    """A tag of the forum in the option ``channel``, by its name or number."""

    async def transform(  # type: ignore[override]  # noqa: D102
        self, _interaction: Interaction, value: str, /
    ) -> str:
        return value.strip()

    async def autocomplete(  # type: ignore[override]  # noqa: D102
        self, interaction: Interaction, value: str, /
    ) -> list[Choice[str]]:
        channel_id = getattr(getattr(interaction.namespace, "channel", None), "id", 0)
        forum = interaction.guild.get_channel(channel_id) if interaction.guild else None
        if not is_server_manager(interaction) or not isinstance(forum, discord.ForumChannel):
            return []
        return [
            make_choice(tag.name, str(tag.id))
            for tag in forum.available_tags
            if value.casefold() in tag.name.casefold()
        ]


class ZoneOption(app_commands.Transformer):
    """A time zone by its name in the tz database, such as Europe/Berlin."""

    async def transform(  # type: ignore[override]  # noqa: D102
        self, _interaction: Interaction, value: str, /
    ) -> str:
        if value and value not in available_timezones():
            raise InvalidInput(
                f"“{clip(redact_text(value), 60)}” isn't a time zone. Pick one of the "
                "suggestions, such as Europe/Berlin."
            )
        return value

    async def autocomplete(  # type: ignore[override]  # noqa: D102
        self, _interaction: Interaction, value: str, /
    ) -> list[Choice[str]]:
        text = value.strip().casefold().replace(" ", "_")
        return [
            make_choice(name, name)
            for name in sorted(available_timezones())
            if text in name.casefold()
        ][:25]


async def _feeds(interaction: Interaction, text: str) -> list[Choice[str]]:
    text = redact_text(text).casefold()
    return [
        make_choice(feed.title, f"#{feed.id}")
        for feed in await interaction.client.library.feeds.all()
        if text in f"{feed.title} {redact_url(feed.url)}".casefold()
    ]


async def _subscriptions(interaction: Interaction, text: str) -> list[Choice[str]]:
    named = [
        (_channel_name(interaction, subscription), str(subscription.channel_id))
        for subscription in await interaction.client.library.subscriptions.all(interaction.guild_id)
    ]
    return [make_choice(name, value) for name, value in named if text.casefold() in name.casefold()]


def _channel_name(interaction: Interaction, subscription: Subscription) -> str:
    guild = interaction.guild
    channel = guild.get_channel_or_thread(subscription.channel_id) if guild else None
    return f"#{channel.name}" if channel else f"#deleted-channel {subscription.channel_id}"
