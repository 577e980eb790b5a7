"""Reads one entry of a page: which of its segments are the title, the authors, the venue, the year.

Every plausible choice of a title and its authors gets points for what speaks for it: the page's own
markup, quotation marks, emphasis, the order, and what the texts look like. The best one wins.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from bot.formats.pages.credits import Credits, read_credits
from bot.formats.pages.dates import YEAR_ONLY, read_date
from bot.formats.pages.document import Line
from bot.formats.pages.links import kept_link, leads_to_paper, links_of
from bot.formats.pages.sections import is_heading
from bot.formats.pages.segments import (
    DATE_IN_PARENS,
    WITH,
    Segment,
    is_button,
    split_entry,
)
from bot.formats.pages.venues import clean_venue, venue_points
from bot.formats.text import plain_text
from bot.formats.text.citation_text import is_distinction
from storage.models import PaperDraft, PartialDate
from storage.papers.identifiers import identify, is_pdf_url, listed_title
from storage.text import fold, index_text

MAX_LENGTH = 8000  # characters of an entry
_MAX_TITLE = 400
_MAX_SEGMENTS = 60
_USUAL_POINTS = 2.0  # for the shape that most entries of the page have
_LONG_TITLE = 250  # characters
_NOTE = re.compile(
    r"\b(?:award|best paper|finalist|oral|spotlight|runner.?up|honou?rable|acceptance rate|equal"
    r"|cited by|citations|covered (?:in|by)|received|receives|impact factor|highlighted|invited"
    r"|corresponding|featured)\b",
    re.IGNORECASE,
)
_ID = re.compile(
    r"\b(?:arxiv|eprint)(?: preprint)?[\s:.]*(?:arxiv:)?(?:\d{4}\.\d{4,5}"
    r"|[a-z.-]{2,12}/\d{7})(?:v\d+)?|\b(?:pmid|pmcid|isbn|issn|hal)\b\s?:?\s?[\w-]*\d[\w-]*"
    r"|\bdoi\s?[:.]?\s?(?=10\.)|\b10\.\d{4,9}/\S+",
    re.IGNORECASE,
)
_ID_ONLY = re.compile(rf"[\W_]*(?:(?:{_ID.pattern})[\W_]*){{1,4}}", re.IGNORECASE)
_YEAR_AT_END = re.compile(r"[\s,]+(?:19|20)\d{2}[a-z]?[\s.,:]*$")
_DATES = (DATE_IN_PARENS, _YEAR_AT_END)
_TYPE_MARK = re.compile(r"\s*\[(?:[JCDMNPRS]|EB)(?:/OL)?\]\.?$")
# How sentences on a page begin that aren't titles.
_PROSE = re.compile(
    r"(?:i am|i'm|i’m|i (?:like|work|study|have|was|also|currently)|we are (?:a|an|the|grateful"
    r"|hiring)|we (?:work|study|publish|thank)|welcome to (?:the|our|my)|see (?:also|my|our)"
    r"|click (?:here|on)|my (?:research|name|work)|our (?:group|lab|team) (?:is|works?|has)|©"
    r"|copyright ©|(?:contact|tel|e-?mail|phone|fax|address)\s?:|powered by|last (?:updated"
    r"|modified)|this (?:page|site|website)|back to|verified email|follow us|here (?:is|are) (?:a"
    r"|our|my|the)|feel free)\b",
    re.IGNORECASE,
)
# Subjects of messages to a mailing list: “[users] Version 3 is out”.
_SUBJECT = re.compile(r"(?:re: )?\[[a-z][a-z0-9.-]{1,30}\]\s", re.ASCII)
_LEAD = re.compile(r"^(?:title|titel|titre)\s?:\s*", re.IGNORECASE)
_FIELD = re.compile(
    r"^(authors?|by|with|title|journal|venue|published in|conference|in|year|date|doi|abstract"
    r"|publisher|link|keywords|tags|citations?)\s?:\s*",
    re.IGNORECASE,
)
_FIELD_LABELS = {
    **dict.fromkeys(("author", "authors", "by", "with"), "authors"),
    **dict.fromkeys(("journal", "venue", "published in", "conference", "in"), "venue"),
    **dict.fromkeys(("year", "date"), "year"),
    **dict.fromkeys(("keywords", "tags", "link", "citation", "citations", "publisher"), "hidden"),
    "title": "title",
    "abstract": "abstract",
}
_QUOTES = "\"“”„«»‘’`'"


@dataclass(frozen=True, slots=True)
class Shape:
    """Where and how a title is written: its marks, and whether the authors stand before it."""

    styles: frozenset[str]
    label: str
    is_after_authors: bool
    is_beside_authors: bool


@dataclass(frozen=True, slots=True)
class Reference:
    """An entry as it was read; ``score`` says how sure the choice of title and authors is."""

    line: int
    title: str
    credits: Credits | None
    date: PartialDate | None
    venue: str
    note: str
    abstract: str
    links: tuple[tuple[str, str], ...]
    identifiers: tuple[str, ...]
    score: float
    shape: Shape
    has_marked_title: bool
    has_venue: bool
    has_year_between: bool

    @property
    def is_complete(self) -> bool:
        """Whether it has a title and authors that are clearly these."""
        return self.credits is not None and self.score > 0

    def evidence(self, *, is_below_date: bool) -> int:
        """Returns how many things say that this is a paper; a heading may give its year."""
        facts = (
            self.credits is not None and self.credits.certainty >= 0.9,
            self.date is not None or is_below_date,
            self.has_marked_title,
            self.has_venue,
            self.has_year_between,
            bool(self.identifiers) or any(is_pdf_url(url) for _, url in self.links),
        )
        return sum(facts)

    def draft(self, year: int | None, own_urls: frozenset[str]) -> PaperDraft:
        """Returns the draft; no other entry has ``own_urls``, and ``year`` is the heading's."""
        title = plain_text.line(plain_text.from_latex(self.title)) or self.title
        people = set(map(fold, self.credits.names)) if self.credits else set()
        kept = [(text, url) for text, url in self.links if fold(text) not in people]
        links = dict.fromkeys(filter(None, (kept_link(text, url) for text, url in kept)))
        pages = [
            name
            for text, url in kept
            if url in own_urls and leads_to_paper(text, url, self.title)
            for name in identify(url)
        ]
        names = [name for name in (*self.identifiers, *pages) if not name.startswith("url:")]
        names += [name for name in pages if name.startswith("url:")]
        return PaperDraft(
            title=title,
            authors=self.credits.names if self.credits else (),
            authors_complete=self.credits.is_complete if self.credits else True,
            abstract=plain_text.tidy(plain_text.from_latex(self.abstract)),
            venue=self.venue,
            date=self.date or (PartialDate(year) if year else None),
            identifiers=tuple(dict.fromkeys([*names, listed_title(title)])),
            links=tuple(links),
            note=self.note,
        )


