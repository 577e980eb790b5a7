"""`/suggest`: members suggest papers to the moderators, and see what became of them."""

from __future__ import annotations

from datetime import timedelta

from discord import app_commands
from discord.app_commands import Range
from discord.ext import commands

from bot.interactions import Interaction, LabBot
from bot.lookup.suggestion import draft_suggestion, look_up_suggestion
from bot.markdown import clip, count, escape, timestamp
from bot.ui import cards, review_cards
from bot.ui.buttons import MySuggestionsButton
from storage.errors import InvalidInput, LabError
from storage.review.models import SuggestionResult, SuggestionStatus
from storage.review.suggestions import MAX_PENDING

_MAX_SHOWN = 10  # of a member's own suggestions
_MAX_NOTE = 300
_MAX_LOOKUPS = 20  # of a member per hour
_HOUR = timedelta(hours=1)


class Suggest(commands.Cog):
    """Suggestions of members."""

    def __init__(self) -> None:
        self._lookups: commands.CooldownMapping[Interaction] = (
            commands.CooldownMapping.from_cooldown(
                _MAX_LOOKUPS, _HOUR.total_seconds(), lambda interaction: interaction.user.id
            )
        )

    @app_commands.command()
    @app_commands.describe(
        source="An arXiv ID, DOI, link or title; leave empty to see your suggestions",
        note="Anything the moderators should know",
    )
    async def suggest(
        self,
        interaction: Interaction,
        source: Range[str, 1, 500] = "",
        note: Range[str, 1, _MAX_NOTE] = "",
    ) -> None:
        """Suggest a paper to the moderators, or see the status of your suggestions."""
        if not source and note:
            raise InvalidInput("Which paper? Enter its arXiv ID, DOI, link or title as `source`.")
        if not source:
            await _show_suggestions(interaction)
            return
        bot = interaction.client
        per_day = bot.settings.suggestions_per_day
        if not (per_day and bot.home_guilds):
            raise LabError("Suggestions are turned off.")
        await interaction.response.defer(ephemeral=True, thinking=True)
        member, review = interaction.user, bot.library.review
        draft = draft_suggestion(source)
        result = await review.check_suggestion(draft, member.id, daily_limit=per_day)
        if result is None:
            self._count_lookup(interaction)
            result = await review.suggest(
                await look_up_suggestion(bot.lookup, source, draft),
                clip(note, _MAX_NOTE),
                (member.id, member.display_name),
                daily_limit=per_day,
                channel_id=bot.moderators.channel_id,
            )
        await interaction.followup.send(view=_answer(result, per_day), ephemeral=True)
        bot.dispatcher.deliver_soon()

    def _count_lookup(self, interaction: Interaction) -> None:
        """Counts a lookup; raises `LabError` if the member has reached the hourly limit."""
        now = interaction.client.clock()
        wait = self._lookups.update_rate_limit(interaction, now.timestamp())
        if wait is not None:
            again = timestamp(now + timedelta(seconds=wait))
            raise LabError(
                f"You've looked up {count(_MAX_LOOKUPS, 'paper')} in the last hour, which is the "
                f"limit. You can suggest more {again}."
            )


def _answer(result: SuggestionResult, per_day: int) -> cards.Layout:
    """Returns the answer to a suggestion; raises `LabError` if a limit was reached."""
    title = escape(result.suggestion.draft.title, 300) if result.suggestion else ""
    match result.status:
        case SuggestionStatus.KNOWN if result.paper:
            text = "👌 That paper is already in the list."
            return cards.Layout(*cards.paper_with(result.paper, text))
        case SuggestionStatus.REMOVED:
            return cards.notice(
                "🙏 Thanks, but the moderators removed that paper from the list on purpose."
            )
        case SuggestionStatus.PENDING if result.suggestion:
            suggested_at = timestamp(result.suggestion.suggested_at)
            return cards.notice(
                f"⏳ **{title}** was already suggested {suggested_at} and is waiting for review."
            )
        case SuggestionStatus.TOO_MANY if result.retry_at:
            raise LabError(
                f"You've suggested {count(per_day, 'paper')} in the last day, which is the limit. "
                f"You can suggest more {timestamp(result.retry_at)}."
            )
        case SuggestionStatus.QUEUE_FULL:
            raise LabError(
                f"The moderators still have {count(MAX_PENDING, 'suggestion')} to review, which "
                "is the limit. Please try again later."
            )
        case _:
            text = (
                f"💡 Thanks! The moderators will review **{title}**, and I'll let you know. Run "
                "`/suggest` on its own to see your suggestions."
            )
            if result.paper is None:
                return cards.notice(text)
            text += (
                "\n⚖️ It looks similar to this paper in the list. The moderators will see that, too."
            )
            return cards.Layout(*cards.paper_with(result.paper, text))


@MySuggestionsButton.on_press
async def show_my_suggestions(interaction: Interaction, _button: MySuggestionsButton) -> None:
    """Shows the member's own suggestions privately."""
    await _show_suggestions(interaction)


async def _show_suggestions(interaction: Interaction) -> None:
    review = interaction.client.library.review
    suggestions = await review.suggestions_by(interaction.user.id, _MAX_SHOWN)
    layout = cards.notice(review_cards.member_suggestions(suggestions))
    await interaction.response.send_message(view=layout, ephemeral=True)


async def setup(bot: LabBot) -> None:
    """Adds the cog."""
    await bot.add_cog(Suggest())
