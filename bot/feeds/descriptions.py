"""Takes publishers' descriptions of papers apart: authors, journal, date, ids and abstract; pure.

Many feeds have no elements for these. Their descriptions state them before or after the abstract,
or instead of one. The shapes were observed in feeds of PubMed, ScienceDirect, the ACL Anthology,
Nature, PLOS, Wiley, SAGE, Taylor & Francis, RSC, ACS, APS and MDPI.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.formats.text.dates import read_date
from storage.models import PartialDate
from storage.names.author_list import AuthorList, parse_author_list
from storage.papers.identifiers import identify
from storage.text import fold

_MAX_FACT = 300  # characters of a paragraph about the publication
_MAX_NAME = 100
_MAX_FACTS = 8  # paragraphs at each end of a description
_LABEL = re.compile(
    r"(?P<label>publication date|source|journal|publication|author\(s\)|authors?|doi|pmid|pmcid|pmc"
    r"|abstract)\s*:\s*(?P<value>.*)",
    re.IGNORECASE | re.DOTALL,
)
_IDS = {"doi": "", "pmid": "PMID:", "pmcid": "PMC", "pmc": "PMC"}  # how `identify` reads them
_NEXT_LABEL = re.compile(
    r"\s+(?:\|\s*)?(?=(?:Publication date|Source|Author\(s\)|Authors|DOI|PMID|PMC|Abstract)\s*:)"
)
_HEADING = re.compile(r"(?:graphical |structured )?abstract", re.IGNORECASE)
_ISSUE = (
    r"(?:volume|vol\.|issue)\s*\d|(?:articles? )?(?:ahead of print|in press)|early ?view"
    r"|accepted article|online first"
)
_VENUE_ISSUE = re.compile(rf",\s*(?:{_ISSUE}).*", re.IGNORECASE | re.DOTALL)
# “Journal of Moss, Volume 1, Issue 2, Page 3-4, March 2026.”, and the same without the journal.
_ISSUE_LINE = re.compile(
    rf"(?:(?P<venue>(?!vol|issue)[^.;:]{{2,120}}?),\s*)?(?:{_ISSUE})(?P<rest>[^.:]*)"
    r"(?:\.|: (?P<title>.+))?",
    re.IGNORECASE | re.DOTALL,
)
# The same before the abstract, in its paragraph.
_ISSUE_PREFIX = re.compile(
    rf"(?P<venue>[^.;:]{{2,120}}?), (?:{_ISSUE})(?P<date>[^.:]{{0,80}})\.\s+(?=\S)", re.IGNORECASE
)
_ONLINE_PREFIX = re.compile(
    r"(?P<venue>[^.;:]{2,80}), published online: (?P<date>[\w ,]{6,30})"
    r"(?:;\s*(?:doi:\s?|https?://)\S+)?\s*",
    re.IGNORECASE,
)
# “Cell. 2026 Mar 4. doi: 10.1016/…. Online ahead of print.”, “J Moss. 2026;1(2):3-4.”
_CITATION = re.compile(
    r"(?P<venue>[^.;:]{2,120})\. (?P<date>(?:19|20)\d\d(?: [A-Z][a-z]{2})?(?: \d{1,2})?)\b.*",
    re.DOTALL,
)
_CITED = re.compile(r"\bdoi:|\bonline ahead of print\b|;\s*\d|\becollection\b", re.IGNORECASE)
_JOURNAL_DOI = re.compile(r"(?P<venue>[^:;]{2,120}?)\W{1,3}doi: ?10\.\d{4,9}/\S+", re.IGNORECASE)
_KIND_AND_DATE = re.compile(r"[A-Z][\w /&-]{2,40} [—–-] (?P<date>[\w ,]{6,30})")
_PUBLISHED_TAIL = re.compile(r"\[[^\]]{3,80}\] Published (?:[A-Z][a-z]{2} )?(?P<date>[\w ,]{6,30})")
_BYLINE = re.compile(r"by (?P<names>[^\W\d_].+)", re.DOTALL)
_VOLUMES = ("Proceedings", "Findings", "Transactions", "Journal", "Workshop", "Conference")
_IN_PROCEEDINGS = re.compile(rf"\sin\s(?=(?:the )?(?:\d{{4}} )?(?:{'|'.join(_VOLUMES)})\b)")
_BETWEEN_NAMES = re.compile(r"\s*[;,]\s*(?:and\s+|&\s*)?|\s+(?:and|&)\s+")
_NAME = re.compile(r"(?:[^\W\d_][^\W\d_.'’`-]{0,30}(?:[.'’`-]{1,2}\s?|\s|$)){1,7}")
_PARTICLES = frozenset(
    {"al", "bin", "da", "de", "del", "den", "der", "di", "do", "dos", "du", "el", "ibn", "la", "le"}
    | {"ten", "ter", "van", "von", "y", "zu"}
)
_MONTH_AND_YEAR = re.compile(r"(?:\d{1,2} )?[A-Z][a-z]{2,8} (?:\d{1,2}, )?(?:19|20)\d\d")
_SERVICE_NOTE = re.compile(
    r"to cite this article before page numbers are assigned\b.*|the content of this rss feed\b.*",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(slots=True)
class Description:
    """What a description says; ``abstract`` is the rest of it, if there is any.

    It ``is_certain`` if something in it is only found in descriptions of papers.
    """

    abstract: str = ""
    authors: AuthorList = AuthorList()  # noqa: RUF009 - frozen
    venue: str = ""
    date: PartialDate | None = None
    identifiers: tuple[str, ...] = ()
    is_certain: bool = False

    def add(
        self,
        *,
        names: str = "",
        venue: str = "",
        date: str = "",
        identifiers: Sequence[str] = (),
        is_certain: bool = True,
    ) -> bool:
        """Adds facts, of which the first of a kind counts; returns True."""
        if names and not self.authors.names:
            self.authors = parse_author_list(names)
        self.venue = self.venue or " ".join(venue.split())
        self.date = self.date or (read_date(date) if date else None)
        self.identifiers = tuple(dict.fromkeys((*self.identifiers, *identifiers)))
        self.is_certain = self.is_certain or is_certain
        return True


def read_description(text: str, title: str, *, is_paper: bool) -> Description:
    """Returns what is stated before and after the abstract in a description's plain text.

    If it isn't known that the item ``is_paper``, the description has to look like that of one;
    otherwise all of it is the abstract.
    """
    found = Description()
    rest = [part for one in text.split("\n\n") for part in _split_labelled(one)]
    rest = rest[_count_facts(rest, found, title) :]
    if len(rest) > 1:  # the first one states something else
        rest = rest[: len(rest) - _count_facts(rest[::-1], found, title)]
    if rest and (label := _LABEL.fullmatch(rest[0])) and label["label"].lower() == "abstract":
        found.add(is_certain=True)
        rest[0] = label["value"]
    if rest and (prefix := _ONLINE_PREFIX.match(rest[0]) or _ISSUE_PREFIX.match(rest[0])):
        found.add(venue=prefix["venue"], date=_date_in(prefix["date"]))
        rest[0] = rest[0][prefix.end() :]
    if not (found.is_certain or is_paper):
        return Description(abstract=text)
    if len(rest) == 1 and found.is_certain and _is_capitalized(rest[0]):
        # A single author below a date, or else a journal above a DOI.
        is_dated = _KIND_AND_DATE.fullmatch(text.partition("\n\n")[0]) is not None
        (line,) = rest
        rest = []
        found.add(names=line if is_dated else "", venue="" if is_dated else line)
    found.abstract = "\n\n".join(part for part in rest if part)
    return found


def _split_labelled(paragraph: str) -> list[str]:
    """Splits a paragraph of labelled facts, such as “PMID:1 | DOI:10.1/x”."""
    return _NEXT_LABEL.split(paragraph) if _LABEL.match(paragraph) else [paragraph]


def _count_facts(paragraphs: Sequence[str], found: Description, title: str) -> int:
    """Adds the facts in the first paragraphs; returns how many paragraphs these are."""
    for number, paragraph in enumerate(paragraphs[:_MAX_FACTS]):
        if not _read_fact(paragraph.strip(), found, title):
            return number
    return min(len(paragraphs), _MAX_FACTS)


def _read_fact(text: str, found: Description, title: str) -> bool:
    """Adds the facts in a paragraph; returns whether it states nothing else."""
    if len(text) < 2 * len(title) and fold(text) == fold(title):
        return True
    readers = _READERS if len(text) <= _MAX_FACT else _READERS_OF_LISTS
    return any(read(text, found, title) for read in readers)


def _read_labelled(text: str, found: Description, _title: str) -> bool:
    """Reads “Author(s): A, B”, “Source: Journal, Volume 1”, “DOI: 10.1/x” and the like."""
    labelled = _LABEL.fullmatch(text)
    label, value = (labelled["label"].lower(), labelled["value"].strip()) if labelled else ("", "")
    if label in {"", "abstract"}:
        return bool(label) and not value and found.add()
    if label.startswith("author"):
        return bool(value) and found.add(names=value, is_certain=label == "author(s)")
    if label in _IDS:
        names = identify(_IDS[label] + re.sub("^pmc", "", value, flags=re.IGNORECASE))
        return bool(names) and found.add(identifiers=names)
    if label == "publication date":
        return read_date(value[:_MAX_FACT]) is not None and found.add(date=value[:_MAX_FACT])
    if len(value) > _MAX_FACT:
        return False
    return found.add(venue=_VENUE_ISSUE.sub("", value), is_certain=False)


def _read_names(text: str, found: Description, _title: str) -> bool:
    """Reads a paragraph that is “by A, B” or “A; B; C”."""
    byline = _BYLINE.fullmatch(text)
    names = byline["names"] if byline else text if ";" in text else ""
    return bool(names) and _are_names(names) and found.add(names=names, is_certain=False)


def _read_proceedings(text: str, found: Description, _title: str) -> bool:
    """Reads “A and B in Proceedings of C”, of which each part has to look like what it is."""
    has_volume = any(word in text for word in _VOLUMES)  # skips the slow part
    parts = _IN_PROCEEDINGS.search(text) if has_volume else None
    if parts is None:
        return False
    names, venue = text[: parts.start()], text[parts.end() :]
    is_sentence = len(venue) > _MAX_FACT or venue.count(". ") > 1
    return not is_sentence and _are_names(names) and found.add(names=names, venue=venue)


def _read_heading(text: str, found: Description, _title: str) -> bool:
    """Reads the heading of an abstract, or a note about the feed."""
    return bool(_HEADING.fullmatch(text) or _SERVICE_NOTE.fullmatch(text)) and found.add()


def _read_citation(text: str, found: Description, _title: str) -> bool:
    citation = _CITATION.fullmatch(text)
    if citation is None or not _CITED.search(text, citation.start("date")):
        return False
    identifiers = [name for name in identify(text) if name.startswith("doi:")]
    return found.add(venue=citation["venue"], date=citation["date"], identifiers=identifiers)


def _read_issue(text: str, found: Description, title: str) -> bool:
    issue = _ISSUE_LINE.fullmatch(text)
    if issue is None or (issue["title"] and fold(issue["title"]) != fold(title)):
        return False
    return found.add(venue=issue["venue"] or "", date=_date_in(issue["rest"]))


def _read_date_line(text: str, found: Description, _title: str) -> bool:
    if published := _PUBLISHED_TAIL.fullmatch(text):
        return found.add(date=published["date"])
    dated = _KIND_AND_DATE.fullmatch(text)
    if dated is None or read_date(dated["date"]) is None:
        return False
    return found.add(date=dated["date"], is_certain=False)


def _read_journal_doi(text: str, found: Description, _title: str) -> bool:
    named = _JOURNAL_DOI.fullmatch(text)
    return named is not None and found.add(venue=named["venue"], identifiers=identify(text))


_READERS_OF_LISTS = (_read_labelled, _read_names, _read_proceedings)  # which may be long
_READERS = (
    *_READERS_OF_LISTS,
    _read_heading,
    _read_citation,
    _read_issue,
    _read_date_line,
    _read_journal_doi,
)


def _are_names(text: str) -> bool:
    text = text.strip()
    first = _BETWEEN_NAMES.split(text[: 2 * _MAX_NAME], maxsplit=1)[0]
    return _is_name(first) and all(map(_is_name, _BETWEEN_NAMES.split(text)))


def _is_name(text: str) -> bool:
    return _is_capitalized(text) and _NAME.fullmatch(text) is not None


def _is_capitalized(text: str) -> bool:
    """Returns whether a short text is a name and not a sentence, by its capitals."""
    words = text.split()
    return len(text) <= _MAX_NAME and all(
        not word[0].islower() or word in _PARTICLES or word in {"and", "of", "for", "in", "the"}
        for word in words
    )


def _date_in(text: str) -> str:
    """Returns the first date with a month's name in a list of volume, issue and pages, or ""."""
    found = _MONTH_AND_YEAR.search(text)
    return found[0] if found else ""
