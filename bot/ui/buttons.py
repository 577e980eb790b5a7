"""Buttons that keep working after a restart: a button's custom id holds all of its state.

A `LabButton` subclass declares its custom id once, as a template such as ``undo:{change_id}``;
the id that a new button sends and the pattern that recognizes a pressed one both come from it.
Screens draw instances of these classes. The cog or flow of a feature registers what a press does
with ``@UndoButton.on_press``, because this module must not import cogs or flows.

Custom ids are stable, since messages from earlier versions still carry them.

The classes are plain buttons, not `discord.ui.DynamicItem`s: a view with a timeout would take the
class of a dynamic item with it when it expires. One dynamic item, `PressedButton`, receives the
presses of all of them.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, Self, TypeAlias, TypedDict, TypeVar

import discord
from discord import ButtonStyle
from discord.ui import Button, DynamicItem, Item

from bot.errors import NotAllowed, respond
from bot.interactions import Interaction
from storage.announcements.models import Post, PostKind
from storage.errors import LabError

_MAX_INTEGER = 2**63 - 1  # the largest that SQLite stores
_FIELD = re.compile(r"\{(\w+)(:flag)?\}")
_HANDLED = "handled"
_classes: list[type[LabButton]] = []

Handler: TypeAlias = Callable[[Interaction, Any], Awaitable[None]]
HandlerT = TypeVar("HandlerT", bound=Handler)

HANDLERS: dict[type[LabButton], Handler] = {}


class NotYours(NotAllowed):
    """Somebody pressed a button in a reply to another person."""

    def __init__(self) -> None:
        super().__init__(
            "Only the person who ran this can use these buttons. Run the command yourself to get "
            "your own."
        )


class UnknownButton(NotAllowed):
    """The custom id holds a number that no button of this bot has."""

    def __init__(self) -> None:
        super().__init__("I don't recognize that button.")


class Expired(LabError):
    """The button belongs to a dialog that timed out or was lost in a restart."""

    def __init__(self) -> None:
        super().__init__("These buttons have expired. Run the command again.")


class LabButton(Button[Any]):
    """A button whose custom id is its whole state.

    A subclass sets an attribute for each field of its template before it calls
    ``super().__init__``. Its other parameters need defaults, because `parse` passes only the
    fields. A field is a number, or a bool if declared as ``{name:flag}``; ``owner_id`` is the only
    user who may press the button.
    """

    _template: ClassVar[str]
    _pattern: ClassVar[re.Pattern[str]]

    def __init_subclass__(cls, *, template: str) -> None:
        super().__init_subclass__()
        cls._template = template
        cls._pattern = re.compile(_FIELD.sub(_field_pattern, template))
        _classes.append(cls)

    def __init__(
        self,
        label: str,
        *,
        style: ButtonStyle = ButtonStyle.secondary,
        emoji: str | None = None,
        disabled: bool = False,
    ) -> None:
        numbers = self.numbers
        custom_id = _FIELD.sub(lambda field: str(numbers[field[1]]), self._template)
        super().__init__(
            label=label, style=style, emoji=emoji, disabled=disabled, custom_id=custom_id
        )

    @property
    def numbers(self) -> dict[str, int]:
        """The fields of the custom id by name, flags as 0 or 1."""
        return {field[1]: int(getattr(self, field[1])) for field in _FIELD.finditer(self._template)}

    @classmethod
    def parse(cls, custom_id: str) -> Self | None:
        """Returns the button with this custom id, or None if it is of another class."""
        match = cls._pattern.fullmatch(custom_id)
        if match is None:
            return None
        fields: dict[str, Any] = {
            field[1]: bool(int(match[field[1]])) if field[2] else int(match[field[1]])
            for field in _FIELD.finditer(cls._template)
        }
        return cls(**fields)

    @classmethod
    def on_press(cls, handler: HandlerT) -> HandlerT:
        """Registers the decorated coroutine as what a press of this button does."""
        HANDLERS[cls] = handler
        return handler


def _field_pattern(field: re.Match[str]) -> str:
    return rf"(?P<{field[1]}>{'[01]' if field[2] else '[0-9]+'})"


class PaperButton(LabButton, template="paper:{paper_id}"):
    """Shows a paper's full card."""

    def __init__(self, paper_id: int, label: str = "Open") -> None:
        self.paper_id = paper_id
        super().__init__(label)


class AnnouncedPaperButton(LabButton, template="announced:{paper_id}"):
    """Shows the card of an announced paper; its id also marks the message as an announcement."""

    def __init__(self, paper_id: int, label: str = "Details", *, disabled: bool = False) -> None:
        self.paper_id = paper_id
        super().__init__(label, disabled=disabled)


class OldAnnouncedPaperButton(LabButton, template="announced:{post_id}:{paper_id}"):
    """The `AnnouncedPaperButton` of earlier versions; never drawn any more."""

    def __init__(self, post_id: int, paper_id: int) -> None:
        self.post_id = post_id
        self.paper_id = paper_id
        super().__init__("Details")


