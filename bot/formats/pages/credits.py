"""Tells lists of authors from titles and venues, and reads them with the project's one reader."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from storage.names.affixes import without_author_id
from storage.names.author_list import parse_author_list
from storage.names.pairs import initials_first
from storage.names.parser import PARTICLES
from storage.text import fold

_MAX_LENGTH = 6000  # characters
_LOWER_CASE = PARTICLES | {
    *("and", "et", "al", "und", "y", "e", "with", "by", "others", "jr", "sr", "d", "l", "i", "the"),
    *("och", "og", "en", "dr", "incl", "including", "equal", "contribution", "author"),
    *("corresponding", "first", "co-first", "senior"),
}
# Words that names of people don't have, though titles and venues in capitals do.
_NOT_NAMES = re.compile(
    r"\b(?:of|for|with|in|on|from|how|why|what|when|towards?|using|based|via|without|beyond|between"
    r"|learning|models?|networks?|analysis|data|study|studies|review|survey|journal|proceedings"
    r"|proc|conference|conf|workshop|symposium|university|universit[aäé]t?|institute?|department"
    r"|faculty|school|college|laboratory|lab|group|press|letters|transactions|international"
    r"|magazine|arxiv|preprint|abstract|pdf|bibtex|publications?|home|contact|news|professor"
    r"|lecture|talk|seminar|theory|systems?|methods?|approach|design|detection|estimation"
    r"|optimization|graphs?|deep|neural|language|science|sciences|research|engineering|technology"
    r"|computing|intelligence|advances|springer|elsevier|editors?|eds|chapter|volume|vol|issue"
    r"|pages|appear|submitted|accepted|under|code|slides|video|poster|privacy|imprint|search"
    r"|follow|room|street|avenue|award|best|paper|student|is|are|can|does|not|your|we|our|about"
    r"|all|more|its|their|into|january|february|march|april|june|july|august|september|october"
    r"|november|december|acm|ieee|trans|applications?|algorithms?|evidence|effects?|dynamics"
    r"|control|new|an)\b"
)
_REAL_NAMES = frozenset({"an", "in", "best", "march", "april", "june", "august", "street", "is"})
_SIGNS = re.compile(r"[?!\"“”„«»:=@#%+<>/\\|\[\]{}]|https?:|\d{2,}|'s\b|[^\s\w.](?=\d)")
_AUTHOR_ID = re.compile(r"(?<=\w) 0\d{3}\b")
_MORE = re.compile(
    r",? (?:and|&|\+) ?\d{1,4} (?:others|more|co-?authors|other authors)\b", re.IGNORECASE
)
_VANCOUVER = re.compile(
    r"((?:[^\W\d_][\w'’-]+ ){0,3}[^\W\d_][\w'’-]+) ([A-Z]{1,3}(?:-[A-Z])?)(\.?)"
)
_ABBREVIATED_END = re.compile(r"(?:(?<![^\W_])[^\W\d_]|\bet al|\b[JS]r)\.$")
_EAST_ASIAN = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]+")
_PAREN = re.compile(r"\([^()]{0,80}\)|\[[^\[\]]{0,40}\]")
_MARKS = re.compile(r"[*†‡§¶⋆★☆∗♯♮✉✝#⁎^~]|\\\*|(?<=[^\W\d_])\d(?:,\d){0,5}(?=$|[\s,;.&])")
_INITIAL = re.compile(r"[^\W\d_]\.?|(?:[^\W\d_]\.?-?){2,4}")
_COLLECTIVE = re.compile(
    r"\b(?:collaboration|consortium|team|initiative|investigators|(?:working|study"
    r"|research) group)\b",
    re.IGNORECASE,
)
# “Family, G. H., & Family, G.”: the style of the APA and others, whose lists end by themselves.
_PARTICLE = r"(?:(?:van|von|vom|der|den|de|del|della|di|da|do|dos|du|la|le|el|al|bin|ter|ten)\s)"
_FAMILY = (
    rf"{_PARTICLE}{{0,3}}[^\W\d_a-z][\w’'‘-]{{0,40}}+(?:\s[^\W\d_a-z][\w’'‘-]{{1,40}}+){{0,2}}"
)
_DOTTED = r"[^\W\d_a-z][a-z]?\.(?:[\s-]{0,2}[^\W\d_a-z][a-z]?\.){0,4}"
_INVERTED_LIST = re.compile(
    rf"(?:{_FAMILY},\s{_DOTTED}(?:,?\s(?:Jr|Sr)\.|,?\sI{{2,3}}\b)?[*†]?"
    r"(?:,\s(?:&|and|…|\.{3})\s|\s(?:&|and|und)\s|[,;]\s(?:\.\s?\.\s?\.\s|…\s)?|,?\s(?=et al)|"
    r"(?=[\s.:(]|$)))+(?:et al\.?)?"
)


@dataclass(frozen=True, slots=True)
class Credits:
    """Names that a text lists, and how sure it is that they are names: above 0, at most 1."""

    names: tuple[str, ...]
    is_complete: bool
    certainty: float


@lru_cache(maxsize=4096)
def read_credits(text: str) -> Credits | None:
    """Reads a text as a list of authors; returns None if it is anything else."""
    text = _clean(text)
    if not text or len(text) > _MAX_LENGTH or not _may_be_names(text):
        return None
    found = parse_author_list(text)
    names = tuple(map(initials_first, found.names)) if len(found.names) == 1 else found.names
    strength = list(map(_strength, names))
    if not names or min(strength) == 0:
        return None
    certainty = sum(strength) / len(strength)
    if len(names) == 1 and not _has_initial(names[0]):
        certainty *= 0.6
    if not found.is_complete:
        certainty = max(certainty, 0.9)
    return Credits(names, found.is_complete, certainty)


def _may_be_names(text: str) -> bool:
    """Returns whether a text has no signs or words that names don't have."""
    text = _AUTHOR_ID.sub("", text)
    if _SIGNS.search(text) or any(map(_is_prose, re.findall(r"[\w’'-]+", text))):
        return False
    suspicious = set(_NOT_NAMES.findall(fold(text))) - _REAL_NAMES
    return not suspicious or _COLLECTIVE.search(text) is not None


