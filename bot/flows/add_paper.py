"""Adding a paper: look it up or fill in the form, compare it with the list, then add it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from discord import ButtonStyle
from discord.ui import ActionRow, Button, Container, TextDisplay

from bot.errors import explain
from bot.flows.replies import reply, reply_with_paper
from bot.interactions import Interaction, LabBot
from bot.lookup.errors import LookupFailed
from bot.markdown import join_and
from bot.permissions import actor, require_moderator
from bot.ui import buttons, cards, forms, paper_form
from bot.ui.dialogs import Action, Dialog, DialogButton
from bot.ui.differences import field_name
from bot.ui.paper_form import FormValues, PaperForm
from storage.audit.models import Recorded
from storage.errors import LabError
from storage.models import Origin, Outcome, Paper, PaperDraft, UpsertResult
from storage.papers.combine import EDITABLE_FIELDS, as_draft

_EMPTY = PaperDraft(title="")
# How titles and abstracts say that a paper was withdrawn.
_WITHDRAWN = re.compile(
    r"\b(?:been|is|was) (?:withdrawn|retracted)\b|^\W*retracted\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Addition:
    """A paper that a moderator is adding, and how.

    ``lock_fields`` protects what they typed into the form from later feeds and imports.
    ``new_message`` answers below the message with the button instead of replacing it.
    """

    draft: PaperDraft = _EMPTY
    announce: bool = False
    lock_fields: bool = False
    new_message: bool = False

    async def open_form(self, interaction: Interaction) -> None:
        """Opens the form, filled in with what is known."""
        require_moderator(interaction)
        await interaction.response.send_modal(self.form())

    def form(self) -> PaperForm:
        """Returns the form, filled in with what is known."""
        return PaperForm(
            "Add a paper",
            paper_form.to_form(self.draft) if self.draft != _EMPTY else FormValues(),
            self._submit_form,
            kind="add",
            numbers=(int(self.announce), int(self.new_message)),
            base=self.draft,
        )

    async def add(self, interaction: Interaction, *, allow_duplicate: bool = False) -> None:
        """Adds the paper, or updates the one that the list has, and tells the user which."""
        require_moderator(interaction)
        recorded = await interaction.client.library.papers.upsert(
            self.draft,
            Origin.MODERATOR,
            actor(interaction),
            allow_duplicate=allow_duplicate,
            announce=self.announce,
            lock_fields=self.lock_fields,
        )
        await self._reply(interaction, recorded)

    async def add_anyway(self, interaction: Interaction) -> None:
        """Adds the paper even though the list has a similar one."""
        await self.add(interaction, allow_duplicate=True)

    async def update(self, paper_id: int, interaction: Interaction) -> None:
        """Updates the paper that the user says it is."""
        require_moderator(interaction)
        recorded = await interaction.client.library.papers.upsert_as(
            paper_id, self.draft, actor(interaction), lock_fields=self.lock_fields
        )
        await self._reply(interaction, recorded)

    def duplicate_buttons(self, paper: Paper) -> list[DialogButton]:
        """Returns the buttons that decide whether it is the same as a similar paper."""
        return [
            DialogButton(
                "Same paper", partial(self.update, paper.id), ButtonStyle.primary, decides=True
            ),
            DialogButton("Add anyway", self.add_anyway, decides=True),
        ]

    async def _submit_form(self, interaction: Interaction, values: FormValues) -> None:
        require_moderator(interaction)
        draft = paper_form.from_form(values, self.draft)
        await replace(self, draft=draft, lock_fields=True).add(interaction)

    async def _reply(self, interaction: Interaction, recorded: Recorded[UpsertResult]) -> None:
        result = recorded.value
        if result.paper is None:
            raise LabError("That paper was removed from the list on purpose, so I didn't add it.")
        if result.outcome is Outcome.DUPLICATE:
            await self._ask_about_duplicate(interaction, result.paper)
            return
        await reply_with_paper(
            interaction,
            result.paper,
            self._outcome_text(result.outcome, result.paper),
            recorded.change_id,
            new_message=self.new_message,
        )
        interaction.client.dispatcher.deliver_soon()

    async def _ask_about_duplicate(self, interaction: Interaction, paper: Paper) -> None:
        in_place = replace(self, new_message=False)  # the question is a message of its own
        question = "⚖️ This paper may already be in the list. Is it the one you're adding?"
        dialog = Dialog(
            *cards.paper_with(paper, question), ActionRow(*in_place.duplicate_buttons(paper))
        )
        await reply(interaction, dialog, new_message=self.new_message)

    def _outcome_text(self, outcome: Outcome, paper: Paper) -> str:
        """Returns what happened, which details were not used, and whether it is announced."""
        if outcome is Outcome.ADDED:
            end = "and announced" if self.announce else "without announcing it"
            return f"✅ Added to the list {end}."
        text = {
            Outcome.RESTORED: "✅ This paper had been removed. Now it's back in the list.",
            Outcome.UPDATED: "✅ That paper was already in the list. I added your details to it.",
            Outcome.UNCHANGED: "👌 That paper is already in the list.",
        }[outcome]
        unused = [
            name
            for name in ("title", "authors", "venue", "date", "abstract")
            if getattr(self.draft, name) and getattr(self.draft, name) != getattr(paper, name)
        ]
        if unused:
            text += f" Its {join_and(unused)} stayed the same; use `/curate edit` to change "
            text += "them." if len(unused) > 1 or unused == ["authors"] else "it."
        return f"{text} It wasn't announced, since it isn't new." if self.announce else text


@forms.opener("add")
async def _open_again(interaction: Interaction, announce: int, new_message: int) -> PaperForm:
    require_moderator(interaction)
    return Addition(announce=bool(announce), new_message=bool(new_message)).form()


async def look_up(interaction: Interaction, source: str, *, announce: bool) -> None:
    """Looks a paper up and asks what to do with it; offers the form if it can't be found."""
    await interaction.response.defer(ephemeral=True, thinking=True)
    try:
        draft = await interaction.client.lookup.get(source)
    except LookupFailed as failure:
        await reply(interaction, _not_found(failure, announce=announce))
        return
    (draft,) = await interaction.client.library.authors.with_current_names([draft])
    await reply(interaction, await _preview(interaction.client, Addition(draft, announce)))


