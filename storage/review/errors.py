"""Errors of deciding what waits for a moderator."""

from __future__ import annotations

from storage.errors import LabError
from storage.models import Actor, Outcome


class NotWaiting(LabError):
    """An item doesn't wait for a decision any more, or not in the way that was shown."""


class AlreadyResolved(NotWaiting):
    """An item was decided before, by the actor or somebody else; ``what`` says how."""

    def __init__(self, by: Actor | None, actor: Actor, what: str = "decided this one") -> None:
        is_own = by is not None and by.key == actor.key
        name = by.name if by and by.name else "Someone"
        if name.startswith(("the ", "a ")):  # the shell, a former member
            name = f"{name[0].upper()}{name[1:]}"
        who = "You've" if is_own else f"{name} has"
        super().__init__(f"{who} already {what}.")


class ProposalChanged(NotWaiting):
    """Accepting a proposal would change a paper differently than the moderator has seen."""

    def __init__(self, paper_id: int) -> None:
        super().__init__(
            f"#{paper_id} has changed since you saw this card. Look at it again, and decide then."
        )


def describe_decision(outcome: Outcome, paper_id: int | None) -> str:
    """Returns what somebody did with an entry or a suggestion, for `AlreadyResolved`."""
    number = f"#{paper_id}" if paper_id else "a paper in the list"
    return {
        Outcome.ADDED: f"added this one as {number}",
        Outcome.RESTORED: f"restored this one as {number}",
        Outcome.DECLINED: "declined this one",
        Outcome.REMOVED: "marked this one as a removed paper",
    }.get(outcome, f"marked this one as the same paper as {number}")


class NeedsTitle(LabError):
    """What waits has no title, so that it can only be added with the details of a form."""

    def __init__(self) -> None:
        super().__init__("This paper has no title yet. Fill in the form to add it.")
