"""Who may do what, as a table: one line for each command, button, form and menu of the bot.

A command, button, form or menu that is missing here fails `tests/cogs/test_permissions.py`.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Any


class Who(enum.StrEnum):
    MEMBER = "member"
    BY_ROLE = "moderator by role"
    BY_PERMISSION = "moderator by permission"
    ADMINISTRATOR = "administrator"


class Place(enum.StrEnum):
    HOME = "home server"
    ELSEWHERE = "other server"
    DIRECT = "direct message"


_MANAGERS = frozenset({Who.BY_PERMISSION, Who.ADMINISTRATOR})


class Rule(enum.Enum):
    """Who is allowed in which place; nobody else is, and nobody in a place that is not named."""

    EVERYBODY = dict.fromkeys(Place, frozenset(Who))
    MODERATORS = {Place.HOME: _MANAGERS | {Who.BY_ROLE}}  # noqa: RUF012
    HOME_MANAGERS = {Place.HOME: _MANAGERS}  # noqa: RUF012
    SERVER_MANAGERS = {Place.HOME: _MANAGERS, Place.ELSEWHERE: _MANAGERS}  # noqa: RUF012

    def allows(self, who: Who, place: Place) -> bool:
        return who in self.value.get(place, frozenset())


@dataclass(frozen=True)
class Line:
    """Who may use a command, and options with which it can be asked.

    ``@Name`` is a role and ``#here`` the channel where it is asked.
    """

    rule: Rule
    options: dict[str, Any] = field(default_factory=dict)


def everybody(**options: Any) -> Line:
    return Line(Rule.EVERYBODY, options)


def moderators(**options: Any) -> Line:
    return Line(Rule.MODERATORS, options)


def server_managers(**options: Any) -> Line:
    return Line(Rule.SERVER_MANAGERS, options)


def home_managers(**options: Any) -> Line:
    return Line(Rule.HOME_MANAGERS, options)


COMMANDS = {
    "author": everybody(name="biderman"),
    "cite": everybody(paper="#1"),
    "export": everybody(),
    "help": everybody(),
    "latest": everybody(),
    "paper": everybody(paper="#1"),
    "random": everybody(),
    "search": everybody(query="language model"),
    "suggest": everybody(source="A paper that nobody has"),
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

# Menus of messages and people, by name.
MENUS = {"Add paper": moderators()}

# Each button by its class: a custom id of its kind, in which {me} is who presses it and {n} the
# number of what it is about.
BUTTONS = {
    "AnnouncedPaperButton": ("announced:{n}", Rule.EVERYBODY),
    "AnotherButton": ("another:{me}:{n}", Rule.EVERYBODY),
    "CiteButton": ("cite:{n}", Rule.EVERYBODY),
    "DigestButton": ("digest:{n}", Rule.EVERYBODY),
    "DuplicateButton": ("settle:{n}:1", Rule.MODERATORS),
    "EditPaperButton": ("correct:{n}", Rule.MODERATORS),
    "FeedsButton": ("feeds:{n}", Rule.MODERATORS),
    "HistoryPageButton": ("log:{me}:0:0:{n}", Rule.MODERATORS),
    "KeepButton": ("keep:{me}:{n}", Rule.EVERYBODY),
    "MySuggestionsButton": ("suggested:{n}", Rule.EVERYBODY),
    "OldAnnouncedPaperButton": ("announced:1:{n}", Rule.EVERYBODY),
    "PaperButton": ("paper:{n}", Rule.EVERYBODY),
    "QueuePageButton": ("queue:{me}:0", Rule.MODERATORS),
    "RemoveButton": ("remove:{me}:{n}", Rule.MODERATORS),
    "ResultsPageButton": ("page:{me}:{n}:{n}", Rule.EVERYBODY),
    "ReviewButton": ("review:{n}:1", Rule.MODERATORS),
    "SuggestionButton": ("suggestion:{n}:1", Rule.MODERATORS),
    "UndoButton": ("undo:{n}", Rule.MODERATORS),
}

# What opens a form, a command or a button of the above, with what is typed into it.
FORMS = {
    "curate add": {"title": "Too late"},
    "curate edit": {"title": "Too late"},
    "feed edit": {"title": "Too late", "url": "https://example.org/late", "review": ["yes"]},
    "EditPaperButton": {"title": "Too late"},
}
