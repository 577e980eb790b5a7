"""The base of the errors that people see; the text of each is a finished sentence."""

from __future__ import annotations

from storage.redaction import redact_text, redact_url


class LabError(Exception):
    """An error that a person can understand and act on; ``str(error)`` is what they read.

    It shows no secrets of the URLs that it names.
    """

    def __init__(self, sentence: str = "") -> None:
        super().__init__(redact_text(sentence))


class InvalidInput(LabError):
    """Input that can't be used; the text says why and what would be accepted."""


class SubscriptionNotFound(LabError):
    """The channel has no announcements."""

    def __init__(self, channel_id: int) -> None:
        super().__init__(
            f"I don't announce papers in <#{channel_id}> yet. Run `/announce here` there to start."
        )


class TraceNotFound(LabError):
    """Neither a paper nor a feed's entry matches the text given."""

    def __init__(self, text: str) -> None:
        super().__init__(
            f"I couldn't find “{redact_text(text)[:100]}” in the list or in any feed I follow. "
            "Try a link, an arXiv ID, a DOI, a number like #42, or a full title."
        )
        self.text = text


class FeedExists(LabError):
    """The feed is already followed."""

    def __init__(self, url: str) -> None:
        super().__init__(f"I'm already following that feed: {redact_url(url)}")
        self.url = url


class FeedNotFound(LabError):
    """No followed feed matches the text given."""

    def __init__(self, text: str) -> None:
        super().__init__(f"I don't follow the feed “{text}”. Try its number or URL.")
        self.text = text


class DatabaseUnusable(LabError):
    """The database file can't be opened, and that won't change by itself."""


class DatabaseInUse(DatabaseUnusable):
    """The bot runs, or another command that must be alone."""


class DatabaseTooNew(DatabaseUnusable):
    """The database was written by a newer version of this program."""

    def __init__(self, path: str, found: int, known: int) -> None:
        super().__init__(
            f"The database {path} was written by a newer version of Lab Herald (schema {found}; "
            f"this version supports up to {known}). Upgrade Lab Herald, use `lab-herald restore` "
            "with a backup from before, or set DATABASE_PATH to another file."
        )
        self.found = found
        self.known = known


class DatabaseOutdated(DatabaseUnusable):
    """The database has to be upgraded before it can be read."""

    def __init__(self, path: str, found: int, current: int) -> None:
        super().__init__(
            f"The database {path} is of an earlier version of Lab Herald (schema {found}, now "
            f"{current})."
        )


class DatabaseUnavailable(LabError):
    """The open database can't be used for now: it is locked, or its disk is full or failing."""

    def __init__(self, cause: str, sentence: str = "") -> None:
        super().__init__(
            sentence
            or f"The list isn't available right now, so nothing was changed ({cause}). Try again "
            "in a minute."
        )
        self.cause = cause

    def __reduce__(self) -> tuple[type[DatabaseUnavailable], tuple[str]]:
        """Allows the error to be raised in a worker process."""
        return type(self), (self.cause,)


class DatabaseDamaged(DatabaseUnavailable):
    """The content of the open database is damaged, which doesn't pass by itself."""

    def __init__(self, cause: str) -> None:
        super().__init__(
            cause,
            "The paper list's database is damaged, so nothing was changed. Whoever runs this bot "
            "can find out more with `lab-herald check`.",
        )


class SearchDamaged(DatabaseUnavailable):
    """The search index of the open database is damaged; the papers aren't."""

    def __init__(self, cause: str) -> None:
        super().__init__(
            cause,
            "The search index is damaged, so that didn't work, and nothing was changed. Whoever "
            "runs this bot can rebuild it with `lab-herald check --repair`.",
        )


class ImportInProgress(LabError):
    """A change would have to wait for an import, which may take minutes."""

    def __init__(self) -> None:
        super().__init__("An import is in progress, so nothing was changed. Try again in a minute.")
