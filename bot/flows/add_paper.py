"""Adding a paper: looked up and shown, or by a form; then offered to the list."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeAlias

from discord import ButtonStyle
from discord.ui import ActionRow, Button, Container, TextDisplay

from bot.errors import explain
from bot.flows.replies import say, show
from bot.interactions import Interaction, LabBot
from bot.lookup.errors import LookupFailed
from bot.markdown import escape
from bot.permissions import actor, require_moderator
from bot.ui import buttons, cards, paper_form
from bot.ui.dialogs import Dialog, DialogButton
from bot.ui.paper_form import FormValues
from storage.errors import LabError
from storage.models import Origin, Outcome, Paper, PaperDraft, UpsertResult
from storage.papers.combine import FIELDS, as_draft

Pressed: TypeAlias = "Callable[[Interaction], Awaitable[None]]"

_NOTHING = PaperDraft(title="")
# What titles and abstracts say of themselves where a paper is not to be read any more.
_WITHDRAWN = re.compile(
    r"\b(?:been|is|was) (?:withdrawn|retracted)\b|^\W*retracted\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Addition:
    """A paper that somebody is adding: as it is known so far, and whether to announce it.

    It is in somebody's ``lock_fields`` once they filled in the form. ``beside`` keeps the message
    whose button was used, and answers under it.
    """

    draft: PaperDraft = _NOTHING
    announce: bool = False
    lock_fields: bool = False
    beside: bool = False

    async def open_form(self, interaction: Interaction) -> None:
        """Show the form, filled with what is known."""
        require_moderator(interaction)
        values = paper_form.to_form(self.draft) if self.draft != _NOTHING else FormValues()
        await interaction.response.send_modal(
            paper_form.PaperForm("Add a paper", values, self._take_form)
        )

    async def offer(self, interaction: Interaction, *, allow_duplicate: bool = False) -> None:
        """Offer the paper to the list, and say what became of it."""
        require_moderator(interaction)
        offered = await interaction.client.library.papers.upsert(
            self.draft,
            Origin.MODERATOR,
            actor(interaction),
            allow_duplicate=allow_duplicate,
            announce=self.announce,
            lock_fields=self.lock_fields,
        )
        await self._tell(interaction, offered.value, offered.change_id)

    async def offer_anyway(self, interaction: Interaction) -> None:
        """Offer it though the list has a paper that it resembles."""
        await self.offer(interaction, allow_duplicate=True)

    async def offer_as(self, paper_id: int, interaction: Interaction) -> None:
        """Complete the paper that it is, as somebody says."""
        require_moderator(interaction)
        offered = await interaction.client.library.papers.upsert_as(
            paper_id, self.draft, actor(interaction), lock_fields=self.lock_fields
        )
        await self._tell(interaction, offered.value, offered.change_id)

    def choices(self, paper: Paper) -> list[DialogButton]:
        """What a paper that resembles one of the list can be: that one, or one of its own."""
        return [
            DialogButton(
                "The same paper",
                partial(self.offer_as, paper.id),
                ButtonStyle.primary,
                decides=True,
            ),
            DialogButton("Add anyway", self.offer_anyway, decides=True),
        ]

    async def _tell(
        self, interaction: Interaction, result: UpsertResult, change_id: int | None
    ) -> None:
        if result.paper is None:
            raise LabError("That paper was removed from the list on purpose, so I left it out.")
        if result.outcome is Outcome.DUPLICATE:
            own = replace(self, beside=False)  # the question is a message of its own
            question = "⚖️ The list may have that paper already. Is yours another one?"
            parts = cards.paper_with(result.paper, question)
            dialog = Dialog(*parts, ActionRow(*own.choices(result.paper)))
            await say(interaction, dialog, beside=self.beside)
            return
        await show(
            interaction,
            result.paper,
            self._said(result.outcome, result.paper),
            change_id,
            beside=self.beside,
        )
        interaction.client.dispatcher.deliver_soon()

    async def _take_form(self, interaction: Interaction, values: FormValues) -> None:
        require_moderator(interaction)
        draft = paper_form.from_form(values, self.draft)
        await replace(self, draft=draft, lock_fields=True).offer(interaction)

    def _said(self, outcome: Outcome, paper: Paper) -> str:
        """What became of it: also what of it was not taken, and whether it is announced."""
        if outcome is Outcome.ADDED:
            told = "announced in every announcement channel" if self.announce else "not announced"
            return f"✅ Added to the list, {told}."
        text = {
            Outcome.RESTORED: "✅ It had been removed from the list; now it is back.",
            Outcome.UPDATED: "✅ The list had that paper; what you gave completed it.",
            Outcome.UNCHANGED: "👌 The list has that paper already.",
        }[outcome]
        left = [
            name
            for name in ("title", "authors", "venue", "date", "abstract")
            if getattr(self.draft, name) and getattr(self.draft, name) != getattr(paper, name)
        ]
        if left:
            text += f" I kept its {' and '.join(left)}, which `/curate edit` changes."
        return f"{text} It is not announced, since the list had it." if self.announce else text


async def look_up(interaction: Interaction, source: str, *, announce: bool) -> None:
    """Find a paper and ask what to do with it; where it can't be found, offer the form."""
    await interaction.response.defer(ephemeral=True, thinking=True)
    try:
        draft = await interaction.client.lookup.find(source)
    except LookupFailed as failure:
        await say(interaction, not_found(failure, announce=announce))
        return
    (draft,) = await interaction.client.library.authors.with_current_names([draft])
    await say(interaction, await _asking(interaction.client, Addition(draft, announce)))


