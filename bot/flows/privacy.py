"""`/privacy`: shows somebody what is stored about them, sends it as a file, and deletes it."""

from __future__ import annotations

import asyncio
import io
import json

import discord
from discord.ui import ActionRow

from bot.flows.replies import reply
from bot.interactions import MAX_FILE, Interaction
from bot.ui import cards
from bot.ui import privacy as privacy_text
from bot.ui.buttons import (
    AskDeletionButton,
    DeleteDataButton,
    DownloadDataButton,
    KeepDataButton,
)
from storage.errors import LabError
from storage.privacy.members import NothingStored


async def show_data(interaction: Interaction) -> None:
    """Answers `/privacy`: what is stored about the user, with buttons if that's anything."""
    await interaction.response.defer(ephemeral=True, thinking=True)
    await _show(interaction)


async def _show(interaction: Interaction) -> None:
    bot, user_id = interaction.client, interaction.user.id
    overview = await bot.library.privacy.overview(user_id)
    text = privacy_text.describe(overview, bot.settings.backup_keep)
    rows = (
        []
        if overview.is_empty
        else [ActionRow(DownloadDataButton(user_id), AskDeletionButton(user_id))]
    )
    await reply(interaction, cards.notice(text, *rows))


@DownloadDataButton.on_press
async def send_data(interaction: Interaction, _button: DownloadDataButton) -> None:
    """Sends the user everything that is stored about them as a JSON file."""
    await interaction.response.defer(ephemeral=True, thinking=True)
    bot = interaction.client
    data = await bot.library.privacy.load(interaction.user.id)
    values = privacy_text.data_json(data, bot.clock())
    text = await asyncio.to_thread(json.dumps, values, ensure_ascii=False, indent=2)
    body = text.encode()
    if len(body) > MAX_FILE:
        raise LabError(
            "That's more than Discord lets me send. Ask whoever runs this bot to export it with "
            f"`lab-herald privacy export {interaction.user.id}`."
        )
    await interaction.followup.send(
        "Here's everything that I store about you.",
        file=discord.File(io.BytesIO(body), "my-data.json"),
        ephemeral=True,
    )


@AskDeletionButton.on_press
async def ask_to_confirm(interaction: Interaction, _button: AskDeletionButton) -> None:
    """Says what goes and what stays, and asks the user to confirm."""
    bot, user_id = interaction.client, interaction.user.id
    overview = await bot.library.privacy.overview(user_id)
    if overview.is_empty:
        raise NothingStored
    text = privacy_text.ask_to_confirm(overview, bot.settings.backup_keep)
    row = ActionRow(DeleteDataButton(user_id), KeepDataButton(user_id))
    await reply(interaction, cards.notice(text, row))


@KeepDataButton.on_press
async def keep_data(interaction: Interaction, _button: KeepDataButton) -> None:
    """Shows again what is stored."""
    await _show(interaction)


@DeleteDataButton.on_press
async def delete_data(interaction: Interaction, _button: DeleteDataButton) -> None:
    """Deletes what is stored about the user, and has the moderators' cards updated."""
    bot, user = interaction.client, interaction.user
    await interaction.response.defer()
    await bot.library.privacy.delete(user.id, user.display_name)
    await reply(interaction, cards.notice(privacy_text.describe_deletion(bot.settings.backup_keep)))
    bot.dispatcher.deliver_soon()
