"""Menus of people that keep working after a restart: each choice's value is a name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeAlias, TypeVar

from discord import SelectOption
from discord.ui import ActionRow, Select

from bot.interactions import Interaction
from bot.markdown import clip
from bot.ui.lab_button import PersistentItem
from storage.names.affixes import without_author_id

_CUSTOM_ID = "people"
_MAX_OPTIONS = 25
_MAX_TEXT = 100  # characters of an option's label, description and value

Handler: TypeAlias = Callable[[Interaction, str], Awaitable[None]]
HandlerT = TypeVar("HandlerT", bound=Handler)

_handlers: list[Handler] = []


def author_menu(placeholder: str, people: Sequence[tuple[str, str]]) -> list[ActionRow[Any]]:
    """Returns a row with a menu of the first people, each a name with a few facts.

    An id behind a name tells namesakes apart, and isn't shown. Returns no row if there is
    nobody. Names that are too long for a menu are left out.
    """
    options = [
        SelectOption(
            label=clip(without_author_id(name), _MAX_TEXT) or "?",  # all of it may be invisible
            value=name,
            description=clip(facts, _MAX_TEXT),
        )
        for name, facts in people
        if len(name) <= _MAX_TEXT
    ][:_MAX_OPTIONS]
    menu = Select[Any](custom_id=_CUSTOM_ID, placeholder=placeholder, options=options)
    return [ActionRow(menu)] if options else []


def on_choose(handler: HandlerT) -> HandlerT:
    """Registers the decorated coroutine as what a choice does; it gets the name."""
    _handlers[:] = [handler]
    return handler


class AuthorChoice(PersistentItem[Select[Any]], template=_CUSTOM_ID):
    """Receives every choice in a menu of people; anyone who sees a menu may use it."""

    async def handle(self, interaction: Interaction) -> None:
        """Calls what was registered with the name that was chosen."""
        await _handlers[0](interaction, self.item.values[0])
