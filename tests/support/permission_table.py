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
    MEMBERS = {Location.HOME: frozenset(Caller)}  # noqa: RUF012
    MODERATORS = {Location.HOME: _MANAGERS | {Caller.BY_ROLE}}  # noqa: RUF012
    HOME_MANAGERS = {Location.HOME: _MANAGERS}  # noqa: RUF012
    SERVER_MANAGERS = {Location.HOME: _MANAGERS, Location.ELSEWHERE: _MANAGERS}  # noqa: RUF012

    def allows(self, caller: Caller, location: Location) -> bool:
        return caller in self.value.get(location, frozenset())


@dataclass(frozen=True)
class CommandRule:
    """Who may use a command, and valid options for it.

    ``@Name`` stands for a role, ``#here`` for the current channel, and ``@member`` for a member.
    """

    access: Access
    options: dict[str, Any] = field(default_factory=dict)


def everyone(**options: Any) -> CommandRule:
    return CommandRule(Access.EVERYONE, options)


def members(**options: Any) -> CommandRule:
    return CommandRule(Access.MEMBERS, options)


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
    "privacy": everyone(),
    "random": everyone(),
    "search": everyone(query="language model"),
    "stats": everyone(query="words that no paper has"),
    "suggest": everyone(source="A paper that nobody has"),
    "announce here": server_managers(),
    "announce list": server_managers(),
    "announce pause": server_managers(),
    "announce remove": server_managers(),
    "announce resume": server_managers(),
    "announce test": server_managers(),
    "announce to": server_managers(channel="#here"),
    "curate abbreviation": moderators(short="LLM", long="large language model"),
    "curate add": moderators(),
    "curate complete": moderators(paper="#1"),
    "curate edit": moderators(paper="#1"),
    "curate history": moderators(),
    "curate import": moderators(file=("papers.bib", b"nonsense")),
    "curate merge": moderators(paper="#1", into="#2"),
    "curate publication": moderators(paper="#1", volume="12"),
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
    "people add": moderators(),
    "people claim": members(person="1"),
    "people edit": moderators(person="1"),
    "people find": moderators(name="nonsense;"),
    "people list": moderators(),
    "people merge": moderators(name="Stella Biderman", into="Nobody"),
    "people rename": moderators(name="Nobody", to="Somebody"),
    "people remove": moderators(person="2"),
    "people show": moderators(person="1"),
    "people sources": moderators(),
    "people split": moderators(name="Nobody"),
    "people watch": moderators(on=False),
    "setup channel": home_managers(),
    "setup check": home_managers(),
    "setup role": home_managers(role="@Newcomers"),
    "setup show": home_managers(),
    "setup trust": home_managers(on=False),
    "setup why": home_managers(member="@member", command="curate add"),
}

# Menus of messages and users, by name.
MENUS = {"Add paper": moderators(), "Suggest paper": everyone()}

# For each button class a custom id, with {me} for the id of whoever presses it and {n} for the
# number of what it is about.
BUTTONS = {
    "AnnouncedPaperButton": ("announced:{n}", Access.EVERYONE),
    "AnotherButton": ("another:{me}:{n}", Access.EVERYONE),
    "AskDeletionButton": ("forgetme:{me}", Access.EVERYONE),
    "ClaimButton": ("claim:{n}:0", Access.MODERATORS),
    "CiteButton": ("cite:{n}", Access.EVERYONE),
    "BibButton": ("bib:{n}", Access.EVERYONE),
    "DeleteDataButton": ("forgotten:{me}", Access.EVERYONE),
    "DigestButton": ("digest:{n}", Access.EVERYONE),
    "DownloadDataButton": ("mydata:{me}", Access.EVERYONE),
    "FixReportButton": ("fix:{n}", Access.MODERATORS),
    "FeedsButton": ("feeds:{n}", Access.MODERATORS),
    "FoundCardButton": ("ours:{n}:1:0", Access.MODERATORS),
    "FoundDecisionButton": ("judge:{me}:0:{n}:1:0", Access.MODERATORS),
    "FoundPapersButton": ("found:{me}:{n}", Access.MODERATORS),
    "FoundUndoButton": ("unjudge:{me}:0:{n}", Access.MODERATORS),
    "HelpButton": ("help:{n}", Access.EVERYONE),
    "HistoryPageButton": ("log:{me}:0:0:{n}", Access.MODERATORS),
    "KeepDataButton": ("keepdata:{me}", Access.EVERYONE),
    "KeepButton": ("keep:{me}:{n}", Access.EVERYONE),
    "MySuggestionsButton": ("suggested:{n}", Access.EVERYONE),
    "OldAnnouncedPaperButton": ("announced:1:{n}", Access.EVERYONE),
    "OldDuplicateButton": ("settle:{n}:1", Access.MODERATORS),
    "OpenEntryButton": ("waiting:0:{n}", Access.MODERATORS),
    "OpenFoundButton": ("findings:{n}", Access.MODERATORS),
    "OpenSuggestionButton": ("waiting:1:{n}", Access.MODERATORS),
    "PaperButton": ("paper:{n}", Access.EVERYONE),
    "QueueClaimButton": ("vouch:{me}:0:{n}:1", Access.MODERATORS),
    "QueueEntryButton": ("decide:{me}:0:0:{n}:2", Access.MODERATORS),
    "QueueFixButton": ("amend:{me}:0:{n}", Access.MODERATORS),
    "QueuePageButton": ("queue:{me}:0", Access.MODERATORS),
    "QueueProposalButton": ("complete:{me}:0:{n}:1:1", Access.MODERATORS),
    "QueueReportButton": ("resolve:{me}:0:{n}:1", Access.MODERATORS),
    "QueueSuggestionButton": ("decide:{me}:0:1:{n}:2", Access.MODERATORS),
    "QueueUndoButton": ("unqueue:{me}:0:{n}", Access.MODERATORS),
    "RemoveButton": ("remove:{me}:{n}", Access.MODERATORS),
    "ReportButton": ("correct:{n}", Access.EVERYONE),
    "ReportedPaperButton": ("reported:1:{n}", Access.EVERYONE),
    "ResolveReportButton": ("report:{n}:1", Access.MODERATORS),
    "ResultsPageButton": ("page:{me}:{n}:{n}", Access.EVERYONE),
    "RetryRefusedButton": ("retry:{n}", Access.SERVER_MANAGERS),
    "HeldEntriesButton": ("held:{n}:1", Access.MODERATORS),
    "OpenQueueButton": ("reviews:{n}", Access.MODERATORS),
    "RetryPostButton": ("resend:{n}", Access.MODERATORS),
    "ReviewButton": ("review:{n}:1", Access.MODERATORS),
    "SuggestButton": ("suggest:{n}", Access.EVERYONE),
    "SuggestionButton": ("suggestion:{n}:1", Access.MODERATORS),
    "UndoButton": ("undo:{n}", Access.MODERATORS),
}

# For each command or button that opens a form, what to type into it.
FORMS = {
    "curate add": {"title": "Too late"},
    "curate edit": {"title": "Too late"},
    "people add": {"name": "Too late"},
    "people edit": {"name": "Too late"},
    "feed edit": {"title": "Too late", "url": "https://example.org/late", "review": ["yes"]},
    "QueueFixButton": {"title": "Too late"},
    "FixReportButton": {"title": "Too late"},
    "ReportButton": {"title": "Too late"},
}