def not_found(failure: LookupFailed, *, announce: bool) -> Dialog:
    """Why nothing was found, over the form with what is known all the same."""
    form = DialogButton(
        "Fill in the form", Addition(failure.known, announce).open_form, ButtonStyle.primary
    )
    return Dialog(cards.note(f"🔎 {explain(failure, 'a look-up')}", ActionRow(form)))


async def would_become(bot: LabBot, draft: PaperDraft) -> UpsertResult:
    """What would become of a draft that is offered to the list; nothing is changed."""
    (result,) = await bot.library.papers.preview([draft])
    return result


async def _asking(bot: LabBot, addition: Addition) -> Dialog | cards.Layout:
    """What was found, what the list has of it, and the buttons that decide."""
    result = await would_become(bot, addition.draft)
    known = result.paper
    if known is not None and result.outcome is Outcome.UNCHANGED:
        return cards.Layout(*cards.paper_with(known, "👌 The list has that paper already."))
    if known is not None and result.outcome is Outcome.UPDATED:
        return _completing(addition, await bot.library.papers.get(known.id), known)
    return _adding(addition, result)


def _completing(addition: Addition, before: Paper, after: Paper) -> Dialog:
    old, new = as_draft(before), as_draft(after)
    better = [name for name in FIELDS if getattr(old, name) != getattr(new, name)]
    text = f"👌 The list has that paper already. What I found would complete its {_and(better)}."
    complete = DialogButton("Complete it", addition.offer, ButtonStyle.primary, decides=True)
    cancel = DialogButton("Leave it", _cancel)
    return Dialog(*cards.paper_with(before, text), ActionRow(complete, cancel))


def _adding(addition: Addition, result: UpsertResult) -> Dialog:
    """The card of a paper that the list has not, or has not for certain."""
    told = "It will be announced." if addition.announce else "It will not be announced."
    text = f"🔎 Is this the paper? {told}"
    decide = [DialogButton("Add", addition.offer, ButtonStyle.success, decides=True)]
    below: list[Button[Any]] = [announcing(partial(_turn, addition), announce=addition.announce)]
    if result.outcome is Outcome.REMOVED:
        text = "🔎 That paper was removed from the list on purpose; adding it brings it back."
    if result.outcome is Outcome.DUPLICATE and result.paper is not None:
        text = f"⚖️ The list may have that paper already:\n{_named(result.paper)}\n{told}"
        decide = addition.choices(result.paper)
        below.append(buttons.PaperButton(result.paper.id, f"Show #{result.paper.id}"))
    if any(map(_WITHDRAWN.search, (addition.draft.title, addition.draft.abstract[:300]))):
        text += "\n⚠️ It says that it was withdrawn; look at its page first."
    return Dialog(
        TextDisplay(text),
        found_card(addition.draft),
        ActionRow(
            *decide,
            DialogButton("Correct first", addition.open_form),
            DialogButton("Cancel", _cancel),
        ),
        ActionRow(*below),
    )


def announcing(turned: Pressed, *, announce: bool) -> DialogButton:
    """The button that turns the announcement on and off."""
    return DialogButton(f"Announce: {'yes' if announce else 'no'}", turned)


async def _turn(addition: Addition, interaction: Interaction) -> None:
    turned = replace(addition, announce=not addition.announce)
    await say(interaction, await _asking(interaction.client, turned))


async def _cancel(interaction: Interaction) -> None:
    await say(interaction, cards.notice("👌 Nothing was changed."))


def found_card(draft: PaperDraft) -> Container[Any]:
    """The card of a paper that is not in the list."""
    return cards.paper_card(draft, heading=f"### {cards.title_link(draft, 700)}", abstract=1200)


def _named(paper: Paper) -> str:
    about = cards.byline(paper, 200, 80).replace("\n", " · ")
    return f"**{escape(paper.title, 300)}** (#{paper.id}){f' · {about}' if about else ''}"


def _and(names: list[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names)
