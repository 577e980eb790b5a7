"""Reads papers from JSON arrays and JSON lines, including our own export."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TextIO

from bot.formats import plain_text
from bot.formats.fields import (
    parse_date,
    parse_identifiers,
    parse_links,
    parse_title,
)
from bot.formats.results import ParsedPaper, ParseResult, Problem
from storage.errors import InvalidInput
from storage.models import Link, LinkKind, PaperDraft
from storage.names.author_list import AuthorList, given_first, parse_author_list

_CHUNK = 1 << 16
_MAX_OBJECT = 4_000_000  # characters
_VENUES = ("venue", "journal", "booktitle", "container-title", "conference")
_ABSTRACTS = ("abstract", "summary")
_DATES = ("date", "published", "publication_date", "year")
_URLS = ("url", "link")
_TAGS = ("tags", "keywords")
_LISTS = ("papers", "items", "data")  # fields of an object that may have the array


def read_json_lines(lines: Iterable[str]) -> Iterator[ParseResult]:
    """Yields the results of JSON lines; skips empty lines."""
    for number, line in enumerate(lines, start=1):
        if text := line.removeprefix("\ufeff").strip():
            try:
                value = json.loads(text)
            except (ValueError, RecursionError) as error:
                yield Problem(number, f"This line isn't valid JSON: {_reason(error)}.")
            else:
                yield _to_result(number, value)


def read_json(source: TextIO) -> Iterator[ParseResult]:
    """Yields the results of an array as a stream, or of an array inside an object."""
    decoder = json.JSONDecoder()
    text, line, at_end = source.read(_CHUNK).removeprefix("\ufeff"), 1, False
    text, line = _skip(text, line)
    if text.startswith("{"):
        yield from _read_whole(text + source.read(), line)
        return
    if not text.startswith("["):
        yield Problem(line, "The file isn't JSON: it starts with neither an array nor an object.")
        return
    text = text[1:]
    while True:
        text, line = _skip(text, line)
        if text.startswith("]"):
            return
        try:
            value, end = decoder.raw_decode(text)
            is_whole = at_end or end < len(text)  # a number may continue
        except (ValueError, RecursionError) as error:
            if at_end or len(text) > _MAX_OBJECT:
                yield Problem(line, f"The file isn't valid JSON from here on: {_reason(error)}.")
                return
            is_whole = False
        if is_whole:
            yield _to_result(line, value)
            line += text.count("\n", 0, end)
            text = text[end:]
        else:
            more = source.read(max(_CHUNK, len(text)))
            text, at_end = text + more, not more


def _skip(text: str, line: int) -> tuple[str, int]:
    """Skips whitespace and commas; returns the rest and its line number."""
    rest = text.lstrip(" \t\r\n,")
    return rest, line + text.count("\n", 0, len(text) - len(rest))


def _read_whole(text: str, line: int) -> Iterator[ParseResult]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        yield Problem(line, f"The file isn't valid JSON: {_reason(error)}.")
        return
    lists = [value[name] for name in _LISTS if isinstance(value.get(name), list)]
    for one in lists[0] if lists and "title" not in value else [value]:
        yield _to_result(line, one)


def _to_result(line: int, value: object) -> ParseResult:
    if not isinstance(value, dict):
        return Problem(line, "This isn't an object, so it isn't a paper.")
    try:
        return ParsedPaper(line, draft_from_json(value))
    except InvalidInput as error:
        return Problem(line, f"The paper that starts here can't be used. {error}")


def draft_from_json(paper: Mapping[str, Any]) -> PaperDraft:
    """Returns the draft of a paper's object; raises `InvalidInput` for invalid fields.

    ``identifiers`` and ``links``, which our export writes, are complete. Without them, identifiers
    and links come from the fields for ids and URLs.
    """
    authors = _authors(paper.get("authors", paper.get("author")))
    url = _text(paper, _URLS)
    derived = parse_identifiers(
        arxiv=_text(paper, ("arxiv", "arxiv_id")), doi=_text(paper, ("doi", "DOI")), urls=[url]
    )
    return PaperDraft(
        title=parse_title(_text(paper, ("title",))),
        authors=authors.names,
        authors_complete=authors.is_complete and paper.get("authors_complete") is not False,
        abstract=plain_text.tidy(_text(paper, _ABSTRACTS)),
        venue=_text(paper, _VENUES),
        date=parse_date(_text(paper, _DATES)),
        identifiers=_texts(paper, "identifiers") if "identifiers" in paper else derived,
        links=_links(paper) if "links" in paper else _page(url),
        note=_text(paper, ("note",)),
        tags=tuple(sorted({tag for name in _TAGS for tag in _texts(paper, name)})),
        posted_by=_text(paper, ("posted_by",)),
    )


def _text(paper: Mapping[str, Any], names: Sequence[str]) -> str:
    """Returns the first of these fields that isn't empty, as text."""
    for name in names:
        value = paper.get(name)
        if isinstance(value, list) and len(value) == 1:
            (value,) = value
        if value is None or value == "":
            continue
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise InvalidInput(f"Its “{name}” isn't a string.")
        return str(value)
    return ""


def _texts(paper: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = paper.get(name)
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    if value is not None and not isinstance(value, list):
        raise InvalidInput(f"Its “{name}” isn't a list.")
    if not all(isinstance(one, str) for one in value or ()):
        raise InvalidInput(f"Its “{name}” isn't a list of strings.")
    return tuple(value or ())


def _authors(value: object) -> AuthorList:
    """Parses authors given as a list of strings or objects, or as one string."""
    if isinstance(value, str):
        return parse_author_list(value).with_given_first()
    if value is not None and not isinstance(value, list):
        raise InvalidInput("Its “authors” isn't a list of names.")
    return AuthorList(tuple(dict.fromkeys(filter(None, map(_name, value or ())))))


def _name(value: object) -> str:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, dict):
        whole = value.get("name") or value.get("literal")
        parts = [value.get("given"), value.get("family")]
        name = given_first(whole) if isinstance(whole, str) else " ".join(filter(None, parts))
        if name:
            return name
    raise InvalidInput("Its “authors” isn't a list of names.")


def _page(url: str) -> tuple[Link, ...]:
    return parse_links([(LinkKind.PAGE, url)]) if url else ()


def _links(paper: Mapping[str, Any]) -> tuple[Link, ...]:
    value = paper["links"]
    if not isinstance(value, list):
        raise InvalidInput("Its “links” isn't a list.")
    links = []
    for one in value:
        kind, url = (one.get("kind"), one.get("url")) if isinstance(one, dict) else (None, None)
        if kind not in set(LinkKind) or not isinstance(url, str) or not url:
            raise InvalidInput("Its “links” isn't a list of objects with “kind” and “url”.")
        links.append(Link(LinkKind(kind), url))
    return tuple(links)


def _reason(error: Exception) -> str:
    return getattr(error, "msg", "it's nested too deeply").rstrip(".").lower()
