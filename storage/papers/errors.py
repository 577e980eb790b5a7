"""The errors that name a paper; the text of each is a finished sentence."""

from __future__ import annotations

from storage.errors import LabError
from storage.models import Paper


class PaperNotFound(LabError):
    """No paper in the catalogue answers to what was asked for."""

    def __init__(self, wanted: str) -> None:
        super().__init__(
            f"I have no paper “{wanted}”. Pick one from the suggestions, or give its number, "
            "its arXiv id or its DOI."
        )
        self.wanted = wanted


class PaperNotRemoved(LabError):
    """No paper that was taken out of the list answers to what was asked for."""

    def __init__(self, wanted: str) -> None:
        super().__init__(
            f"“{wanted}” is no paper that was removed from the list. Pick one from the "
            "suggestions; where its addition was undone, undo that with `/curate undo`."
        )
        self.wanted = wanted


class PaperExists(LabError):
    """A paper with one of these identifiers is in the catalogue already."""

    def __init__(self, paper: Paper) -> None:
        gone = " It was removed from the list on purpose." if paper.removed_at else ""
        super().__init__(f"I already have that paper: “{paper.title}” (#{paper.id}).{gone}")
        self.paper = paper


class IdentifierTaken(PaperExists):
    """Undoing a change needs an identifier that another paper has by now."""

    def __init__(self, paper: Paper) -> None:
        super().__init__(paper)
        said = (
            f"“{paper.title}” (#{paper.id}) has an identifier by now that this would need. Undo "
            "first what gave it that; `/curate history` shows its changes."
        )
        self.args = (said,)


class PaperChanged(LabError):
    """Somebody else changed a paper, which is ``paper`` now, since a moderator saw it.

    ``meant`` is the number that the moderator knows it by, where it is a part of another by now.
    """

    def __init__(self, paper: Paper, meant: int) -> None:
        super().__init__(
            f"Somebody else changed that paper meanwhile: “{paper.title}” (#{paper.id}). Look at "
            "what it says now, then try again."
        )
        self.paper = paper
        self.meant = meant
