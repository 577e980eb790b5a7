"""What a visitor of the demo reads first: commands to try, and messages that link papers."""

from __future__ import annotations

from typing import Any

import discord
from discord.app_commands import AppCommandGroup
from discord.ui import Container, Separator, TextDisplay

from bot.client import LabHerald
from bot.demo.world import GUILD_ID, World
from bot.ui.cards import Layout

_LINK = "One of ours? https://arxiv.org/abs/2310.10631"
_LINKS = "Worth reading? https://arxiv.org/abs/2310.10631 and https://arxiv.org/abs/2304.01373"
_TO_EVERYONE = (
    """### 👋 Welcome! Try these
This is the real Lab Herald on a simulated Discord. Click a command, or type `/` below.""",
    """- {search} `query:language model` finds papers, and shrugs off typos.
- {author} `name:biderman` shows an author's papers.
- {cite} writes a citation in any style, and {export} the whole list.
- {stats} draws papers by year, venue and author, and {privacy} shows what's stored about you.
- {suggest} `source:2310.10631` sends a paper to the moderators.
- Or right-click Mika's first message below, and choose **Suggest paper**.""",
    (
        "Under **Try it**, publish a paper, and the bot announces it here. Take Discord down, "
        "publish some more, and bring it back up: each paper is announced once. Switch to Noor to "
        "moderate, and let a day pass: the bot finds new papers by the lab's people."
    ),
)
_TO_MODERATORS = (
    """### 🛠️ Moderators can also try these
Members don't see this channel and can't use these commands. Suggestions and alerts arrive here.""",
    """- {curate add} `source:2310.10631` looks a paper up and adds it.
- {curate import} reads a publications page, BibTeX, RIS and more, from a file or a URL.
- {curate edit} and {curate merge} correct the list, and {curate complete} looks up what it lacks.
- {curate history} shows every change, and {curate undo} takes one back.
- {feed add} follows a feed, and {feed why} explains what happened to a paper.""",
    (
        "📡 {people find} `name:Tomasz Wrona` adds somebody to the lab's people; two researchers "
        "have that name. Then **let a day pass**: new papers by the lab's people "
        "arrive here, with the evidence for each. {curate queue} shows all of them, one of which "
        "is by a namesake: choose **Not this person**, and it stays away."
    ),
    "In #papers, right-click Mika's second message and choose **Add paper**.",
)


async def post_welcome(world: World) -> None:
    """Posts the bot's welcome in both channels, and lets a member post links."""
    mentions = await _mention_commands(world.app.client)
    for channel, texts in ((world.papers, _TO_EVERYONE), (world.moderators, _TO_MODERATORS)):
        card: Container[Any] = Container(accent_colour=discord.Colour.blurple())
        for text in texts:
            if card.children:
                card.add_item(Separator())
            card.add_item(TextDisplay(text.format_map(mentions)))
        target = world.app.client.get_partial_messageable(channel.id, guild_id=GUILD_ID)
        await target.send(view=Layout(card))
    for text in (_LINK, _LINKS):
        await world.member.send(world.papers, text)


async def _mention_commands(client: LabHerald) -> dict[str, str]:
    """Returns the mention of each command, which can be clicked, by the command's name."""
    mentions = {}
    for guild in (None, discord.Object(GUILD_ID)):
        for command in await client.tree.fetch_commands(guild=guild):
            mentions[command.name] = command.mention
            for option in command.options:
                if isinstance(option, AppCommandGroup):
                    mentions[option.qualified_name] = option.mention
    return mentions
