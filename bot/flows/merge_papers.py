"""Merging two papers: both side by side, with a menu for each field in which they differ."""

from __future__ import annotations

import enum
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeAlias

import discord
from discord import SelectOption
from discord.ui import ActionRow, Container, Select, TextDisplay

from bot.flows import replies
from bot.flows.edit_conflict import changed_meanwhile
from bot.interactions import Interaction
from bot.markdown import clip
from bot.permissions import actor, require_moderator
from bot.ui import cards
from bot.ui.dialogs import Dialog, DialogButton
from bot.ui.differences import differing_fields, field_name, format_value, plain_value
from storage.errors import LabError
from storage.library import Library
from storage.models import Paper, PaperDetails, PaperDraft
from storage.papers.combine import as_draft, merge_metadata, take_fields
from storage.papers.errors import PaperChanged
from storage.papers.matching import have_common_ground
from storage.papers.titles import is_bare_reference

_SINGLE_FIELDS = (
    *("title", "authors", "venue", "date", "publication"),
    *("abstract", "note", "posted_by"),
)
_LIST_FIELDS = ("links", "tags")  # the merged paper can have the values of both
_NOTHING_IN_COMMON = (
    "They have no authors and no identifiers in common, so they may be two different papers."
)
_MAX_CONFLICT_TEXT = 700  # characters about what changed in the meantime


class Keep(enum.StrEnum):
    """The paper that a field of the merged paper is taken from."""

    TARGET = "target"
    SOURCE = "source"
    BOTH = "both"


Choices: TypeAlias = dict[str, Keep]  # by field


@dataclass(frozen=True, slots=True)
class MergePair:
    """Two papers to merge: ``source`` becomes a part of ``target``, which keeps its number.

    ``edited`` has the fields of each paper that a moderator set, by the paper's number.
    """

    source: Paper
    target: Paper
    edited: Mapping[int, Collection[str]]

    def differing_fields(self) -> list[str]:
        """Returns the fields in which to choose."""
        fields = differing_fields(self.target, self.source)
        if {"authors_complete", "collectives"} & {*fields} and "authors" not in fields:
            fields.append("authors")
        return [name for name in (*_SINGLE_FIELDS, *_LIST_FIELDS) if name in fields]

    def default_choices(self) -> Choices:
        """Returns what to keep of each field unless the moderator chooses otherwise."""
        return {name: self._default_choice(name) for name in self.differing_fields()}

    def _default_choice(self, name: str) -> Keep:
        """Prefers a value to none, then one that a moderator set, then the target's title.

        Of other fields the better value is preferred, as when a feed completes a paper.
        """
        if name in _LIST_FIELDS:
            return Keep.BOTH
        for is_preferred in (self._has_value, self._is_edited):
            ours, theirs = is_preferred(self.target, name), is_preferred(self.source, name)
            if ours is not theirs:
                return Keep.TARGET if ours else Keep.SOURCE
        if name == "title":
            return Keep.TARGET
        better = merge_metadata(as_draft(self.target), as_draft(self.source))
        is_ours = _value(better, name) == _value(self.target, name)
        return Keep.TARGET if is_ours else Keep.SOURCE

    def _has_value(self, paper: Paper, name: str) -> bool:
        value = getattr(paper, name)
        return bool(value) and not (name == "title" and is_bare_reference(value))

    def _is_edited(self, paper: Paper, name: str) -> bool:
        return name in self.edited.get(paper.id, ())

    def merged(self, choices: Mapping[str, Keep]) -> PaperDraft:
        """Returns the details of the merged paper."""
        draft = take_fields(
            as_draft(self.target),
            self.source,
            [name for name, keep in choices.items() if keep is Keep.SOURCE],
        )
        both: dict[str, Any] = {
            name: (*getattr(self.target, name), *getattr(self.source, name))
            for name, keep in choices.items()
            if keep is Keep.BOTH
        }
        return replace(draft, **both)


def _value(paper: PaperDetails, name: str) -> object:
    value = getattr(paper, name)
    return (value, paper.authors_complete, paper.collectives) if name == "authors" else value


