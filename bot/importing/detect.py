"""Detects the format of a file of papers by its content; its name decides only if that can't."""

from __future__ import annotations

import enum
import json
import re
from collections.abc import Sequence
from pathlib import Path

from bot.formats.pages.page import is_html
from bot.formats.records.csv_columns import find_header
from bot.formats.records.endnote_xml import is_endnote_xml
from bot.formats.records.reference_list import is_reference_list
from bot.formats.text.encoding import open_text
from storage.errors import InvalidInput

_HEAD = 64 * 1024  # characters that are used to detect the format


class ImportFormat(enum.StrEnum):
    """A format that papers can be imported from."""

    TEXT = "text"
    BIBTEX = "bibtex"
    RIS = "ris"
    NBIB = "nbib"
    ENDNOTE = "endnote"
    ENDNOTE_XML = "endnote-xml"
    WOS = "wos"
    CSV = "csv"
    JSON = "json"
    JSONL = "jsonl"
    FEED = "feed"
    LIST = "list"

    @property
    def label(self) -> str:
        """The name that people know it by."""
        return _LABELS[self]


_LABELS = {
    ImportFormat.TEXT: "Publications page",
    ImportFormat.BIBTEX: "BibTeX",
    ImportFormat.RIS: "RIS",
    ImportFormat.NBIB: "PubMed (NBIB)",
    ImportFormat.ENDNOTE: "EndNote",
    ImportFormat.ENDNOTE_XML: "EndNote (XML)",
    ImportFormat.WOS: "Web of Science",
    ImportFormat.CSV: "CSV",
    ImportFormat.JSON: "JSON",
    ImportFormat.JSONL: "JSON lines",
    ImportFormat.FEED: "Feed",
    ImportFormat.LIST: "List of IDs and links",
}
READABLE = (
    "I can read publications pages (text, Markdown and HTML), BibTeX, RIS, CSV, JSON, files of "
    "PubMed, EndNote and Web of Science, feeds, and lists of arXiv IDs, DOIs and links."
)
_SUFFIXES = {
    ".bib": ImportFormat.BIBTEX,
    ".bibtex": ImportFormat.BIBTEX,
    ".ris": ImportFormat.RIS,
    ".nbib": ImportFormat.NBIB,
    ".enw": ImportFormat.ENDNOTE,
    ".ciw": ImportFormat.WOS,
    ".isi": ImportFormat.WOS,
    ".csv": ImportFormat.CSV,
    ".tsv": ImportFormat.CSV,
    ".json": ImportFormat.JSON,
    ".jsonl": ImportFormat.JSONL,
    ".ndjson": ImportFormat.JSONL,
    ".xml": ImportFormat.FEED,
    ".rss": ImportFormat.FEED,
    ".atom": ImportFormat.FEED,
    ".rdf": ImportFormat.FEED,
}
_PAGE_SUFFIXES = frozenset({".html", ".htm", ".xhtml", ".md", ".markdown"})

# “[1] A. Lee, …” is a reference, and not an array.
_JSON_ARRAY = re.compile(
    r"\[(?!\d{1,4}\]\s*[^\s\d])\s*(?:\[\s*[\[{\"\]\d-]|[{\"\]]|-?\d[\d.]{0,30}\s*[,\]]|\Z)"
)
_TEMPLATES = ("{%", "{{<", "{:")  # of Jekyll and Hugo, at the start of a page
_JSON_FEED = re.compile(r'"version"\s*:\s*"https?://(?:www\.)?jsonfeed\.org')
_FEED_ROOT = re.compile(r"<(?:\w{1,20}:)?(?:rss|feed|rdf)\b", re.IGNORECASE)
# A line that only a file of this format has; the first such line of a file counts.
_SIGNS = {
    ImportFormat.BIBTEX: re.compile(r"^[ \t]*@\w+\s*[{(]", re.MULTILINE),
    ImportFormat.RIS: re.compile(
        r"^[ \t]*(?:TY[ \t]{0,2}-[ \t]*[A-Z]\w*[ \t]*\r?$|(?:T1|TI|AU|A1)  - )", re.MULTILINE
    ),
    ImportFormat.NBIB: re.compile(r"^(?:PMID- ?\d|(?:OWN|FAU) - )", re.MULTILINE),
    ImportFormat.ENDNOTE: re.compile(
        r"^(?:%0 [A-Z]|%[AT] \S[^\n]{0,1000}\n(?:%[A-Z\d] \S))", re.MULTILINE
    ),
    ImportFormat.WOS: re.compile(
        r"^(?:FN (?:Clarivate|Thomson|ISI)\b|PT (?:[A-Z]|Journal|Book)[ \t]*\r?$)", re.MULTILINE
    ),
}


