"""`/suggest`: members propose papers, and see what became of them."""

from __future__ import annotations

from datetime import timedelta

from discord import app_commands
from discord.app_commands import Range
from discord.ext import commands

from bot.interactions import Interaction, LabBot
from bot.lookup.suggestion import drafted, looked_up
from bot.markdown import clip, count, escape, timestamp
from bot.ui import cards, review_cards
from bot.ui.buttons import MySuggestionsButton
from storage.errors import InvalidInput, LabError
from storage.review.models import Offer, Reply
from storage.review.suggestions import MOST_WAITING

_SHOWN = 10  # suggestions that a member sees of their own
_MOST_LOOKUPS = 20  # of a member in an hour
_HOUR = timedelta(hours=1)


@MySuggestionsButton.on_press
async def show_my_suggestions(interaction: Interaction, _button: MySuggestionsButton) -> None:
    """Shows the member's own suggestions privately."""
    await _show_own(interaction)


class Suggest(commands.Cog):
    """Papers that members propose."""

    def __init__(self) -> None:
        self._lookups: commands.CooldownMapping[Interaction] = (
            commands.CooldownMapping.from_cooldown(
                _MOST_LOOKUPS, _HOUR.total_seconds(), lambda interaction: interaction.user.id
            )
        )

    @app_commands.command()
    @app_commands.describe(
        source="An arXiv id, a DOI, a link or a title; without it, I show what you suggested",
        note="What the moderators should know",
    )
    async def suggest(
        self,
        interaction: Interaction,
        source: Range[str, 1, 500] = "",
        note: Range[str, 1, 300] = "",
    ) -> None:
        """Propose a paper to the moderators, or see what became of yours."""
        if not source:
            if note:
                raise InvalidInput(
                    "Which paper do you mean? Give its arXiv id, DOI, link or title."
                )
            await _show_own(interaction)
            return
        bot = interaction.client
        most = bot.settings.suggestions_per_day
        if not (most and bot.home_guilds):
            raise LabError("This list takes no suggestions.")
        await interaction.response.defer(ephemeral=True, thinking=True)
        member, review = interaction.user, bot.library.review
        known = drafted(source)
        offer = await review.rejection_reason(known, member.id, most=most)
        if offer is None:
            self._count_lookup(interaction)
            offer = await review.suggest(
                await looked_up(bot.lookup, source, known),
                clip(note, 300),
                (member.id, member.display_name),
                most=most,
                channel_id=bot.moderators.channel,
            )
        await interaction.followup.send(view=_answer(offer, most), ephemeral=True)
        bot.dispatcher.deliver_soon()

    def _count_lookup(self, interaction: Interaction) -> None:
        """Raises `LabError` where the member had as many within an hour as they may."""
        now = interaction.client.clock()
        wait = self._lookups.update_rate_limit(interaction, now.timestamp())
        if wait is not None:
            raise LabError(
                f"I have looked {count(_MOST_LOOKUPS, 'paper')} up for you within an hour, which "
                f"is the most; you may go on {timestamp(now + timedelta(seconds=wait))}."
            )


def _answer(offer: Offer, most: int) -> cards.Layout:
    """What a member is told at once; raises `LabError` where they, or all, made too many."""
    title = escape(offer.suggestion.draft.title, 300) if offer.suggestion else ""
    match offer.reply:
        case Reply.KNOWN if offer.paper:
            return cards.Layout(*cards.paper_with(offer.paper, "👌 The list has that paper."))
        case Reply.REMOVED:
            return cards.notice(
                "🙏 Thank you, but the moderators have left that paper out of the list on purpose."
            )
        case Reply.WAITING if offer.suggestion:
            at = timestamp(offer.suggestion.suggested_at)
            return cards.notice(f"⏳ **{title}** was suggested {at} and waits for the moderators.")
        case Reply.TOO_MANY if offer.again_at:
            raise LabError(
                f"You have suggested {count(most, 'paper')} within a day, which is the most; you "
                f"may go on {timestamp(offer.again_at)}."
            )
        case Reply.FULL:
            raise LabError(
                f"The moderators have {count(MOST_WAITING, 'suggestion')} to decide, and I take no "
                "more until they have decided some; suggest yours again then."
            )
        case _:
            text = (
                f"💡 Thank you! The moderators are to decide **{title}**, and I tell you what they "
                "say. `/suggest` without a paper shows it, too."
            )
            if offer.paper is None:
                return cards.notice(text)
            text += "\n⚖️ They see that it resembles this paper, which the list has:"
            return cards.Layout(*cards.paper_with(offer.paper, text))


async def _show_own(interaction: Interaction) -> None:
    library = interaction.client.library
    own = await library.review.suggestions_by(interaction.user.id, _SHOWN)
    shown = cards.notice(review_cards.of_member(own))
    await interaction.response.send_message(view=shown, ephemeral=True)


async def setup(bot: LabBot) -> None:
    """Adds the cog."""
    await bot.add_cog(Suggest())