class _FieldMenu(Select[Any]):
    """Chooses the value of one field."""

    def __init__(
        self, name: str, options: list[SelectOption], on_choose: Callable[[str, Keep], None]
    ) -> None:
        super().__init__(placeholder=field_name(name), options=options)
        self._name = name
        self._on_choose = on_choose

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Stores the choice until the moderator merges."""
        self._on_choose(self._name, Keep(self.values[0]))
        await interaction.response.defer()


async def start(interaction: Interaction, source: Paper, target: Paper) -> None:
    """Answers `/curate merge`: shows both papers and asks what to keep."""
    if source.id == target.id:
        raise LabError(
            f"Both are the same paper: “{target.title}” (#{target.id}). Choose two different ones."
        )
    pair = await _pair(interaction.client.library, source, target)
    await _show(interaction, pair, pair.default_choices())


async def _pair(library: Library, source: Paper, target: Paper) -> MergePair:
    return MergePair(source, target, await library.papers.edited_fields([source.id, target.id]))


async def _show(
    interaction: Interaction, pair: MergePair, choices: Choices, warning: str = ""
) -> None:
    def on_choose(name: str, keep: Keep) -> None:
        choices[name] = keep

    action = _merge if have_common_ground(pair.source, pair.target) else _confirm
    merge = DialogButton("Merge", partial(action, pair, choices), discord.ButtonStyle.primary)
    card = comparison(pair, choices, on_choose, warning)
    await replies.reply(interaction, Dialog(card, ActionRow(merge, _cancel_button())))


async def _confirm(pair: MergePair, choices: Choices, interaction: Interaction) -> None:
    """Asks whether to merge two papers that have nothing in common."""
    require_moderator(interaction)

    async def go_back(click: Interaction) -> None:
        await _show(click, pair, choices)

    text = (
        f"### ⚠️ Are these the same paper?\n{_papers(pair)}\n{_NOTHING_IN_COMMON}\n"
        f"If you merge them, #{pair.source.id} becomes part of #{pair.target.id}."
    )
    buttons = ActionRow[Any](
        DialogButton("Merge anyway", partial(_merge, pair, choices), discord.ButtonStyle.danger),
        DialogButton("Back", go_back),
        _cancel_button(),
    )
    await replies.reply(interaction, Dialog(cards.text_card(text, buttons)))


def _cancel_button() -> DialogButton:
    async def cancel(click: Interaction) -> None:
        await replies.reply(click, cards.notice("👌 Nothing changed."))

    return DialogButton("Cancel", cancel)


async def _merge(pair: MergePair, choices: Choices, interaction: Interaction) -> None:
    require_moderator(interaction)
    library = interaction.client.library
    source, target = pair.source, pair.target
    try:
        merged = await library.papers.merge(
            target.id,
            source.id,
            pair.merged(choices),
            actor(interaction),
            seen=(as_draft(target), as_draft(source)),
        )
    except PaperChanged as changed:
        await _show_again(interaction, pair, choices, changed)
        return
    title = cards.title_with_id(source)
    text = f"🔗 Merged {title} into this paper."
    await replies.reply_with_paper(interaction, merged.value, text, merged.change_id)
    interaction.client.dispatcher.deliver_soon()


async def _show_again(
    interaction: Interaction, pair: MergePair, choices: Choices, changed: PaperChanged
) -> None:
    """Shows what somebody else changed in the meantime, and keeps the choices made so far."""
    library = interaction.client.library
    seen = pair.target if changed.requested_id == pair.target.id else pair.source
    current = await _pair(
        library,
        await library.papers.get(pair.source.id),
        await library.papers.get(pair.target.id),
    )
    changes = await changed_meanwhile(library, as_draft(seen), changed.paper, _MAX_CONFLICT_TEXT)
    warning = f"⚖️ Someone else just changed #{seen.id}, so nothing has been merged yet.\n{changes}"
    kept = {name: choices.get(name, keep) for name, keep in current.default_choices().items()}
    await _show(interaction, current, kept, warning)


def comparison(
    pair: MergePair,
    choices: Mapping[str, Keep],
    on_choose: Callable[[str, Keep], None],
    warning: str = "",
) -> Container[Any]:
    """Returns a card with both papers, and a menu for each field in which they differ."""
    source, target = pair.source, pair.target
    lines = [warning] if warning else []
    lines += [f"### Merge #{source.id} into #{target.id}", _papers(pair)]
    if not have_common_ground(source, target):
        lines.append(f"⚠️ **{_NOTHING_IN_COMMON}**")
    if target.arxiv and source.arxiv and target.arxiv != source.arxiv:
        lines.append(
            f"⚠️ They have different arXiv IDs, {target.arxiv} and {source.arxiv}, so they may be "
            "two different papers."
        )
    lines.append("-# Identifiers and announcements of both are kept. Choose what else to keep:")
    card: Container[Any] = Container(TextDisplay("\n".join(lines)))
    for name in pair.differing_fields():
        ours, theirs = (_shown_value(paper, name) for paper in (target, source))
        card.add_item(
            TextDisplay(
                f"**{field_name(name)}**\n"
                f"#{target.id}: {format_value(ours, 95)}\n"
                f"#{source.id}: {format_value(theirs, 95)}"
            )
        )
        options = [
            _option(f"#{target.id}", ours, Keep.TARGET, choices[name]),
            _option(f"#{source.id}", theirs, Keep.SOURCE, choices[name]),
        ]
        if name in _LIST_FIELDS:
            options.append(_option("Both", "", Keep.BOTH, choices[name]))
        card.add_item(ActionRow(_FieldMenu(name, options, on_choose)))
    return card


def _shown_value(paper: Paper, name: str) -> object:
    if name == "authors" and paper.authors and not paper.authors_complete:
        return (*paper.authors, "et al.")
    return getattr(paper, name)


def _papers(pair: MergePair) -> str:
    """Returns the titles of both papers, the one that keeps its number first."""
    return "\n".join(
        f"**#{paper.id}** {cards.title_link(paper, 300)}" for paper in (pair.target, pair.source)
    )


def _option(label: str, value: object, keep: Keep, chosen: Keep) -> SelectOption:
    text = clip(plain_value(value), 80)
    return SelectOption(
        label=f"{label}: {text}" if text else label, value=keep, default=keep is chosen
    )
