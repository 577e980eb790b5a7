"""The pages of `/help`: the commands by topic, each with its description and an example; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from discord.ui import ActionRow

from bot.permissions import Audience
from bot.ui import buttons, cards

_MAX_BUTTONS = 5  # in a row


@dataclass(frozen=True, slots=True)
class Topic:
    """What people want to do, and the commands for it, the most common ones first.

    The ``id`` is in the custom ids of sent buttons, so it never changes.
    """

    id: int
    title: str
    emoji: str
    intro: str
    commands: tuple[str, ...]
    audience: Audience = Audience.EVERYONE


def _subcommands(group: str, names: str) -> tuple[str, ...]:
    return tuple(f"{group} {name}" for name in names.split())


# Every command is in exactly one topic.
TOPICS = (
    Topic(
        1,
        "Find papers",
        "🔍",
        "I keep the lab's paper list and announce new papers.",
        ("search", "latest", "author", "paper", "random", "stats"),
    ),
    Topic(
        2,
        "Cite and export",
        "📎",
        "Take papers with you: as a citation or a file.",
        ("cite", "export"),
    ),
    Topic(
        3,
        "Take part",
        "💡",
        "See a mistake? Press **Report a problem** under the paper. Is a paper missing? Press "
        "**Suggest this paper** when a search finds nothing.",
        ("suggest", "people claim", "privacy", "help"),
    ),
    Topic(
        4,
        "Announcements",
        "📣",
        "Choose where I announce new papers in this server, and which ones.",
        _subcommands("announce", "here to list test pause resume remove"),
        Audience.SERVER_MANAGERS,
    ),
    Topic(
        5,
        "Paper list",
        "🗂️",
        "Moderators maintain the list. Every change can be undone.",
        _subcommands(
            "curate",
            "add queue edit publication complete tag merge remove restore import history undo "
            "abbreviation",
        ),
        Audience.MODERATORS,
    ),
    Topic(
        6,
        "Feeds",
        "📡",
        "New papers come from feeds.",
        _subcommands(
            "feed", "add list show check preview why edit pause resume remove import export"
        ),
        Audience.MODERATORS,
    ),
    Topic(
        7,
        "People",
        "👥",
        "Manage the lab's people, and decide which names belong to the same author. I ask you "
        "about their new papers in the moderators' channel and in `/curate queue`.",
        _subcommands("people", "add find list show edit remove sources watch merge split rename"),
        Audience.MODERATORS,
    ),
    Topic(
        8,
        "Setup",
        "⚙️",
        "Choose who moderates, and where.",
        _subcommands("setup", "role channel trust show check why"),
        Audience.HOME_MANAGERS,
    ),
)

# The options of commands that an example explains better than their description.
_EXAMPLES = {
    "search": "`query:does BERT know syntax?` · `query:author:biderman -bloom`",
    "random": "`venue:ICML`",
    "author": "`name:biderman`",
    "stats": "`author:biderman year:2020..`",
    "paper": "`paper:2302.12433`",
    "cite": "`paper:2302.12433 style:APA`",
    "export": "`venue:ICML year:2022..2023 format:CSV`",
    "suggest": "`source:2304.01373 note:by us`, or a message's menu → Apps → **Suggest paper**",
    "latest": "`count:5 venue:arXiv`",
    "curate add": "`source:2302.12433`, or a message's menu → Apps → **Add paper**",
    "curate import": "`file:papers.ris` · `url:https://lab.example/publications`",
    "curate publication": "`paper:2302.12433 volume:12 pages:113-120`",
    "curate tag": "`paper:2302.12433 add:maths, nlp`",
    "curate undo": "`change:12`",
    "curate abbreviation": "`short:LLM long:large language model`",
    "feed add": "`url:https://rss.arxiv.org/rss/cs.CL`",
    "feed preview": "`url:https://rss.arxiv.org/rss/cs.CL`",
    "feed why": "`link:2302.12433`",
    "people find": "`name:Stella Biderman`",
    "people edit": "`person:Stella Biderman`",
    "people merge": "`name:Steve Harrow into:Steven Harrow`",
    "setup role": "`role:@Curators`",
    "announce here": "in the channel where new papers should appear",
    "announce to": "`channel:#wall filters:author:biderman digest:daily`",
}


def command_names() -> list[str]:
    """Returns the full names of all commands, such as “curate add”."""
    return [name for topic in TOPICS for name in topic.commands]


def audience_of(name: str) -> Audience | None:
    """Returns who may use a command, or None if there's no such command."""
    return next((topic.audience for topic in TOPICS if name in topic.commands), None)


def page(
    topic: Topic,
    visible: Sequence[Topic],
    descriptions: Mapping[str, str],
    mentions: Mapping[str, str],
) -> cards.Layout:
    """Returns the page of a topic, with a button for each ``visible`` topic.

    ``descriptions`` and ``mentions`` are those of the commands by name. The moderators' topics are
    in a row of their own, the last one.
    """
    lines = [f"### {topic.emoji} {topic.title}", topic.intro, ""]
    for name in topic.commands:
        if name not in descriptions:  # only in the lab's own servers
            continue
        lines.append(f"{mentions[name]} {descriptions[name]}")
        if example := _EXAMPLES.get(name):
            lines.append(f"-# {example}")
    common = (Audience.EVERYONE, Audience.SERVER_MANAGERS)
    menus = (
        [one for one in visible if one.audience in common],
        [one for one in visible if one.audience not in common],
    )
    rows = [
        ActionRow[Any](
            *(
                buttons.HelpButton(one.id, one.title, one.emoji, is_current=one is topic)
                for one in menu[:_MAX_BUTTONS]
            )
        )
        for menu in menus
        if menu
    ]
    return cards.notice("\n".join(lines), *rows)