def read_reference(lines: Sequence[Line], usual: Shape | None = None) -> Reference | None:
    """Reads the lines of an entry; returns None if nothing in it can be a title.

    If the other entries of the page have a ``usual`` shape, this one probably has it, too.
    """
    if not lines or sum(len(run.text) for line in lines for run in line.runs) > MAX_LENGTH:
        return None
    segments = [_with_field_label(one) for one in split_entry(lines)][:_MAX_SEGMENTS]
    abstract = " ".join(one.text for one in segments if one.label == "abstract")
    segments = [one for one in segments if one.label not in {"abstract", "hidden", "links"}]
    segments = [one for one in segments if not is_button(one.text)]
    credits = [_credits_of(one) for one in segments]
    best: tuple[float, int, int | None] | None = None
    for title, segment in enumerate(segments):
        points = _title_points(segment, title, segments, credits[title])
        if points is None:
            continue
        for authors, choice in _author_choices(title, segments, credits):
            total = points + choice
            if usual and authors is not None and _shape(segments, title, authors) == usual:
                total += _USUAL_POINTS
            if best is None or total > best[0]:
                best = (total, title, authors)
    if best is None:
        return None
    score, title, authors = best
    return _reference(lines, segments, credits, abstract, score, title, authors)


def _with_field_label(segment: Segment) -> Segment:
    """Reads “Authors: …” as what it says it is."""
    found = _FIELD.match(segment.text)
    if not found or segment.label or found[1].lower() not in _FIELD_LABELS:
        return segment
    label = _FIELD_LABELS[found[1].lower()]
    if label == "title" and len(segment.text) == found.end():
        return segment
    rest = segment.text[found.end() :]
    return replace(segment, text=rest, credit=_FIELD.sub("", segment.credit), label=label)


def _credits_of(segment: Segment) -> Credits | None:
    if segment.label in {"title", "year", "venue", "note"} or "quoted" in segment.styles:
        return None
    if partners := WITH.fullmatch(segment.credit.strip(" .,;")):
        found = read_credits(partners[1])
        return replace(found, is_complete=False) if found else None
    text = _YEAR_AT_END.sub("", DATE_IN_PARENS.sub("", segment.credit))
    found = read_credits(text)
    if found and segment.label == "authors":
        return replace(found, certainty=1.0)
    return found