class CiteButton(LabButton, template="cite:{paper_id}"):
    """Shows how to cite a paper."""

    def __init__(self, paper_id: int) -> None:
        self.paper_id = paper_id
        super().__init__("Cite")


class EditPaperButton(LabButton, template="correct:{paper_id}"):
    """Opens the form that edits a paper, for moderators."""

    def __init__(self, paper_id: int) -> None:
        self.paper_id = paper_id
        super().__init__("Edit")


class RemoveButton(LabButton, template="remove:{owner_id}:{paper_id}"):
    """Confirms that a paper is to be removed."""

    def __init__(self, owner_id: int, paper_id: int) -> None:
        self.owner_id = owner_id
        self.paper_id = paper_id
        super().__init__("Remove", style=ButtonStyle.danger)


class KeepButton(LabButton, template="keep:{owner_id}:{paper_id}"):
    """Cancels the removal of a paper."""

    def __init__(self, owner_id: int, paper_id: int) -> None:
        self.owner_id = owner_id
        self.paper_id = paper_id
        super().__init__("Cancel")


class UndoButton(LabButton, template="undo:{change_id}"):
    """Undoes a recorded change."""

    def __init__(self, change_id: int, label: str = "Undo") -> None:
        self.change_id = change_id
        super().__init__(label, emoji="↩️")


class HistoryPageButton(
    LabButton, template="log:{owner_id}:{paper_id}:{is_newer:flag}:{change_id}"
):
    """Shows the changes older or newer than one, of a paper or (with 0) of all papers."""

    def __init__(
        self,
        owner_id: int,
        paper_id: int,
        change_id: int,
        *,
        is_newer: bool,
        disabled: bool = False,
    ) -> None:
        self.owner_id = owner_id
        self.paper_id = paper_id
        self.is_newer = is_newer
        self.change_id = change_id
        super().__init__("◀ Newer" if is_newer else "Older ▶", disabled=disabled)


class ResultsPageButton(LabButton, template="page:{owner_id}:{query_id}:{page}"):
    """Shows a page, counted from 0, of the results of a saved query."""

    def __init__(
        self, owner_id: int, query_id: int, page: int, label: str = "", *, disabled: bool = False
    ) -> None:
        self.owner_id = owner_id
        self.query_id = query_id
        self.page = max(page, 0)
        super().__init__(label, disabled=disabled)


class AnotherButton(LabButton, template="another:{owner_id}:{query_id}"):
    """Shows another random paper that matches the same filters."""

    def __init__(self, owner_id: int, query_id: int) -> None:
        self.owner_id = owner_id
        self.query_id = query_id
        super().__init__("Another one", style=ButtonStyle.primary, emoji="🎲")


class DigestButton(LabButton, template="digest:{post_id}"):
    """Shows all papers of a digest, page by page."""

    def __init__(self, post_id: int, total: int = 0) -> None:
        self.post_id = post_id
        super().__init__(f"Show all {total:,}")


class FeedsButton(LabButton, template="feeds:{post_id}"):
    """Lists the feeds, under a notice to moderators."""

    def __init__(self, post_id: int) -> None:
        self.post_id = post_id
        super().__init__("Feeds")


class RetryRefusedButton(LabButton, template="retry:{channel_id}"):
    """Sends what Discord refused in a channel again."""

    def __init__(self, channel_id: int, name: str = "") -> None:
        self.channel_id = channel_id
        super().__init__(f"Retry in #{name}"[:80], emoji="🔁")


class ReviewButton(LabButton, template="review:{entry_id}:{add:flag}"):
    """Adds or declines an entry of a reviewed feed."""

    def __init__(self, entry_id: int, *, add: bool) -> None:
        self.entry_id = entry_id
        self.add = add
        super().__init__(**_choice(add=add, is_duplicate=False))


class ReviewedButton(LabButton, template="review:{entry_id}:-"):
    """Takes the place of a `ReviewButton` once the entry is decided."""

    def __init__(self, entry_id: int) -> None:
        self.entry_id = entry_id
        super().__init__("Reviewed", disabled=True)


class DuplicateButton(LabButton, template="settle:{entry_id}:{add:flag}"):
    """Resolves a possible duplicate: a new paper, or the paper that it resembles."""

    def __init__(self, entry_id: int, *, add: bool) -> None:
        self.entry_id = entry_id
        self.add = add
        super().__init__(**_choice(add=add, is_duplicate=True))


class SuggestionButton(LabButton, template="suggestion:{suggestion_id}:{add:flag}"):
    """Adds or declines a paper that a member suggested."""

    def __init__(self, suggestion_id: int, *, add: bool, is_duplicate: bool = False) -> None:
        self.suggestion_id = suggestion_id
        self.add = add
        super().__init__(**_choice(add=add, is_duplicate=is_duplicate))


