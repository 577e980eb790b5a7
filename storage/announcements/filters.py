"""Which papers are announced in a channel: parsing filters, and matching papers to them; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field

from storage.errors import InvalidInput
from storage.models import Paper
from storage.names.matching import matches_query
from storage.names.parser import parse_name
from storage.search.tokens import split_tokens
from storage.stems import stem_phrase
from storage.text import fold, index_text

_FIELDS = ("feed", "author", "venue", "tag", "word")
_MAX_CONDITIONS = 30


@dataclass(frozen=True, slots=True)
class Condition:
    """A value that a field of a paper must have or, if ``negated``, must not have.

    If the value is an author's former name, ``current_name`` is the name to show instead. A
    ``loose`` word may have any form. So may its other ``names``: long forms, or an abbreviation.
    """

    field: str
    value: str
    negated: bool = False
    current_name: str = ""
    loose: bool = False
    names: tuple[str, ...] = dataclass_field(default=(), compare=False)

    def __str__(self) -> str:
        prefix = "" if self.field == "word" else f"{self.field}:"
        prefix += "~" if self.loose else ""
        value = self.current_name or self.value
        if not value or " " in value or (not prefix and (":" in value or value[0] == "-")):
            value = f'"{value}"'
        return f"{'-' if self.negated else ''}{prefix}{value}"


@dataclass(frozen=True, slots=True)
class ChannelFilter:
    """The conditions of a channel; without any, it matches every paper.

    A paper must have one of the values of each field, and all words. None of the negated
    conditions may hold.
    """

    conditions: tuple[Condition, ...] = ()

    def __str__(self) -> str:
        return " ".join(map(str, self.conditions))

    @property
    def authors(self) -> tuple[str, ...]:
        """The author names in conditions, as they were written."""
        return tuple(one.value for one in self.conditions if one.field == "author")

    def with_current_names(self, current: Mapping[str, str]) -> ChannelFilter:
        """Returns the same filter, showing authors' current names instead of their former ones."""
        return ChannelFilter(
            tuple(
                replace(one, current_name=current.get(one.value, ""))
                if one.field == "author"
                else one
                for one in self.conditions
            )
        )

    @property
    def loose_words(self) -> tuple[str, ...]:
        """The folded words and phrases that may have any form."""
        return tuple(fold(one.value) for one in self.conditions if one.loose)

    def with_names(self, names: Mapping[str, tuple[str, ...]]) -> ChannelFilter:
        """Returns the same filter with the other names of its loose words."""
        return ChannelFilter(
            tuple(
                replace(one, names=names.get(fold(one.value), ())) if one.loose else one
                for one in self.conditions
            )
        )

    def matches(self, paper: Paper, feed_id: int | None) -> bool:
        """Returns whether a paper that came from this feed, if from any, passes the filter."""
        return self.rejection_reason(paper, feed_id) is None

    def rejection_reason(self, paper: Paper, feed_id: int | None) -> str | None:
        """Returns the conditions that a paper fails, as they were written, or None if it passes."""
        is_met = {one: _is_met(one, paper, feed_id) for one in self.conditions}
        for one in self.conditions:
            if one.negated and is_met[one]:
                return str(one)
        for field in _FIELDS:
            required = [one for one in self.conditions if one.field == field and not one.negated]
            met = [is_met[one] for one in required]
            if required and not (all(met) if field == "word" else any(met)):
                return " ".join(map(str, required))
        return None


def parse_filter(text: str) -> ChannelFilter:
    """Parses ``author:biderman -venue:arxiv tag:code "language model"``.

    A feed is given by its number. A minus sign negates a field or a word, and a tilde lets a word
    have any form: ``~memorize`` or ``-~"language model"``. Raises `InvalidInput`.
    """
    found = []
    for token in split_tokens(text):
        field, value = token.field or "word", " ".join(token.value.split())
        if field not in _FIELDS:
            raise InvalidInput(
                f"“{token.field}:” isn't a filter. Use feed:, author:, venue:, tag: or plain "
                "words. Put a minus in front of one to exclude it."
            )
        if field == "feed":
            value = value.removeprefix("#")
            if not (value.isascii() and value.isdecimal()):
                raise InvalidInput(
                    "Use the feed's number, such as feed:3. `/feed list` shows the numbers."
                )
        elif not fold(value):
            raise InvalidInput(f"“{token.text}” has no letters or digits to look for.")
        elif token.text.endswith(":") and token.text.strip("-~:").lower() in _FIELDS:
            raise InvalidInput(
                f"“{token.text}” has no value. Write it right after the colon, as in venue:icml."
            )
        if token.is_loose and field != "word":
            raise InvalidInput(
                f"A tilde can only be in front of a word or phrase, like ~{fold(value)}."
            )
        found.append(Condition(field, value, token.is_negated, loose=token.is_loose))
    if len(found) > _MAX_CONDITIONS:
        raise InvalidInput(f"A channel can have at most {_MAX_CONDITIONS} filters.")
    return ChannelFilter(tuple(dict.fromkeys(found)))


def _is_met(condition: Condition, paper: Paper, feed_id: int | None) -> bool:
    value = condition.value
    match condition.field:
        case "feed":
            return int(value) == feed_id
        case "author":
            names = [parse_name(name) for name in (value, condition.current_name) if name]
            credited = [parse_name(name) for name in paper.authors]
            return any(matches_query(name, one) for name in credited for one in names)
        case "venue":
            return _contains(paper.venue, value)
        case "tag":
            return any(fold(tag) == fold(value) for tag in paper.tags)
        case _ if condition.loose:
            text = stem_phrase(index_text(f"{paper.title} | {paper.abstract}"))
            phrases = [stem_phrase(phrase) for phrase in (fold(value), *condition.names)]
            return any(f" {phrase} " in f" {text} " for phrase in phrases)
        case _:
            return _contains(f"{paper.title} | {paper.abstract}", value)


def _contains(text: str, words: str) -> bool:
    """Returns whether a text has these words, whole and next to each other."""
    return f" {fold(words)} " in f" {index_text(text)} "
