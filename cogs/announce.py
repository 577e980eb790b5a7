"""`/announce`: chooses the channels of a server that announce papers, which papers and how."""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from typing import Any, TypeAlias

import discord
from discord import app_commands
from discord.app_commands import Choice, Range, Transform
from discord.ext import commands
from discord.ui import ActionRow

from bot.announce.channel_preview import preview_channel
from bot.command_mentions import mention_commands
from bot.flows.replies import undoable
from bot.interactions import Interaction, LabBot
from bot.markdown import count, escape
from bot.options.feeds import ForumTagOption, SubscriptionOption, ZoneOption
from bot.permissions import (
    MANAGERS,
    actor,
    missing_permissions,
    require_moderator,
    require_server_manager,
)
from bot.ui import cards, result_pages
from bot.ui import feeds as feed_cards
from bot.ui.buttons import DigestButton, RetryPostButton, RetryRefusedButton
from bot.ui.saved_query import SavedQuery
from storage.announcements.digest_schedule import DigestSchedule, Frequency
from storage.announcements.filters import ChannelFilter, parse_filter
from storage.announcements.models import (
    CountedSubscription,
    Subscription,
    SubscriptionOptions,
)
from storage.errors import InvalidInput, LabError, SubscriptionNotFound
from storage.redaction import redact_text

_Channel: TypeAlias = discord.TextChannel | discord.Thread | discord.ForumChannel
_TIME = re.compile(r"([01]?\d|2[0-3])[:.h]?([0-5]\d)?", re.ASCII)
_DIGESTS = [
    Choice(name=frequency.value, value=frequency.value)
    for frequency in (Frequency.DAILY, Frequency.WEEKLY)
]
_WEEKDAYS = [Choice(name=name, value=number) for number, name in enumerate(calendar.day_name)]
_MAX_BUTTONS = 5  # of a row
_WHICH_CHANNEL = "Which channel (this one by default)"


@DigestButton.on_press
async def show_digest(interaction: Interaction, button: DigestButton) -> None:
    """Shows all papers of the digest privately, page by page."""
    query = SavedQuery(post=button.post_id)
    layout = await result_pages.render(interaction.client.library, query, interaction.user.id)
    await interaction.response.send_message(view=layout, ephemeral=True)


@RetryRefusedButton.on_press
async def retry_refused(interaction: Interaction, button: RetryRefusedButton) -> None:
    """Sends what was set aside for a channel of this server again."""
    require_server_manager(interaction)
    bot, guild = interaction.client, interaction.guild
    subscription = await bot.library.subscriptions.find(button.channel_id)
    is_here = guild is not None and (
        guild.get_channel_or_thread(button.channel_id) is not None
        or (subscription is not None and subscription.guild_id == guild.id)
    )
    if not (is_here and await bot.library.outbox.retry_refused(button.channel_id)):
        raise LabError("Nothing is set aside for that channel any more.")
    text = f"🔁 Sending in <#{button.channel_id}> again what Discord refused."
    await interaction.response.send_message(view=cards.notice(text), ephemeral=True)
    bot.dispatcher.deliver_soon()


@RetryPostButton.on_press
async def retry_post(interaction: Interaction, button: RetryPostButton) -> None:
    """Sends or updates one message again that was set aside."""
    require_moderator(interaction)
    if not await interaction.client.library.outbox.retry_post(button.post_id):
        raise LabError(
            "That message isn't set aside any more: it was sent or retried in the meantime."
        )
    view = cards.notice("🔁 Trying that message again.")
    await interaction.response.send_message(view=view, ephemeral=True)
    interaction.client.dispatcher.deliver_soon()