class DecidedSuggestionButton(LabButton, template="suggestion:{suggestion_id}:-"):
    """Takes the place of a `SuggestionButton` once the suggestion is decided."""

    def __init__(self, suggestion_id: int) -> None:
        self.suggestion_id = suggestion_id
        super().__init__("Reviewed", disabled=True)


class MySuggestionsButton(LabButton, template="suggested:{post_id}"):
    """Shows a member their suggestions, under the message that one was decided."""

    def __init__(self, post_id: int) -> None:
        self.post_id = post_id
        super().__init__("My suggestions")


class QueuePageButton(LabButton, template="queue:{owner_id}:{page}"):
    """Shows a page, counted from 0, of what awaits review."""

    def __init__(
        self, owner_id: int, page: int, label: str = "", *, disabled: bool = False
    ) -> None:
        self.owner_id = owner_id
        self.page = max(page, 0)
        super().__init__(label, disabled=disabled)


def page_buttons(
    page_button: Callable[..., LabButton], page: int, pages: int, *, has_more: bool = False
) -> list[Button[Any]]:
    """Returns Previous and Next for page ``page`` (counted from 0), around a label with its number.

    ``page_button`` takes a page, a label and ``disabled``. If ``has_more``, there are at least as
    many ``pages``.
    """
    number = f"Page {page + 1:,} of {pages:,}{'+' if has_more else ''}"
    return [
        page_button(page - 1, "◀ Previous", disabled=page == 0),
        page_button(page + 1, "Next ▶", disabled=page + 1 >= pages),
        Button(label=number, disabled=True, custom_id="page"),
    ]


def parse(custom_id: str) -> LabButton | None:
    """Returns the button with this custom id, or None if no class has such ids."""
    buttons = (button_class.parse(custom_id) for button_class in _classes)
    return next((button for button in buttons if button is not None), None)


def is_marked(custom_id: str, post: Post) -> bool:
    """Returns whether a component with this id shows that its message is the one of a claimed post.

    An announcement's id names papers, so it can also match the message of another post whose
    papers were merged into these; `Outbox` knows that message already.
    """
    match post.kind, parse(custom_id):
        case PostKind.REVIEW, (ReviewButton() | ReviewedButton()) as button:
            return button.entry_id == post.entry_id
        case PostKind.SUGGESTION, (SuggestionButton() | DecidedSuggestionButton()) as button:
            return button.suggestion_id == post.suggestion_id
        case PostKind.OUTCOME, MySuggestionsButton() as button:
            return button.post_id == post.id
        case PostKind.NOTICE, FeedsButton() as button:
            return button.post_id == post.id
        case (
            PostKind.PAPER | PostKind.DIGEST,
            (AnnouncedPaperButton() | OldAnnouncedPaperButton()) as button,
        ):
            return button.paper_id in post.claimed_papers
    return False


class PressedButton(DynamicItem[Button[Any]], template=r"[a-z]+(?::[0-9]+)+"):
    """Receives every press of a `LabButton` and passes it to the handler of its class."""

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],  # noqa: ARG003 - discord.py's signature
        item: Item[Any],
        match: re.Match[str],
        /,
    ) -> Self:
        """Wraps the component that was pressed."""
        if not isinstance(item, Button):
            raise TypeError(f"{match[0]} is a {type(item).__name__}, not a button")
        return cls(item)

    async def callback(self, interaction: Interaction) -> None:  # type: ignore[override]
        """Handles the press and reports its errors, which discord.py would only log."""
        mark_handled(interaction)
        try:
            await _press(interaction, parse(self.custom_id))
        except Exception as error:  # noqa: BLE001 - the one place where a press can fail
            await respond(interaction, error)


async def _press(interaction: Interaction, button: LabButton | None) -> None:
    if button is None or (handler := HANDLERS.get(type(button))) is None:
        raise Expired
    if max(button.numbers.values()) > _MAX_INTEGER:
        raise UnknownButton
    if button.numbers.get("owner_id", interaction.user.id) != interaction.user.id:
        raise NotYours
    await handler(interaction, button)


def mark_handled(interaction: discord.Interaction[Any]) -> None:
    """Notes that a press is being answered; must be called before the first ``await``."""
    interaction.extras[_HANDLED] = True


async def answer_unhandled(interaction: discord.Interaction[Any]) -> None:
    """Answers a press that nothing handled, instead of Discord's “This interaction failed”."""
    if interaction.type is discord.InteractionType.component and _HANDLED not in interaction.extras:
        await respond(interaction, Expired())


class _Choice(TypedDict):
    label: str
    style: ButtonStyle


def _choice(*, add: bool, is_duplicate: bool) -> _Choice:
    """Returns how a button looks that adds or declines a paper or a possible duplicate."""
    if is_duplicate:
        label = "Add as new" if add else "Same paper"
    else:
        label = "Add" if add else "Not ours"
    return {"label": label, "style": ButtonStyle.success if add else ButtonStyle.secondary}
