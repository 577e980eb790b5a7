"""Making two papers one: both side by side, and which of the two stays in each field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import discord
from discord import SelectOption
from discord.ui import ActionRow, Container, Select, TextDisplay

from bot.flows import replies
from bot.flows.edit_conflict import meanwhile
from bot.interactions import Interaction
from bot.markdown import clip, escape
from bot.permissions import actor, require_moderator
from bot.ui import audit_log as audit_cards
from bot.ui import cards, dialogs
from storage.errors import LabError
from storage.models import Paper, PaperDraft
from storage.papers.combine import as_draft, joined
from storage.papers.errors import PaperChanged
from storage.papers.snapshots import snapshot

_ONE_OF = ("title", "authors", "venue", "date", "abstract", "note", "posted_by")
_OF_BOTH = ("links", "tags")
_ROOM = 700  # characters of what changed meanwhile
_KEPT, _OTHER, _BOTH = "kept", "other", "both"


@dataclass(frozen=True, slots=True)
class Pair:
    """The paper that is to be made a part of another, and that one."""

    other: Paper
    kept: Paper

    def differing(self) -> list[str]:
        """The fields to choose in."""
        fields = audit_cards.differing(
            snapshot(as_draft(self.kept)), snapshot(as_draft(self.other))
        )
        if "authors_complete" in fields and "authors" not in fields:
            fields.append("authors")
        return [name for name in (*_ONE_OF, *_OF_BOTH) if name in fields]

    def best(self) -> dict[str, str]:
        """What to choose in each of them where nobody says otherwise: the title of who is kept."""
        both = joined(as_draft(self.kept), as_draft(self.other))
        theirs = {name for name in _ONE_OF[1:] if getattr(both, name) != getattr(self.kept, name)}
        return {
            name: _BOTH if name in _OF_BOTH else _OTHER if name in theirs else _KEPT
            for name in self.differing()
        }

    def chosen(self, choices: Mapping[str, str]) -> PaperDraft:
        """The paper that the choices make."""
        said: dict[str, Any] = {}
        for name, choice in choices.items():
            mine, theirs = getattr(self.kept, name), getattr(self.other, name)
            if choice == _BOTH:
                said[name] = (*mine, *theirs)
            else:
                said[name] = theirs if choice == _OTHER else mine
        if choices.get("authors") == _OTHER:
            said["authors_complete"] = self.other.authors_complete
        return replace(as_draft(self.kept), **said)


class _FieldChoice(Select[Any]):
    """Which of two values stays in one field."""

    def __init__(
        self, name: str, options: list[SelectOption], chosen: Callable[[str, str], None]
    ) -> None:
        super().__init__(placeholder=audit_cards.field_name(name), options=options)
        self._name = name
        self._chosen = chosen

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Remember it."""
        self._chosen(self._name, self.values[0])
        await interaction.response.defer()


async def ask(interaction: Interaction, other: Paper, kept: Paper) -> None:
    """Answer `/curate merge`: show both papers, and ask what stays."""
    if other.id == kept.id:
        raise LabError(f"Both are one paper: “{kept.title}” (#{kept.id}). Name two.")
    pair = Pair(other, kept)
    await _show(interaction, pair, pair.best())


async def _show(
    interaction: Interaction, pair: Pair, choices: dict[str, str], remark: str = ""
) -> None:
    def choose(name: str, choice: str) -> None:
        choices[name] = choice

    merge = dialogs.DialogButton(
        "Merge", partial(_merge, pair, choices), discord.ButtonStyle.primary
    )
    dialog = dialogs.Dialog(card(pair, choices, choose, remark), ActionRow(merge))
    await replies.say(interaction, dialog)


async def _merge(pair: Pair, choices: dict[str, str], interaction: Interaction) -> None:
    require_moderator(interaction)
    library = interaction.client.library
    kept, other = pair.kept, pair.other
    try:
        merged = await library.papers.merge(
            kept.id,
            other.id,
            pair.chosen(choices),
            actor(interaction),
            seen=(as_draft(kept), as_draft(other)),
        )
    except PaperChanged as changed:
        seen = kept if changed.meant == kept.id else other
        now = Pair(await library.papers.get(other.id), await library.papers.get(kept.id))
        said = await meanwhile(library, as_draft(seen), changed.paper, _ROOM)
        remark = f"⚖️ Somebody else changed #{seen.id} meanwhile, so I changed nothing yet.\n{said}"
        mine = {name: choices.get(name, best) for name, best in now.best().items()}
        await _show(interaction, now, mine, remark)
        return
    title = f"**{escape(other.title, 300)}** (#{other.id})"
    await replies.show(
        interaction, merged.value, f"🔗 {title} is a part of this paper now.", merged.change_id
    )
    interaction.client.dispatcher.deliver_soon()


def card(
    pair: Pair, choices: dict[str, str], choose: Callable[[str, str], None], remark: str
) -> Container[Any]:
    """Both papers side by side, with a menu for each field in which they differ."""
    kept, other = pair.kept, pair.other
    lines = [remark] if remark else []
    lines += [
        f"### #{other.id} becomes a part of #{kept.id}",
        f"**#{kept.id}** {cards.title_link(kept, 300)}",
        f"**#{other.id}** {cards.title_link(other, 300)}",
    ]
    if kept.arxiv and other.arxiv and kept.arxiv != other.arxiv:
        lines.append(
            f"⚠️ They have different arXiv ids, {kept.arxiv} and {other.arxiv}, and so may be two "
            "papers."
        )
    lines.append("-# Identifiers and announcements of both stay. Choose what else stays:")
    card: Container[Any] = Container(TextDisplay("\n".join(lines)))
    for name in pair.differing():
        one, two = (snapshot(as_draft(paper))[name] for paper in (kept, other))
        card.add_item(
            TextDisplay(
                f"**{audit_cards.field_name(name)}**\n#{kept.id}: {audit_cards.value(one, 110)}\n"
                f"#{other.id}: {audit_cards.value(two, 110)}"
            )
        )
        options = [
            _option(f"#{kept.id}", one, _KEPT, choices[name]),
            _option(f"#{other.id}", two, _OTHER, choices[name]),
        ]
        if name in _OF_BOTH:
            options.append(_option("Both", "", _BOTH, choices[name]))
        card.add_item(ActionRow(_FieldChoice(name, options, choose)))
    return card


def _option(label: str, said: object, value: str, chosen: str) -> SelectOption:
    words = clip(audit_cards.plain_value(said), 80)
    return SelectOption(
        label=f"{label}: {words}" if words else label, value=value, default=value == chosen
    )
