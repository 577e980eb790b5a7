"""Buttons that keep working after a restart: a button's custom id holds all of its state.

A `LabButton` subclass declares its custom id once, as a template such as ``undo:{change_id}``;
the id that a new button sends and the pattern that recognizes a pressed one both come from it.
The cog or flow of a feature registers what a press does with ``@UndoButton.on_press``.

Custom ids are stable, since messages from earlier versions still carry them. After a restore, an id
that names a row also names the generation of the database that gave the row's number, as in
``undo:12@a1b2c3``. The ids of messages that the bot sends on its own end with the keys of what they
are about, as in ``announced:7~aXYZ12``: see `storage.announcements.message_keys`.

The classes are plain buttons, not `discord.ui.DynamicItem`s: a view with a timeout would take the
class of a dynamic item with it when it expires. One dynamic item, `PressedButton`, receives the
presses of all of them.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection, Generator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, Self, TypeAlias, TypeVar, cast

import discord
from discord import ButtonStyle
from discord.ui import Button, DynamicItem, Item

from bot.errors import NotAllowed, respond
from bot.interactions import Interaction
from storage.errors import LabError
from storage.generation import Generation
from storage.review.models import Decision

_MAX_INTEGER = 2**63 - 1  # the largest that SQLite stores
_FIELD = re.compile(r"\{(\w+)(?::(\w+))?\}")
_NUMBER: tuple[str, Callable[[str], int]] = ("[0-9]+", int)
# For some types of field what they match in a custom id, and what makes their value of that.
_FIELD_TYPES: dict[str, tuple[str, Callable[[str], int]]] = {
    "flag": ("[01]", lambda text: text == "1"),
    "decision": ("[0-2]", lambda text: Decision(int(text))),
    "card_decision": ("[0-4]", int),
}
_SUFFIX = r"(?:@(?P<generation>[0-9a-f]+))?(?:~(?P<keys>[\w.-]+))?"
_HANDLED = "handled"
_classes: list[type[LabButton]] = []
# What the numbers in custom ids belong to, each with the command that finds it if it is lost.
_TABLES = {
    "paper_id": ("papers", "`/search` finds papers."),
    "post_id": ("posts", "`/latest` shows the newest papers."),
    "entry_id": ("entries", "`/curate queue` shows what awaits review."),
    "suggestion_id": ("suggestions", "`/curate queue` shows what awaits review."),
    "report_id": ("reports", "`/curate queue` shows what awaits review."),
    "claim_id": ("account_claims", "`/curate queue` shows what awaits review."),
    "proposal_id": ("completion_proposals", "`/curate queue` shows what awaits review."),
    "found_paper_id": ("found_papers", "`/curate queue` shows what awaits review."),
    "feed_id": ("feeds", "`/feed list` shows the feeds."),
    "person_id": ("people", "`/people list` shows the lab's people."),
    "change_id": ("changes", "`/curate history` shows what was changed."),
}

Handler: TypeAlias = Callable[[Interaction, Any], Awaitable[None]]
HandlerT = TypeVar("HandlerT", bound=Handler)
ItemT = TypeVar("ItemT", bound=Item[Any])

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


class TooOld(LabError):
    """The button may be about something that was lost when a backup was restored."""

    def __init__(self, advice: str) -> None:
        super().__init__(
            "This message is from before the paper list was restored from a backup, so I can't "
            f"tell what it's about any more. {advice}"
        )


_generation = ""  # of new buttons; a process runs one bot, with one database


@contextmanager
def buttons_of_generation(token: str) -> Generator[None]:
    """Makes the buttons that are drawn inside the block belong to a generation of the database."""
    global _generation  # noqa: PLW0603 - buttons are drawn by pure functions, in all places
    before, _generation = _generation, token
    try:
        yield
    finally:
        _generation = before


def current_generation() -> str:
    """Returns the generation of the buttons and forms that are drawn now."""
    return _generation


class LabButton(Button[Any]):
    """A button whose custom id is its whole state.

    A subclass sets an attribute for each field of its template before it calls
    ``super().__init__``. Its other parameters need defaults, because `parse` passes only the
    fields. A field is a number, a bool if declared as ``{name:flag}``, or a `Decision`;
    ``owner_id`` is the only user who may press the button. Fields such as ``paper_id``, or those
    declared as ``{name:paper_id}``, name rows, which a press ``needs`` unless the class says which
    ones it does. A subclass without a template is a base of others.
    """

    _template: ClassVar[str]
    _pattern: ClassVar[re.Pattern[str]]
    _rows: ClassVar[dict[str, tuple[str, str]]]  # for some fields what `_TABLES` says
    _needs: ClassVar[Collection[str]]

    def __init_subclass__(cls, *, template: str = "", needs: Collection[str] | None = None) -> None:
        super().__init_subclass__()
        if not template:
            return
        cls._template = template
        cls._pattern = re.compile(_FIELD.sub(_field_pattern, template) + _SUFFIX)
        fields = [(field[1], field[2] or field[1]) for field in _FIELD.finditer(template)]
        cls._rows = {name: _TABLES[kind] for name, kind in fields if kind in _TABLES}
        cls._needs = cls._rows if needs is None else needs
        _classes.append(cls)

    def __init__(
        self,
        label: str,
        *,
        style: ButtonStyle = ButtonStyle.secondary,
        emoji: str | None = None,
        disabled: bool = False,
        keys: str = "",
    ) -> None:
        numbers = self.numbers
        self.generation = _generation
        self.keys = keys
        custom_id = _FIELD.sub(lambda field: str(numbers[field[1]]), self._template)
        if self.generation and self._rows:
            custom_id += f"@{self.generation}"
        if keys:
            custom_id += f"~{keys}"
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
            field[1]: _FIELD_TYPES.get(field[2], _NUMBER)[1](match[field[1]])
            for field in _FIELD.finditer(cls._template)
        }
        button = cls(**fields)
        button.generation, button.keys = match["generation"] or "", match["keys"] or ""
        return button

    def named_row(self, field: str, generation: Generation) -> int | None:
        """Returns the id in a field, or None if it isn't the same row's any more."""
        row_id = self.numbers[field]
        table, _ = self._rows[field]
        return row_id if generation.has_row(self.generation, table, row_id) else None

    def require_rows(self, generation: Generation) -> None:
        """Raises `TooOld` if a row that a press needs was lost."""
        for field in self._needs:
            if self.named_row(field, generation) is None:
                raise TooOld(self._rows[field][1])

    @classmethod
    def on_press(cls, handler: HandlerT) -> HandlerT:
        """Registers the decorated coroutine as what a press of this button does."""
        HANDLERS[cls] = handler
        return handler


def _field_pattern(field: re.Match[str]) -> str:
    return rf"(?P<{field[1]}>{_FIELD_TYPES.get(field[2], _NUMBER)[0]})"


def button_classes() -> Sequence[type[LabButton]]:
    """Returns the classes that have a template."""
    return _classes


def parse(custom_id: str) -> LabButton | None:
    """Returns the button with this custom id, or None if no class has such ids."""
    buttons = (button_class.parse(custom_id) for button_class in _classes)
    return next((button for button in buttons if button is not None), None)


class PersistentItem(DynamicItem[ItemT], template=r"(?!)"):
    """Receives every use of components whose custom ids match a subclass's template."""

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],  # noqa: ARG003 - discord.py's signature
        item: Item[Any],
        match: re.Match[str],  # noqa: ARG003
        /,
    ) -> Self:
        """Wraps the component that was used."""
        return cls(cast("ItemT", item))

    async def callback(self, interaction: Interaction) -> None:  # type: ignore[override]
        """Handles the use and reports its errors, which discord.py would only log."""
        mark_handled(interaction)
        try:
            await self.handle(interaction)
        except Exception as error:  # noqa: BLE001 - the one place where a use can fail
            await respond(interaction, error)

    async def handle(self, interaction: Interaction) -> None:
        """Does what the component is for; any error is told to the user."""
        raise NotImplementedError


