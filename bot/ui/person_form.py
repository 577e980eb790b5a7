"""The form for what is known about one of the lab's people."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import discord
from discord.ui import Label, TextInput

from bot.interactions import Interaction
from bot.ui.forms import LabForm, Typed
from storage.people.ids import page_url, parse_ids
from storage.people.models import PersonDraft
from storage.people.names import MAX_NAME, parse_other_names, parse_person_name
from storage.people.values import parse_categories, parse_span, span_text

SubmitHandler: TypeAlias = Callable[[Interaction, PersonDraft], Awaitable[None]]

_MAX_FIELD = 4000  # characters that Discord allows in a field


class PersonForm(LabForm):
    """Asks for a person's names, ids, membership and categories; ``on_draft`` gets the result.

    ``number`` is 0 for a new person. The Discord account of ``base`` is kept; the form has no field
    for it.
    """

    def __init__(
        self,
        number: int,
        base: PersonDraft,
        on_draft: SubmitHandler,
        typed: Typed | None = None,
    ) -> None:
        title = f"Edit {base.name}" if number else "Add a person"
        super().__init__(title, "person", (number, base.discord_id or 0), base)
        self._number, self._base, self._on_draft = number, base, on_draft
        values = typed if typed is not None else to_form(base)
        fields = (
            (
                *("name", "Name", "The name to show", "Stella Biderman"),
                {"required": True, "max_length": MAX_NAME},
            ),
            (
                *("other_names", "Other names on papers", "One per line", "Stella Rose Biderman"),
                {"style": discord.TextStyle.paragraph},
            ),
            (
                *("ids", "IDs", "ORCID, OpenAlex, arXiv author, DBLP, Semantic Scholar; or links"),
                "0000-0002-1825-0097\nhttps://openalex.org/A5023888391",
                {"style": discord.TextStyle.paragraph},
            ),
            (
                *("membership", "Member from..to", "Leave out a date if it's open"),
                "2020-07-01..2024-09-30",
                {"max_length": 60},
            ),
            (
                *("categories", "arXiv categories", "The categories of most of their papers"),
                "cs.CL cs.LG",
                {"max_length": 300},
            ),
        )
        for name, label, description, example, options in fields:
            field = TextInput[Any](
                custom_id=name,
                default=values.get(name, "")[:_MAX_FIELD] or None,
                placeholder=example,
                **{"required": False, **options},  # type: ignore[arg-type]
            )
            self.add_item(Label(text=label, description=description, component=field))

    async def submit(self, interaction: Interaction, typed: Typed) -> None:
        """Passes on the person that was described."""
        await self._on_draft(interaction, from_form(typed, self._base.discord_id))

    def filled_in(self, typed: Typed) -> PersonForm:
        """Returns the form with what was typed."""
        return PersonForm(self._number, self._base, self._on_draft, typed)


def to_form(draft: PersonDraft) -> dict[str, str]:
    """Returns the text of the form's fields, by custom id."""
    return {
        "name": draft.name,
        "other_names": "\n".join(draft.other_names),
        "ids": "\n".join(map(page_url, draft.ids)),
        "membership": span_text(draft.membership),
        "categories": " ".join(draft.categories),
    }


def from_form(typed: Typed, discord_id: int | None) -> PersonDraft:
    """Returns the person that the fields describe; raises `InvalidInput`."""
    return PersonDraft(
        name=parse_person_name(typed.get("name", "")),
        other_names=parse_other_names(typed.get("other_names", "")),
        ids=parse_ids(typed.get("ids", "")),
        membership=parse_span(typed.get("membership", "")),
        categories=parse_categories(typed.get("categories", "")),
        discord_id=discord_id,
    )
