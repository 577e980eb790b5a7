"""The papers that a message links: which the list has, and the others to add by one click each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeAlias

import discord
from discord import ButtonStyle
from discord.ui import ActionRow, Button, Container, Section, TextDisplay

from bot.errors import explain
from bot.flows.add_paper import Addition, announcing, would_become
from bot.flows.replies import say
from bot.interactions import Interaction, LabBot
from bot.lookup.errors import LookupFailed
from bot.lookup.references import Reference, references_in
from bot.markdown import clip, count, escape
from bot.ui import buttons, cards
from bot.ui.dialogs import Dialog, DialogButton
from storage.errors import LabError
from storage.models import Outcome, Paper, PaperDetails, PaperDraft
from storage.papers.errors import PaperNotFound

_LISTED = 10  # papers of a message: three components each, of Discord's forty


@dataclass(frozen=True, slots=True)
class Resembling:
    """A paper that is not in the list for certain, and the one of the list that it resembles."""

    draft: PaperDraft
    paper: Paper


Linked: TypeAlias = Paper | PaperDraft | Resembling | LookupFailed


@dataclass(frozen=True, slots=True)
class LinkReview:
    """What is known of each link of a message, ``left_out`` those beyond what one answer holds."""

    links: Mapping[Reference, Linked]
    left_out: int = 0
    announce: bool = False

    def dialog(self) -> Dialog:
        """The links one below the other, each with its button."""
        card: Container[Any] = Container(accent_colour=cards.NEUTRAL)
        heading = f"### {count(len(self.links) + self.left_out, 'link')} in that message"
        if self.left_out:
            heading += f"\nHere are the first {len(self.links)}."
        card.add_item(TextDisplay(heading))
        for source, linked in self.links.items():
            text, button = self._row(source, linked)
            card.add_item(Section(text, accessory=button))
        row = ActionRow(announcing(self._turn, announce=self.announce))
        return Dialog(card, row)

    def _row(self, source: Reference, linked: Linked) -> tuple[str, Button[Any]]:
        """What a link is, in 390 characters at most, and what can be done with it."""
        if isinstance(linked, Paper):
            text = f"{_described(linked)}\n-# ✅ in the list as #{linked.id}"
            return text, buttons.PaperButton(linked.id)
        if isinstance(linked, LookupFailed):
            form = Addition(linked.known, self.announce, beside=True).open_form
            reason = clip(explain(linked, "a look-up"), 220)
            return f"{escape(source.url, 130)}\n-# {reason}", DialogButton("Fill in", form)
        draft = linked.draft if isinstance(linked, Resembling) else linked
        text = _described(draft)
        if isinstance(linked, Resembling):
            text += f"\n-# ⚖️ may be #{linked.paper.id} of the list"
        return text, DialogButton("Add", partial(self._add, source, draft), ButtonStyle.success)

    async def _add(self, source: Reference, draft: PaperDraft, interaction: Interaction) -> None:
        """Add one; the list then shows it as known."""
        await interaction.response.defer()
        await Addition(draft, self.announce, beside=True).offer(interaction)
        bot = interaction.client
        links = {
            one: await _compared(bot, linked) if isinstance(linked, PaperDraft) else linked
            for one, linked in self.links.items()
        }
        links[source] = await _compared(bot, draft)
        await say(interaction, replace(self, links=links).dialog())

    async def _turn(self, interaction: Interaction) -> None:
        turned = replace(self, announce=not self.announce)
        await say(interaction, turned.dialog())


async def gather(interaction: Interaction, message: discord.Message) -> None:
    """Show the papers that a message links; raises `LabError` where it links none."""
    sources = references_in(_text_of(message))
    if not sources:
        raise LabError(
            "I see no link to a paper in that message. I look for arXiv's ids and links, DOIs and "
            "other addresses."
        )
    await interaction.response.defer(ephemeral=True, thinking=True)
    bot = interaction.client
    listed = sources[:_LISTED]
    known = {source: await _known(bot, source) for source in listed}
    found = await bot.lookup.find_all([source for source in listed if known[source] is None])
    links = {source: known[source] or await _compared(bot, found[source]) for source in listed}
    await say(interaction, LinkReview(links, len(sources) - len(listed)).dialog())


async def _known(bot: LabBot, source: Reference) -> Paper | None:
    """The paper of the list that has a link's identifier."""
    try:
        return await bot.library.papers.get_named(source.url)
    except PaperNotFound:
        return None


async def _compared(bot: LabBot, found: PaperDraft | LookupFailed) -> Linked:
    """What was found, or the paper of the list that it is or resembles."""
    if isinstance(found, LookupFailed):
        return found
    (found,) = await bot.library.authors.with_current_names([found])
    result = await would_become(bot, found)
    if result.paper is not None and result.outcome is Outcome.DUPLICATE:
        return Resembling(found, result.paper)
    if result.paper is not None and result.outcome in {Outcome.UNCHANGED, Outcome.UPDATED}:
        return result.paper
    return found


def _described(paper: PaperDetails) -> str:
    lines = [f"**{cards.title_link(paper, 180)}**"]
    if about := cards.byline(paper, 70, 40):
        lines.append(about.replace("\n", " · "))
    return "\n".join(lines)


def _text_of(message: discord.Message) -> str:
    """Everything in a message that may hold a link, what it forwards and its embeds too."""
    parts: list[str] = []
    forwarded: Sequence[discord.Message | discord.MessageSnapshot] = message.message_snapshots
    for one in (message, *forwarded):
        parts.append(one.content)
        for embed in one.embeds:
            parts += [embed.url or "", embed.title or "", embed.description or ""]
            parts += [field.value or "" for field in embed.fields]
    return "\n".join(parts)
