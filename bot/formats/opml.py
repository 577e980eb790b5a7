"""Reads and writes lists of feeds as OPML (https://opml.org/spec2.opml).

OPML has no attributes for a feed's venue or for whether it is reviewed, so those are in a namespace
of our own. Nested outlines are read as one list.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from xml.etree import ElementTree as ET

from bot.formats.fields import xml_text
from bot.formats.text.xml_reader import DeclaresEntities, MalformedXml, XmlParser, decode_xml
from storage.errors import InvalidInput
from storage.feeds.models import Feed
from storage.redaction import redact_text, redact_url, redacted_repr

MAX_BYTES = 1024 * 1024
_NAMESPACE = "urn:lab-herald:feeds"
_MAX_ELEMENTS = 10_000


@redacted_repr
@dataclass(frozen=True, slots=True)
class Outline:
    """One feed of a list."""

    url: str
    title: str = ""
    venue: str = ""
    is_reviewed: bool = False


def read_opml(body: bytes) -> tuple[Outline, ...]:
    """Returns the feeds of a list in its order, once each.

    Raises `InvalidInput` if the file lists none, is too large or malformed, or declares entities.
    """
    if len(body) > MAX_BYTES:
        raise InvalidInput("That file is larger than 1 MiB, which is too large for a feed list.")
    collector = _OutlineCollector()
    try:
        XmlParser(collector).parse(decode_xml(body))
    except MalformedXml as error:
        raise InvalidInput(
            f"I can't read that file as a feed list (OPML): line {error.line} is malformed."
        ) from None
    except DeclaresEntities:
        raise InvalidInput(
            "That file declares XML entities, which a feed list doesn't need, so I didn't read it."
        ) from None
    if not collector.outlines:
        raise InvalidInput("I couldn't find any feeds in that file. Is it an OPML file?")
    return tuple(collector.outlines.values())


def write_opml(feeds: Iterable[Feed], now: datetime) -> str:
    """Returns a list of feeds that every feed reader imports, and `read_opml` reads in full.

    URLs are whole, secrets included, because a reader needs them: the file is for moderators only.
    """
    ET.register_namespace("herald", _NAMESPACE)
    root = ET.Element("opml", version="2.0")
    head = ET.SubElement(root, "head")
    ET.SubElement(head, "title").text = "The lab's feeds"
    ET.SubElement(head, "dateCreated").text = format_datetime(now)
    body = ET.SubElement(root, "body")
    for feed in feeds:
        title = xml_text(feed.title or redact_url(feed.url))
        outline = ET.SubElement(
            body, "outline", type="rss", text=title, title=title, xmlUrl=xml_text(feed.url)
        )
        if feed.venue:
            outline.set(f"{{{_NAMESPACE}}}venue", xml_text(feed.venue))
        if feed.is_reviewed:
            outline.set(f"{{{_NAMESPACE}}}review", "yes")
    ET.indent(root)
    return f"<?xml version='1.0' encoding='utf-8'?>\n{ET.tostring(root, encoding='unicode')}\n"


class _OutlineCollector:
    """Collects the outlines that are feeds while the file is parsed, the first of each URL."""

    def __init__(self) -> None:
        self.outlines: dict[str, Outline] = {}
        self._elements = 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Called by the parser at the start of each element."""
        self._elements += 1
        if self._elements > _MAX_ELEMENTS:
            raise InvalidInput("That file has too many entries for a feed list.")
        if tag.lower() != "outline":
            return
        values = {name.lower(): " ".join(value.split()) for name, value in attributes.items()}
        url = values.get("xmlurl", "")[:2000]
        if not url or values.get("type", "").lower() == "source":  # a list of feeds elsewhere
            return
        outline = Outline(
            url,
            title=redact_text(values.get("text") or values.get("title", ""))[:300],
            venue=values.get(f"{{{_NAMESPACE}}}venue", "")[:100],
            is_reviewed=values.get(f"{{{_NAMESPACE}}}review") == "yes",
        )
        self.outlines.setdefault(url, outline)
