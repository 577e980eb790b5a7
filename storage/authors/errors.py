"""The errors that people see when a name means nobody, or several people."""

from __future__ import annotations

from collections.abc import Sequence

from storage.errors import LabError
from storage.models import AuthorSummary


class AuthorNotFound(LabError):
    """No credited name is compatible with the one given; ``similar`` are possible corrections."""

    def __init__(self, name: str, similar: Sequence[str] = ()) -> None:
        hint = f" Did you mean {_join_or([f'“{one}”' for one in similar])}?" if similar else ""
        super().__init__(f"I couldn't find an author called “{name}”.{hint}")
        self.name = name
        self.similar = tuple(similar)


class AuthorAmbiguous(LabError):
    """The name could mean any of several people, the ``choices``."""

    def __init__(self, name: str, choices: Sequence[AuthorSummary]) -> None:
        people = _join_or(list(dict.fromkeys(map(_described, choices))))
        super().__init__(f"“{name}” could be {people}. Which one do you mean?")
        self.name = name
        self.choices = tuple(choices)

    @property
    def people(self) -> tuple[str, ...]:
        """The names of the people, as they are shown."""
        return tuple(dict.fromkeys(choice.name for choice in self.choices))


def _described(choice: AuthorSummary) -> str:
    details = f" ({choice.details})" if choice.details else ""
    return f"“{choice.lookup}”{details}"


def _join_or(parts: Sequence[str], limit: int = 8) -> str:
    """Joins up to ``limit`` parts for a sentence: ``A, B or C``."""
    named = list(parts[:limit])
    if more := len(parts) - len(named):
        named.append("another" if more == 1 else f"{more} others")
    if len(named) == 1:
        return named[0]
    return f"{', '.join(named[:-1])} or {named[-1]}"