@app_commands.guild_only()
@app_commands.default_permissions(MANAGERS)
class Announce(commands.GroupCog, group_name="announce"):
    """Choose which new papers are announced, and where."""

    async def interaction_check(self, interaction: Interaction) -> bool:  # type: ignore[override]
        """Allows only members who can manage the server."""
        require_server_manager(interaction)
        return True

    @app_commands.command()
    async def here(self, interaction: Interaction) -> None:
        """Announce every new paper in this channel."""
        channel = interaction.channel
        if not isinstance(channel, _Channel):
            raise InvalidInput(
                "I can only announce in text channels, announcement channels, forums and threads."
            )
        await _subscribe(interaction, channel, None)

    @app_commands.command()
    @app_commands.describe(
        channel="A text or announcement channel, a forum or a thread",
        filters='Only matching papers: author:biderman -venue:arxiv tag:code "a phrase" ~anyform',
        role="Role to mention in every announcement",
        thread="Start a discussion thread under each announcement",
        publish="Publish each announcement to the servers that follow the channel",
        digest="Post one daily or weekly message instead of one per paper",
        at="Time of the digest (9:00 by default)",
        weekday="Day of the weekly digest (Monday by default)",
        tag="Tag of the posts in a forum; some forums require one",
        zone="Time zone of the digest, such as Europe/Berlin (the lab's by default)",
    )
    @app_commands.choices(digest=_DIGESTS)
    @app_commands.choices(weekday=_WEEKDAYS)
    async def to(
        self,
        interaction: Interaction,
        channel: _Channel,
        filters: Range[str, 1, 300] = "",
        role: discord.Role | None = None,
        thread: bool = False,
        publish: bool = False,
        digest: str = Frequency.OFF.value,
        at: Range[str, 1, 10] = "9:00",
        weekday: int = 0,
        zone: Transform[str, ZoneOption] = "",
        tag: Transform[str, ForumTagOption] = "",
    ) -> None:
        """Announce in a channel with filters, digests and more. Replaces its current options."""
        if publish and not (isinstance(channel, discord.TextChannel) and channel.is_news()):
            raise InvalidInput(
                f"{channel.mention} isn't an announcement channel, so I can't publish there."
            )
        if thread and not isinstance(channel, discord.TextChannel):
            raise InvalidInput("I can only start threads in text and announcement channels.")
        if role is not None and role.is_default():
            raise InvalidInput("I won't mention @everyone. Choose a role that people can leave.")
        options = SubscriptionOptions(
            filters=await _parse_filters(interaction, filters),
            digest=DigestSchedule(
                frequency=Frequency(digest),
                minute=_parse_time(at),
                weekday=weekday,
                time_zone=zone or str(interaction.client.settings.timezone),
            ),
            role_id=role.id if role else None,
            has_thread=thread,
            publishes=publish,
            tag_id=_find_tag(channel, tag),
        )
        await _subscribe(interaction, channel, options)

    @app_commands.command()
    async def list(self, interaction: Interaction) -> None:
        """List the channels of this server where I announce papers, and their options."""
        subscriptions = await interaction.client.library.subscriptions.with_counts(
            interaction.guild_id or 0
        )
        text = (
            f"### Announcements\n{feed_cards.format_subscriptions(subscriptions)}"
            if subscriptions
            else "I don't announce papers in this server yet. Run `/announce here` in a channel to "
            "start."
        )
        text = mention_commands(interaction, text)
        view = cards.notice(text, *_retry_row(interaction, subscriptions))
        await interaction.response.send_message(view=view, ephemeral=True)

    @app_commands.command()
    @app_commands.describe(channel=_WHICH_CHANNEL)
    async def test(
        self,
        interaction: Interaction,
        channel: Transform[Subscription, SubscriptionOption] | None = None,
    ) -> None:
        """Preview how new papers will be announced in a channel. Only you can see it."""
        subscription = await _get_subscription(interaction, channel)
        target = await _require_permissions(interaction, subscription)
        bot = interaction.client
        layout = await preview_channel(bot.library, subscription, target, bot.clock())
        await interaction.response.send_message(view=layout, ephemeral=True)

    @app_commands.command()
    @app_commands.describe(channel=_WHICH_CHANNEL)
    async def pause(
        self,
        interaction: Interaction,
        channel: Transform[Subscription, SubscriptionOption] | None = None,
    ) -> None:
        """Pause announcements in a channel. New papers queue until you resume."""
        subscription = await _get_subscription(interaction, channel)
        paused = await interaction.client.library.subscriptions.pause(
            subscription.guild_id, subscription.channel_id, actor(interaction)
        )
        if paused is None:
            raise LabError(f"Announcements in <#{subscription.channel_id}> are already paused.")
        interaction.client.dispatcher.cancel_send(subscription.channel_id)
        await _reply(
            interaction,
            f"⏸️ Announcements in <#{subscription.channel_id}> are paused. New papers queue until "
            "`/announce resume`.",
            paused.change_id,
        )

    @app_commands.command()
    @app_commands.describe(channel=_WHICH_CHANNEL)
    async def resume(
        self,
        interaction: Interaction,
        channel: Transform[Subscription, SubscriptionOption] | None = None,
    ) -> None:
        """Resume announcements in a channel that was paused or stopped."""
        subscription = await _get_subscription(interaction, channel)
        await _require_permissions(interaction, subscription)
        resumed = await interaction.client.library.subscriptions.resume(
            subscription.guild_id, subscription.channel_id, actor(interaction)
        )
        if resumed is None:
            raise LabError(f"Announcements in <#{subscription.channel_id}> aren't paused.")
        text = f"▶️ Resumed announcements in <#{subscription.channel_id}>."
        if subscription.waiting:
            verb = "was" if subscription.waiting == 1 else "were"
            text += f" {count(subscription.waiting, 'paper')} {verb} queued in the meantime."
        await _reply(interaction, text, resumed.change_id)
        interaction.client.dispatcher.deliver_soon()

    @app_commands.command()
    @app_commands.describe(channel=_WHICH_CHANNEL)
    async def remove(
        self,
        interaction: Interaction,
        channel: Transform[Subscription, SubscriptionOption] | None = None,
    ) -> None:
        """Stop announcing papers in a channel."""
        channel_id = channel.channel_id if channel else interaction.channel_id or 0
        removed = await interaction.client.library.subscriptions.unsubscribe(
            interaction.guild_id or 0, channel_id, actor(interaction)
        )
        if removed is None:
            raise LabError(
                f"I don't announce papers in <#{channel_id}>, so there's nothing to stop."
            )
        interaction.client.dispatcher.cancel_send(channel_id)
        text = f"🔕 Stopped announcing new papers in <#{channel_id}>."
        await _reply(interaction, text, removed.change_id)


