"""Why nothing could be found out about a paper, in a sentence, and what of it is known anyway."""

from __future__ import annotations

from storage.errors import LabError
from storage.models import PaperDraft


class LookupFailed(LabError):
    """Nothing could be found out; ``known`` is what of the paper is known all the same.

    The known title may be empty. ``cause`` is for the log.
    """

    def __init__(self, sentence: str, known: PaperDraft, *, cause: str = "") -> None:
        super().__init__(sentence)
        self.known = known
        self.cause = cause or sentence


class NotUnderstood(LookupFailed):
    """What was given stands for no paper that can be looked up."""

    def __init__(self, text: str) -> None:
        shown = f"“{text[:80]}{'…' if len(text) > 80 else ''}”" if text else "An empty text"
        super().__init__(
            f"{shown} is nothing that I can look up. Give an arXiv id or link, a DOI, the address "
            "of a paper's page, or a BibTeX entry; or fill in the form.",
            PaperDraft(title=text[:400]),
        )


class NothingFound(LookupFailed):
    """Those who were asked know no such paper."""


class ServiceFailed(LookupFailed):
    """Who was asked does not answer, or not in time, or nothing that can be read."""
