"""`/suggest` and “Suggest paper”: members suggest papers, and see what became of them."""

from __future__ import annotations

from datetime import timedelta

import discord
from discord import app_commands
from discord.app_commands import Range
from discord.ext import commands

from bot.flows.add_from_message import text_of
from bot.flows.replies import reply
from bot.interactions import Interaction, LabBot
from bot.lookup.references import extract_references
from bot.lookup.suggestion import look_up_suggestion, parse_suggestion
from bot.markdown import clip, count, escape, time_ahead, timestamp
from bot.ui import cards, forms, review_cards
from bot.ui.buttons import MySuggestionsButton, SuggestButton
from bot.ui.saved_query import load_query
from bot.ui.suggestion_form import MAX_NOTE, MAX_SOURCE, SuggestionForm
from storage.errors import InvalidInput, LabError
from storage.redaction import redact_text
from storage.review.models import SuggestionResult, SuggestionStatus
from storage.review.suggestions import MAX_PENDING
from storage.search.query import without_filters

_MAX_SHOWN = 10  # of a member's own suggestions
_MAX_LOOKUPS = 20  # of a member per hour
_HOUR = timedelta(hours=1)


class Suggest(commands.Cog):
    """Suggest papers to the moderators."""

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
        source: Range[str, 1, MAX_SOURCE] = "",
        note: Range[str, 1, MAX_NOTE] = "",
    ) -> None:
        """Suggest a paper to the moderators, or see the status of your suggestions."""
        if not source and note:
            raise InvalidInput("Which paper? Enter its arXiv ID, DOI, link or title as `source`.")
        if not source:
            await _show_suggestions(interaction)
            return
        await self._suggest(interaction, source, note)

    async def suggest_linked(self, interaction: Interaction, message: discord.Message) -> None:
        """Suggests the paper that a message links."""
        references = extract_references(text_of(message))
        if not references:
            raise InvalidInput(
                "I don't see a link to a paper in that message. I look for arXiv IDs, DOIs and "
                "other links."
            )
        if len(references) > 1:
            raise InvalidInput(
                f"That message links to {len(references)} papers. Suggest them one at a time with "
                "`/suggest`."
            )
        await self._suggest(interaction, references[0].url, "")

    async def open_form(self, interaction: Interaction, button: SuggestButton) -> None:
        """Opens the form to suggest a paper, filled in with what was searched."""
        _require_suggestions(interaction.client)
        form = await self.form(interaction, button.query_id)
        await interaction.response.send_modal(form)

    async def form(self, interaction: Interaction, query_id: int) -> SuggestionForm:
        """Returns the form to suggest the paper that a saved query searched."""
        query = await load_query(interaction.client.library, query_id)
        source = query.words
        if not query.is_reference:
            source = without_filters(source, keeps_quotes=False, keeps_excluded=False)
        return SuggestionForm(query_id, source, self._suggest)

    async def _suggest(self, interaction: Interaction, source: str, note: str) -> None:
        bot = interaction.client
        per_day = bot.settings.suggestions_per_day
        _require_suggestions(bot)
        await interaction.response.defer(ephemeral=True, thinking=True)
        member, review = interaction.user, bot.library.review
        reference, draft = parse_suggestion(source)
        result = await review.check_suggestion(draft, member.id, daily_limit=per_day)
        if result is None:
            self._count_lookup(interaction)
            result = await review.suggest(
                await look_up_suggestion(bot.lookup, reference, draft),
                clip(redact_text(note), MAX_NOTE),
                (member.id, member.display_name),
                daily_limit=per_day,
                channel_id=bot.moderators.channel_id,
            )
        await reply(interaction, _answer(result, per_day), new_message=True)
        bot.dispatcher.deliver_soon()

    def _count_lookup(self, interaction: Interaction) -> None:
        """Counts a lookup; raises `LabError` if the member has reached the hourly limit."""
        now = interaction.client.clock()
        wait = self._lookups.update_rate_limit(interaction, now.timestamp())
        if wait is not None:
            again = time_ahead(now + timedelta(seconds=wait), "t")
            raise LabError(
                f"You've looked up {count(_MAX_LOOKUPS, 'paper')} in the last hour, which is the "
                f"limit. You can suggest more from {again}."
            )


def _require_suggestions(bot: LabBot) -> None:
    if not bot.takes_suggestions:
        raise LabError("Suggestions are turned off.")


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
                f"You can suggest more from {time_ahead(result.retry_at)}."
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
    await reply(interaction, layout, new_message=True)


async def setup(bot: LabBot) -> None:
    """Adds the cog and the menu."""
    cog = Suggest()
    await bot.add_cog(cog)
    SuggestButton.on_press(cog.open_form)
    forms.opener("suggest")(cog.form)
    menu = app_commands.ContextMenu(name="Suggest paper", callback=cog.suggest_linked)
    bot.tree.add_command(menu)
