"""Who may use what: a table of every command, button, form and menu of the bot.

`tests/cogs/test_permissions.py` fails if one is missing here.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Any


class Caller(enum.StrEnum):
    MEMBER = "member"
    BY_ROLE = "moderator by role"
    BY_PERMISSION = "moderator by permission"
    ADMINISTRATOR = "administrator"


class Location(enum.StrEnum):
    HOME = "home server"
    ELSEWHERE = "other server"
    DIRECT = "direct message"


_MANAGERS = frozenset({Caller.BY_PERMISSION, Caller.ADMINISTRATOR})


class Access(enum.Enum):
    """Who is allowed in which location; everyone else is refused."""

    EVERYONE = dict.fromkeys(Location, frozenset(Caller))
    MODERATORS = {Location.HOME: _MANAGERS | {Caller.BY_ROLE}}  # noqa: RUF012
    HOME_MANAGERS = {Location.HOME: _MANAGERS}  # noqa: RUF012
    SERVER_MANAGERS = {Location.HOME: _MANAGERS, Location.ELSEWHERE: _MANAGERS}  # noqa: RUF012

    def allows(self, caller: Caller, location: Location) -> bool:
        return caller in self.value.get(location, frozenset())


@dataclass(frozen=True)
class CommandRule:
    """Who may use a command, and valid options for it.

    ``@Name`` stands for a role and ``#here`` for the current channel.
    """

    access: Access
    options: dict[str, Any] = field(default_factory=dict)


def everyone(**options: Any) -> CommandRule:
    return CommandRule(Access.EVERYONE, options)


def moderators(**options: Any) -> CommandRule:
    return CommandRule(Access.MODERATORS, options)


def server_managers(**options: Any) -> CommandRule:
    return CommandRule(Access.SERVER_MANAGERS, options)


def home_managers(**options: Any) -> CommandRule:
    return CommandRule(Access.HOME_MANAGERS, options)


COMMANDS = {
    "author": everyone(name="biderman"),
    "cite": everyone(paper="#1"),
    "export": everyone(),
    "help": everyone(),
    "latest": everyone(),
    "paper": everyone(paper="#1"),
    "random": everyone(),
    "search": everyone(query="language model"),
    "suggest": everyone(source="A paper that nobody has"),
    "announce here": server_managers(),
    "announce list": server_managers(),
    "announce pause": server_managers(),
    "announce remove": server_managers(),
    "announce resume": server_managers(),
    "announce test": server_managers(),
    "announce to": server_managers(channel="#here"),
    "curate add": moderators(),
    "curate edit": moderators(paper="#1"),
    "curate history": moderators(),
    "curate import": moderators(file=("papers.bib", b"nonsense")),
    "curate merge": moderators(paper="#1", into="#2"),
    "curate queue": moderators(),
    "curate remove": moderators(paper="#1"),
    "curate restore": moderators(paper="nonsense"),
    "curate tag": moderators(paper="#1"),
    "curate undo": moderators(change="nonsense"),
    "feed add": moderators(url="nonsense"),
    "feed check": moderators(),
    "feed edit": moderators(feed="1"),
    "feed export": moderators(),
    "feed import": moderators(file=("feeds.opml", b"nonsense")),
    "feed list": moderators(),
    "feed pause": moderators(feed="1"),
    "feed preview": moderators(url="nonsense"),
    "feed remove": moderators(feed="2"),
    "feed resume": moderators(feed="1"),
    "feed show": moderators(feed="1"),
    "feed why": moderators(link="#1"),
    "people merge": moderators(name="Stella Biderman", into="Nobody"),
    "people rename": moderators(name="Nobody", to="Somebody"),
    "people split": moderators(name="Nobody"),
    "setup channel": home_managers(),
    "setup role": home_managers(role="@Newcomers"),
    "setup show": home_managers(),
}

# Menus of messages and users, by name.
MENUS = {"Add paper": moderators()}

# For each button class a custom id, with {me} for the id of whoever presses it and {n} for the
# number of what it is about.
BUTTONS = {
    "AnnouncedPaperButton": ("announced:{n}", Access.EVERYONE),
    "AnotherButton": ("another:{me}:{n}", Access.EVERYONE),
    "CiteButton": ("cite:{n}", Access.EVERYONE),
    "DigestButton": ("digest:{n}", Access.EVERYONE),
    "DuplicateButton": ("settle:{n}:1", Access.MODERATORS),
    "EditPaperButton": ("correct:{n}", Access.MODERATORS),
    "FeedsButton": ("feeds:{n}", Access.MODERATORS),
    "HistoryPageButton": ("log:{me}:0:0:{n}", Access.MODERATORS),
    "KeepButton": ("keep:{me}:{n}", Access.EVERYONE),
    "MySuggestionsButton": ("suggested:{n}", Access.EVERYONE),
    "OldAnnouncedPaperButton": ("announced:1:{n}", Access.EVERYONE),
    "PaperButton": ("paper:{n}", Access.EVERYONE),
    "QueuePageButton": ("queue:{me}:0", Access.MODERATORS),
    "RemoveButton": ("remove:{me}:{n}", Access.MODERATORS),
    "ResultsPageButton": ("page:{me}:{n}:{n}", Access.EVERYONE),
    "RetryRefusedButton": ("retry:{n}", Access.SERVER_MANAGERS),
    "ReviewButton": ("review:{n}:1", Access.MODERATORS),
    "SuggestionButton": ("suggestion:{n}:1", Access.MODERATORS),
    "UndoButton": ("undo:{n}", Access.MODERATORS),
}

# For each command or button that opens a form, what to type into it.
FORMS = {
    "curate add": {"title": "Too late"},
    "curate edit": {"title": "Too late"},
    "feed edit": {"title": "Too late", "url": "https://example.org/late", "review": ["yes"]},
    "EditPaperButton": {"title": "Too late"},
}
