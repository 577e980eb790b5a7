"""Tells from a heading whether papers stand below it, and of which year."""

from __future__ import annotations

import re
from dataclasses import dataclass

from storage.text import fold

_MAX_HEADING = 80  # characters
_YEAR_HEADING = re.compile(
    r"(?:publications?|papers?|articles?|preprints?|year|jahr|année)?[\s#–-]{0,3}"
    r"((?:19|20)\d{2})(?:\s*[-–/]\s*((?:19|20)?\d{2}|present|now|today))?[\s:.)–-]{0,3}"
    r"(?:publications?|papers?|articles?|\(\d{1,4}\))?",
    re.IGNORECASE,
)
_FORTHCOMING = (
    "in press|under review|submitted|forthcoming|to appear|accepted|im druck|eingereicht"
    "|angenommen|sous presse|a paraitre|soumis|en prensa|in stampa|no prelo"
)
_PAPERS = re.compile(
    rf"{_FORTHCOMING}|"
    r"publications?|papers?|articles?|preprints?|journals?|conferences?|proceedings|bibliography"
    r"|references|manuscripts?|workshops?|chapters?|books?|monographs?|theses|thesis|dissertations?"
    r"|reports?|reviews?|works?|selected"
    r"|research output|publikationen|veroffentlichungen|aufsatze|publicaciones|publicacoes"
    r"|pubblicazioni|articulos|literature|reading|surveys?|letters|editorials?|book|notes"
)
_OTHERS = re.compile(
    r"news|talks?|lectures?|keynotes?|presentations?|seminars?|events?|posters?|teaching|courses?"
    r"|service|reviewing|reviewers?|media|coverage|press|contact|about|people|team|members?|staff"
    r"|alumni|awards?|honou?rs?|prizes?|grants?|funding|projects?|education|experience|employment"
    r"|appointments?|positions?|jobs?|openings?|vacancies|links|resources?|software|tools?|code"
    r"|data ?sets?|patents?|contributing|contribution|license|licence|acknowledge?ments?"
    r"|co ?authors|students|supervision|supervised|blog|blogs|posts?|interviews?|podcasts?"
    r"|videos?|gallery|sponsors?|partners|collaborators|memberships?|committees?|outreach"
    r"|activities|visitors?|internships?|skills|languages|references available|imprint|impressum"
    r"|privacy|sitemap|search|navigation|menu|upcoming|calendar|announcements?|share|follow"
    r"|social|table of contents|authors?|installation|usage|contents|see also|external|facilities"
    r"|equipment|tutorials?|vortrage|lehre|aktuelles|charlas|docencia|noticias|actualites"
    r"|enseignement"
)
_PAPERS_WORD = re.compile(rf"\b(?:{_PAPERS.pattern})\b")
_FORTHCOMING_WORD = re.compile(rf"\b(?:{_FORTHCOMING})\b")
_OTHERS_WORD = re.compile(rf"\b(?:{_OTHERS.pattern})\b")
_FILLERS = frozenset(
    {"the", "and", "of", "our", "my", "in", "for", "to", "by", "with", "a", "all", "other", "list"}
    | {"full", "complete", "recent", "latest", "refereed", "peer", "reviewed", "international"}
    | {"national", "invited", "more", "from", "on", "at", "s", "or", "main", "earlier", "older"}
    | {"early", "access", "group", "lab", "us", "open", "edited", "short", "technical", "under"}
    | {
        "scientific",
        "academic",
        "professional",
        "doctoral",
        "phd",
        "master",
        "magazine",
        "archival",
    }
    | {"non", "working", "popular", "contributions", "contributed", "topic", "year", "type", "date"}
)
# Words that make a heading that also names papers one of something else: “Conference talks”.
_STRONG_OTHERS = re.compile(
    r"\b(?:talks?|lectures?|keynotes?|presentations?|seminars?|news|reviewing|reviewers?|teaching"
    r"|service|supervis\w+|committees?|awards?|media|coverage|datasets?|software|posters?"
    r"|organi[sz]ation|organized|chairs?|contact|links|patents?|blog|grants?|students|tutorials?"
    r"|interviews?)\b"
)


@dataclass(frozen=True, slots=True)
class Section:
    """What a heading says: the year of what follows, and whether that is papers (None: unknown).

    Papers that ``are_forthcoming`` have no year yet.
    """

    year: int | None = None
    has_papers: bool | None = None
    are_forthcoming: bool = False


def read_heading(text: str) -> Section:
    """Returns what a heading says about the entries below it."""
    if year := _year(text):
        return Section(year=year)
    words = fold(text)
    if len(words) > _MAX_HEADING:
        return Section()
    papers, others = _PAPERS_WORD.search(words), _OTHERS_WORD.search(words)
    if others and (not papers or _STRONG_OTHERS.search(words)):
        return Section(has_papers=False)
    if not papers:
        return Section()
    return Section(has_papers=True, are_forthcoming=bool(_FORTHCOMING_WORD.search(words)))


def is_heading(text: str) -> bool:
    """Returns whether a line without any markup is a heading: a year, or only words of headings."""
    if len(text) > _MAX_HEADING or "\t" in text:
        return False
    if _YEAR_HEADING.fullmatch(text.strip()):
        return True
    words = fold(_YEAR_HEADING.sub(" ", text) if any(map(str.isdigit, text)) else text)
    if not words or len(words.split()) > 6:
        return False
    rest = _OTHERS_WORD.sub(" ", _PAPERS_WORD.sub(" ", words)).split()
    has_topic = len(rest) < len(words.split())
    return has_topic and not text.rstrip().endswith((".", ",", "?", "!")) and set(rest) <= _FILLERS


def _year(text: str) -> int | None:
    found = _YEAR_HEADING.fullmatch(text.strip())
    return int(found[1]) if found and not found[2] else None
