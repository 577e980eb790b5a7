"""Reads people's names as sources list them: who they are, and whether the list is complete; pure.

Every reader of feeds, files, pages and registries uses this one. Names come out as people are
cited, given names first. `storage.names.list_text` splits a text into names, `storage.names.pairs`
tells which commas are inside names, and `storage.names.parser` parses names for comparing them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from storage.names import affixes
from storage.names.list_text import ListText, clean, split_list
from storage.names.pairs import Kind, Part, make_parts, pair_up, read_single

_FIRST_SIGN = 0xE000
MAX_PROTECTED = 0x1800
GROUP_SIGN = "\uf8ff"  # precedes the sign of a group's name


@dataclass(frozen=True, slots=True)
class AuthorList:
    """Authors as credited, in order; ``is_complete`` is false if the list ends in "et al.".

    ``collectives`` are the names that the source marks as those of groups or organizations, apart
    from names that show it themselves (“Foo Consortium”).
    """

    names: tuple[str, ...] = ()
    is_complete: bool = True
    collectives: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CreditedName:
    """A name that a source gives by itself, and whether it marks it as a collective's."""

    name: str
    is_collective: bool = False


def parse_author_list(
    text: str, *, bare_surnames: bool = False, protected: Sequence[str] = ()
) -> AuthorList:
    """Parses names that are joined in one text, in any order and with any separators.

    “A, B and C”, “Kaur, M., Shukla, A.”, “Lee, Ann; Chen, Bo”. One name with a comma is one person;
    with ``bare_surnames``, “Li, Zhang” are two. Drops affiliations in parentheses, addresses,
    footnote marks, titles and degrees. “A et al. (incl. B, C)” lists all three, and is incomplete.

    ``protected`` are texts that a source protects from being split, as BibTeX does by braces. In
    ``text``, `protected_sign` stands for each of them, behind a `GROUP_SIGN` if it names a group.
    """
    read = clean(text)
    texts = {_FIRST_SIGN + index: text for index, text in enumerate(protected)}
    names = _read(read, texts, bare_surnames=bare_surnames)
    included = [
        name
        for one in read.included
        for name in _read(ListText(one), {}, bare_surnames=True)
        if name not in names
    ]
    return _author_list([*names, *included], is_complete=read.is_complete)


def parse_author_names(texts: Iterable[str], *, one_each: bool = False) -> AuthorList:
    """Parses texts that have a name each, as far as they do; any may end in "et al.".

    A text with several commas lists several people, and so may a text by itself, unless there is
    certainly ``one_each``.
    """
    given = [line for text in texts if (line := " ".join(text.split()))]
    if len(given) == 1 and not one_each:
        return parse_author_list(given[0])
    names: list[CreditedName] = []
    is_complete = True
    for text in given:
        read = clean(text)
        is_complete = is_complete and read.is_complete
        if read.may_be_one_name:
            names += filter(None, [_credited(read_single(read.text))])
        else:
            names += _read(read, {}, bare_surnames=False)
    return collect_names(names, is_complete=is_complete)


def protected_sign(index: int) -> str:
    """Returns the character that stands for one of the texts that are protected."""
    return chr(_FIRST_SIGN + index)


def collect_names(names: Iterable[CreditedName], *, is_complete: bool = True) -> AuthorList:
    """Returns the list of names that a source gives one by one, without empty ones.

    If the source gives the whole list twice, it is read once.
    """
    given = [one for one in names if one.name]
    return _author_list(_without_repetition(given), is_complete=is_complete)


def parse_author_name(text: str) -> str:
    """Returns one person's or group's name with given names first, or "" if it is nobody's."""
    credited = _credited(read_single(clean(text).text))
    return credited.name if credited else ""


def join_author_name(given: str, family: str, suffix: str = "") -> str:
    """Returns the name of a person whose given and family names a source tells apart."""
    given, given_id = affixes.read_author_id(given.strip(" ,;"))
    family, family_id = affixes.read_author_id(family.strip(" ,;"))
    family = affixes.without_titles(" ".join(family.split()).strip(" ,;"))
    given = affixes.without_titles(" ".join(given.split()).strip(" ,;"))
    parts = [part for part in (given, family) if part and not affixes.is_missing_part(part)]
    if affixes.is_nobody(" ".join(parts)):
        return ""
    parts += [suffix.strip(" ,;")] if parts and affixes.is_suffix(suffix.strip(" ,;")) else []
    return affixes.with_author_id(" ".join(parts), given_id or family_id)


def _read(
    read: ListText, protected: Mapping[int, str], *, bare_surnames: bool
) -> list[CreditedName]:
    runs = [make_parts(run) for run in split_list(read.text)]
    return [
        credited
        for part in pair_up(runs, bare_surnames=bare_surnames)
        if (credited := _credited(part, protected))
    ]


def _credited(part: Part, protected: Mapping[int, str] | None = None) -> CreditedName | None:
    """Returns the name that a part has, or None if it is nobody's."""
    name = " ".join(part.name.translate(protected).split()) if protected else part.name
    if protected and part.kind is Kind.PROTECTED:
        return CreditedName(name)
    if affixes.is_nobody(name) or not any(map(str.isalpha, name)):
        return None
    return CreditedName(name, part.is_group)


def _author_list(names: Iterable[CreditedName], *, is_complete: bool) -> AuthorList:
    kept = list(names)
    collectives = unevident_collectives(one.name for one in kept if one.is_collective)
    return AuthorList(tuple(one.name for one in kept), is_complete, collectives)


def unevident_collectives(names: Iterable[str]) -> tuple[str, ...]:
    """Returns the names of groups that don't show that they are groups' names."""
    return tuple(dict.fromkeys(name for name in names if not affixes.is_collective(name)))


def _without_repetition(names: list[CreditedName]) -> list[CreditedName]:
    """Returns a list that a source gives twice (A, B, A, B) once.

    Any other repeated name stays, because namesakes do write papers together.
    """
    half = len(names) // 2
    is_twice = half > 1 and names[:half] == names[half:] and len(set(names)) > 1
    return names[:half] if is_twice else names
