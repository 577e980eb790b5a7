"""Forms that keep working after a restart: a form's custom id says what it edits.

discord.py passes a submission to the form that was opened, which it forgets in a restart, and after
an hour: nobody says when a form is dismissed. `resume` then opens the same form again in memory and
passes the submission to it. If the form would look different now, the person gets back what they
typed, and a button that opens it with their text.
"""

from __future__ import annotations

import hashlib
import io
import re
import secrets
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, ClassVar, Self, TypeAlias, TypeVar

import discord
from discord.ui import ActionRow, File, Label, Modal

from bot.command_mentions import mention_commands_in
from bot.errors import NotAllowed, explain, respond
from bot.interactions import Interaction
from bot.markdown import code_block
from bot.ui.cards import text_card
from bot.ui.dialogs import Dialog, DialogButton
from bot.ui.lab_button import current_generation, mark_handled
from storage.errors import LabError

_CUSTOM_ID = re.compile(r"form:([a-z]+):((?:[0-9]+:)*)([0-9a-f]{16}):[0-9a-f]{8}(?:@([0-9a-f]+))?")
_MAX_INTEGER = 2**63 - 1  # the largest that SQLite stores
_MAX_TYPED = 3000  # characters that a message shows; more is a file
_TYPED_NAME = "your-text.txt"
_FORGOTTEN = (
    "⚠️ Your form was open for more than an hour, or I was restarted meanwhile, so I couldn't use "
    "it. Nothing was changed. Here's your text; "
)

Typed: TypeAlias = Mapping[str, str]  # what was typed or chosen, by the field's custom id
Opener: TypeAlias = Callable[..., Awaitable["LabForm"]]
OpenerT = TypeVar("OpenerT", bound=Opener)

OPENERS: dict[str, Opener] = {}


def opener(kind: str) -> Callable[[OpenerT], OpenerT]:
    """Registers the decorated coroutine as what builds a form of a kind as it would open now.

    It is called with the interaction and the form's numbers.
    """

    def register(function: OpenerT) -> OpenerT:
        OPENERS[kind] = function
        return function

    return register


class LabForm(Modal):
    """A form of a registered kind; ``numbers`` say what it edits.

    ``basis`` is everything else that a submission depends on, such as what the fields contain.

    If `submit` raises a `LabError` before it answers, the user sees the error and a button that
    opens the form again with what they typed, unless they aren't allowed to use it at all.
    """

    expiry_seconds: ClassVar[float] = 3600  # nobody says when a form is dismissed

    def __init__(self, title: str, kind: str, numbers: tuple[int, ...], basis: object) -> None:
        digest = hashlib.sha256(repr(basis).encode()).hexdigest()[:16]
        self.identity = (kind, numbers, digest)
        parts = ["form", kind, *map(str, numbers), digest, secrets.token_hex(4)]
        generation = current_generation()
        custom_id = ":".join(parts) + (f"@{generation}" if generation else "")
        super().__init__(title=title[:45], timeout=self.expiry_seconds, custom_id=custom_id)

    async def submit(self, interaction: Interaction, typed: Typed) -> None:
        """Does what the form is for."""
        raise NotImplementedError

    def filled_in(self, typed: Typed) -> Self:
        """Returns the same form with other text in its fields."""
        raise NotImplementedError

    async def take(self, interaction: Interaction, typed: Typed) -> None:
        """Submits what was typed; offers the form again if it can't be used."""
        try:
            await self.submit(interaction, typed)
        except LabError as error:
            if isinstance(error, NotAllowed) or _is_answered(interaction):
                raise
            text = f"✏️ {explain(error, 'a form')}"
            await _send(interaction, Dialog(text_card(text, self._again("Try again", typed))))

    async def hand_back(self, interaction: Interaction, typed: Typed) -> None:
        """Gives back what was typed, with a button that opens this form with it."""
        text = f"{_FORGOTTEN}open the form again to check and submit it."
        names = {
            getattr(label.component, "custom_id", ""): label.text
            for label in self.walk_children()
            if isinstance(label, Label)
        }
        await _send_back(interaction, text, typed, names, self._again("Open the form", typed))

    def _again(self, label: str, typed: Typed) -> ActionRow[Any]:
        async def open_form(click: discord.Interaction[Any]) -> None:
            await click.response.send_modal(self.filled_in(typed))

        return ActionRow(DialogButton(label, open_form, discord.ButtonStyle.primary))

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """Accepts every submission."""
        mark_handled(interaction)
        return True

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        """Submits what was typed."""
        await self.take(interaction, _read(interaction))

    async def on_error(  # type: ignore[override]  # a modal has no item that failed
        self, interaction: discord.Interaction[Any], error: Exception, /
    ) -> None:
        """Reports any other error to the user."""
        await respond(interaction, error, f"the form “{self.title}”")


