"""The family of errors a person may see: the text of each is a finished sentence."""

from __future__ import annotations

from collections.abc import Sequence


class LabError(Exception):
    """Something a person can understand and act on; ``str(error)`` is what they read."""


class InvalidInput(LabError):
    """What was given can't be used; the sentence says why and what would be accepted."""


class SubscriptionNotFound(LabError):
    """Nothing is announced in a channel."""

    def __init__(self, channel_id: int) -> None:
        super().__init__(f"Nothing is announced in <#{channel_id}>.")


class AuthorNotFound(LabError):
    """No credited name in the catalogue is compatible with the name asked for."""

    def __init__(self, wanted: str, similar: Sequence[str] = ()) -> None:
        hint = f" Did you mean {_either(similar)}?" if similar else ""
        super().__init__(f"Nobody called “{wanted}” is credited on a paper here.{hint}")
        self.wanted = wanted
        self.similar = tuple(similar)


class AuthorAmbiguous(LabError):
    """Several people could be meant, and I never guess which."""

    def __init__(self, wanted: str, people: Sequence[str]) -> None:
        super().__init__(f"“{wanted}” could be {_either(people)}. Which one do you mean?")
        self.wanted = wanted
        self.people = tuple(people)


class NothingKnown(LabError):
    """Neither a paper nor an entry of a feed answers to what was asked for."""

    def __init__(self, wanted: str) -> None:
        super().__init__(
            f"I know nothing of “{wanted[:100]}”: no feed that I watch brought it, and it is no "
            "paper of the list. Give a link, an arXiv id, a DOI, a number such as #42, or a whole "
            "title."
        )
        self.wanted = wanted


class FeedExists(LabError):
    """The feed is being watched already."""

    def __init__(self, url: str) -> None:
        super().__init__(f"I already watch that feed: {url}")
        self.url = url


class FeedNotFound(LabError):
    """No watched feed has this number or address."""

    def __init__(self, wanted: str) -> None:
        super().__init__(f"I watch no feed “{wanted}”. `/feed list` shows the ones I watch.")
        self.wanted = wanted


class DatabaseUnusable(LabError):
    """The catalogue's file can't be opened or written."""


class DatabaseInTrouble(LabError):
    """The open file can't be used for a while: it is locked, or its disk is full or failing."""

    def __init__(self, cause: str) -> None:
        super().__init__(
            f"The list can't be used just now, and nothing was changed ({cause}). Please try again "
            "in a minute."
        )
        self.cause = cause


class ImportUnderWay(LabError):
    """Somebody's change would have to wait for an import that may take minutes."""

    def __init__(self) -> None:
        super().__init__(
            "An import is under way just now, so I changed nothing. Please try again in a minute."
        )


class DatabaseNewer(DatabaseUnusable):
    """The file was written by a later version of this program."""

    def __init__(self, path: str, found: int, known: int) -> None:
        super().__init__(
            f"The database {path} was written by a newer Lab Herald (schema {found}; this one "
            f"knows {known}). Upgrade Lab Herald, or point DATABASE_PATH at another file."
        )
        self.found = found
        self.known = known


def _either(names: Sequence[str]) -> str:
    """Join names for a sentence: ``“A”, “B” or “C”``, at most eight of them."""
    quoted = [f"“{name}”" for name in names[:8]]
    if len(names) > 8:
        quoted.append(f"one of {len(names) - 8} more")
    if len(quoted) == 1:
        return quoted[0]
    return f"{', '.join(quoted[:-1])} or {quoted[-1]}"