def _retry_row(
    interaction: Interaction, subscriptions: Sequence[CountedSubscription]
) -> list[ActionRow[Any]]:
    """Returns buttons for the first channels in which messages were refused, if any."""
    buttons: list[RetryRefusedButton] = []
    for subscription in subscriptions:
        if subscription.refused and len(buttons) < _MAX_BUTTONS:
            guild, channel_id = interaction.guild, subscription.channel_id
            channel = guild.get_channel_or_thread(channel_id) if guild else None
            buttons.append(RetryRefusedButton(channel_id, channel.name if channel else "?"))
    return [ActionRow(*buttons)] if buttons else []


async def _subscribe(
    interaction: Interaction, channel: _Channel, options: SubscriptionOptions | None
) -> None:
    """Announces in a channel, with new options unless they are None."""
    _require_permissions_in(channel, options or SubscriptionOptions())
    subscribed = await interaction.client.library.subscriptions.subscribe(
        channel.guild.id, channel.id, actor(interaction), options
    )
    if subscribed is None:
        raise LabError(
            f"I already announce new papers in {channel.mention}. Change its options with "
            "`/announce to`."
        )
    text = f"📣 Now announcing new papers in {channel.mention}"
    if details := feed_cards.describe_options(subscribed.value.options):
        text += f": {details}"
    await _reply(interaction, f"{text}.", subscribed.change_id)
    interaction.client.dispatcher.deliver_soon()