async def resume(interaction: Interaction) -> None:
    """Handles the submission of a form that discord.py doesn't know any more."""
    mark_handled(interaction)
    typed = _read(interaction)
    data: Any = interaction.data or {}
    custom_id = str(data.get("custom_id"))
    try:
        try:
            form, is_same = await _open_again(interaction, custom_id)
        except LabError as error:
            if isinstance(error, NotAllowed):
                raise
            text = f"⚠️ {explain(error, 'a form')} Nothing was changed. Here's your text."
            await _send_back(interaction, text, typed)
            return
        if form is None:
            await _send_back(interaction, f"{_FORGOTTEN}run the command again to use it.", typed)
        elif is_same:
            await form.take(interaction, typed)
        else:
            await form.hand_back(interaction, typed)
    except Exception as error:  # noqa: BLE001 - nothing else would report it
        await respond(interaction, error, "a form that was open for long")


async def _open_again(interaction: Interaction, custom_id: str) -> tuple[LabForm | None, bool]:
    """Returns the form as it would open now, if it is known, and whether it is still the same."""
    match = _CUSTOM_ID.fullmatch(custom_id)
    if match is None or (open_form := OPENERS.get(match[1])) is None:
        return None, False
    if (match[4] or "") != interaction.client.library.generation.token:
        return None, False  # its numbers are given again after a restore
    numbers = tuple(map(int, match[2].split(":")[:-1]))
    if max(numbers, default=0) > _MAX_INTEGER:
        return None, False
    form = await open_form(interaction, *numbers)
    return form, form.identity == (match[1], numbers, match[3])


def _read(interaction: discord.Interaction[Any]) -> dict[str, str]:
    """Returns what was typed or chosen in each field of a submitted form."""
    data: Any = interaction.data or {}
    return dict(_fields(data.get("components", ())))


def _fields(components: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - Discord's JSON
    for component in components:
        if "component" in component:  # a label
            yield from _fields([component["component"]])
        elif "components" in component:  # a row
            yield from _fields(component["components"])
        elif "value" in component:
            yield component["custom_id"], str(component["value"] or "")
        elif "values" in component:
            yield component["custom_id"], ",".join(map(str, component["values"]))


def _is_answered(interaction: Interaction) -> bool:
    """Whether a submission has an answer that is more than “thinking”."""
    deferred = discord.InteractionResponseType.deferred_channel_message
    return interaction.response.is_done() and interaction.response.type is not deferred


async def _send_back(
    interaction: Interaction,
    text: str,
    typed: Typed,
    names: Mapping[str, str] | None = None,
    *rows: ActionRow[Any],
) -> None:
    """Sends what was typed privately, in blocks that can be copied, or as a file if it is long."""
    names = names or {}
    given = {names.get(field, field): value for field, value in typed.items() if value.strip()}
    blocks = "\n".join(f"**{name}**\n{code_block(value)}" for name, value in given.items())
    if len(blocks) <= _MAX_TYPED:
        await _send(interaction, Dialog(text_card(f"{text}\n{blocks}", *rows)))
        return
    whole = "\n\n".join(f"{name}:\n{value}" for name, value in given.items())
    file = discord.File(io.BytesIO(whole.encode()), _TYPED_NAME)
    dialog = Dialog(text_card(text, *rows), File(f"attachment://{_TYPED_NAME}"))
    await _send(interaction, dialog, file)


async def _send(
    interaction: Interaction, dialog: Dialog, file: discord.File = discord.utils.MISSING
) -> None:
    mention_commands_in(dialog, interaction.client.command_ids, interaction.guild_id)
    if interaction.response.is_done():
        await interaction.followup.send(view=dialog, file=file, ephemeral=True)
    else:
        await interaction.response.send_message(view=dialog, file=file, ephemeral=True)
