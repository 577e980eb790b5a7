"""Errors about a paper; the text of each is a finished sentence."""

from __future__ import annotations

from collections.abc import Sequence

from storage.errors import LabError
from storage.models import Paper


class PaperNotFound(LabError):
    """No paper in the list matches the text given."""

    def __init__(self, text: str) -> None:
        super().__init__(
            f"I couldn't find a paper for “{text}”. Try its number (like #42), arXiv ID, DOI or "
            "full title."
        )
        self.text = text


class PaperGone(PaperNotFound):
    """The paper that a button or form is about is no longer in the list."""

    def __init__(self, paper_id: int) -> None:
        LabError.__init__(self, f"Paper #{paper_id} is no longer in the list.")
        self.text = f"#{paper_id}"


class PaperAmbiguous(LabError):
    """Several papers match the text given; ``titles`` are some of theirs."""

    def __init__(self, text: str, titles: Sequence[str]) -> None:
        named = "\n".join(f"“{title}”" for title in titles)
        super().__init__(
            f"“{text}” could be several papers. Choose one as you type, or enter its number or its "
            f"full title. These are some of them:\n{named}"
        )
        self.text = text
        self.titles = titles


class PaperNotRemoved(LabError):
    """No removed paper matches the text given."""

    def __init__(self, text: str) -> None:
        super().__init__(
            f"I couldn't find a removed paper for “{text}”. If adding it was undone, use "
            "`/curate undo` to redo that."
        )
        self.text = text


class PaperExists(LabError):
    """Another paper, which may be removed, already has one of the identifiers."""

    def __init__(self, paper: Paper) -> None:
        other = "A removed paper" if paper.removed_at else "Another paper in the list"
        super().__init__(
            f"{other} already has one of these links or IDs: “{paper.title}” (#{paper.id})."
        )
        self.paper = paper


class IdentifierTaken(PaperExists):
    """A change can't be undone because another paper has since taken an identifier it needs."""

    def __init__(self, paper: Paper) -> None:
        super().__init__(paper)
        text = (
            f"“{paper.title}” (#{paper.id}) now has an identifier that this paper needs. Undo the "
            f"change that gave it to #{paper.id} first."
        )
        self.args = (text,)


class PaperChanged(LabError):
    """Someone else changed the paper after a moderator opened it.

    ``paper`` is its current state. ``requested_id`` is the id that the moderator knows it by, which
    differs from the paper's if it was merged into another one.
    """

    def __init__(self, paper: Paper, requested_id: int) -> None:
        super().__init__(
            f"Someone else just changed this paper: “{paper.title}” (#{paper.id}). Check what it "
            "says now, then try again."
        )
        self.paper = paper
        self.requested_id = requested_id
