"""Splits the lines of an entry into segments: authors, title, venue and so on, not told apart yet.

A segment ends with a sentence, a line, a quotation, an emphasised or linked text that stands alone,
or a year in parentheses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

from bot.formats.pages.credits import are_initials_last, inverted_list_end, read_credits
from bot.formats.pages.document import Line, Run
from bot.formats.pages.links import URL
from bot.formats.pages.venues import venue_points

_BUTTON_WORDS = (
    r"pdfs?|doi|arxiv|ar5iv|code|bibtex|bib|cite|citation|slides?|videos?|talk|posters?|abstract"
    r"|abs|links?|paper|full ?text|full paper|project(?: page| website)?|web ?(?:site|page)"
    r"|home ?page|supp(?:l(?:ement(?:ary)?)?)?(?: material| info)?|supplementals?|appendix"
    r"|data ?sets?|data|demo|html|preprint|e-?print|github|git|blog(?: post)?|press|media|news"
    r"|models?|weights|ps|ps\.gz|download|view|read|more|read more|publisher|journal(?: page"
    r"| link)?|proceedings|open access|url|www|hal|ssrn|biorxiv|medrxiv|pmc|pubmed|pmid"
    r"|openreview|acm(?: dl)?|ieee(?: xplore)?|springer|scholar|google scholar|software|tool"
    r"|source|repo(?:sitory)?|twitter|tweet|thread|notes?|errata|export|ris|endnote|details|show"
    r"|hide|toggle|comments?|reviews?|colab|hugging ?face|online|e-?mail|cv|resume|linkedin|orcid"
    r"|contact|bio|home|twitter|here|free|access|permalink|dblp|semantic scholar|researchgate|toc"
    r"|cover|recording|teaser|interview|materials?|artifacts?|acl|anthology|pre-?print pdf"
    r"|paper pdf|tex|txt|zip|page|site|version|extended|long|short|arxiv version|extended version"
    r"|long version|journal version|cited by"
)
_BUTTON = re.compile(
    rf"[\W_]*(?:{_BUTTON_WORDS})(?:[\W_]+(?:{_BUTTON_WORDS})){{0,6}}[\W_]*", re.IGNORECASE
)
_BRACKETED = re.compile(
    rf"[\[(]\s?(?:{_BUTTON_WORDS})(?:\s?[|,/·;]?\s?(?:{_BUTTON_WORDS})){{0,6}}\s?[\])]",
    re.IGNORECASE,
)
_DATE_IN_PARENS = (
    r"(?:19|20)\d{2}[a-z]?(?:[,/ -] ?[\w.]{1,12}(?: \d{1,2})?(?:[-–]\d{1,2})?)?"
    r"|in press|forthcoming|n\.d\.|accepted|submitted|to appear|in preparation|under review"
    r"|[a-z]{3,9}\.? (?:19|20)\d{2}"
)
DATE_IN_PARENS = re.compile(rf"[(\[](?:{_DATE_IN_PARENS})[)\]][.,:;]?", re.IGNORECASE)
_VENUE_IN_PARENS = re.compile(
    r"\([^()]{0,60}[^\W\d_]{2}[^()]{0,40}(?:19|20|['’])\d{2}[^()]{0,20}\)(?=[.,;:\t]|\s*$)"
)
_NOTE_IN_PARENS = re.compile(
    r"[(\[][^()\[\]]{0,80}\b(?:award|best|oral|spotlight|finalist|runner.?up|honou?rable|acceptance"
    r"|equal|invited|top|selected|nominee|nominated|poster)\b[^()\[\]]{0,80}[)\]]",
    re.IGNORECASE,
)
_YEAR_AT_END = re.compile(r"[\s,]*[(\[]?(?:19|20)\d{2}[a-z]?[)\]]?[\s.,:]*$")
# Co-authors of whoever owns the page: “A title (with Ann Lee and Bo Chen)”.
WITH = re.compile(r"\((?:joint(?:ly)? |co-?authored )?with ([^()]{3,300})\)", re.IGNORECASE)
_BARE_YEAR = re.compile(r"(?:19|20)\d{2}[a-z]?(?=[.,:]\s)")
_SEPARATOR = re.compile(r"\t| \| | [·•—–-] ")
_SENTENCE_END = re.compile(r"[.?!][\"”’')\]*]{0,3}(?=\s)")
_INITIAL_BEFORE = re.compile(r"(?:^|[\s.&,(-])[^\W\d_]$")
_LOWER_CASE_START = re.compile(
    r"(?:arxiv|biorxiv|medrxiv|in\b|to appear|doi|pp?\b|npj|vol|[a-z]{1,2}[A-Z]|von |van |de "
    r"|submitted)",
    re.IGNORECASE,
)
_INITIALS_AT_END = re.compile(r"(?:^|(?:,|;|&|\band)\s)(?:[^\W\d_]\.[\s-]?){1,4}$")
_ABBREVIATIONS = frozenset(
    {"proc", "vs", "eg", "e.g", "ie", "i.e", "cf", "dr", "st", "mt", "no", "vol", "pp", "al", "ed"}
    | {
        "eds",
        "jr",
        "sr",
        "approx",
        "int",
        "conf",
        "symp",
        "fig",
        "sec",
        "ch",
        "dept",
        "univ",
        "prof",
    }
    | {"ca", "etc", "resp", "spp", "sp", "var", "nos", "art", "trans"}
)
_QUOTES = {"“": "”", "„": "“”", "«": "»", '"': '"', "‘": "’'", "'": "'’", "`": "'’", "»": "«"}
_OPENING_QUOTE = re.compile(f"(?<!\\w)[{''.join(_QUOTES)}]")
_NAME_END = re.compile(r"[,;(\t|]|(?<=[^\W\d_]{2})\.(?=\s|$)")
_MAX_QUOTATIONS = 40
_MIN_QUOTED_WORDS = 3  # of a title in quotation marks that is a part of a styled text
_MAX_STOPS = 30
_MAX_COMMAS_TEXT = 2000  # characters
_BOUNDARY_BEFORE = '.,:;)?!”"]–—|·\t*’»'
_BOUNDARY_AFTER = '.,:;([?!–—|·-\t“"‘'


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of an entry: its text, and what marks it.

    ``line`` is the number of its line in the entry, ``credit`` the text without superscripts, and
    ``end`` the sign that ended it. ``styles`` also has “quoted”, and “whole” for a whole line.
    """

    text: str
    credit: str
    line: int
    styles: frozenset[str] = frozenset()
    label: str = ""
    level: int = 0
    end: str = ""


