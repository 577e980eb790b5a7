"""The ids that services give people, in canonical form; pure.

The forms are those of https://support.orcid.org/hc/en-us/articles/360006897674, docs.openalex.org,
https://info.arxiv.org/help/author_identifiers.html, https://dblp.org/faq/17334571.html and
https://api.semanticscholar.org/api-docs/graph.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping

from storage.errors import InvalidInput
from storage.people.models import IdScheme, PersonId

LABELS: Mapping[IdScheme, str] = {
    IdScheme.ORCID: "ORCID",
    IdScheme.OPENALEX: "OpenAlex ID",
    IdScheme.ARXIV: "arXiv author ID",
    IdScheme.DBLP: "DBLP ID",
    IdScheme.SEMANTIC_SCHOLAR: "Semantic Scholar ID",
}
_EXAMPLES: Mapping[IdScheme, str] = {
    IdScheme.ORCID: "0000-0002-1825-0097",
    IdScheme.OPENALEX: "A5023888391",
    IdScheme.ARXIV: "warner_s_1",
    IdScheme.DBLP: "17/1926 or h/JaneRoe",
    IdScheme.SEMANTIC_SCHOLAR: "1741101",
}
# The page of a person at each service, without “https://” and “www.”.
_PAGES: Mapping[IdScheme, re.Pattern[str]] = {
    IdScheme.ORCID: re.compile(r"orcid\.org/([^/]+)(?:/.*)?", re.IGNORECASE),
    IdScheme.OPENALEX: re.compile(
        r"(?:api\.)?openalex\.org/(?:(?:authors|people)/)?([^/]+)", re.IGNORECASE
    ),
    IdScheme.ARXIV: re.compile(
        r"(?:export\.)?arxiv\.org/a/([^/]+?)(?:\.atom2?|\.json|\.js)?", re.IGNORECASE
    ),
    IdScheme.DBLP: re.compile(
        r"dblp\.(?:org|uni-trier\.de|dagstuhl\.de)/pid/([^/]+/[^/.]+)(?:\.\w+)?", re.IGNORECASE
    ),
    IdScheme.SEMANTIC_SCHOLAR: re.compile(
        r"(?:api\.)?semanticscholar\.org/(?:graph/v\d/)?author/(?:[^/]+/)?(\d+)(?:/.*)?",
        re.IGNORECASE,
    ),
}
_PREFIX = re.compile(r"(?:https?://)?(?:www\.)?", re.IGNORECASE)
_URI_PREFIX = re.compile(
    r"(?:orcid(?: ?id)?|openalex|arxiv|dblp|pid|(?:s2|semantic[ _]?scholar)(?: ?id)?)\s*:\s*",
    re.IGNORECASE,
)
_DASHES = re.compile(r"[‐‑‒–—−]")
_ORCID = re.compile(r"(\d{4})-?(\d{4})-?(\d{4})-?(\d{3}[\dX])", re.ASCII)
_OPENALEX = re.compile(r"A\d{4,12}", re.ASCII)
_ARXIV = re.compile(r"[a-z][a-z'-]*(?:_[a-z'-]+)*_\d{1,4}", re.ASCII)
_DBLP = re.compile(r"[a-z0-9]{1,4}/[A-Za-z0-9=_-]{1,100}")
_HOMONYM = re.compile(r"\d-([1-9]\d{0,3})$")
_SEMANTIC_SCHOLAR = re.compile(r"[1-9]\d{0,11}", re.ASCII)


def parse_id(scheme: IdScheme, text: str) -> PersonId:
    """Returns the id in a text, which may be the address of a person's page at the service.

    An ORCID in place of an arXiv author id is an ORCID, since arXiv knows authors by it, too.
    Raises `InvalidInput` if the text isn't an id of that scheme.
    """
    value = _strip(text)
    page = _PAGES[scheme].fullmatch(value)
    found = _PARSERS[scheme](page[1] if page else value)
    if found is not None:
        return PersonId(scheme, found)
    orcid = _orcid(page[1] if page else value)
    if scheme is IdScheme.ARXIV and orcid is not None:
        return PersonId(IdScheme.ORCID, orcid)
    if scheme is IdScheme.ORCID and _ORCID.fullmatch(_plain_orcid(page[1] if page else value)):
        raise InvalidInput(
            f"“{_shown(text)}” isn't a valid ORCID: its check digit doesn't fit, so there's a typo."
        )
    other = find_id(text)
    hint = f" It looks like {_with_article(other.scheme)}." if other else ""
    raise InvalidInput(
        f"“{_shown(text)}” isn't {_with_article(scheme)}.{hint} Try {_EXAMPLES[scheme]}, or the "
        "address of the person's page."
    )


def find_id(text: str) -> PersonId | None:
    """Returns the id that a text is, of whichever service, or None.

    The forms differ so much that a text is an id of one scheme only.
    """
    value = _strip(text)
    for scheme, pattern in _PAGES.items():
        if page := pattern.fullmatch(value):
            found = _PARSERS[scheme](page[1])
            if found is not None:
                return PersonId(scheme, found)
            orcid = _orcid(page[1])
            is_alias = scheme is IdScheme.ARXIV and orcid is not None
            return PersonId(IdScheme.ORCID, orcid or "") if is_alias else None
    for scheme, parse in _PARSERS.items():
        if (found := parse(value)) is not None:
            return PersonId(scheme, found)
    return None


def parse_any_id(text: str) -> PersonId:
    """Returns the id that a text is, of whichever service; raises `InvalidInput` if it is none."""
    found = find_id(text)
    if found is not None:
        return found
    value = _strip(text)
    page = _PAGES[IdScheme.ORCID].fullmatch(value)
    if _ORCID.fullmatch(_plain_orcid(page[1] if page else value)):
        return parse_id(IdScheme.ORCID, text)  # which says what is wrong
    raise InvalidInput(
        f"I don't know the ID “{_shown(text)}”. Try an ORCID, an OpenAlex, arXiv author, DBLP or "
        "Semantic Scholar ID, or the address of the person's page there."
    )


def parse_ids(text: str) -> tuple[PersonId, ...]:
    """Returns the ids of whichever services in a text, separated by spaces, commas or line breaks.

    Raises `InvalidInput` for anything else.
    """
    found: list[PersonId] = []
    for line in text.splitlines():
        whole = find_id(line)
        parts = [line] if whole else re.split(r"[\s,;|]+", line.strip())
        found += [parse_any_id(part) for part in parts if part]
    return sort_ids(found)


def sort_ids(found: Iterable[PersonId]) -> tuple[PersonId, ...]:
    """Returns ids once each, in the order of their schemes."""
    schemes = [*IdScheme]
    return tuple(sorted(set(found), key=lambda one: (schemes.index(one.scheme), one.value)))


def author_numbers(found: Iterable[PersonId]) -> frozenset[str]:
    """Returns the numbers by which DBLP tells namesakes apart: 0002 for its id 17/1926-2.

    It puts them behind the names of authors.
    """
    matches = [_HOMONYM.search(one.value) for one in found if one.scheme is IdScheme.DBLP]
    return frozenset(f"{int(match[1]):04}" for match in matches if match)


def page_url(person_id: PersonId) -> str:
    """Returns the address of the person's page at the service."""
    value = person_id.value
    match person_id.scheme:
        case IdScheme.ORCID:
            return f"https://orcid.org/{value}"
        case IdScheme.OPENALEX:
            return f"https://openalex.org/{value}"
        case IdScheme.ARXIV:
            return f"https://arxiv.org/a/{value}"
        case IdScheme.DBLP:
            return f"https://dblp.org/pid/{value}.html"
        case IdScheme.SEMANTIC_SCHOLAR:
            return f"https://www.semanticscholar.org/author/{value}"


