"""Errors of a lookup, with what is known about the paper anyway."""

from __future__ import annotations

from storage.errors import LabError
from storage.models import PaperDraft
from storage.redaction import redact_text


class LookupFailed(LabError):
    """A lookup found nothing.

    ``known`` is what is known about the paper anyway, perhaps without a title. ``cause`` is for the
    log.
    """

    def __init__(self, sentence: str, known: PaperDraft, *, cause: str = "") -> None:
        super().__init__(sentence)
        self.known = known
        self.cause = redact_text(cause or sentence)


class NotAReference(LookupFailed):
    """The text names no paper that can be looked up."""

    def __init__(self, text: str) -> None:
        text = redact_text(text)
        shown = f"“{text[:80]}{'…' if len(text) > 80 else ''}”" if text else "That"
        super().__init__(
            f"{shown} isn't something I can look up. Use an arXiv ID, a DOI, a link to a "
            "paper or a BibTeX entry.",
            PaperDraft(title=text[:400]),
        )


class NothingFound(LookupFailed):
    """No service knows the paper."""


class UnknownPaper(NothingFound):
    """Whoever would know the paper says that it doesn't exist, so trying later won't help."""


class ServiceFailed(LookupFailed):
    """A service can't be reached, is too slow, or sends something unreadable."""
