"""`/setup`: who moderates the list, and in which channel, for managers of the home servers."""

from __future__ import annotations

import logging

import discord
from discord import app_commands
from discord.app_commands import Transform
from discord.ext import commands

from bot.flows.moderator_commands import update_commands
from bot.flows.replies import reply, reply_with_notice, undoable
from bot.interactions import Interaction, LabBot
from bot.maintenance.nightly_backups import find_status
from bot.markdown import count, escape
from bot.operations.access import Channel, explain_refusal, fetch_overrides
from bot.operations.running_check import check_running
from bot.options.commands import CommandOption
from bot.options.people import PersonOption
from bot.permissions import (
    MANAGERS,
    MANAGERS_ONLY,
    actor,
    missing_permissions,
    require_home_manager,
)
from bot.ui import cards
from bot.ui.help import audience_of
from bot.ui.moderator_settings import (
    backups_overview,
    overview,
    people_overview,
    privacy_warning,
)
from bot.ui.operations import describe_access, describe_findings
from storage.announcements.models import SubscriptionOptions
from storage.errors import InvalidInput, LabError
from storage.people.models import Person

_log = logging.getLogger(__name__)


@app_commands.default_permissions(MANAGERS)
class Setup(commands.GroupCog, group_name="setup", group_extras={MANAGERS_ONLY: True}):
    """Choose who moderates the list, and where they get alerts."""

    def __init__(self, bot: LabBot) -> None:
        self._bot = bot

    async def interaction_check(self, interaction: Interaction) -> bool:  # type: ignore[override]
        """Lets only managers of a home server use the group."""
        require_home_manager(interaction)
        return True

    @app_commands.command()
    @app_commands.describe(role="The role", remove="Take the moderator rights away")
    async def role(
        self, interaction: Interaction, role: discord.Role, remove: bool = False
    ) -> None:
        """Give a role moderator rights, or take them away."""
        moderators, guild = interaction.client.moderators, role.guild
        if role.is_default() or role.is_bot_managed():
            raise InvalidInput(
                "Choose a role that you give to people, not @everyone or a bot's role."
            )
        current = moderators.role_ids(guild.id)
        if remove and role.id not in current:
            raise LabError(f"“{role.name}” isn't a moderator role.")
        if not remove and role.id in current:
            raise LabError(f"“{role.name}” is already a moderator role.")
        await interaction.response.defer(ephemeral=True, thinking=True)
        deleted = {role_id for role_id in current if guild.get_role(role_id) is None}
        change_id = await moderators.change_roles(
            guild.id,
            actor(interaction),
            add=() if remove else (role.id,),
            drop=deleted | {role.id} if remove else deleted,
        )
        name = escape(role.name, 100)
        if remove:
            text = f"🔒 **{name}** no longer has moderator rights."
        else:
            text = f"🔑 **{name}** can now moderate with `/curate`, `/people` and `/feed`."
        text += await update_commands(interaction.client)
        await reply(interaction, undoable(text, change_id))

    @app_commands.command()
    @app_commands.describe(channel="The channel; leave empty to use the one from .env")
    async def channel(
        self, interaction: Interaction, channel: discord.TextChannel | None = None
    ) -> None:
        """Choose where moderators review papers and get alerts."""
        bot = interaction.client
        if channel is not None and (
            missing := missing_permissions(
                channel, channel.permissions_for(channel.guild.me), SubscriptionOptions()
            )
        ):
            raise InvalidInput(
                f"I can't post in {channel.mention} yet. Give me these permissions there first: "
                f"{', '.join(missing)}."
            )
        guild_id = interaction.guild_id or 0
        channel_id = channel.id if channel else None
        change_id = await bot.moderators.set_channel(guild_id, channel_id, actor(interaction))
        if bot.moderators.channel_id:
            text = f"🔎 The moderators' channel is now <#{bot.moderators.channel_id}>."
            shown = bot.get_channel(bot.moderators.channel_id)
            if isinstance(shown, discord.TextChannel):
                text += privacy_warning(shown, bot.moderators)
        else:
            text = "🔎 There's no moderators' channel now. `/curate queue` shows what needs review."
        if waiting := await bot.library.review.count():
            verb = "needs" if waiting == 1 else "need"
            where = "; see `/curate queue`" if bot.moderators.channel_id else " now"
            text += f"\n{count(waiting, 'paper')} {verb} review{where}."
        await reply_with_notice(interaction, text, change_id)
        bot.dispatcher.deliver_soon()

    @app_commands.command()
    @app_commands.describe(
        on="Announce them without asking", person="Only papers by this person (default: everybody)"
    )
    async def trust(
        self,
        interaction: Interaction,
        on: bool,
        person: Transform[Person, PersonOption] | None = None,
    ) -> None:
        """Choose whether papers certainly by the lab's people are announced without a review."""
        set_trust = interaction.client.library.people.set_trust
        numbers = [person.id] if person else []
        changed = await set_trust(actor(interaction), numbers, is_trusted=on)
        whose = f"**{escape(person.name, 100)}**" if person else "the lab's people"
        if on:
            text = (
                f"🤝 New papers that are certainly by {whose} are announced without a review, once "
                "20 papers by that person have been accepted and none has been rejected."
            )
        else:
            text = f"🔎 All new papers by {whose} need a review."
        if changed.change_id is None:
            text += " That was already the case."
        await reply_with_notice(interaction, text, changed.change_id)

    @app_commands.command()
    async def show(self, interaction: Interaction) -> None:
        """Show the moderators' roles and channel, who set them, the backups, and any problems."""
        bot, now = interaction.client, interaction.client.clock()
        await bot.moderators.reload()  # the shell may have undone or deleted something
        channel_id = bot.moderators.channel_id or 0
        stopped = await bot.library.outbox.stop_reason(channel_id)
        text = overview(interaction.guild_id or 0, bot.moderators, bot, stopped)
        backups = await find_status(bot.library, bot.settings, now)
        about_backups = backups_overview(
            backups.newest, backups.next_due, backups.failing_since, now
        )
        is_trusting = await bot.library.people.is_trusting()
        text = f"{text}\n{people_overview(is_trusting=is_trusting)}\n{about_backups}"
        await reply_with_notice(interaction, text)

    @app_commands.command()
    async def check(self, interaction: Interaction) -> None:
        """Check the settings, channels, permissions, feeds and backups for problems."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        findings = await check_running(interaction.client)
        await reply(interaction, cards.notice(describe_findings(findings)))

    @app_commands.command()
    @app_commands.describe(
        member="Who can't use it", command="The command", channel="Where (this channel by default)"
    )
    async def why(
        self,
        interaction: Interaction,
        member: discord.Member,
        command: Transform[str, CommandOption],
        channel: discord.TextChannel | discord.Thread | discord.ForumChannel | None = None,
    ) -> None:
        """Explain why somebody can't use a command."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        place = channel or interaction.channel
        audience = audience_of(command)
        if not isinstance(place, Channel) or audience is None:
            raise InvalidInput("Choose a channel of this server.")
        reasons = explain_refusal(
            member,
            place,
            audience,
            interaction.client.moderators,
            await fetch_overrides(interaction.client, member.guild, command),
        )
        await reply(interaction, cards.notice(describe_access(member, command, place.id, reasons)))

    @commands.Cog.listener()
    async def on_guild_role_delete(self, role: discord.Role) -> None:
        """Tells the moderators that one of their roles was deleted."""
        if role.id not in self._bot.moderators.role_ids(role.guild.id):
            return
        _log.warning("The moderator role %s of server %s was deleted.", role.id, role.guild.id)
        if (channel_id := self._bot.moderators.channel_id) is not None:
            await self._bot.library.outbox.enqueue_notice(
                channel_id,
                f"🔑 The moderator role **{escape(role.name, 100)}** was deleted. Someone with "
                "Manage Server can choose another with `/setup role`.",
            )

    @commands.Cog.listener()
    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        """Logs that the moderators' channel was deleted; `/setup show` says it, too."""
        if channel.id == self._bot.moderators.channel_id:
            _log.warning(
                "The moderators' channel %s was deleted; moderators get no alerts until another "
                "one is set.",
                channel.id,
            )


async def setup(bot: LabBot) -> None:
    """Adds the cog to the home servers, if there are any."""
    if bot.home_guilds:
        await bot.add_cog(Setup(bot), guilds=bot.home_guilds)
