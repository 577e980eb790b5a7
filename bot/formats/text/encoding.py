"""Opens text files in any common encoding."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from storage.errors import InvalidInput

_CHUNK = 1 << 20
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1b"))


class NotText(InvalidInput):
    """The file isn't text."""

    def __init__(self, file: Path) -> None:
        super().__init__(
            f"{file.name} isn't a text file in UTF-8, UTF-16 or Windows-1252. Save it as plain "
            "text in UTF-8, then try again."
        )


@contextmanager
def open_text(file: Path) -> Iterator[TextIO]:
    """Opens a file for reading, without changing its line ends.

    Raises `NotText`, and `InvalidInput` if the file can't be read.
    """
    try:
        with file.open(encoding=detect_encoding(file), newline="") as opened:
            yield opened
    except OSError as error:
        raise InvalidInput(f"I can't read {file.name}: {error.strerror}.") from None


def detect_encoding(file: Path) -> str:
    """Returns a file's encoding: UTF-16 by its byte order mark, UTF-8, Windows-1252 or Latin-1.

    Any bytes are valid Latin-1, so it comes last, and a file with control characters isn't text.
    Raises `NotText`.
    """
    utf8 = codecs.getincrementaldecoder("utf-8")()
    is_utf8, is_cp1252 = True, True
    cp1252 = codecs.getincrementaldecoder("cp1252")()
    with file.open("rb") as opened:
        head = opened.read(_CHUNK)
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return _require_utf16(file, head)
        chunk = head
        while chunk:
            if chunk.translate(None, _CONTROLS) != chunk:
                raise NotText(file)
            is_utf8 = is_utf8 and _decodes(utf8, chunk)
            is_cp1252 = is_cp1252 and _decodes(cp1252, chunk)
            chunk = opened.read(_CHUNK)
    if is_utf8 and _decodes(utf8, b"", final=True):
        return "utf-8-sig"
    return "cp1252" if is_cp1252 else "latin-1"


def _require_utf16(file: Path, head: bytes) -> str:
    """Returns “utf-16”; raises `NotText` if there are neither ASCII letters nor spaces."""
    text = head.decode("utf-16", errors="ignore")
    if not any(char.isascii() and (char.isalnum() or char.isspace()) for char in text):
        raise NotText(file)
    return "utf-16"


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True