def _can_be_title(segment: Segment, text: str, words: Sequence[str]) -> bool:
    letters = sum(map(str.isalpha, text))
    if letters < 4 or letters * 2 < len(text.replace(" ", "")) or len(text) > _MAX_TITLE:
        return False
    if segment.label in {"authors", "year", "note"} or YEAR_ONLY.fullmatch(segment.text):
        return False
    if _ID_ONLY.fullmatch(text) or "@" in text or _PROSE.match(text) or _SUBJECT.match(text):
        return False
    return segment.label == "title" or len(words) > 3 or not is_heading(text)


def _title_points(
    segment: Segment, index: int, segments: Sequence[Segment], credits: Credits | None
) -> float | None:
    """Returns what speaks for a segment as the title, or None if it can't be one."""
    text = _clean_title(segment.text)
    words = re.findall(r"[^\W_]+", index_text(text) if not text.isascii() else text)
    if not _can_be_title(segment, text, words):
        return None
    is_marked = segment.label == "title" or "quoted" in segment.styles
    is_first_line = segment.line == 0 and segments[-1].line > 0 and "whole" in segment.styles
    points = sum(
        weight
        for weight, holds in (
            (8.0, segment.label == "title"),
            (-6.0, segment.label == "venue"),
            (5.0, "quoted" in segment.styles),
            (2.0, segment.level > 0),
            (1.5, bool({"bold", "link"} & segment.styles)),
            (1.0, len(words) >= 3),
            (0.5, len(words) >= 5),
            (0.3, segment.end in ".?!"),
            (0.5, index == 0),
            (1.0, is_first_line),
        )
        if holds
    )
    return points if is_marked else points - _doubts(segment, text, words, credits)


def _doubts(segment: Segment, text: str, words: Sequence[str], credits: Credits | None) -> float:
    """Returns what speaks against an unmarked text as the title."""
    points = _venue_points(segment)
    if credits:
        points += 4 * credits.certainty
    if _NOTE.search(segment.text):
        points += 4
    if text[:1].islower() and "link" not in segment.styles:
        points += 1.5
    if len(text) > _LONG_TITLE:
        points += 2
    return points + (1.0 if len(words) == 1 else 0.0)


def _venue_points(segment: Segment) -> float:
    """Returns how much a segment looks like a venue, a volume and pages."""
    points = venue_points(segment.text)
    if segment.styles - {"whole"} == {"italic"}:
        points += 1.0
    if segment.text[:1] in ",;":
        points += 1.0
    return points


def _author_choices(
    title: int, segments: Sequence[Segment], credits: Sequence[Credits | None]
) -> Iterable[tuple[int | None, float]]:
    """Yields the segments that may be the authors of a title, with what speaks for each."""
    yield None, 0.0
    are_labelled = any(one.label == "authors" for one in segments)
    for index, found in enumerate(credits):
        if found is None or index == title:
            continue
        low, high = sorted((index, title))
        between = sum(not _is_date_or_id(one) for one in segments[low + 1 : high])
        if found.certainty < 0.5 and between:
            continue
        points = 3 * found.certainty + (2.5, 1.0, -1.0)[min(between, 2)]
        if index > title and between:
            points -= 0.5
        if index == 0:
            points += 0.5
        elif (first := credits[0]) and first.certainty > 0.9 and title > 0:
            points -= 1.5  # the list of authors stands at the beginning
        if index + 1 < len(segments) and YEAR_ONLY.fullmatch(segments[index + 1].text):
            points += 1.0
        if are_labelled and segments[index].label != "authors":
            points -= 4
        yield index, points


def _shape(segments: Sequence[Segment], title: int, authors: int | None) -> Shape:
    segment = segments[title]
    place = title if authors is None else authors
    low, high = sorted((place, title))
    return Shape(
        segment.styles & {"bold", "italic", "link", "quoted"},
        segment.label,
        is_after_authors=place < title,
        is_beside_authors=all(map(_is_date_or_id, segments[low + 1 : high])),
    )


def _is_date_or_id(segment: Segment) -> bool:
    return bool(YEAR_ONLY.fullmatch(segment.text) or _ID_ONLY.fullmatch(segment.text))


