"""What a channel wants to hear of: conditions in words, and whether a paper meets them; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from storage.errors import InvalidInput
from storage.models import PaperDetails
from storage.names.matching import matches_query
from storage.names.parser import parse_name
from storage.text import fold, index_text

_FIELDS = ("feed", "author", "venue", "tag", "word")
_PIECE = re.compile(
    r"""(?P<minus>-)?(?:(?P<field>\w+):)?(?:"(?P<quoted>[^"]*)"|(?P<bare>[^\s"]+))""",
    re.VERBOSE,
)
_MOST = 30  # conditions of one channel


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that a paper must have, or with ``negated`` must not: a value of a field.

    Where the value is an author's former name, ``person`` is the name to show.
    """

    field: str
    value: str
    negated: bool = False
    person: str = ""

    def __str__(self) -> str:
        name = "" if self.field == "word" else f"{self.field}:"
        value = self.person or self.value
        value = f'"{value}"' if " " in value or not value else value
        return f"{'-' if self.negated else ''}{name}{value}"


@dataclass(frozen=True, slots=True)
class ChannelFilter:
    """All conditions of a channel; none means every paper.

    Of several values of one field any will do; all words must stand in the paper; nothing that is
    negated may hold.
    """

    conditions: tuple[Condition, ...] = ()

    def __str__(self) -> str:
        return " ".join(map(str, self.conditions))

    @property
    def authors(self) -> tuple[str, ...]:
        """Who is asked for, or who is not to be, as that was written."""
        return tuple(one.value for one in self.conditions if one.field == "author")

    def known_as(self, shown: Mapping[str, str]) -> ChannelFilter:
        """The same, with the names that are shown for authors' former ones."""
        return ChannelFilter(
            tuple(
                replace(one, person=shown.get(one.value, "")) if one.field == "author" else one
                for one in self.conditions
            )
        )

    def allows(self, paper: PaperDetails, feed_id: int | None) -> bool:
        """Whether a paper, which this feed brought, is wanted."""
        return self.rejection_reason(paper, feed_id) is None

    def rejection_reason(self, paper: PaperDetails, feed_id: int | None) -> str | None:
        """The conditions that a paper does not meet, as they were written; none if it is wanted."""
        held = {one: _holds(one, paper, feed_id) for one in self.conditions}
        for one in self.conditions:
            if one.negated and held[one]:
                return str(one)
        for field in _FIELDS:
            asked = [one for one in self.conditions if one.field == field and not one.negated]
            met = [held[one] for one in asked]
            if asked and not (all(met) if field == "word" else any(met)):
                return " ".join(map(str, asked))
        return None


def parse_filter(text: str) -> ChannelFilter:
    """Read ``author:biderman -venue:arxiv tag:code "language model"``; raises `InvalidInput`.

    A feed is meant by its number. Every field and every word may be negated by a minus sign.
    """
    found = []
    for piece in _PIECE.finditer(re.sub("[“”„«»]", '"', text)):
        field = (piece["field"] or "word").lower()
        value = (piece["quoted"] if piece["quoted"] is not None else piece["bare"]).strip()
        if field not in _FIELDS:
            raise InvalidInput(
                f"I know no “{piece['field']}:”. A condition begins with feed:, author:, venue: or "
                "tag:, or is a word; a minus before it means “not”."
            )
        if field == "feed":
            value = value.removeprefix("#")
            if not (value.isascii() and value.isdecimal()):
                raise InvalidInput("A feed is named by its number, as `/feed list` shows it.")
        elif not fold(value):
            raise InvalidInput(f"“{piece[0]}” has no word that I could look for.")
        found.append(Condition(field, value, bool(piece["minus"])))
    if len(found) > _MOST:
        raise InvalidInput(f"A channel can have at most {_MOST} conditions.")
    return ChannelFilter(tuple(dict.fromkeys(found)))


def _holds(condition: Condition, paper: PaperDetails, feed_id: int | None) -> bool:
    value = condition.value
    match condition.field:
        case "feed":
            return int(value) == feed_id
        case "author":
            asked = [parse_name(name) for name in (value, condition.person) if name]
            credited = [parse_name(name) for name in paper.authors]
            return any(matches_query(name, one) for name in credited for one in asked)
        case "venue":
            return _stands(value, paper.venue)
        case "tag":
            return any(fold(tag) == fold(value) for tag in paper.tags)
        case _:
            return _stands(value, f"{paper.title} | {paper.abstract}")


def _stands(words: str, text: str) -> bool:
    return f" {fold(words)} " in f" {index_text(text)} "
