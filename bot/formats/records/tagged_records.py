"""Splits files of lines with tags (RIS, PubMed, EndNote, Web of Science) into records; pure.

Each record keeps the number of its first line. A record ends at its end tag, or where the next one
starts: files that leave the end tag out are common, and so are texts with line breaks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from bot.formats.results import Problem


@dataclass(frozen=True, slots=True)
class Syntax:
    """How a format writes a line with a ``tag`` and a ``value``, and which tags limit a record.

    ``heading`` has the tags of lines about the whole file.
    """

    line: re.Pattern[str]
    starts: frozenset[str] = frozenset()
    ends: frozenset[str] = frozenset()
    heading: frozenset[str] = frozenset()


_VALUE = r"(?:[ \t]+(?P<value>.*)|$)"
# https://en.wikipedia.org/wiki/RIS_(file_format); some programs indent it, or write fewer spaces.
RIS = Syntax(
    re.compile(rf"[ \t]{{0,8}}(?P<tag>[A-Z][A-Z0-9])(?: {{0,2}}|\t)-{_VALUE}", re.DOTALL),
    starts=frozenset({"TY"}),
    ends=frozenset({"ER"}),
)
# https://www.nlm.nih.gov/bsd/mms/medlineelements.html
NBIB = Syntax(
    re.compile(rf"(?P<tag>[A-Z]{{2,4}}) {{0,2}}-{_VALUE}", re.DOTALL), starts=frozenset({"PMID"})
)
ENDNOTE = Syntax(re.compile(rf"%(?P<tag>[^\sa-z%]){_VALUE}", re.DOTALL), starts=frozenset("0"))
# https://images.webofknowledge.com/images/help/WOS/hs_wos_fieldtags.html
WOS = Syntax(
    re.compile(rf"(?P<tag>[A-Z][A-Z0-9]){_VALUE}", re.DOTALL),
    starts=frozenset({"PT"}),
    ends=frozenset({"ER"}),
    heading=frozenset({"FN", "VR", "EF"}),
)


@dataclass(slots=True)
class Record:
    """The fields of a record in their order; further lines of a value follow line breaks."""

    line: int
    fields: list[tuple[str, list[str]]] = field(default_factory=list)

    def lines(self, *tags: str) -> list[str]:
        """Returns the lines of all fields with these tags, in the order of the record."""
        return [line for tag, lines in self.fields if tag in tags for line in lines if line]

    def values(self, *tags: str) -> list[str]:
        """Returns the values with these tags, each on one line, in the order of the record."""
        joined = (" ".join(lines).strip() for tag, lines in self.fields if tag in tags)
        return [value for value in joined if value]

    def text(self, *tags: str) -> str:
        """Returns the first value with the first of these tags that has any, with its lines."""
        for wanted in tags:
            for tag, lines in self.fields:
                if tag == wanted and (text := "\n".join(lines).strip()):
                    return text
        return ""

    def first(self, *tags: str) -> str:
        """Returns the same as `text`, on one line."""
        return " ".join(self.text(*tags).split())


def split_records(lines: Iterable[str], syntax: Syntax) -> Iterator[Record | Problem]:
    """Yields the records of a file, and a problem for text between two of them.

    Text above the first record is left out: databases write there who they are.
    """
    record: Record | None = None
    is_between = False  # after the first record, and not in text that has been reported
    after_blank = False
    for number, raw in enumerate(lines, start=1):
        line = raw.removeprefix("\ufeff").rstrip()
        if not line:
            after_blank = True
            continue
        tag, value = _parse(line, syntax)
        is_next = tag in syntax.starts or (
            record is not None and after_blank and tag == record.fields[0][0]
        )
        after_blank = False
        if record is not None and (is_next or tag in syntax.ends):
            yield record
            record = None
        if tag in syntax.ends or tag in syntax.heading:
            is_between = True
        elif tag and record is None:
            record = Record(number, [(tag, [value])])
        elif record is not None:
            if tag:
                record.fields.append((tag, [value]))
            else:
                record.fields[-1][1].append(value)
        elif is_between:
            yield Problem(number, f"“{_shown(value)}” isn't part of a record, so I skipped it.")
            is_between = False
    if record is not None:
        yield record


def _parse(line: str, syntax: Syntax) -> tuple[str, str]:
    """Returns the tag of a line, or an empty text, and what follows it."""
    found = syntax.line.match(line)
    if found is None:
        return "", line.strip()
    return found["tag"], (found["value"] or "").strip()


def _shown(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:79]}…"