def is_button(text: str) -> bool:
    """Returns whether a text is only the names of things to open, such as “PDF” or “[code]”."""
    return len(text) < 80 and _BUTTON.fullmatch(text) is not None


def split_entry(lines: Sequence[Line]) -> tuple[Segment, ...]:
    """Splits the lines of an entry."""
    segments: list[Segment] = []
    for index, line in enumerate(lines):
        segments += _Splitter(line, index, is_only=len(lines) == 1).split()
    return tuple(segments)


class _Splitter:
    """Splits one line."""

    def __init__(self, line: Line, index: int, *, is_only: bool) -> None:
        self._line = line
        self._index = index
        self._is_only = is_only
        self._runs = [run for run in map(_without_urls, _without_buttons(line.runs)) if run.text]
        self._text = "".join(run.text for run in self._runs)
        self._spans: list[tuple[int, int, Run]] = []
        position = 0
        for run in self._runs:
            self._spans.append((position, position + len(run.text), run))
            position += len(run.text)

    def split(self) -> Iterator[Segment]:
        """Yields the segments that have letters or digits."""
        if any(map(str.isalnum, self._text)):
            for start, end in pairwise(sorted(self._marks())):
                if segment := self._segment(start, end):
                    yield segment

    def _marks(self) -> set[int]:
        """Returns where segments begin and end."""
        marks = {0, len(self._text)}
        protected = self._mark_styles(marks)
        protected += self._mark_quotations(marks, protected)
        if protected and min(protected)[0] == 0:
            marks.add(self._names_end_after(min(protected)[1]))
        for shape in (DATE_IN_PARENS, WITH, _VENUE_IN_PARENS, _NOTE_IN_PARENS, _SEPARATOR):
            for found in shape.finditer(self._text):
                if not _is_inside(found.start(), protected):
                    marks |= {found.start(), found.end()}
        if credits_end := self._credits_end(marks, protected):
            protected.append((0, credits_end))
            marks = {mark for mark in marks if mark >= credits_end} | {0, credits_end}
        marks |= {end for end in self._sentence_ends() if not _is_inside(end, protected)}
        for year in _BARE_YEAR.finditer(self._text):
            if year.start() in marks or self._text[: year.start()].rstrip()[-1:] in {".", ")"}:
                marks.add(year.end() + 1)
        return marks

    def _mark_styles(self, marks: set[int]) -> list[tuple[int, int]]:
        """Marks the ends of styled texts that stand alone; returns the spans to keep whole."""
        protected: list[tuple[int, int]] = []
        whole = len(self._text.strip())
        for start, end, run in self._merged_spans():
            text = self._text[start:end].strip()
            if not (run.styles - {"super"} or run.label) or not text:
                continue
            before = self._text[:start].rstrip(" ")
            after = self._text[end:].lstrip(" ")
            starts = (
                not before or before[-1] in _BOUNDARY_BEFORE or _ends_in_word(before, "in", "by")
            )
            ends = (
                not after
                or after[0] in _BOUNDARY_AFTER
                or text[-1:] in ".?!"
                or (starts and (after[0].isupper() or after[0].isdigit()))
            )
            if run.label and run.label != "note":
                starts = ends = True
            if text.endswith((",", "&")) or _ends_in_word(text, "and", "und"):
                continue
            if not (starts and ends) or "super" in run.styles:
                continue
            if not run.label and _is_one_of_several_names(before, text, after):
                continue
            marks |= {start, end}
            if len(text) < whole or not self._is_only or run.label == "title":
                protected.append((start, end))
        return protected

    def _merged_spans(self) -> Iterator[tuple[int, int, Run]]:
        """Yields the spans of runs, with what stands between two of one label as part of them."""
        spans = [span for span in self._spans if span[2].text.strip()]
        index = 0
        while index < len(spans):
            start, end, run = spans[index]
            index += 1
            while index < len(spans) and _belongs_to(run, spans[index][2]):
                end = spans[index][1]
                index += 1
            while run.label == "authors" and index + 1 < len(spans):
                between, following = spans[index][2], spans[index + 1][2]
                is_joint = re.fullmatch(r"[\s,;&*]*(?:and|und)?[\s*]*", between.text)
                if following.label != "authors" or not is_joint or between.label:
                    break
                end = spans[index + 1][1]
                index += 2
            yield start, end, run

    def _mark_quotations(
        self, marks: set[int], styled: Sequence[tuple[int, int]]
    ) -> list[tuple[int, int]]:
        """Marks the quotations, except for quoted words in a styled title; returns their spans."""
        protected: list[tuple[int, int]] = []
        position = 0
        while len(protected) < _MAX_QUOTATIONS and (span := _quotation(self._text, position)):
            start, end = span
            position = end
            is_title = len(self._text[start:end].split()) >= _MIN_QUOTED_WORDS
            if is_title or not any(low < start and end <= high for low, high in styled):
                marks |= set(span)
                protected.append(span)
        return protected

    def _names_end_after(self, title_end: int) -> int:
        """Returns where the names after a title end: “A title”, A. Lee, B. Roe, Venue."""
        rest = self._text[title_end : title_end + _MAX_COMMAS_TEXT]
        start = len(rest) - len(rest.lstrip(" ,"))
        if rest[start : start + 1] == ".":  # the names are a sentence
            return title_end
        end = _names_end(rest[start:], least=0.6)
        following = _NAME_END.split(rest[start + end :])[0]
        return title_end if read_credits(following) else title_end + start * bool(end) + end

    def _credits_end(self, marks: set[int], protected: Sequence[tuple[int, int]]) -> int:
        """Returns where the list of authors at the beginning ends, or 0 if there is none."""
        text = self._text
        first_mark = min((mark for mark in marks if mark > 0), default=len(text))
        end = inverted_list_end(text)
        if self._runs[0].label == "authors":
            return 0
        if end > 4 and not text[:end].rstrip().endswith((",", ";", "&", " and", " und")):
            return end if read_credits(text[:end]) else 0
        stops = [
            found.end()
            for found in re.finditer(r"[.:](?=\s)", text[: min(first_mark + 1, 3000)])
            if not text[found.end() :].lstrip()[:4].startswith((",", "&", "and "))
            and not _is_inside(found.end(), protected)
        ]
        for stop in stops[:_MAX_STOPS]:
            if text[stop - 1] == "." and are_initials_last(text[:stop]):
                return stop
        for stop in stops[:_MAX_STOPS][::-1]:
            if _INITIALS_AT_END.search(text[:stop]):
                continue
            credits = read_credits(_YEAR_AT_END.sub("", text[: stop - 1]))
            least = 0.9 if text[stop - 1] == ":" and not self._is_only else 0.6
            if credits and credits.certainty >= least:
                return stop
        return 0 if protected else self._comma_credits_end(marks)

    def _comma_credits_end(self, marks: set[int]) -> int:
        """Returns where names end that only commas separate from the title: “A. Lee, Title, …”.

        Marks the end of that title, too.
        """
        text = self._text[:_MAX_COMMAS_TEXT]
        names_end = _names_end(text, least=0.9)
        places = [found.end() for found in re.finditer(r",\s", text) if found.end() > names_end]
        if not names_end or not places or len(text[names_end : places[0]].split()) < 2:
            return 0
        for start, end in pairwise([*places, len(text)]):
            if venue_points(text[start:end]) > 0 or any(map(str.isdigit, text[start:end])):
                marks.add(start)
                return names_end
        return 0

    def _sentence_ends(self) -> Iterator[int]:
        for found in _SENTENCE_END.finditer(self._text):
            before = self._text[: found.start()][-40:]
            following = self._text[found.end() : found.end() + 20].lstrip()
            if (
                following[:1].islower()
                and not _LOWER_CASE_START.match(following)
                and not self._is_styled(found.end() + 1)
            ):
                continue
            if found[0][0] == "." and _is_abbreviation(before):
                continue
            yield found.end()

    def _is_styled(self, position: int) -> bool:
        return any(start <= position < end and run.styles for start, end, run in self._spans)

    def _segment(self, start: int, end: int) -> Segment | None:
        text = self._text[start:end].strip()
        if not any(map(str.isalnum, text)):
            return None
        spans = [
            (max(start, low), min(end, high), run)
            for low, high, run in self._spans
            if low < end and high > start
        ]
        lettered = [run for low, high, run in spans if any(map(str.isalnum, self._text[low:high]))]
        styles = frozenset.intersection(*(run.styles for run in lettered)) - {"super", "inline"}
        labels = {run.label for run in lettered}
        stripped = text.lstrip(".,;: ")
        if stripped[:1] in _QUOTES and _quotation(stripped, 0):
            styles |= {"quoted"}
        if start == 0 and end == len(self._text):
            styles |= {"whole"}
        credit = "".join(
            self._text[low:high] for low, high, run in spans if "super" not in run.styles
        )
        label = labels.pop() if len(labels) == 1 else next(iter(labels - {""}), "")
        return Segment(text, credit.strip(), self._index, styles, label, self._line.level, text[-1])


