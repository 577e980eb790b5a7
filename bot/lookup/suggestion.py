"""What a member types to propose a paper → the draft that moderators decide."""

from __future__ import annotations

import logging

from bot.lookup.errors import LookupFailed
from bot.lookup.service import Lookup
from bot.markdown import clip
from storage.errors import InvalidInput
from storage.models import Link, LinkKind, PaperDraft
from storage.papers.identifiers import identify, is_identifier_page
from storage.text import fold

_log = logging.getLogger(__name__)

_MOST = 300  # characters of a title


async def looked_up(lookup: Lookup, source: str, known: PaperDraft) -> PaperDraft:
    """The paper as who is asked describes it, or what of it is ``known`` where nobody does."""
    try:
        return await lookup.find(source)
    except LookupFailed as error:
        _log.info("A suggestion stays as it was given: %s", error.cause)
        return known


def drafted(source: str) -> PaperDraft:
    """The paper that an arXiv id, a DOI, an address or a title means, as far as that tells; pure.

    Where the title is unknown, it is what was given in short. Raises `InvalidInput`.
    """
    text = clip(source, 2000)
    is_address = text.startswith(("https://", "http://"))
    if is_address:
        text = text.split()[0]
    identifiers = identify(text)
    title = _shown(identifiers[0]) if identifiers else text
    if len(fold(title)) < 2:
        raise InvalidInput(
            f"“{clip(source, 60)}” names no paper. Give its arXiv id, its DOI, its address, or its "
            "title."
        )
    is_page = is_address and not is_identifier_page(text)
    return PaperDraft(
        title=clip(title, _MOST),
        identifiers=identifiers,
        links=(Link(LinkKind.PAGE, text),) if is_page else (),
    )


def _shown(identifier: str) -> str:
    scheme, _, value = identifier.partition(":")
    return {"arxiv": f"arXiv:{value}", "doi": f"doi:{value}"}.get(scheme, value)
