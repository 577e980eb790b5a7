"""Replies: a dialog's next step, a paper or a notice with Undo, and those that take a while."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Any

import discord
from discord.ui import ActionRow, Button, LayoutView

from bot.command_mentions import mention_commands, mention_commands_in
from bot.interactions import Interaction
from bot.ui import buttons, cards
from storage.audit.models import Change, PaperChange
from storage.library import Library
from storage.models import Paper


@asynccontextmanager
async def thinking(interaction: Interaction, *, private: bool) -> AsyncGenerator[None]:
    """Shows that the bot is working until the block replies, by a followup.

    An error takes that away, so that it's answered privately even if the reply would be public.
    Discord shows the first followup like the deferred reply, and may refuse it if that was deleted
    before it said anything: https://github.com/discord/discord-api-docs/issues/3087
    """
    await interaction.response.defer(ephemeral=private, thinking=True)
    try:
        yield
    except Exception:
        with suppress(discord.HTTPException):
            await interaction.edit_original_response(content="…")
            await interaction.delete_original_response()
        raise


async def reply(interaction: Interaction, view: LayoutView, *, new_message: bool = False) -> None:
    """Answers privately.

    A click in a private message replaces that message, unless ``new_message`` is set. Commands that
    the message names can be clicked.
    """
    mention_commands_in(view, interaction.client.command_ids, interaction.guild_id)
    response, message = interaction.response, interaction.message
    if response.is_done() and new_message:
        await interaction.followup.send(view=view, ephemeral=True)
    elif response.is_done():
        await interaction.edit_original_response(view=view)
    elif message is not None and message.flags.ephemeral and not new_message:
        await response.edit_message(view=view)
    else:
        await response.send_message(view=view, ephemeral=True)


async def reply_with_paper(
    interaction: Interaction,
    paper: Paper,
    text: str,
    change_id: int | None,
    *,
    new_message: bool = False,
) -> None:
    """Answers with a sentence and the paper's card, and with Undo if a change was recorded."""
    view = cards.Layout(*cards.paper_with(paper, text, *undo_buttons(change_id)))
    await reply(interaction, view, new_message=new_message)


async def reply_with_notice(
    interaction: Interaction, text: str, change_id: int | None = None
) -> None:
    """Answers in a new message with a few sentences, and with Undo if a change was recorded."""
    view = undoable(mention_commands(interaction, text), change_id)
    await interaction.response.send_message(view=view, ephemeral=True)


def undoable(text: str, change_id: int | None, label: str = "Undo") -> cards.Layout:
    """Returns a notice with Undo if a change was recorded."""
    return cards.notice(
        text, *[ActionRow[Any](button) for button in undo_buttons(change_id, label)]
    )


def undo_buttons(change_id: int | None, label: str = "Undo") -> list[Button[Any]]:
    """Returns the button that undoes a change, or none if no change was recorded."""
    return [buttons.UndoButton(change_id, label)] if change_id is not None else []


async def paper_titles(
    library: Library, changes: Iterable[Change], paper_id: int | None = None
) -> dict[int, str]:
    """Returns the titles of the papers that changes are about, and of one more paper."""
    numbers = {paper_id}
    for change in changes:
        if isinstance(change, PaperChange):
            numbers |= {change.paper_id, change.merged_into}
    papers = await library.papers.load([number for number in numbers if number is not None])
    return {paper.id: paper.title for paper in papers}
