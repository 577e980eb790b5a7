"""Parses XML from outside without expanding entities or reading other files."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from typing import Protocol

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser, ParseError

_BARE_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9a-fA-F]{1,6});)")
_DECLARED = re.compile(rb"""^<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.-]{1,40})["']""")


class Target(Protocol):
    """What is told about the elements of a file, in its order."""

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Called at the start of each element."""


class MalformedXml(Exception):
    """The text isn't well-formed XML from this line on."""

    def __init__(self, line: int) -> None:
        super().__init__(f"Line {line} is malformed.")
        self.line = line


class DeclaresEntities(Exception):
    """The text declares entities, which may expand to anything."""


class XmlParser:
    """Tells a target what is in a text; ``line`` is where it is."""

    def __init__(self, target: Target) -> None:
        self._parser = DefusedXMLParser(target=target)

    @property
    def line(self) -> int:
        """The number of the line that is being parsed, from 1."""
        return int(self._parser.parser.CurrentLineNumber)

    def parse(self, text: str) -> None:
        """Parses a whole text; raises `MalformedXml` and `DeclaresEntities`."""
        try:
            # Programs often write a bare “&” in a URL.
            self._parser.feed(_BARE_AMPERSAND.sub("&amp;", text))
            self._parser.close()
        except ParseError as error:
            raise MalformedXml(error.position[0]) from None
        except DefusedXmlException:
            raise DeclaresEntities from None


def decode_xml(body: bytes) -> str:
    """Decodes a file by its byte order mark, its XML declaration, or as Windows-1252."""
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
