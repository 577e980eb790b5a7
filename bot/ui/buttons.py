"""Buttons that outlive a restart: their custom ids, and what every click has in common."""

from __future__ import annotations

import re
from typing import Any, Self

import discord
from discord import ButtonStyle
from discord.ui import Button, DynamicItem, Item

from bot.errors import NotAllowed, respond
from bot.interactions import Interaction
from storage.announcements.models import Post, PostKind
from storage.errors import LabError

_LARGEST = 2**63 - 1  # number that SQLite keeps


class NotYours(NotAllowed):
    """Somebody pressed a button under another person's answer."""

    def __init__(self) -> None:
        super().__init__("Only the person who asked can use that button. Ask for yourself!")


class Forged(NotAllowed):
    """A button that I never made."""

    def __init__(self) -> None:
        super().__init__("That button is none of mine, so it leads nowhere.")


class LabButton(DynamicItem[Button[Any]], template="(?!)"):
    """A button whose custom id is its whole state; a subclass gives the template and `press`.

    The template's named groups are numbers, and arrive in ``numbers``.
    """

    def __init__(self, button: Button[Any], numbers: dict[str, int]) -> None:
        super().__init__(button)
        self.numbers = numbers

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],  # noqa: ARG003 - discord.py's signature
        item: Item[Any],
        match: re.Match[str],
        /,
    ) -> Self:
        """Make the button again from the custom id that was pressed."""
        if not isinstance(item, Button):
            raise TypeError(f"{match[0]} is a {type(item).__name__}, not a button")
        return cls(item, {name: int(value) for name, value in match.groupdict().items()})

    async def callback(self, interaction: Interaction) -> None:  # type: ignore[override]
        """Press the button; discord.py only logs what fails here, so it is answered here."""
        mark_handled(interaction)
        try:
            self._require_real()
            self._require_owner(interaction.user.id)
            await self.press(interaction)
        except Exception as error:  # noqa: BLE001 - the one place where a press can fail
            await respond(interaction, error)

    def _require_real(self) -> None:
        if max(self.numbers.values(), default=0) > _LARGEST:
            raise Forged

    def _require_owner(self, user_id: int) -> None:
        if self.numbers.get("owner", user_id) != user_id:
            raise NotYours

    async def press(self, interaction: Interaction) -> None:
        """Do what the button says."""
        raise NotImplementedError


def paper_button(paper_id: int, label: str = "Open") -> Button[Any]:
    """Shows a paper's whole card to the person who presses it."""
    return Button(label=label, style=ButtonStyle.secondary, custom_id=f"paper:{paper_id}")


def cite_button(paper_id: int) -> Button[Any]:
    """Shows how to cite a paper to the person who presses it."""
    return Button(label="Cite", style=ButtonStyle.secondary, custom_id=f"cite:{paper_id}")


def announced_button(paper_id: int, label: str = "Details") -> Button[Any]:
    """The same under an announcement; its id also tells that this message announces the paper."""
    return Button(label=label, style=ButtonStyle.secondary, custom_id=f"announced:{paper_id}")


def correct_button(paper_id: int) -> Button[Any]:
    """Opens the form that corrects a paper, for moderators."""
    return Button(label="Correct", style=ButtonStyle.secondary, custom_id=f"correct:{paper_id}")


def digest_button(post_id: int, total: int) -> Button[Any]:
    """Shows all papers of a digest, page by page, to the person who presses it."""
    return Button(
        label=f"All {total:,}", style=ButtonStyle.secondary, custom_id=f"digest:{post_id}"
    )


def review_button(entry_id: int, *, add: bool) -> Button[Any]:
    """Decides an entry of a reviewed feed."""
    return Button(
        label="Add" if add else "Not ours",
        style=ButtonStyle.success if add else ButtonStyle.secondary,
        custom_id=f"review:{entry_id}:{int(add)}",
    )


def suggestion_button(suggestion_id: int, label: str, *, add: bool) -> Button[Any]:
    """Decides a paper that a member suggested."""
    return Button(
        label=label,
        style=ButtonStyle.success if add else ButtonStyle.secondary,
        custom_id=f"suggestion:{suggestion_id}:{int(add)}",
    )


