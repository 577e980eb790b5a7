"""Menus of people that keep working after a restart: each choice's value is a name."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Self, TypeAlias, TypeVar

import discord
from discord import SelectOption
from discord.ui import ActionRow, DynamicItem, Item, Select

from bot.errors import respond
from bot.interactions import Interaction
from bot.markdown import clip
from bot.ui.lab_button import mark_handled
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


class AuthorChoice(DynamicItem[Select[Any]], template=_CUSTOM_ID):
    """Receives every choice in a menu of people; anyone who sees a menu may use it."""

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],  # noqa: ARG003 - discord.py's signature
        item: Item[Any],
        match: re.Match[str],
        /,
    ) -> Self:
        """Wraps the menu that was used."""
        if not isinstance(item, Select):
            raise TypeError(f"{match[0]} is a {type(item).__name__}, not a menu")
        return cls(item)

    async def callback(self, interaction: Interaction) -> None:  # type: ignore[override]
        """Handles the choice and reports its errors, which discord.py would only log."""
        mark_handled(interaction)
        try:
            await _handlers[0](interaction, self.item.values[0])
        except Exception as error:  # noqa: BLE001 - the one place where a choice can fail
            await respond(interaction, error)
