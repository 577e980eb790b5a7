"""`/announce`: which channels of a server hear of new papers, of which ones, and how."""

from __future__ import annotations

import calendar
import re
from typing import TypeAlias

import discord
from discord import app_commands
from discord.app_commands import Choice, Range, Transform
from discord.ext import commands

from bot.announce.render import sample
from bot.flows.replies import undoable
from bot.interactions import Interaction, LabBot
from bot.markdown import count
from bot.options.feeds import SubscriptionOption, ZoneOption
from bot.permissions import MANAGERS, actor, missing_permissions, require_server_manager
from bot.ui import cards, result_pages
from bot.ui import feeds as feed_cards
from bot.ui.buttons import DigestButton
from storage.announcements.digest_schedule import DigestSchedule, Frequency
from storage.announcements.filters import ChannelFilter, parse_filter
from storage.announcements.models import Subscription, SubscriptionOptions
from storage.errors import InvalidInput, LabError, SubscriptionNotFound

_Channel: TypeAlias = discord.TextChannel | discord.Thread | discord.ForumChannel
_TIME = re.compile(r"([01]?\d|2[0-3])[:.h]?([0-5]\d)?", re.ASCII)
_DIGESTS = [
    Choice(name=every.value, value=every.value) for every in (Frequency.DAILY, Frequency.WEEKLY)
]
_WEEKDAYS = [Choice(name=name, value=number) for number, name in enumerate(calendar.day_name)]


@DigestButton.on_press
async def show_digest(interaction: Interaction, button: DigestButton) -> None:
    """Shows all papers of the digest privately, page by page."""
    query = result_pages.SavedQuery(post=button.post_id)
    layout = await result_pages.answer(interaction.client.library, query, interaction.user.id)
    await interaction.response.send_message(view=layout, ephemeral=True)


@app_commands.guild_only()
@app_commands.default_permissions(MANAGERS)
class Announce(commands.GroupCog, group_name="announce"):
    """Choose where new papers are announced, and which."""

    async def interaction_check(self, interaction: Interaction) -> bool:  # type: ignore[override]
        """Only who may manage the server."""
        require_server_manager(interaction)
        return True

    @app_commands.command()
    async def here(self, interaction: Interaction) -> None:
        """Announce every new paper in this channel."""
        channel = interaction.channel
        if not isinstance(channel, _Channel):
            raise InvalidInput(
                "I can announce in text channels, announcement channels, forums and threads."
            )
        await _open(interaction, channel, None)

    @app_commands.command()
    @app_commands.describe(
        channel="Where to: a text or announcement channel, a forum, a thread",
        filters='Which papers: author:biderman -venue:arxiv tag:code feed:3 "a phrase"; else all',
        role="A role to call with every announcement",
        thread="Begin a thread for discussion under each",
        publish="Publish each, in an announcement channel, to the servers that follow it",
        digest="One message a day or a week instead of one for each paper",
        at="When the digest comes: 9:00 unless you say otherwise",
        weekday="On which day the weekly digest comes: Monday unless you say otherwise",
        zone="The time zone of that time, such as Europe/Berlin; the lab's unless you say",
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
    ) -> None:
        """Announce in a channel, as you like it; what was set for it before is replaced."""
        if publish and not (isinstance(channel, discord.TextChannel) and channel.is_news()):
            raise InvalidInput(
                f"{channel.mention} is no announcement channel, so nothing there can be published."
            )
        if thread and not isinstance(channel, discord.TextChannel):
            raise InvalidInput("Threads begin in text and announcement channels only.")
        if role is not None and role.is_default():
            raise InvalidInput("I don't call everybody; choose a role that people can leave.")
        chosen = SubscriptionOptions(
            filters=await _parse_filters(interaction, filters),
            digest=DigestSchedule(
                frequency=Frequency(digest),
                minute=_minute(at),
                weekday=weekday,
                time_zone=zone or str(interaction.client.settings.timezone),
            ),
            role_id=role.id if role else None,
            has_thread=thread,
            publishes=publish,
        )
        await _open(interaction, channel, chosen)

    @app_commands.command()
    async def list(self, interaction: Interaction) -> None:
        """Show the channels of this server that hear of new papers."""
        subscriptions = await interaction.client.library.subscriptions.counted(
            interaction.guild_id or 0
        )
        text = (
            f"### Announcements\n{feed_cards.subscriptions(subscriptions)}"
            if subscriptions
            else "Nothing is announced in this server. `/announce here` begins it in a channel."
        )
        await interaction.response.send_message(view=cards.notice(text), ephemeral=True)

    @app_commands.command()
    @app_commands.describe(channel="Which channel; this one unless you say otherwise")
    async def test(
        self,
        interaction: Interaction,
        channel: Transform[Subscription, SubscriptionOption] | None = None,
    ) -> None:
        """Show you alone how the newest paper would be announced in a channel."""
        subscription = await _subscription(interaction, channel)
        await _require_permissions(interaction, subscription.channel_id, subscription.options)
        shown = await sample(interaction.client.library, subscription)
        if shown is None:
            raise LabError("The list has no paper yet that this channel wants to hear of.")
        await interaction.response.send_message(view=shown, ephemeral=True)

    @app_commands.command()
    @app_commands.describe(channel="Which channel; this one unless you say otherwise")
    async def pause(
        self,
        interaction: Interaction,
        channel: Transform[Subscription, SubscriptionOption] | None = None,
    ) -> None:
        """Let what is new wait for a channel, until you resume."""
        subscription = await _subscription(interaction, channel)
        paused = await interaction.client.library.subscriptions.pause(
            subscription.guild_id, subscription.channel_id, actor(interaction)
        )
        if paused is None:
            raise LabError(f"<#{subscription.channel_id}> is paused already.")
        text = f"⏸️ What is new waits for <#{subscription.channel_id}>, until `/announce resume`."
        await _say(interaction, text, paused.change_id)

    @app_commands.command()
    @app_commands.describe(channel="Which channel; this one unless you say otherwise")
    async def resume(
        self,
        interaction: Interaction,
        channel: Transform[Subscription, SubscriptionOption] | None = None,
    ) -> None:
        """Go on announcing in a channel that was paused or stopped."""
        subscription = await _subscription(interaction, channel)
        await _require_permissions(interaction, subscription.channel_id, subscription.options)
        resumed = await interaction.client.library.subscriptions.resume(
            subscription.guild_id, subscription.channel_id, actor(interaction)
        )
        if resumed is None:
            raise LabError(f"I announce in <#{subscription.channel_id}> already.")
        waits = f" {count(subscription.waiting, 'paper')} waited." if subscription.waiting else ""
        await _say(
            interaction,
            f"▶️ I go on announcing in <#{subscription.channel_id}>.{waits}",
            resumed.change_id,
        )
        interaction.client.dispatcher.deliver_soon()

    @app_commands.command()
    @app_commands.describe(channel="The channel to be quiet in; this one unless you say otherwise")
    async def remove(
        self,
        interaction: Interaction,
        channel: Transform[Subscription, SubscriptionOption] | None = None,
    ) -> None:
        """Stop announcing in a channel."""
        channel_id = channel.channel_id if channel else interaction.channel_id or 0
        closed = await interaction.client.library.subscriptions.unsubscribe(
            interaction.guild_id or 0, channel_id, actor(interaction)
        )
        if closed is None:
            raise LabError(f"Nothing is announced in <#{channel_id}>, so there is nothing to stop.")
        await _say(
            interaction,
            f"🔕 New papers are no longer announced in <#{channel_id}>.",
            closed.change_id,
        )