async def classify(bot: LabBot, draft: PaperDraft) -> UpsertResult:
    """Returns what adding a draft would do; changes nothing."""
    (result,) = await bot.library.papers.preview([draft])
    return result


def announce_button(toggle: Action, *, announce: bool) -> DialogButton:
    """Returns the button that turns the announcement on or off."""
    return DialogButton(f"Announce: {'yes' if announce else 'no'}", toggle)


def _not_found(failure: LookupFailed, *, announce: bool) -> Dialog:
    form = Addition(failure.known, announce)
    button = DialogButton("Fill in the form", form.open_form, ButtonStyle.primary)
    return Dialog(cards.text_card(f"🔎 {explain(failure, 'a lookup')}", ActionRow(button)))


async def _preview(bot: LabBot, addition: Addition) -> Dialog | cards.Layout:
    """Returns what was found, what the list has of it, and the buttons to decide."""
    result = await classify(bot, addition.draft)
    known = result.paper
    if known is not None and result.outcome is Outcome.UNCHANGED:
        return cards.Layout(*cards.paper_with(known, "👌 That paper is already in the list."))
    if known is not None and result.outcome is Outcome.UPDATED:
        return _preview_update(addition, await bot.library.papers.get(known.id), known)
    return _preview_addition(addition, result)


def _preview_update(addition: Addition, before: Paper, after: Paper) -> Dialog:
    old, new = as_draft(before), as_draft(after)
    changed = [name for name in EDITABLE_FIELDS if getattr(old, name) != getattr(new, name)]
    labels = [field_name(name).lower() for name in changed]
    text = f"👌 That paper is already in the list, but I can update its {join_and(labels)}."
    update = DialogButton("Update", addition.add, ButtonStyle.primary, decides=True)
    cancel = DialogButton("Cancel", _cancel)
    return Dialog(*cards.paper_with(before, text), ActionRow(update, cancel))


def _preview_addition(addition: Addition, result: UpsertResult) -> Dialog:
    """Returns the card of a paper that is new, was removed, or is a possible duplicate."""
    announced = "It will be announced." if addition.announce else "It won't be announced."
    text = f"🔎 Is this the right paper? {announced}"
    decisions = [DialogButton("Add", addition.add, ButtonStyle.success, decides=True)]
    toggle = announce_button(partial(_toggle_announce, addition), announce=addition.announce)
    below: list[Button[Any]] = [toggle]
    if result.outcome is Outcome.REMOVED:
        text = "🔎 That paper was removed from the list on purpose. Adding it will bring it back."
    if result.outcome is Outcome.DUPLICATE and result.paper is not None:
        known = result.paper
        text = f"⚖️ This paper may already be in the list:\n{_one_line(known)}\n{announced}"
        decisions = addition.duplicate_buttons(known)
        below.append(buttons.PaperButton(known.id, f"Show #{known.id}"))
    if _is_withdrawn(addition.draft):
        text += "\n⚠️ It seems to have been withdrawn or retracted. Check its page first."
    return Dialog(
        TextDisplay(text),
        _draft_card(addition.draft),
        ActionRow(
            *decisions,
            DialogButton("Edit first", addition.open_form),
            DialogButton("Cancel", _cancel),
        ),
        ActionRow(*below),
    )


async def _toggle_announce(addition: Addition, interaction: Interaction) -> None:
    toggled = replace(addition, announce=not addition.announce)
    await reply(interaction, await _preview(interaction.client, toggled))


async def _cancel(interaction: Interaction) -> None:
    await reply(interaction, cards.notice("👌 Nothing changed."))


def _is_withdrawn(draft: PaperDraft) -> bool:
    return any(map(_WITHDRAWN.search, (draft.title, draft.abstract[:300])))


def _draft_card(draft: PaperDraft) -> Container[Any]:
    return cards.paper_card(draft, heading=f"### {cards.title_link(draft, 700)}", max_abstract=1200)


def _one_line(paper: Paper) -> str:
    about = cards.byline(paper, 200, 80).replace("\n", " · ")
    return f"{cards.title_with_id(paper)} · {about}" if about else cards.title_with_id(paper)