def _names_end(text: str, *, least: float) -> int:
    """Returns where the names at the beginning of a text end that a comma follows, or 0."""
    end = 0
    for comma in re.finditer(r",\s", text):
        part = re.sub(r"^\s*(?:and|&)\s", "", text[end : comma.start()])
        credits = read_credits(part)
        if credits is None or credits.certainty < (0.6 if end else least):
            break
        end = comma.end()
    return end


def _without_buttons(runs: Sequence[Run]) -> Iterator[Run]:
    """Yields the runs without links to open; a tab, which is a boundary, takes their place."""
    for run in runs:
        text = run.text
        if run.label in {"links", "hidden"} or (
            (run.link or "link" in run.styles) and is_button(text)
        ):
            yield Run("\t", "", frozenset(), "")
        else:
            yield Run(_BRACKETED.sub("\t", text), run.link, run.styles, run.label)


def _without_urls(run: Run) -> Run:
    if "http" not in run.text.lower() and "www." not in run.text.lower():
        return run
    return Run(URL.sub("\t", run.text), run.link, run.styles, run.label)


def _belongs_to(run: Run, following: Run) -> bool:
    """Returns whether a run continues the same styled text."""
    if run.label or following.label:
        return run.label == following.label
    return run.styles == following.styles and run.link == following.link and bool(run.styles)


