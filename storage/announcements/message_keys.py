"""Short keys by which a message shows which papers it is about, without the database.

Ids are given again after a backup was restored, but a paper's identifiers and its title stay the
same. A key is a letter for the kind of identifier and five characters of a hash.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Collection
from datetime import datetime

from storage import timestamps
from storage.models import PaperDetails
from storage.papers.identifiers import strength
from storage.text import fold

_MAX_KEYS = 8  # of a paper that is announced on its own or compared with messages
_KEY_LENGTH = 6

_LETTERS = {"arxiv": "a", "doi": "d", "url": "u", "guid": "g", "listed": "l"}
_TITLE = "t"
_EVENT = "e"
_REGISTERED = ("a", "d")  # two papers never share one, and a paper has one of each


def message_keys(paper: PaperDetails, limit: int = _MAX_KEYS) -> tuple[str, ...]:
    """Returns up to ``limit`` keys of a paper, the most reliable ones first.

    The title is among them only if it can't be that of a series of posts: if the paper is
    registered somewhere, or has nothing else.
    """
    identifiers = sorted(paper.identifiers, key=strength)
    keys = [_key(_LETTERS.get(name.partition(":")[0], "x"), name) for name in identifiers]
    if not keys or keys[0].startswith(_REGISTERED):
        title = _key(_TITLE, fold(paper.title) or paper.title)
        keys = [*keys[: limit - 1], title]
    return tuple(keys[:limit])


def are_same(one: Collection[str], other: Collection[str]) -> bool:
    """Returns whether two sets of keys are of the same paper.

    They are if they share an identifier, or if they share the title and no registry says that they
    are different papers.
    """
    shared = {*one} & {*other}
    if any(not key.startswith(_TITLE) for key in shared):
        return True
    return bool(shared) and not any(
        _has(one, letter) and _has(other, letter) for letter in _REGISTERED
    )


def joined_keys(paper: PaperDetails, limit: int = _MAX_KEYS) -> str:
    """Returns the keys of a paper as a text; `split_keys` splits it."""
    return "".join(message_keys(paper, limit))


def event_key(what: str | int, at: datetime) -> str:
    """Returns the key of something that happened once: a member's suggestion, or a notice."""
    return _key(_EVENT, f"{what} {timestamps.to_text(at)}")


def text_key(text: str) -> str:
    """Returns the key of a notice that would be the same message if it came again."""
    return _key(_EVENT, text)


def split_keys(text: str) -> tuple[str, ...]:
    """Returns the keys in a text of `joined_keys`, `event_key` or `text_key`."""
    return tuple(text[at : at + _KEY_LENGTH] for at in range(0, len(text), _KEY_LENGTH))


def _has(keys: Collection[str], letter: str) -> bool:
    return any(key.startswith(letter) for key in keys)


def _key(letter: str, text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return letter + base64.urlsafe_b64encode(digest)[: _KEY_LENGTH - 1].decode()
