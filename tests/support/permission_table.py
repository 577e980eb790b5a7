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
    CURATORS = {Place.HOME: _MANAGERS | {Who.BY_ROLE}}  # noqa: RUF012
    MANAGERS_AT_HOME = {Place.HOME: _MANAGERS}  # noqa: RUF012
    MANAGERS = {Place.HOME: _MANAGERS, Place.ELSEWHERE: _MANAGERS}  # noqa: RUF012

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


def curators(**options: Any) -> Line:
    return Line(Rule.CURATORS, options)


def managers(**options: Any) -> Line:
    return Line(Rule.MANAGERS, options)


def managers_at_home(**options: Any) -> Line:
    return Line(Rule.MANAGERS_AT_HOME, options)


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
    "announce here": managers(),
    "announce list": managers(),
    "announce pause": managers(),
    "announce remove": managers(),
    "announce resume": managers(),
    "announce test": managers(),
    "announce to": managers(channel="#here"),
    "curate add": curators(),
    "curate edit": curators(paper="#1"),
    "curate history": curators(),
    "curate import": curators(file=("papers.bib", b"nonsense")),
    "curate merge": curators(paper="#1", into="#2"),
    "curate queue": curators(),
    "curate remove": curators(paper="#1"),
    "curate restore": curators(paper="nonsense"),
    "curate tag": curators(paper="#1"),
    "curate undo": curators(change="nonsense"),
    "feed add": curators(url="nonsense"),
    "feed check": curators(),
    "feed edit": curators(feed="1"),
    "feed export": curators(),
    "feed import": curators(file=("feeds.opml", b"nonsense")),
    "feed list": curators(),
    "feed pause": curators(feed="1"),
    "feed preview": curators(url="nonsense"),
    "feed remove": curators(feed="2"),
    "feed resume": curators(feed="1"),
    "feed show": curators(feed="1"),
    "feed why": curators(link="#1"),
    "people merge": curators(name="Stella Biderman", into="Nobody"),
    "people rename": curators(name="Nobody", to="Somebody"),
    "people split": curators(name="Nobody"),
    "setup channel": managers_at_home(),
    "setup role": managers_at_home(role="@Newcomers"),
    "setup show": managers_at_home(),
}

# Menus of messages and people, by name.
MENUS = {"Add paper": curators()}

# Each button by its class: a custom id of its kind, in which {me} is who presses it and {n} the
# number of what it is about.
BUTTONS = {
    "AnotherButton": ("another:{me}:{n}", Rule.EVERYBODY),
    "CiteButton": ("cite:{n}", Rule.EVERYBODY),
    "CorrectButton": ("correct:{n}", Rule.CURATORS),
    "DigestButton": ("digest:{n}", Rule.EVERYBODY),
    "FeedsButton": ("feeds:{n}", Rule.CURATORS),
    "KeepButton": ("keep:{me}:{n}", Rule.EVERYBODY),
    "LogButton": ("log:{me}:0:0:{n}", Rule.CURATORS),
    "PageButton": ("page:{me}:{n}:{n}", Rule.EVERYBODY),
    "PaperButton": ("paper:{n}", Rule.EVERYBODY),
    "QueueButton": ("queue:{me}:0", Rule.CURATORS),
    "RemoveButton": ("remove:{me}:{n}", Rule.CURATORS),
    "SettleButton": ("review:{n}:1", Rule.CURATORS),
    "SuggestedButton": ("suggested:{n}", Rule.EVERYBODY),
    "SuggestionButton": ("suggestion:{n}:1", Rule.CURATORS),
    "UndoButton": ("undo:{n}", Rule.CURATORS),
}

# What opens a form, a command or a button of the above, with what is typed into it.
FORMS = {
    "curate add": {"title": "Too late"},
    "curate edit": {"title": "Too late"},
    "feed edit": {"title": "Too late", "url": "https://example.org/late", "review": ["yes"]},
    "CorrectButton": {"title": "Too late"},
}