def _is_one_of_several_names(before: str, text: str, after: str) -> bool:
    """Returns whether a styled text is a name in a list, such as that of the page's owner."""
    if before.lower().endswith("et al."):
        return False
    is_in_list = before.endswith((",", "&", ";")) or _ends_in_word(before, "and", "und")
    after = after.lstrip("*†‡§¶0123456789\\ ")
    is_in_list = is_in_list or after.startswith((",", "&", "and ", ";"))
    if not is_in_list or len(text) > 60:
        return False
    credits = read_credits(text.strip(" ,*"))
    return credits is not None and len(credits.names) < 3


def _ends_in_word(text: str, *words: str) -> bool:
    return text.rstrip(": ").rpartition(" ")[2].lower().strip("([") in words


def _quotation(text: str, position: int) -> tuple[int, int] | None:
    """Returns the span of the next quotation of some length, with its marks."""
    for found in islice(_OPENING_QUOTE.finditer(text, position), _MAX_QUOTATIONS):
        start, char = found.start(), found[0]
        closing = _QUOTES[char]
        is_single = "’" in closing
        end = start + 1
        for _ in range(_MAX_QUOTATIONS):
            end = _find_any(text, closing, end)
            if end == -1:
                break
            following = text[end + 1 : end + 2]
            is_end = not following.strip() or not following.isalnum()
            if is_single:  # an apostrophe is no end
                is_end = following in {"", ",", ".", ":", ";", ")", "'", "’"} or (
                    following == " " and text[end - 1] in ",.?!"
                )
            if is_end and end - start > 5 and not text[end - 1].isspace():
                return start, end + 1
            end += 1
    return None


def _find_any(text: str, chars: str, start: int) -> int:
    places = [place for char in chars if (place := text.find(char, start)) != -1]
    return min(places, default=-1)


def _is_inside(position: int, spans: Sequence[tuple[int, int]]) -> bool:
    return any(start < position < end for start, end in spans)


def _is_abbreviation(before: str) -> bool:
    if _INITIAL_BEFORE.search(before):
        word = before[:-1].rstrip(" ").rpartition(" ")[2]
        return not (
            before[-2:-1] == " " and word[:1].islower() and word.isalpha() and len(word) > 3
        )
    return before.rpartition(" ")[2].strip("([\t").lower() in _ABBREVIATIONS
