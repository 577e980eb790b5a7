"""Tells which commas of a list separate people, and which family names from given names; pure.

The reading of a whole list is chosen in which its parts fit best: every part counts against a
reading as far as it would be an unusual name.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from storage.names import affixes
from storage.names.given_names import is_given_name
from storage.names.parser import LEADING_PARTICLES, is_surname_in_capitals

_QUOTES = '"“”„«»‘`'
_CJK = re.compile(r"[\u3005\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff ・·]+")
_INITIALS = re.compile(r"(?:[^\W\d_]\.|[^\W\d_a-z](?![^\W\d_])|[^\W\d_a-z][a-zß-ÿ]\.|-)+")
_CAPITAL_INITIALS = re.compile(r"[A-ZÀ-ÖØ-Þ]{1,4}|[A-Z](?:-[A-Z])+")
_VOWEL = re.compile(r"[AEIOUYÀ-Å]")
_LEADING_JOINT = re.compile(r"\s*(?:and|AND|And|&|und|et|y)\s+(?=\S)")
_PROTECTED = re.compile(r"[\ue000-\uf8fe]")
_MARKED_GROUP = re.compile(r"\uf8ff[\ue000-\uf8fe]")
_IMPOSSIBLE = 1000.0


class Kind(enum.IntEnum):
    """What a part of a list looks like."""

    GROUP = enum.auto()
    FULL = enum.auto()  # Jane Roe
    WORD = enum.auto()  # Roe
    PROTECTED = enum.auto()  # what the source doesn't let split: a family name before given names
    PARTICLE = enum.auto()  # van der Berg: a family name
    INITIALS = enum.auto()  # J. A.
    INITIALS_LAST = enum.auto()  # Roe JA, or Jane A.
    EAST_ASIAN = enum.auto()  # 王伟
    CHARACTER = enum.auto()  # 王


_NO_FAMILY_NAMES = frozenset({Kind.GROUP, Kind.INITIALS, Kind.INITIALS_LAST})
_NO_GIVEN_NAMES = frozenset({Kind.GROUP, Kind.PROTECTED})
# How unusual it is that a part is a whole name.
_COSTS_OF_ONE: dict[Kind, float] = {
    Kind.GROUP: 0,
    Kind.FULL: 0,
    Kind.EAST_ASIAN: 0,
    Kind.INITIALS_LAST: 1.5,
    Kind.PARTICLE: 2,
    Kind.CHARACTER: 2,
    Kind.WORD: 3,
    Kind.PROTECTED: 3,
    Kind.INITIALS: 10,
}
_COST_OF_SUFFIX = 4.0  # of a family name alone: “King, Jr., Martin Luther” is one person
# How unusual given names are behind a family name of one word, behind one of two, and how much more
# so in a list that isn't inverted.
_COSTS_OF_GIVEN: dict[Kind, tuple[float, float, float]] = {
    Kind.INITIALS: (0, 0.3, 0.5),
    Kind.WORD: (1, 1.2, 1),
    Kind.INITIALS_LAST: (0.4, 0.8, 1),
}


@dataclass(frozen=True, slots=True)
class Part:
    """What stands between two commas; ``is_group`` is true if the source says so.

    ``author_id`` tells namesakes apart.
    """

    name: str
    kind: Kind = Kind.FULL
    suffix: str = ""
    is_group: bool = False
    author_id: str = ""


def make_parts(texts: Sequence[str]) -> list[Part]:
    """Returns the parts of a run, with suffixes moved to the names before, without degrees.

    A last part without a name says that the run ended in a comma.
    """
    parts: list[Part] = []
    for text in texts:
        part = _make_part(text)
        last = parts[-1] if parts else None
        if last is not None and affixes.is_legal_form(part.name) and not part.suffix:
            parts[-1] = Part(f"{last.name}, {part.name}", Kind.GROUP, is_group=True)
        elif affixes.is_suffix(part.name):
            if last is not None:
                parts[-1] = replace(last, suffix=part.name)
        elif not (
            affixes.is_surely_degree(part.name)
            or affixes.is_title(part.name)
            or (parts and affixes.is_role(part.name))
            or (affixes.is_degree(part.name) and _may_have_degree(parts))
        ):
            parts.append(_in_capitals(part, last))
    return [part for part in parts[:-1] if part.name] + parts[-1:]


def _in_capitals(part: Part, last: Part | None) -> Part:
    """Returns “JOHN” behind “SMITH” as a word and not as initials, and “DOE” at the beginning."""
    is_word = part.kind is Kind.INITIALS and len(part.name) > 2 and _VOWEL.search(part.name)
    if is_word and part.name.isalpha() and (last is None or last.name.isupper()):
        return replace(part, kind=Kind.WORD)
    return part


def _may_have_degree(parts: Sequence[Part]) -> bool:
    """Returns whether “MA” behind these parts is a degree; behind a family name, it is initials."""
    if not parts:
        return False
    is_given = parts[-1].kind in {Kind.WORD, Kind.INITIALS} and len(parts) % 2 == 0
    return is_given or parts[-1].kind in {Kind.FULL, Kind.INITIALS_LAST}


def read_single(text: str) -> Part:
    """Returns the part that a text with a single name makes."""
    parts = [part for part in make_parts(text.split(",")) if part.name]
    if not parts:
        return Part("")
    name = parts[0]
    for part in parts[1:]:
        name = _joined(name, part) if name.kind is not Kind.GROUP else _appended(name, part)
    return _finished(name)


def pair_up(runs: Iterable[Sequence[Part]], *, bare_surnames: bool) -> list[Part]:
    """Returns the people of a list, given names first, from the runs of its parts."""
    runs = [run for run in runs if any(part.name for part in run)]
    if len(runs) == 1 and _is_one_person(runs[0]):
        return [_finished(_joined(*runs[0]))]
    people = [part for run in runs for part in run if part.name and part.kind is not Kind.GROUP]
    are_initials_last = bool(people) and all(
        part.kind in {Kind.INITIALS_LAST, Kind.PARTICLE} for part in people
    )
    # “Sukarno, Suharto, Habibie” can't be pairs.
    are_words = len(people) > 1 and {part.kind for part in people} == {Kind.WORD}
    bare_surnames |= are_words and len(people) % 2 == 1 and len(runs) == 1
    style = _Style(
        is_inverted=False,
        are_initials_last=are_initials_last,
        bare_surnames=bare_surnames,
        has_many_runs=len(runs) > 2,
    )
    cost, found = _read_runs(runs, style)
    if cost > 0:
        inverted_cost, inverted = _read_runs(runs, replace(style, is_inverted=True))
        found = inverted if inverted_cost < cost else found
    if are_initials_last and not _is_unclear_order(people):
        found = _with_initials_first(found)
    return [_finished(part) for part in found]


def _is_one_person(run: Sequence[Part]) -> bool:
    """Returns whether a run is a family and given names of two words: “Garcia Marquez, Maria Jose”.

    It could also be two people, such as “Jane Roe, Paul Simon”; common given names tell.
    """
    if [part.kind for part in run] != [Kind.FULL, Kind.FULL]:
        return False
    family, given = (part.name.split() for part in run)
    return all(map(is_given_name, given)) and not is_given_name(family[0])


@lru_cache(maxsize=8192)
def _make_part(text: str) -> Part:
    text = affixes.without_behalf(_without_joint(text))
    text, author_id = affixes.read_author_id(text.strip(f"{_QUOTES}'[] ;:-–—"))
    if _MARKED_GROUP.fullmatch(text):
        return Part(text[1:], Kind.GROUP, is_group=True)
    if affixes.is_collective(text):
        return Part(text, Kind.GROUP)
    text = affixes.without_titles(text)
    words = text.split()
    if len(words) > 1 and affixes.is_suffix(words[-1]):
        text = " ".join(words[:-1])
        return Part(text, _kind(text), words[-1], author_id=author_id)
    return Part(text, _kind(text), author_id=author_id)


def _without_joint(text: str) -> str:
    found = _LEADING_JOINT.match(text)
    return (text[found.end() :] if found else text).strip()


def _kind(text: str) -> Kind:
    words = text.split()
    if _CJK.fullmatch(text):
        return Kind.EAST_ASIAN if len(text) > 1 else Kind.CHARACTER
    if words and all(map(_are_initials, words)):
        return Kind.INITIALS
    if len(words) < 2:
        is_abbreviated = _CAPITAL_INITIALS.fullmatch(text)
        is_protected = _PROTECTED.fullmatch(text)
        return Kind.INITIALS if is_abbreviated else Kind.PROTECTED if is_protected else Kind.WORD
    is_capital = _CAPITAL_INITIALS.fullmatch(words[-1]) and not all(map(str.isupper, words))
    if (_are_initials(words[-1]) or is_capital) and not _are_initials(words[0]):
        return Kind.INITIALS_LAST
    return Kind.PARTICLE if _is_particle_name(words) else Kind.FULL


def _is_particle_name(words: Sequence[str]) -> bool:
    """Returns whether words are a family name with a particle: “van der Berg”, “Le Scao”."""
    if words[0].lower() not in LEADING_PARTICLES:
        return False
    family = [word for word in words if word.lower() not in LEADING_PARTICLES]
    return len(family) < 2 or words[0].islower()


def _are_initials(word: str) -> bool:
    return len(word) < 12 and _INITIALS.fullmatch(word) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Style:
    """How a list may be written: “Roe, Jane, Lee, Bo” is inverted, “Roe J, Lee B” isn't.

    If it ``has_many_runs``, conjunctions or semicolons separate people, and commas probably don't.
    """

    is_inverted: bool
    are_initials_last: bool
    bare_surnames: bool
    has_many_runs: bool

    def cost_of_one(self, part: Part) -> float:
        """Returns how unusual it is that a part is a whole name."""
        if part.suffix and part.kind in {Kind.WORD, Kind.PARTICLE, Kind.PROTECTED}:
            return _COSTS_OF_ONE[part.kind] + _COST_OF_SUFFIX
        if part.kind is Kind.INITIALS_LAST and self.are_initials_last:
            return 0.2
        if self.is_inverted and part.kind in {Kind.FULL, Kind.INITIALS_LAST}:
            return 3
        if self.bare_surnames and part.kind in {Kind.WORD, Kind.PARTICLE, Kind.PROTECTED}:
            return 0.4
        return _COSTS_OF_ONE[part.kind]

    def cost_of_two(self, family: Part, given: Part, *, is_run: bool, ends_in_comma: bool) -> float:
        """Returns how unusual it is that two parts are a family and given names.

        ``is_run`` says whether conjunctions or semicolons separate them from others.
        """
        are_apart = family.suffix and given.suffix
        if are_apart or family.kind in _NO_FAMILY_NAMES or given.kind in _NO_GIVEN_NAMES:
            return _IMPOSSIBLE
        if {family.kind, given.kind} & {Kind.EAST_ASIAN, Kind.CHARACTER}:
            return 1 if _are_characters(family, given) else _IMPOSSIBLE
        if family.kind is Kind.PROTECTED:
            return 0
        is_long = family.kind is Kind.FULL  # a family name of two words
        if given.kind is Kind.PARTICLE and given.name[0].islower():
            return _IMPOSSIBLE
        if given.kind in {Kind.FULL, Kind.PARTICLE}:  # Nguyen, Van An
            return self._cost_of_full_given(is_long, is_run=is_run, ends_in_comma=ends_in_comma)
        usual, longer, direct = _COSTS_OF_GIVEN[given.kind]
        is_doubtful = is_long and not (is_run and self.has_many_runs)
        extra = 0 if self.is_inverted else direct * (3 if is_doubtful else 1)
        return (longer if is_long else usual) + extra

    def _cost_of_full_given(self, is_long: bool, *, is_run: bool, ends_in_comma: bool) -> float:  # noqa: FBT001
        """Returns how unusual given names of two words are, behind a family name of two words."""
        if is_long:
            return 0.2 if is_run and self.is_inverted else _IMPOSSIBLE
        if self.is_inverted:
            return 1.5
        return 2 if is_run and ends_in_comma else 4  # “Smith, Mary Ann, and Bo Chen”


def _are_characters(family: Part, given: Part) -> bool:
    """Returns whether two parts are the two parts of one name: “王”, “伟”."""
    kinds = {family.kind, given.kind}
    is_east_asian = kinds <= {Kind.EAST_ASIAN, Kind.CHARACTER} and len(family.name) < 3
    return is_east_asian and Kind.CHARACTER in kinds


def _read_runs(runs: Iterable[Sequence[Part]], style: _Style) -> tuple[float, list[Part]]:
    """Returns the best reading of a list in a style, and its cost."""
    readings = [_read_run(run, style) for run in runs]
    return sum(cost for cost, _ in readings), [part for _, parts in readings for part in parts]


def _read_run(run: Sequence[Part], style: _Style) -> tuple[float, list[Part]]:
    """Returns the best reading of a run in a style, and its cost."""
    ends_in_comma = not run[-1].name
    run = [part for part in run if part.name]
    costs: list[float] = [0.0]
    are_pairs: list[bool] = [False]
    for end in range(1, len(run) + 1):
        one = costs[end - 1] + style.cost_of_one(run[end - 1])
        two = _IMPOSSIBLE + costs[end - 1]
        if end > 1:
            two = costs[end - 2] + style.cost_of_two(
                run[end - 2], run[end - 1], is_run=len(run) == 2, ends_in_comma=ends_in_comma
            )
        costs.append(min(one, two))
        are_pairs.append(two < one)
    found: list[Part] = []
    end = len(run)
    while end:
        found.append(_joined(run[end - 2], run[end - 1]) if are_pairs[end] else run[end - 1])
        end -= 2 if are_pairs[end] else 1
    return costs[-1], found[::-1]


def _joined(family: Part, given: Part) -> Part:
    """Returns a family name and given names as one name."""
    suffix, author_id = given.suffix or family.suffix, given.author_id or family.author_id
    if Kind.EAST_ASIAN in {family.kind, given.kind} or family.kind is Kind.CHARACTER:
        name, kind = f"{family.name}{given.name}", Kind.EAST_ASIAN
    else:
        name, kind = f"{given.name} {family.name}", Kind.FULL
    return Part(name, kind, suffix, author_id=author_id)


def _appended(group: Part, part: Part) -> Part:
    return replace(group, name=f"{group.name}, {part.name}")


def _finished(part: Part) -> Part:
    """Returns a part with its suffix and its id at the end of its name."""
    if not (part.suffix or part.author_id):
        return part
    name = f"{part.name} {part.suffix}".rstrip()
    return replace(part, name=affixes.with_author_id(name, part.author_id), suffix="", author_id="")


def _is_unclear_order(people: Sequence[Part]) -> bool:
    """Returns whether the last words of names may be family names: “Wei XU”, “Jane R.”.

    “Smith John A” has given names in front of the initial.
    """
    names = [_split_initials(part.name) for part in people]
    if all(is_surname_in_capitals(" ".join(initials)) for _, initials in names):
        return True
    if all(len(family) > 1 and not _is_particle_name(family) for family, _ in names):
        return True
    return len(names) == 1 and len("".join(names[0][1]).strip(".")) == 1


def _with_initials_first(parts: Sequence[Part]) -> list[Part]:
    """Returns “Smith JA” (Vancouver) as “JA Smith”; the dot of the last one may end a sentence."""
    names = [part.name for part in parts if part.kind is Kind.INITIALS_LAST]
    if not all(name.endswith(".") for name in names[:-1]):
        parts = [replace(part, name=part.name.rstrip(".")) for part in parts]
    return [
        replace(part, name=initials_first(part.name)) if part.kind is Kind.INITIALS_LAST else part
        for part in parts
    ]


def initials_first(name: str) -> str:
    """Returns “Smith JA” as “JA Smith”, and any other name as it is."""
    family, initials = _split_initials(name)
    return " ".join([*initials, *family])


def _split_initials(name: str) -> tuple[list[str], list[str]]:
    """Splits a name into its words and the initials behind them."""
    words = name.split()
    start = len(words)
    while start > 1 and (
        _are_initials(words[start - 1]) or _CAPITAL_INITIALS.fullmatch(words[start - 1])
    ):
        start -= 1
    return words[:start], words[start:]
