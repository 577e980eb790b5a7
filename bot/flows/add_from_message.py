"""Adding the papers that a message links: which are in the list, and a button for each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeAlias

import discord
from discord import ButtonStyle
from discord.ui import ActionRow, Button, Container, Section, TextDisplay

from bot.errors import explain
from bot.flows.add_paper import Addition, announce_button, classify
from bot.flows.replies import reply
from bot.interactions import Interaction, LabBot
from bot.lookup.errors import LookupFailed
from bot.lookup.references import Reference, extract_references
from bot.markdown import clip, count, escape
from bot.ui import buttons, cards
from bot.ui.dialogs import Dialog, DialogButton
from storage.errors import LabError
from storage.models import Outcome, Paper, PaperDetails, PaperDraft
from storage.papers.errors import PaperNotFound
from storage.redaction import redact_url

_MAX_LINKS = 10  # shown at once: each takes three of the forty components of a message


@dataclass(frozen=True, slots=True)
class PossibleDuplicate:
    """A draft, and the paper in the list that it may be."""

    draft: PaperDraft
    paper: Paper


LinkStatus: TypeAlias = Paper | PaperDraft | PossibleDuplicate | LookupFailed


@dataclass(frozen=True, slots=True)
class LinkReview:
    """What each link of a message leads to; ``hidden`` counts the links that don't fit."""

    links: Mapping[Reference, LinkStatus]
    hidden: int = 0
    announce: bool = False

    def dialog(self) -> Dialog:
        """Returns the links one below the other, each with its button."""
        card: Container[Any] = Container(accent_colour=cards.NEUTRAL)
        heading = f"### {count(len(self.links) + self.hidden, 'link')} in that message"
        if self.hidden:
            heading += f"\nShowing the first {len(self.links)}."
        card.add_item(TextDisplay(heading))
        for reference, status in self.links.items():
            text, button = self._row(reference, status)
            card.add_item(Section(text, accessory=button))
        toggle = announce_button(self._toggle_announce, announce=self.announce)
        return Dialog(card, ActionRow(toggle))

    def _row(self, reference: Reference, status: LinkStatus) -> tuple[str, Button[Any]]:
        """Returns a link's text, of 390 characters at most, and its button."""
        if isinstance(status, Paper):
            text = f"{_two_lines(status)}\n-# ✅ in the list as #{status.id}"
            return text, buttons.PaperButton(status.id)
        if isinstance(status, LookupFailed):
            form = Addition(status.known, self.announce, new_message=True)
            reason = clip(explain(status, "a lookup"), 220)
            text = f"{escape(redact_url(reference.url), 130)}\n-# {reason}"
            return text, DialogButton("Fill in", form.open_form)
        draft = status.draft if isinstance(status, PossibleDuplicate) else status
        text = _two_lines(draft)
        if isinstance(status, PossibleDuplicate):
            text += f"\n-# ⚖️ may be a duplicate of #{status.paper.id}"
        return text, DialogButton("Add", partial(self._add, reference, draft), ButtonStyle.success)

    async def _add(self, reference: Reference, draft: PaperDraft, interaction: Interaction) -> None:
        """Adds one paper, then compares all links with the list again."""
        await interaction.response.defer()
        await Addition(draft, self.announce, new_message=True).add(interaction)
        bot = interaction.client
        links = {
            link: await _compare(bot, status) if isinstance(status, PaperDraft) else status
            for link, status in self.links.items()
        }
        links[reference] = await _compare(bot, draft)
        await reply(interaction, replace(self, links=links).dialog())

    async def _toggle_announce(self, interaction: Interaction) -> None:
        toggled = replace(self, announce=not self.announce)
        await reply(interaction, toggled.dialog())


async def review_links(interaction: Interaction, message: discord.Message) -> None:
    """Shows the papers that a message links; raises `LabError` if it links none."""
    references = extract_references(text_of(message))
    if not references:
        raise LabError(
            "I don't see any links to papers in that message. I look for arXiv IDs, DOIs and other "
            "links."
        )
    await interaction.response.defer(ephemeral=True, thinking=True)
    bot = interaction.client
    shown = references[:_MAX_LINKS]
    known = {reference: await _find_known(bot, reference) for reference in shown}
    found = await bot.lookup.look_up_all([one for one in shown if known[one] is None])
    links = {one: known[one] or await _compare(bot, found[one]) for one in shown}
    review = LinkReview(links, hidden=len(references) - len(shown))
    await reply(interaction, review.dialog())


async def _find_known(bot: LabBot, reference: Reference) -> Paper | None:
    """Returns the paper in the list with this identifier, or None."""
    if not reference.is_well_formed:
        return None
    try:
        return await bot.library.papers.get_by_text(reference.url)
    except PaperNotFound:
        return None


async def _compare(bot: LabBot, found: PaperDraft | LookupFailed) -> LinkStatus:
    """Returns what was looked up, or the paper in the list that it is or may be."""
    if isinstance(found, LookupFailed):
        return found
    (draft,) = await bot.library.authors.with_current_names([found])
    result = await classify(bot, draft)
    if result.paper is not None and result.outcome is Outcome.DUPLICATE:
        return PossibleDuplicate(draft, result.paper)
    if result.paper is not None and result.outcome in {Outcome.UNCHANGED, Outcome.UPDATED}:
        return result.paper
    return draft


def _two_lines(paper: PaperDetails) -> str:
    lines = [f"**{cards.title_link(paper, 180)}**"]
    if about := cards.byline(paper, 70, 40):
        lines.append(about.replace("\n", " · "))
    return "\n".join(lines)


def text_of(message: discord.Message) -> str:
    """Returns all text of a message that may hold a link, with its embeds and what it forwards."""
    parts: list[str] = []
    forwarded: Sequence[discord.Message | discord.MessageSnapshot] = message.message_snapshots
    for one in (message, *forwarded):
        parts.append(one.content)
        for embed in one.embeds:
            parts += [embed.url or "", embed.title or "", embed.description or ""]
            parts += [field.value or "" for field in embed.fields]
    return "\n".join(parts)
