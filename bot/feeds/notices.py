"""Recognizes what journals list besides papers: parts of an issue, and corrections; pure.

A correction or a retraction has the title of its paper in its own. Publishers write that in many
ways, so there may be several readings.
"""

from __future__ import annotations

import re

from storage.feeds.models import Notice, NoticeKind
from storage.text import fold

_MAX_TITLE = 500  # characters
# Whole folded titles, perhaps with the volume or the issue behind them.
_FRONT_MATTER = re.compile(
    r"(?:(?:inside |outside )?(?:front|back) (?:cover|matter)|(?:inside )?cover(?: image| picture)?"
    r"|(?:ifc |ofc |international |associate )?editorial (?:advisory )?(?:board|team|staff)s?"
    r"(?: (?:page|members|and \w+(?: information)?))?"
    r"|(?:issue|publication|subscription|society|journal) info(?:rmation)?"
    r"|(?:graphical |volume |issue )?(?:table of )?contents(?: (?:list|page))?|toc|masthead"
    r"|title page|copyright page|in this issue|aims (?:and )?scope"
    r"|(?:author|contributor) guidelines|(?:author|subject|keyword) index"
    r"|(?:instructions|information|guide|guidelines|notes) (?:for|to) (?:authors|contributors)"
    r"|(?:list of |acknowledg\w+ (?:of|to) (?:our |the )?|(?:thank you|thanks) to (?:our )?)"
    r"(?:reviewers|referees)|(?:reviewer|referee)s? acknowledg\w+)"
    r"(?: (?:table of contents|toc|vol(?:ume)? .*|issue .*|no .*|\d.*|(?:january|february|march"
    r"|april|may|june|july|august|september|october|november|december)\b.*))?"
)
_COVER = re.compile(
    r"(?:(?:inside|outside)\s+)?(?:(?:front|back)\s+)?cover(?:\s+(?:picture|image|feature|art))?\s*:.*",
    re.IGNORECASE,
)
_QUOTE = "“”\"'‘’«»"
_TO = rf"(?:\s+(?:to|of|for|on|regarding)\b(?=\s*[:{_QUOTE}]|\s+\w)|(?=\s*[:{_QUOTE}[(–—-]|\s*$))"
# After “Correction”, only a colon, a dash or a quotation mark tell it from “Correction of errors”.
_TO_STRICTLY = rf"(?:\s+(?:to|of|for))?(?=\s*[:{_QUOTE}]|\s+[–—-]\s|\s*$)"
_KINDS = (
    (
        NoticeKind.CORRECTION,
        re.compile(
            rf"(?:(?:author|publisher|editorial)(?:['’]?s)?\s+corrections?(?:\s+(?:to|for|on))?"
            rf"|corrections?{_TO_STRICTLY}|correction\s+for(?=\s[^:]+?\bet al\b)"
            rf"|(?:erratum|errata|corrigend(?:um|a)|addend(?:um|a)){_TO})",
            re.IGNORECASE,
        ),
    ),
    (
        NoticeKind.RETRACTION,
        re.compile(
            rf"(?:(?:notice\s+of\s+)?retraction(?:\s+(?:note|notice)(?:\s+(?:to|of|for))?)?"
            rf"{_TO_STRICTLY}|retraction\s+for(?=\s[^:]+?\bet al\b)"
            rf"|\[?\s*(?:retracted|withdrawn)(?:\s+(?:article|chapter|paper))?\s*(?:\]|(?=:))"
            rf"|withdrawal(?:\s+notice)?{_TO_STRICTLY})",
            re.IGNORECASE,
        ),
    ),
    (
        NoticeKind.CONCERN,
        re.compile(rf"(?:editorial\s+)?expression\s+of\s+concern{_TO}", re.IGNORECASE),
    ),
)
_QUOTED = re.compile(r"[“\"«](.{5,}?)[”\"»]|(?<!\w)[‘'](.{5,})[’'](?!\w)")
# “[J. Moss 1 (2020) 2]” or “(J. Moss, 2020)” at the end.
_REFERENCE = re.compile(
    r"\s*(?:\[[^\[\]]*\b(?:19|20)\d\d\b[^\[\]]*\]|\([^()]*\b(?:19|20)\d\d\b[^()]*\))\.?$"
)
_CREDIT = re.compile(r"^[^:]{0,80}?\bet al\b\.?,?\s+", re.IGNORECASE)


def read_notice(title: str) -> Notice | None:
    """Returns what an item with this title is if it isn't a paper, or None."""
    title = title.strip(" .")[:_MAX_TITLE]
    if _COVER.fullmatch(title) or _FRONT_MATTER.fullmatch(fold(title)):
        return Notice(NoticeKind.FRONT_MATTER)
    for kind, pattern in _KINDS:
        if found := pattern.match(title):
            return Notice(kind, _titles(title[found.end() :]))
    return None


def _titles(rest: str) -> tuple[str, ...]:
    """Returns the titles that the rest of a notice's title may be."""
    whole = rest.strip(" :–—-")
    found = []
    if quoted := _QUOTED.search(whole):
        found.append(quoted[1] or quoted[2])
    plain = _REFERENCE.sub("", whole)
    credited = _CREDIT.sub("", plain)
    found += [plain, credited, credited.partition(". ")[0]]
    return tuple(dict.fromkeys(one.strip(f" .,{_QUOTE}") for one in found if len(fold(one)) > 3))
