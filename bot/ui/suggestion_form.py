"""The form in which a member suggests a paper, after a search that didn't find it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import discord
from discord.ui import Label, TextInput

from bot.interactions import Interaction
from bot.ui.forms import LabForm, Typed

MAX_SOURCE = 500
MAX_NOTE = 300

SubmitCallback: TypeAlias = Callable[[Interaction, str, str], Awaitable[None]]


class SuggestionForm(LabForm):
    """Asks for a paper and a note; ``on_values`` gets both.

    ``query_id`` is the saved query that gave the paper's ``source`` as it is filled in at first.
    """

    def __init__(
        self, query_id: int, source: str, on_values: SubmitCallback, *, note: str = ""
    ) -> None:
        super().__init__("Suggest a paper", "suggest", (query_id,), source)
        self._query_id = query_id
        self._on_values = on_values
        self._source = TextInput[Any](
            custom_id="source", default=source[:MAX_SOURCE] or None, max_length=MAX_SOURCE
        )
        self._note = TextInput[Any](
            custom_id="note",
            style=discord.TextStyle.paragraph,
            default=note or None,
            required=False,
            max_length=MAX_NOTE,
        )
        self.add_item(
            Label(
                text="Paper",
                description="An arXiv ID, DOI, link or the whole title",
                component=self._source,
            )
        )
        self.add_item(
            Label(
                text="Note",
                description="Anything the moderators should know",
                component=self._note,
            )
        )

    async def submit(self, interaction: Interaction, typed: Typed) -> None:
        """Passes the values on."""
        await self._on_values(interaction, *_values(typed))

    def filled_in(self, typed: Typed) -> SuggestionForm:
        """Returns the form with what was typed."""
        source, note = _values(typed)
        return SuggestionForm(self._query_id, source, self._on_values, note=note)


def _values(typed: Typed) -> tuple[str, str]:
    return typed.get("source", "").strip(), typed.get("note", "").strip()