def inverted_list_end(text: str) -> int:
    """Returns where a list in the form “Family, G. H., & Family, G.” ends; 0 if there is none."""
    found = _INVERTED_LIST.match(text)
    return found.end() if found else 0


def are_initials_last(text: str) -> bool:
    """Returns whether a text is a list in the form “Family GH, Family G.” (Vancouver)."""
    parts = re.split(r",? and |, ", text.strip(" ."))
    return all(_VANCOUVER.fullmatch(part) for part in parts if part != "et al")


def _clean(text: str) -> str:
    """Returns a text without the signs that only stand between names, for `_may_be_names`."""
    text = re.sub(r",? ?(?:…|\.\.\.|\. \. \.),? ?", ", et al., ", text)
    text = _MORE.sub(" et al.", _PAREN.sub(" ", text))
    text = _MARKS.sub("", text).replace("’", "'")
    text = re.sub(r"^\s*(?:by|with|authors?:?|von)\s", "", text, flags=re.IGNORECASE)
    text = " ".join(text.split()).strip(" ,;:–—-|·")
    text = re.sub(r"\s+([,;.])", r"\1", text)
    return text if _ABBREVIATED_END.search(text) else text.rstrip(". ")


def _is_prose(word: str) -> bool:
    return word[0].islower() and word.isalpha() and fold(word) not in _LOWER_CASE


def _strength(name: str) -> float:
    """Returns how much a text looks like one person's or one group's name, from 0 to 1."""
    if _COLLECTIVE.search(name):
        return 1.0
    name = without_author_id(name)
    words = name.replace(",", " ").split()
    if _EAST_ASIAN.search(name):
        joined = "".join(words)
        return 1.0 if len(joined) in {2, 3, 4} and _EAST_ASIAN.fullmatch(joined) else 0.0
    capitalised = [word for word in words if word[0].isupper() or not word[0].isascii()]
    are_initials = all(
        len(word) < 3 and word.isupper() and _INITIAL.fullmatch(word) for word in words
    )
    is_cut = any(re.fullmatch(r"[^\W_]{3,}\.", word) for word in words[:-1])
    is_cut = is_cut or all(word.endswith(".") for word in words)
    if not capitalised or are_initials or is_cut or any(map(str.isdigit, name)):
        return 0.0
    if len(words) == 1:
        return 0.3
    if len(words) > 7 or len(name) > 70:
        return 0.0
    return 0.2 if len(capitalised) > 5 else 1.0


def _has_initial(name: str) -> bool:
    return any(
        _INITIAL.fullmatch(word) and word.isupper() for word in name.replace(",", " ").split()
    )