# Lines of other tagged formats, such as that of RefWorks, which would make strange pages.
_TAGGED_LINE = re.compile(r"[A-Z][A-Z\d]{1,3}(?: {0,3}[-:] | {1,3})\S")
_MIN_TAGGED = 0.7  # of the lines


class UnknownFormat(InvalidInput):
    """The file is in no format that can be read."""

    def __init__(self, problem: str = "I can't find any papers in that file.") -> None:
        super().__init__(f"{problem} {READABLE}")


def detect_format(file: Path) -> ImportFormat:
    """Returns a file's format; raises `InvalidInput` if it can't be read, or is in no known one."""
    with open_text(file) as opened:
        head = opened.read(_HEAD).removeprefix("\ufeff").lstrip()
    suffix = file.suffix.lower()
    if head.startswith("<"):
        return _markup_format(head, suffix)
    if _JSON_ARRAY.match(head):
        return ImportFormat.JSON
    if head.startswith("{") and not head.startswith(_TEMPLATES):
        return _json_format(head, suffix)
    return _text_format(head, suffix)


def _text_format(head: str, suffix: str) -> ImportFormat:
    signs = {form: found.start() for form, sign in _SIGNS.items() if (found := sign.search(head))}
    lines = head.splitlines(keepends=True)
    if header := find_header(lines):
        signs[ImportFormat.CSV] = len("".join(lines[: header.lines_above]))
    first = min(signs, key=lambda form: signs[form], default=None)
    is_page = suffix in _PAGE_SUFFIXES
    if first and (signs[first] == 0 or not is_page):
        return first
    if is_page:
        return ImportFormat.TEXT
    if is_reference_list(head):
        return ImportFormat.LIST
    if _is_tagged(lines):
        raise UnknownFormat("I don't know the tags in that file.")
    return _SUFFIXES.get(suffix, ImportFormat.TEXT)


def _is_tagged(lines: Sequence[str]) -> bool:
    """Returns whether most lines start with tags, as in a database's export."""
    filled = [line for line in lines if line.strip()]
    tagged = sum(_TAGGED_LINE.match(line) is not None for line in filled)
    return tagged > 3 and tagged >= _MIN_TAGGED * len(filled)


def _markup_format(head: str, suffix: str) -> ImportFormat:
    if is_html(head):
        return ImportFormat.TEXT
    if is_endnote_xml(head):
        return ImportFormat.ENDNOTE_XML
    if _FEED_ROOT.search(head):
        return ImportFormat.FEED
    if head.startswith("<?xml"):
        raise UnknownFormat("That XML file is neither a feed nor from EndNote.")
    return _SUFFIXES.get(suffix, ImportFormat.TEXT)


def _json_format(head: str, suffix: str) -> ImportFormat:
    if _JSON_FEED.search(head):
        return ImportFormat.FEED
    if _SUFFIXES.get(suffix) is ImportFormat.JSONL:
        return ImportFormat.JSONL
    try:
        is_complete = isinstance(json.loads(head.split("\n", 1)[0]), dict)
    except (ValueError, RecursionError):
        return ImportFormat.JSON
    has_more = "\n" in head.strip()
    return ImportFormat.JSONL if is_complete and has_more else ImportFormat.JSON
