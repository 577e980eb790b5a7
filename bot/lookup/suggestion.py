"""Turns what a member suggests into the draft that moderators review."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import replace

from bot.lookup.errors import LookupFailed, NotAReference, UnknownPaper
from bot.lookup.references import (
    Reference,
    ReferenceKind,
    extract_references,
    parse_reference,
)
from bot.lookup.service import Lookup
from bot.markdown import clip
from storage.errors import InvalidInput
from storage.models import PaperDraft
from storage.papers.titles import is_bare_reference
from storage.redaction import (
    is_private_address,
    public_url,
    redact_text,
    redact_url,
)
from storage.text import fold
from storage.urls import canonical_url

_log = logging.getLogger(__name__)

_MAX_TITLE = 300
_HOW = (
    "Suggest a paper by its arXiv ID, DOI or link, such as `/suggest source:2304.01373`. If it has "
    "none, enter its whole title."
)
_BARE_ID = re.compile(r"(?<![\w./:])\d{4}\.\d{4,5}(?:v\d+)?(?![\w/]|\.\d)")  # of arXiv
_ENTRY = re.compile(r"@\s*(?!comment|preamble|string)[a-z]+\s*[{(]", re.IGNORECASE)  # of BibTeX
_WORD = re.compile(r"\w+(?:['’-]\w+)*")
_SHORT_WORD = 3  # letters of words such as “and”, which titles don't capitalize
_MIN_TITLE_WORDS = 3  # which differ
_MIN_UNCASED_LETTERS = 6  # of a title in a script without capitals
_MAX_CHAT_WORDS = 12  # longer titles may contain what `_CHAT` matches
_MIN_GREETING_TITLE = 5  # words of a title such as “Hello, It's GPT-2”, capitalized like one
_GREETING = re.compile(
    r"\W*(?:hello|hi|hey|hallo|hola|bonjour|salut|ciao|danke|merci|gracias|thanks|thank|thx|ty|lol"
    r"|ok|okay|wow|sorry|welcome|good (?:morning|afternoon|evening|night|day|job|bot))\b",
    re.IGNORECASE,
)
# What people say to each other or ask a bot, and hardly any title does.
_CHAT = re.compile(
    r"\b(?:pls|plz|thx|lol|lmao|omg|haha|wtf|btw|i['’]m|i['’]ve|i['’]d|dude|guys|folks)\b|^im\b"
    r"|\bthank (?:you|u)\b|\bthanks\b"
    r"|\b(?:please|kindly) (?:\w+ )?(?:add|find|post|check|help|send|share|include|put|see)\b"
    r"|\b(?:can|could|would|will) (?:you|u|someone|somebody|anyone|anybody)\b"
    r"|^\W*i (?:love|like|think|want|need|have|found|read|saw|just|would|wrote|hate)\b"
    r"|\b(?:how are|who are|who made|do|are|did) you\b|\bhow do i\b|\bwhat can (?:you|i)\b"
    r"|\bwhat(?:['’]s| is| are) (?:this|that|these|your|up)\b|\bwhat does this\b|\blook at this\b"
    r"|\b(?:my|our) (?:new |latest |first |own )?paper\b|\badd (?:this|that|it|my|our|the|some|a)\b"
    r"|\b(?:this|nice|good|cool|great|bad|awesome|stupid|dumb) bot\b",
    re.IGNORECASE,
)


class NotASuggestion(InvalidInput):
    """The text names no paper; ``hint`` says why."""

    def __init__(self, source: str, hint: str = "") -> None:
        shown = clip(redact_text(source), 60)
        super().__init__(f"“{shown}” isn't a paper. {hint}{' ' if hint else ''}{_HOW}")


class PrivateLink(InvalidInput):
    """The link is one of somebody's own, such as a private feed or a webhook."""

    def __init__(self, url: str) -> None:
        super().__init__(
            f"{clip(redact_url(url), 200)} looks like a private link, so I didn't pass it on. "
            "Suggest the paper by its arXiv ID, DOI or public page."
        )


