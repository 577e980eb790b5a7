"""Lists of feeds as OPML, in and out (https://opml.org/spec2.opml); listparser lives here alone.

What OPML has no word for, a feed's venue and whether it is reviewed, stands in attributes of a
namespace of our own. Nested outlines are read as one list.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from xml.etree import ElementTree as ET
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

import listparser

from storage.errors import InvalidInput
from storage.feeds.models import Feed

MAX_BYTES = 1024 * 1024
_OURS = "urn:lab-herald:feeds"
_DEEPEST, _MOST = 30, 10_000  # levels, and elements, of one file
_ELEMENTS = frozenset({"opml", "outline"})
_ATTRIBUTES = frozenset({"version", "text", "title", "type", "xmlurl", "url"})
_BARE = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9a-fA-F]{1,6});)")
_DECLARED = re.compile(rb"""^<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.-]{1,40})["']""")
_VISIBLE = re.compile(r"[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Outline:
    """One feed of a list."""

    url: str
    title: str = ""
    venue: str = ""
    is_reviewed: bool = False


def read_opml(body: bytes) -> tuple[Outline, ...]:
    """The feeds of a list, in its order and once each.

    Raises `InvalidInput` where there are none, or for what is too large, broken, or a trap.
    """
    if len(body) > MAX_BYTES:
        raise InvalidInput("That file is larger than 1 MiB, so it is no list of feeds; I left it.")
    cleaned = _Cleaned(_decoded(body))
    # Bytes, since listparser takes text for an address to fetch.
    found = listparser.parse(cleaned.text.encode("ascii", "xmlcharrefreplace"))["feeds"]
    outlines = []
    for feed in found:
        venue, is_reviewed = cleaned.ours.get(feed["url"], ("", False))
        title = " ".join(feed["title"].split())[:300]
        outlines.append(Outline(feed["url"][:2000], title, venue, is_reviewed))
    if not outlines:
        raise InvalidInput("I found no feed in that file. I read lists of feeds as OPML.")
    return tuple(outlines)


def write_opml(feeds: Iterable[Feed], now: datetime) -> str:
    """A list of feeds that every feed reader takes, and that `read_opml` reads whole."""
    ET.register_namespace("herald", _OURS)
    root = ET.Element("opml", version="2.0")
    head = ET.SubElement(root, "head")
    ET.SubElement(head, "title").text = "The lab's feeds"
    ET.SubElement(head, "dateCreated").text = format_datetime(now)
    body = ET.SubElement(root, "body")
    for feed in feeds:
        title = _writable(feed.title or feed.url)
        outline = ET.SubElement(
            body, "outline", type="rss", text=title, title=title, xmlUrl=_writable(feed.url)
        )
        if feed.venue:
            outline.set(f"{{{_OURS}}}venue", _writable(feed.venue))
        if feed.is_reviewed:
            outline.set(f"{{{_OURS}}}review", "yes")
    ET.indent(root)
    return f"<?xml version='1.0' encoding='utf-8'?>\n{ET.tostring(root, encoding='unicode')}\n"


class _Cleaned:
    """The outlines of a file written anew, without anything else, and our own attributes.

    listparser reads by Python's HTML parser, which takes minutes for what is broken on purpose; it
    is given only what is well-formed and of a sensible size. What feed readers get wrong most, a
    bare ``&`` in an address, is mended.
    """

    def __init__(self, text: str) -> None:
        self.ours: dict[str, tuple[str, bool]] = {}
        self._parts: list[str] = []
        self._depth = 0
        self._elements = 0
        self._prefix = ""
        parser = expat.ParserCreate("utf-8")
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.EntityDeclHandler = self._refuse
        try:
            mended = _BARE.sub("&amp;", text).encode("utf-8", "replace")
            parser.Parse(mended, True)  # noqa: FBT003 - expat's way to say that this is all
        except expat.ExpatError as error:
            raise InvalidInput(
                f"I can't read that file as a list of feeds (OPML): line {error.lineno} is broken."
            ) from None

    @property
    def text(self) -> str:
        """The outlines as XML."""
        return "".join(self._parts)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._elements += 1
        if self._depth > _DEEPEST or self._elements > _MOST:
            raise InvalidInput("That file has more in it than any list of feeds; I left it.")
        for key, value in attributes.items():
            if key.startswith("xmlns:") and value == _OURS:
                self._prefix = key.removeprefix("xmlns:")
        if name.lower() not in _ELEMENTS:
            return
        if url := attributes.get("xmlUrl", "").strip():
            venue = " ".join(attributes.get(f"{self._prefix}:venue", "").split())[:100]
            self.ours[url] = (venue, attributes.get(f"{self._prefix}:review") == "yes")
        kept = {key: value for key, value in attributes.items() if key.lower() in _ATTRIBUTES}
        written = "".join(f" {key}={quoteattr(value)}" for key, value in kept.items())
        self._parts.append(f"<{name}{written}>")

    def _end(self, name: str) -> None:
        self._depth -= 1
        if name.lower() in _ELEMENTS:
            self._parts.append(f"</{name}>")

    def _refuse(self, *_declared: object) -> None:
        """Stop at the first entity, before it is expanded."""
        raise InvalidInput("That file declares entities, which no list of feeds needs; I left it.")


def _decoded(body: bytes) -> str:
    """The text of a file: by its mark, by what it says of itself, or as Windows writes it."""
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return body.decode("utf-16", "replace")
    declared = _DECLARED.match(body)
    names = ["utf-8-sig", declared[1].decode("ascii", "replace") if declared else "", "cp1252"]
    for name in names:
        try:
            return body.decode(name)
        except (UnicodeDecodeError, LookupError):
            continue
    return body.decode("latin-1")


def _writable(text: str) -> str:
    """Text without the characters that XML 1.0 has no way to write."""
    return _VISIBLE.sub("", text)