class PressedButton(
    PersistentItem[Button[Any]], template=r"[a-z]+(?::[0-9]+)+(?:@[0-9a-f]+)?(?:~[\w.-]+)?"
):
    """Receives every press of a `LabButton` and passes it to the handler of its class."""

    async def handle(self, interaction: Interaction) -> None:
        """Calls the handler of the button's class."""
        await _press(interaction, parse(self.custom_id))


async def _press(interaction: Interaction, button: LabButton | None) -> None:
    if button is None or (handler := HANDLERS.get(type(button))) is None:
        raise Expired
    if max(button.numbers.values()) > _MAX_INTEGER:
        raise UnknownButton
    if button.numbers.get("owner_id", interaction.user.id) != interaction.user.id:
        raise NotYours
    button.require_rows(interaction.client.library.generation)
    await handler(interaction, button)


def mark_handled(interaction: discord.Interaction[Any]) -> None:
    """Notes that a press or form is being answered; must be called before the first ``await``."""
    interaction.extras[_HANDLED] = True


def is_handled(interaction: discord.Interaction[Any]) -> bool:
    """Returns whether a press or form is being answered."""
    return _HANDLED in interaction.extras


async def answer_unhandled(interaction: discord.Interaction[Any]) -> None:
    """Answers a press that nothing handled, instead of Discord's “This interaction failed”."""
    if interaction.type is discord.InteractionType.component and not is_handled(interaction):
        await respond(interaction, Expired())