async def _reply(interaction: Interaction, text: str, change_id: int | None) -> None:
    view = undoable(mention_commands(interaction, text), change_id)
    await interaction.response.send_message(view=view)


async def _get_subscription(interaction: Interaction, chosen: Subscription | None) -> Subscription:
    """Returns the chosen subscription or this channel's; raises `SubscriptionNotFound`."""
    channel_id = interaction.channel_id or 0
    subscription = chosen or await interaction.client.library.subscriptions.find(channel_id)
    if subscription is None or subscription.guild_id != interaction.guild_id:
        raise SubscriptionNotFound(channel_id)
    return subscription


async def _require_permissions(interaction: Interaction, subscription: Subscription) -> _Channel:
    """Returns the channel if the bot can announce there; raises `LabError`."""
    guild = interaction.guild
    channel = guild.get_channel_or_thread(subscription.channel_id) if guild else None
    if not isinstance(channel, _Channel):
        raise LabError(
            "I can't see that channel. It may have been deleted. Use `/announce remove` to stop "
            "announcing papers there."
        )
    _require_permissions_in(channel, subscription.options)
    return channel


def _require_permissions_in(channel: _Channel, options: SubscriptionOptions) -> None:
    if missing := missing_permissions(channel, channel.permissions_for(channel.guild.me), options):
        raise InvalidInput(
            f"I can't announce in {channel.mention} yet. Give me these permissions there: "
            f"{', '.join(missing)}."
        )
    if (
        isinstance(channel, discord.ForumChannel)
        and channel.flags.require_tag
        and channel.get_tag(options.tag_id or 0) is None
    ):
        raise InvalidInput(
            f"Posts in {channel.mention} need a tag. Choose one with the `tag` option of "
            f"`/announce to`: {_tag_names(channel)}."
        )


def _find_tag(channel: _Channel, text: str) -> int | None:
    """Returns the id of a forum's tag; raises `InvalidInput` if the bot can't use it."""
    if not text:
        return None
    if not isinstance(channel, discord.ForumChannel):
        raise InvalidInput("Only the posts in a forum have tags. Leave `tag` empty.")
    for tag in channel.available_tags:
        if text == str(tag.id) or text.casefold() == tag.name.casefold():
            if tag.moderated and not channel.permissions_for(channel.guild.me).manage_threads:
                raise InvalidInput(
                    f"Only moderators can use the tag “{escape(tag.name)}”. Choose another one, or "
                    f"give me Manage Threads in {channel.mention}."
                )
            return tag.id
    raise InvalidInput(
        f"{channel.mention} doesn't have the tag “{escape(redact_text(text), 60)}”. It has: "
        f"{_tag_names(channel)}."
    )


def _tag_names(forum: discord.ForumChannel) -> str:
    return ", ".join(escape(tag.name, 60) for tag in forum.available_tags) or "none yet"


async def _parse_filters(interaction: Interaction, text: str) -> ChannelFilter:
    """Returns the filter; raises `InvalidInput` if it is invalid or names an unknown feed."""
    filters = parse_filter(text)
    known = {feed.id for feed in await interaction.client.library.feeds.all()}
    for condition in filters.conditions:
        if condition.field == "feed" and int(condition.value) not in known:
            raise InvalidInput(
                f"There's no feed {condition.value}. `/feed list` shows the feeds' numbers."
            )
    return filters


def _parse_time(text: str) -> int:
    """Returns the minute of the day for “9”, “9:30” or “17.05”; raises `InvalidInput`."""
    match = _TIME.fullmatch(text.strip())
    if match is None:
        raise InvalidInput(f"“{text}” isn't a time. Try 9:00 or 17:30.")
    return 60 * int(match[1]) + int(match[2] or 0)


async def setup(bot: LabBot) -> None:
    """Adds the cog."""
    await bot.add_cog(Announce())