async def look_up_suggestion(
    lookup: Lookup, reference: Reference | None, known: PaperDraft
) -> PaperDraft:
    """Returns the paper as looked up, or ``known`` if that isn't possible now.

    Raises `UnknownPaper` if there is no such paper, and `NothingFound` for an unusable entry.
    """
    if reference is None:
        return known
    try:
        return await lookup.get_by_reference(reference)
    except LookupFailed as error:
        is_entry = reference.kind is ReferenceKind.BIBTEX
        if isinstance(error, UnknownPaper) or is_entry:
            raise
        _log.info("A suggestion could not be looked up: %s", error.cause)
        return known


def parse_suggestion(source: str) -> tuple[Reference | None, PaperDraft]:
    """Returns what a text refers to, if anything, and a draft that hasn't been looked up.

    An unknown title is the reference itself. Raises `InvalidInput` for a text that is neither a
    reference nor a title, such as a greeting.
    """
    text = " ".join(clip(source, 2000).split())
    reference = _find_reference(text)
    if reference is not None:
        if reference.kind is ReferenceKind.PAGE:
            if is_private_address(reference.value):
                raise PrivateLink(reference.value)
            reference = replace(reference, value=public_url(reference.value))
        title = redact_text(_short(reference))
        return reference, replace(reference.draft, title=clip(title, _MAX_TITLE))
    if is_bare_reference(text):
        raise NotASuggestion(source, "I can't look that up.")
    if not _may_be_title(text):
        raise NotASuggestion(source)
    return None, PaperDraft(title=clip(redact_text(text), _MAX_TITLE))


def _find_reference(text: str) -> Reference | None:
    """Returns the reference that a text is or contains; raises `InvalidInput` for several."""
    found = [*extract_references(text), *map(parse_reference, _BARE_ID.findall(text))]
    references = list({one.identifier or one.value: one for one in found}.values())
    reference: Reference | None
    try:
        reference = parse_reference(text)
    except NotAReference:
        reference = references[0] if references else None
    is_entry = reference is not None and reference.kind is ReferenceKind.BIBTEX
    number = len(_ENTRY.findall(text)) if is_entry else len(references)
    if number > 1:
        raise InvalidInput(f"That's {number} papers. Suggest them one at a time.")
    return reference


def _short(reference: Reference) -> str:
    """Returns a reference as the title of an unknown paper, by which it is known to have none."""
    match reference.kind:
        case ReferenceKind.ARXIV:
            short = f"arXiv:{reference.value}"
        case ReferenceKind.DOI:
            short = f"doi:{reference.value}"
        case ReferenceKind.PAGE:
            short = canonical_url(reference.value) or reference.value
        case ReferenceKind.BIBTEX:
            return reference.value
    return short if is_bare_reference(short) else reference.url


def _may_be_title(text: str) -> bool:
    """Returns whether a text may be a title, in whatever case, and isn't clearly chatter."""
    words = _WORD.findall(text)
    if not any(word.lower() != word.upper() for word in words):  # such as Chinese
        return sum(map(len, words)) >= _MIN_UNCASED_LETTERS and bool(fold(text))
    if len({word.lower() for word in words}) < _MIN_TITLE_WORDS:
        return False
    is_printed_title = _is_title_case(words)
    if _GREETING.match(text):
        return is_printed_title and len(words) >= _MIN_GREETING_TITLE
    return is_printed_title or len(words) > _MAX_CHAT_WORDS or not _CHAT.search(text)


def _is_title_case(words: Sequence[str]) -> bool:
    """Returns whether most words are capitalized, but not all letters, except in short words."""
    long_words = [word for word in words if len(word) > _SHORT_WORD]
    capitalized = [word for word in long_words if word[0].isupper() and not word.isupper()]
    return len(capitalized) * 2 > len(long_words)
