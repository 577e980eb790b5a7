"""Finds what a question says about years, an author, or the order of its answers; pure.

Only phrases that hardly mean anything else are found. Whether somebody has a name, and whether the
words are rather those of a title, is up to `storage.search.interpretation`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from storage.search.query import FIELDS
from storage.search.stop_words import STOP_WORDS
from storage.search.tokens import Token, split_tokens
from storage.text import fold

_MAX_NAME = 4  # words of an author's name
_MAX_BETWEEN = 3  # words between “latest” and “papers”
_SYNTAX = "|"  # stands for a phrase, a filter or an excluded word; no word is written so

_PAPERS = frozenset({"article", "articles", "paper", "papers", "publication", "publications"})
_WORK = frozenset({"preprint", "preprints", "research", "work", "works"})  # or what it's about
_WRITTEN = frozenset({"authored", "coauthored", "published", "written"})
_WRITE = _WRITTEN | {"coauthor", "publish", "write", "wrote"}
_MARKS = ",.;:?!"  # that end a part of a sentence
_POSSESSIVE = "'s"
_AND_OTHERS = ("et", "al")
_AUXILIARIES = frozenset({"also", "had", "has", "have"})
_NEWEST = frozenset({"latest", "newest", "recent"})
_SAYS_NOTHING = STOP_WORDS | _WRITTEN | {"-"}  # beside a condition
_NUMBERS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8}

_Years: TypeAlias = tuple[int | None, int | None]  # the first and the last, None for no limit

_YEAR = r"[12]\d{3}"
_TIME = re.compile(
    rf"""(?<!\S)(?:
        (?:between|during|from|in)\ (?P<first>{_YEAR})
            (?:-|\ -\ |\ (?:and|through|to|until)\ )(?P<last>{_YEAR})
        | (?P<since>since\ {_YEAR}|from\ {_YEAR}\ on(?:wards?)?)
        | (?P<after>after\ {_YEAR})
        | (?P<before>before\ {_YEAR})
        | (?P<until>(?:until|up\ to)\ {_YEAR})
        | (?P<during>(?:during|from|in)\ {_YEAR})
        | (?:(?:during|from|in|over|within)\ )?(?:
            (?:the\ )?(?:last|past)\ (?P<number>\d\d?|{"|".join(_NUMBERS)})\ years
            | (?P<twelve_months>the\ (?:last|past)\ year)
            | (?P<last_year>last\ year(?:'s)?)
            | this\ year(?:'s)?)
        )(?!\S)""",
    re.VERBOSE | re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Condition:
    """What some of a question's tokens say: its ``name`` is “year”, “author” or “order”.

    ``start`` and ``end`` say which tokens, and ``author`` is a name as typed.
    """

    name: str
    start: int
    end: int
    years: _Years = (None, None)
    author: str = ""


@dataclass(frozen=True, slots=True)
class QuestionText:
    """A question's tokens, with a folded word for each that isn't syntax; “Lee's” stays so."""

    tokens: tuple[Token, ...]
    words: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> QuestionText:
        """Splits a question into tokens, like `storage.search.query.parse`."""
        tokens = tuple(split_tokens(text, FIELDS))
        return cls(tokens, tuple(map(_word, tokens)))

    def years(self, this_year: int) -> Condition | None:
        """Returns what the question says about years, or None.

        A named year must end a phrase, so that “in 2000 dimensions” isn't one, and mustn't be later
        than the next.
        """
        line = " ".join(self.words)
        for match in _TIME.finditer(line):
            start, end = line.count(" ", 0, match.start()), line.count(" ", 0, match.end()) + 1
            named = [int(year) for year in re.findall(_YEAR, match[0])]
            if named and (max(named) > this_year + 1 or not self._ends_phrase(end)):
                continue
            return Condition("year", start, end, years=_span(match, named, this_year))
        return None

    def authors(self, years: Condition | None) -> Iterator[Condition]:
        """Yields names that may be those of the author, none of them from what is said of years.

        Those are “by Ann Lee” and “papers by lee”, “did Lee write” and “Lee wrote”, “Lee's papers”.
        """
        if years is not None:
            words = [*self.words]
            words[years.start : years.end] = [_SYNTAX] * (years.end - years.start)
            yield from replace(self, words=tuple(words)).authors(None)
            return
        for at, word in enumerate(self.words):
            before = self.words[at - 1] if at else ""
            is_of_papers = before in _PAPERS | _WORK | _WRITTEN
            if word == "by" or (word == "from" and is_of_papers):
                end = self._name_end(at + 1)
                name = self._name(at + 1, end)
                # Without capitals, “by hand” may be how something is done.
                if name and (is_of_papers or name[0].isupper() or end - at > 2):
                    end += 2 * (self.words[end : end + 2] == _AND_OTHERS)
                    yield Condition("author", at - is_of_papers, end, author=name)
            elif word in _WRITE:
                end = at
                while end and self.words[end - 1] in _AUXILIARIES:
                    end -= 1
                start = self._name_start(end)
                if name := self._name(start, end):
                    yield Condition("author", start, at + 1, author=name)
            elif word.endswith(_POSSESSIVE):
                papers = self._papers_after(at)
                start = self._name_start(at + 1)
                if papers is not None and (name := self._name(start, at + 1)):
                    yield Condition("author", start, papers, author=name[:-2])

    def order(self, others: Sequence[Condition]) -> Condition | None:
        """Returns where the question asks for the latest papers, or None.

        Only function words and ``others`` may be in front of that.
        """
        taken = _taken(others)
        for at, word in enumerate(self.words):
            if word in _NEWEST:
                end = self._papers_after(at)
                return Condition("order", at, end) if end is not None else None
            if word not in STOP_WORDS and at not in taken:
                return None
        return None

    def without(self, conditions: Sequence[Condition]) -> str:
        """Returns the question without conditions, and without function words beside them."""
        taken = _taken(conditions)
        parts: list[list[int]] = [[]]
        for at in range(len(self.tokens)):
            if at in taken:
                parts.append([])
            else:
                parts[-1].append(at)
        texts = [" ".join(self.tokens[at].text for at in self._trimmed(part)) for part in parts]
        return " ".join(text.rstrip(_MARKS) for text in texts if text)

    def terms(self, conditions: Sequence[Condition]) -> tuple[str, ...]:
        """Returns what a title must contain that has the same words, conditions as phrases."""
        ends = {one.start: one.end for one in conditions}
        terms, at = [], 0
        while at < len(self.tokens):
            end = ends.get(at, at + 1)
            if self.tokens[at].is_phrase or self.words[at] != _SYNTAX:
                terms.append(fold(" ".join(token.text for token in self.tokens[at:end])))
            at = end
        return tuple(filter(None, terms))

    def _trimmed(self, part: list[int]) -> list[int]:
        """Returns some tokens without the function words at either end."""
        content = [at for at in part if self.words[at] not in _SAYS_NOTHING]
        return part[part.index(content[0]) : part.index(content[-1]) + 1] if content else []

    def _ends_phrase(self, end: int) -> bool:
        has_mark = self.tokens[end - 1].text[-1] in _MARKS
        return has_mark or end == len(self.words) or self.words[end] in {*STOP_WORDS, _SYNTAX}

    def _name_end(self, start: int) -> int:
        """Returns the end of the name that may start at a token."""
        end = start
        while end < len(self.words) and self._is_name_word(end):
            end += 1
            if self.tokens[end - 1].text.endswith((",", ";", ":", "?")):
                break
        return end

    def _name_start(self, end: int) -> int:
        """Returns the start of the name that may end before a token."""
        start = end
        while start and self._is_name_word(start - 1):
            start -= 1
        return start

    def _is_name_word(self, at: int) -> bool:
        return self.words[at] not in {*STOP_WORDS, *_WRITE, *_NEWEST, _AND_OTHERS[0], "-", _SYNTAX}

    def _name(self, start: int, end: int) -> str:
        """Returns the tokens of a name as typed, or "" if there are none or too many of them."""
        if not 0 < end - start <= _MAX_NAME:
            return ""
        return " ".join(token.text for token in self.tokens[start:end]).rstrip(_MARKS)

    def _papers_after(self, at: int) -> int | None:
        """Returns the end of what is said of papers behind a token, or None.

        “Work” must follow at once. Other words may come in between, and stay: “latest BERT papers”.
        """
        if self.words[at + 1 : at + 2] and self.words[at + 1] in _PAPERS | _WORK:
            return at + 2
        for word in self.words[at + 1 : at + 2 + _MAX_BETWEEN]:
            if word in _PAPERS:
                return at + 1
            if word in STOP_WORDS:
                return None
        return None


def _taken(conditions: Sequence[Condition]) -> set[int]:
    return {at for one in conditions for at in range(one.start, one.end)}


def _word(token: Token) -> str:
    if token.field or token.is_negated or '"' in token.text:
        return _SYNTAX
    word = fold(token.value).replace(" ", "-") or "-"
    if word not in STOP_WORDS and token.value.endswith((_POSSESSIVE, "’s")):
        return word.removesuffix("s") + _POSSESSIVE
    return word


def _span(match: re.Match[str], named: Sequence[int], this_year: int) -> _Years:
    if number := match["number"]:
        return this_year - (_NUMBERS.get(number) or int(number)), None
    first, last = (min(named), max(named)) if named else (this_year, this_year)
    spans: dict[str | None, _Years] = {
        "since": (first, None),
        "after": (first + 1, None),
        "before": (None, last - 1),
        "until": (None, last),
        "twelve_months": (this_year - 1, None),
        "last_year": (this_year - 1, this_year - 1),
    }
    return spans.get(match.lastgroup, (first, last))
