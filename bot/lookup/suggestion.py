"""Turns what a member suggests into the draft that moderators review."""

from __future__ import annotations

import logging

from bot.lookup.errors import LookupFailed
from bot.lookup.service import Lookup
from bot.markdown import clip
from storage.errors import InvalidInput
from storage.models import Link, LinkKind, PaperDraft
from storage.papers.identifiers import identify, is_identifier_page
from storage.redaction import redact_text
from storage.text import fold

_log = logging.getLogger(__name__)

_MAX_TITLE = 300


async def look_up_suggestion(lookup: Lookup, source: str, known: PaperDraft) -> PaperDraft:
    """Returns the paper as looked up, or ``known`` if the lookup fails."""
    try:
        return await lookup.get(source)
    except LookupFailed as error:
        _log.info("A suggestion could not be looked up: %s", error.cause)
        return known


def draft_suggestion(source: str) -> PaperDraft:
    """Returns a draft for an arXiv id, a DOI, a URL or a title, without looking it up.

    An unknown title is the reference itself. Raises `InvalidInput`.
    """
    text = clip(source, 2000)
    is_url = text.startswith(("https://", "http://"))
    if is_url:
        text = text.split()[0]
    identifiers = identify(text)
    title = _short(identifiers[0]) if identifiers else text
    if len(fold(title)) < 2:
        raise InvalidInput(
            f"“{clip(redact_text(source), 60)}” isn't a paper. Use its arXiv ID, DOI, link or "
            "title."
        )
    is_page = is_url and not is_identifier_page(text)
    return PaperDraft(
        title=clip(redact_text(title), _MAX_TITLE),
        identifiers=identifiers,
        links=(Link(LinkKind.PAGE, text),) if is_page else (),
    )


def _short(identifier: str) -> str:
    scheme, _, value = identifier.partition(":")
    return {"arxiv": f"arXiv:{value}", "doi": f"doi:{value}"}.get(scheme, value)