def describe(person_id: PersonId) -> str:
    """Returns an id with its label: “ORCID 0000-0002-1825-0097”."""
    return f"{LABELS[person_id.scheme]} {person_id.value}"


def _with_article(scheme: IdScheme) -> str:
    label = LABELS[scheme]
    return f"{'a' if label[0] in 'DS' else 'an'} {label}"


def _strip(text: str) -> str:
    value = _DASHES.sub("-", unicodedata.normalize("NFKC", text).strip())  # full-width forms
    value = _URI_PREFIX.sub("", value, count=1)
    stripped = _PREFIX.sub("", value, count=1)
    return stripped.split("?")[0].split("#")[0].rstrip("/")


def _plain_orcid(value: str) -> str:
    return value.replace(" ", "").upper()


def _orcid(value: str) -> str | None:
    match = _ORCID.fullmatch(_plain_orcid(value))
    if match is None:
        return None
    digits = "".join(match.groups())
    return "-".join(match.groups()) if _check_digit(digits[:-1]) == digits[-1] else None


def _check_digit(digits: str) -> str:
    """Returns the check digit of ISO/IEC 7064, MOD 11-2."""
    total = 0
    for digit in digits:
        total = (total + int(digit)) * 2
    result = (12 - total % 11) % 11
    return "X" if result == 10 else str(result)


def _openalex(value: str) -> str | None:
    value = value.upper()
    return value if _OPENALEX.fullmatch(value) else None


def _arxiv(value: str) -> str | None:
    value = value.lower()
    return value if _ARXIV.fullmatch(value) else None


def _dblp(value: str) -> str | None:
    value = re.sub(r"^(?:homepages|pid)/", "", value)
    return value if _DBLP.fullmatch(value) else None


def _semantic_scholar(value: str) -> str | None:
    return value if _SEMANTIC_SCHOLAR.fullmatch(value) else None


def _shown(text: str) -> str:
    return " ".join(text.split())[:100]


_PARSERS: Mapping[IdScheme, Callable[[str], str | None]] = {
    IdScheme.ORCID: _orcid,
    IdScheme.OPENALEX: _openalex,
    IdScheme.ARXIV: _arxiv,
    IdScheme.DBLP: _dblp,
    IdScheme.SEMANTIC_SCHOLAR: _semantic_scholar,
}