def _reference(
    lines: Sequence[Line],
    segments: Sequence[Segment],
    credits: Sequence[Credits | None],
    abstract: str,
    score: float,
    title: int,
    authors: int | None,
) -> Reference:
    end = _title_end(segments, credits, title)
    text = _clean_title(" ".join(one.text for one in segments[title : end + 1]))
    taken = {*range(title, end + 1), authors}
    key = fold(text)
    rest = [
        one
        for index, one in enumerate(segments)
        if index not in taken and fold(one.text) != key  # as in the threads of an archive
    ]
    labelled_year = [one for one in rest if one.label == "year"]
    notes = [one.text.strip(" .,;()[]") for one in rest if _is_note(one)]
    rest = [one for one in rest if not _is_note(one)]
    if not abstract:
        abstract = " ".join(one.text for one in rest if len(one.text) > 300)
    rest = [one for one in rest if len(one.text) <= 300]
    around = (segments[authors].text if authors is not None else "", segments[title].text)
    links = tuple(dict.fromkeys(links_of(lines)))
    identifiers = [
        name
        for source in (*(url for _, url in links), *(one.text for one in rest))
        for name in identify(source)
        if not name.startswith("url:")
    ]
    beside = [
        found[0] for one in around for shape in _DATES if (found := shape.search(one)) is not None
    ]
    others = [one.text for index, one in enumerate(segments) if index not in taken]
    dates = ([one.text for one in labelled_year], [one.text for one in rest], others, beside)
    date = next(filter(None, (read_date(_ID.sub(" ", " \n ".join(one))) for one in dates)), None)
    return Reference(
        line=lines[0].number,
        title=text,
        credits=credits[authors] if authors is not None else None,
        date=date,
        venue=_venue(rest),
        note=next((note for note in notes if is_distinction(note)), ""),
        abstract=abstract,
        links=links,
        identifiers=tuple(dict.fromkeys(identifiers)),
        score=score,
        shape=_shape(segments, title, authors),
        has_marked_title=bool(
            segments[title].label == "title"
            or {"quoted", "bold", "link"} & segments[title].styles
            or segments[title].level
        ),
        has_venue=any(_venue_points(one) >= 1 or one.label == "venue" for one in rest),
        has_year_between=authors is not None
        and authors + 2 == title
        and YEAR_ONLY.fullmatch(segments[title - 1].text) is not None,
    )


def _title_end(segments: Sequence[Segment], credits: Sequence[Credits | None], title: int) -> int:
    """Returns the last segment of a title that has several sentences: “Why? A study. Journal”."""
    first = segments[title]
    if first.end not in "?!" or first.styles - {"whole"} or first.label:
        return title
    following = segments[title + 1 : title + 3]
    if (
        len(following) == 2
        and following[0].line == first.line
        and not following[0].styles
        and not credits[title + 1]
        and _venue_points(following[0]) < 1
        and not _is_note(following[0])
        and _venue_points(following[1]) > 0
    ):
        return title + 1
    return title


def _is_note(segment: Segment) -> bool:
    return segment.label == "note" or (len(segment.text) < 200 and bool(_NOTE.search(segment.text)))


def _clean_title(text: str) -> str:
    text = " ".join(text.split()).lstrip(" .,;:–—-")
    text = _TYPE_MARK.sub("", _LEAD.sub("", text))
    text = re.sub(r"[\s(\[]+(?:19|20)\d{2}[)\]]\.?$", "", text)
    text = text.strip().strip("*").strip()
    if text[:1] in "/_" and (ends := re.fullmatch(r"([/_])(.+)\1[.?!]?", text)):
        text = ends[2]
    if text[:1] in _QUOTES and len(text) > 2:
        if text.endswith(".") and text[:-1].rstrip()[-1:] in _QUOTES:
            text = text[:-1]
        text = text.strip(_QUOTES + " ,")
        if text.count("“") > text.count("”"):
            text += "”"
    text = text.rstrip(" ,;:–—")
    if text.endswith(("...", "…")):
        return text
    return text.rstrip(".").rstrip(" ,") if text.endswith(".") else text


def _venue(segments: Sequence[Segment]) -> str:
    """Returns where a paper appeared, without volume, pages, year and ids."""
    labelled = [one for one in segments if one.label == "venue"]
    for one in labelled or segments:
        if one.label == "year" or YEAR_ONLY.fullmatch(one.text):
            continue
        if text := clean_venue(_ID.sub(" ", one.text)):
            return text
    return "arXiv" if any("arxiv" in one.text.lower() for one in segments) else ""