def suggested_button(post_id: int) -> Button[Any]:
    """Shows a member what they suggested, under the word of what became of it."""
    return Button(
        label="My suggestions", style=ButtonStyle.secondary, custom_id=f"suggested:{post_id}"
    )


def queue_button(owner: int, page: int, label: str, *, enabled: bool) -> Button[Any]:
    """Turns to a page, counted from 0, of what waits for the moderators."""
    return Button(
        label=label,
        style=ButtonStyle.secondary,
        custom_id=f"queue:{owner}:{max(page, 0)}",
        disabled=not enabled,
    )


def feeds_button(post_id: int) -> Button[Any]:
    """Shows how the feeds do, under a notice to moderators."""
    return Button(label="Feeds", style=ButtonStyle.secondary, custom_id=f"feeds:{post_id}")


def is_marked(custom_id: str, post: Post) -> bool:
    """Whether a component of this id stands in the message of a claimed post.

    One of papers may stand in another's message, too, whose papers have become these; that message
    is known already, as `Outbox.stands` tells.
    """
    match post.kind:
        case PostKind.REVIEW:
            return custom_id.startswith(f"review:{post.entry_id}:")
        case PostKind.SUGGESTION:
            return custom_id.startswith(f"suggestion:{post.suggestion_id}:")
        case PostKind.OUTCOME:
            return custom_id == f"suggested:{post.id}"
        case PostKind.NOTICE:
            return custom_id == f"feeds:{post.id}"
        case _:
            kind, _, number = custom_id.rpartition(":")
            return kind.partition(":")[0] == "announced" and number in map(str, post.claimed_papers)


def page_button(owner: int, question: int, page: int, label: str, *, enabled: bool) -> Button[Any]:
    """Turns to a page, counted from 0, of the answer to a remembered question."""
    return Button(
        label=label,
        style=ButtonStyle.secondary,
        custom_id=f"page:{owner}:{question}:{max(page, 0)}",
        disabled=not enabled,
    )


def another_button(owner: int, question: int) -> Button[Any]:
    """Draws another random paper with the same filters."""
    return Button(
        label="Another one",
        emoji="🎲",
        style=ButtonStyle.primary,
        custom_id=f"another:{owner}:{question}",
    )


def settle_button(entry_id: int, *, add: bool) -> Button[Any]:
    """Decides a possible duplicate: a paper of its own, or the one it resembles."""
    return Button(
        label="Add as new" if add else "The same paper",
        style=ButtonStyle.success if add else ButtonStyle.secondary,
        custom_id=f"settle:{entry_id}:{int(add)}",
    )


def remove_button(owner: int, paper_id: int) -> Button[Any]:
    """Removes a paper, after the question whether to."""
    return Button(
        label="Remove it", style=ButtonStyle.danger, custom_id=f"remove:{owner}:{paper_id}"
    )


def keep_button(owner: int, paper_id: int) -> Button[Any]:
    """Leaves a paper where it is."""
    return Button(
        label="Keep it", style=ButtonStyle.secondary, custom_id=f"keep:{owner}:{paper_id}"
    )


def undo_button(change_id: int, label: str = "Undo") -> Button[Any]:
    """Takes a recorded change back."""
    return Button(
        label=label, emoji="↩️", style=ButtonStyle.secondary, custom_id=f"undo:{change_id}"
    )


def log_button(
    owner: int, paper_id: int, edge: int, label: str, *, newer: bool, enabled: bool
) -> Button[Any]:
    """Turns to the changes next to one, of a paper or (0) of all."""
    return Button(
        label=label,
        style=ButtonStyle.secondary,
        custom_id=f"log:{owner}:{paper_id}:{int(newer)}:{edge}",
        disabled=not enabled,
    )


_TAKEN = "taken"


class TooOld(LabError):
    """A question that was asked before a restart, too long ago, or of which nothing is left."""

    def __init__(self) -> None:
        super().__init__("That question is too old, so I did nothing. Please ask again.")


def mark_handled(interaction: discord.Interaction[Any]) -> None:
    """Say that a press is being answered; to be called before the first wait."""
    interaction.extras[_TAKEN] = True


async def answer_rest(interaction: discord.Interaction[Any]) -> None:
    """Answer a press that nobody took, instead of Discord's “This interaction failed”."""
    if interaction.type is discord.InteractionType.component and _TAKEN not in interaction.extras:
        await respond(interaction, TooOld())
