"""The form in which a member reports a problem with a paper."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import discord
from discord import SelectOption
from discord.ui import Label, Select, TextInput

from bot.interactions import Interaction
from bot.ui.forms import LabForm, Typed
from bot.ui.report_cards import PROBLEMS
from storage.review.models import Problem

_MAX_NOTE = 500


@dataclass(frozen=True, slots=True)
class ReportValues:
    """What was chosen and typed."""

    problem: Problem | None = None
    note: str = ""


SubmitCallback: TypeAlias = Callable[[Interaction, ReportValues], Awaitable[None]]


class ReportForm(LabForm):
    """Asks what is wrong with a paper, and for a note; ``on_values`` gets both."""

    def __init__(self, paper_id: int, values: ReportValues, on_values: SubmitCallback) -> None:
        super().__init__("Report a problem", "report", (paper_id,), values)
        self._paper_id = paper_id
        self._on_values = on_values
        self._problem = Select[Any](
            custom_id="problem",
            placeholder="Choose what's wrong",
            options=[
                SelectOption(label=label, value=problem, default=problem is values.problem)
                for problem, label in PROBLEMS.items()
            ],
        )
        self._note = TextInput[Any](
            custom_id="note",
            style=discord.TextStyle.paragraph,
            default=values.note or None,
            placeholder="The first author's name is spelled wrong. It should be …",
            required=False,
            max_length=_MAX_NOTE,
        )
        self.add_item(Label(text="What's wrong?", component=self._problem))
        self.add_item(
            Label(
                text="Note",
                description="What it should be, or where the moderators can check it",
                component=self._note,
            )
        )

    async def submit(self, interaction: Interaction, typed: Typed) -> None:
        """Passes the values on."""
        await self._on_values(interaction, _values(typed))

    def filled_in(self, typed: Typed) -> ReportForm:
        """Returns the form with what was chosen and typed."""
        return ReportForm(self._paper_id, _values(typed), self._on_values)


def _values(typed: Typed) -> ReportValues:
    chosen = next((problem for problem in Problem if problem == typed.get("problem")), None)
    return ReportValues(chosen, typed.get("note", "").strip()[:_MAX_NOTE])