async def _open(
    interaction: Interaction, channel: _Channel, chosen: SubscriptionOptions | None
) -> None:
    """Announce in a channel; with other options than before where any were chosen."""
    _require_permissions_in(channel, chosen or SubscriptionOptions())
    opened = await interaction.client.library.subscriptions.subscribe(
        channel.guild.id, channel.id, actor(interaction), chosen
    )
    if opened is None:
        raise LabError(f"I announce new papers in {channel.mention} already.")
    said = feed_cards.how(opened.value.options)
    await _say(
        interaction,
        f"📣 New papers will be announced in {channel.mention} from now on{said and f': {said}'}.",
        opened.change_id,
    )
    interaction.client.dispatcher.deliver_soon()


async def _say(interaction: Interaction, text: str, change_id: int | None) -> None:
    await interaction.response.send_message(view=undoable(text, change_id))


async def _subscription(interaction: Interaction, chosen: Subscription | None) -> Subscription:
    """The route that was chosen, or that of this channel; raises `SubscriptionNotFound`."""
    channel_id = interaction.channel_id or 0
    subscription = chosen or await interaction.client.library.subscriptions.find(channel_id)
    if subscription is None or subscription.guild_id != interaction.guild_id:
        raise SubscriptionNotFound(channel_id)
    return subscription


async def _require_permissions(
    interaction: Interaction, channel_id: int, chosen: SubscriptionOptions
) -> None:
    channel = interaction.guild.get_channel_or_thread(channel_id) if interaction.guild else None
    if not isinstance(channel, _Channel):
        raise LabError("That channel is gone, or I can't see it. `/announce remove` forgets it.")
    _require_permissions_in(channel, chosen)


def _require_permissions_in(channel: _Channel, chosen: SubscriptionOptions) -> None:
    if missing := missing_permissions(channel, channel.guild.me, chosen):
        raise InvalidInput(
            f"I can't announce in {channel.mention} before I have these permissions there: "
            f"{', '.join(missing)}."
        )


async def _parse_filters(interaction: Interaction, text: str) -> ChannelFilter:
    """The conditions in words; raises `InvalidInput` for what is none, or names no feed."""
    filters = parse_filter(text)
    known = {feed.id for feed in await interaction.client.library.feeds.all()}
    for one in filters.conditions:
        if one.field == "feed" and int(one.value) not in known:
            raise InvalidInput(f"There is no feed {one.value}; `/feed list` shows their numbers.")
    return filters


def _minute(text: str) -> int:
    """The minute of the day for “9”, “9:30” or “17.05”; raises `InvalidInput`."""
    found = _TIME.fullmatch(text.strip())
    if found is None:
        raise InvalidInput("I read times such as 9:00 or 17:30.")
    return 60 * int(found[1]) + int(found[2] or 0)


async def setup(bot: LabBot) -> None:
    """Adds the cog."""
    await bot.add_cog(Announce())
