"""Finds the people that a typed name can mean; `profiles` reads what is known about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from storage.authors import candidates, profiles
from storage.authors.clustering import (
    NameVariant,
    Person,
    cluster,
    is_attributable,
    select_matches,
)
from storage.authors.errors import AuthorAmbiguous, AuthorNotFound
from storage.connection import Connection
from storage.database import Database
from storage.errors import InvalidInput
from storage.models import Author, AuthorMatches, AuthorSummary, ResultPage
from storage.names.affixes import NO_AUTHOR_ID, without_author_id
from storage.names.matching import are_told_apart, identity_keys, is_same_name
from storage.names.parser import Name, parse_name
from storage.names.similarity import similarity
from storage.text import fold

_MIN_SIMILARITY = 60  # of 100, from which a name is suggested as a correction
_MAX_CORRECTIONS = 12  # similar names that are clustered into people
_MAX_MATCHES = 60  # names to look at; a query that fits more is too vague to answer
_MAX_LISTED = 500  # names to look at for a list of the people that a query fits
# Full names to look at before a short name is attributed to one of them. A bare surname needs only
# enough names to show that it is ambiguous.
_MAX_RIVALS = 100
_MAX_SURNAME_RIVALS = 20
_MAX_SHORT_NAMES = 8  # short names in a query's matches that are compared with full names


class AuthorQueries:
    """Looks authors up by name; `storage.authors.decisions` adds the writes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, text: str) -> Author:
        """Returns the author that a name means, with what their papers have in common.

        Raises `AuthorNotFound`, or `AuthorAmbiguous` if the name could mean several people.
        """

        async def find(db: Connection) -> Author:
            return await profiles.describe(db, await get_person(db, text))

        return await self._database.read(find)

    async def list_matches(self, text: str, limit: int = 25) -> AuthorMatches:
        """Returns the people that a name can mean, most papers first, at most ``limit``."""
        return await self._database.read(lambda db: _list_matches(db, text, limit))

    async def list_papers(self, author: Author, *, offset: int = 0, limit: int = 5) -> ResultPage:
        """Returns a page of an author's papers, newest first, those without a date last."""
        papers = await self._database.read(
            lambda db: profiles.list_papers(db, author, offset, limit)
        )
        return ResultPage(papers, author.paper_count, offset)

    async def suggest(self, text: str, limit: int = 25) -> tuple[AuthorSummary, ...]:
        """Returns the people whose names complete ``text``, those with the most papers first.

        Every word of ``text`` must start some word of a name. Variants of one person are a single
        suggestion if the family is small or a moderator merged them. So are namesakes,
        unless ids tell them apart.
        """
        return await self._database.read(lambda db: _suggest(db, text, limit))

    async def suggest_credited(self, text: str, limit: int = 25) -> tuple[AuthorSummary, ...]:
        """Returns names that complete ``text`` exactly as credited, without former names."""
        return await self._database.read(lambda db: _suggest_credited(db, text, limit))


async def _list_matches(db: Connection, text: str, limit: int) -> AuthorMatches:
    matches, is_complete = await _load_matches(db, _parse_query(text), _MAX_LISTED)
    shown = [await _complete(db, person) for person in _ranked(matches)[:limit]]
    ids = _ids_by_name(shown)
    people = [
        await _tell_apart(db, person, summary, ids)
        for person, summary in zip(shown, await profiles.summarize(db, shown), strict=True)
    ]
    people.sort(key=lambda person: (-person.paper_count, person.name))
    return AuthorMatches(tuple(people), len(matches), total_is_minimum=not is_complete)


async def _suggest(db: Connection, text: str, limit: int) -> tuple[AuthorSummary, ...]:
    variants = await candidates.with_prefixes(db, fold(text).split(), limit + limit // 4)
    found = {variant.id for variant in variants}
    variants += await candidates.in_small_families(db, sorted(found))
    numbered = [one.parsed for one in variants if one.parsed.author_id]
    variants += await _with_same_name(db, numbered) if numbered else []
    variants += await candidates.for_people(db, _person_names(variants))
    people = [person for person in cluster(variants) if person.paper_count]
    offered = [
        person for person in people if any(variant.id in found for variant in person.variants)
    ]
    return (await _choices(db, offered, people))[:limit]


async def _suggest_credited(db: Connection, text: str, limit: int) -> tuple[AuthorSummary, ...]:
    variants = await candidates.with_prefixes(db, fold(text).split(), limit)
    credited = [Person((variant,)) for variant in variants if not variant.is_former]
    ids = _ids_by_name(credited)
    summaries = [
        AuthorSummary(one.name, one.paper_count, author_id=_author_id(one)) for one in credited
    ]
    return tuple(
        [
            replace(await _tell_apart(db, one, summary, ids), author_id=summary.author_id)
            for one, summary in zip(credited, summaries, strict=True)
        ]
    )


async def get_person(db: Connection, text: str) -> Person:
    """Returns the person that a name means, with all variants; raises like `AuthorQueries.get`."""
    query = _parse_query(text)
    matches, _ = await _load_matches(db, query, _MAX_MATCHES)
    if not matches:
        raise AuthorNotFound(text, await _suggest_corrections(db, query, text))
    if len(matches) > 1:
        raise AuthorAmbiguous(text, await _choices(db, matches, matches))
    return await _complete(db, matches[0])


def _parse_query(text: str) -> Name:
    query = parse_name(text)
    if not query.family:
        raise InvalidInput("Enter a name to look up, like “Biderman” or “Stella Biderman”.")
    return query


def _ranked(people: Iterable[Person]) -> list[Person]:
    return sorted(people, key=lambda person: (-person.paper_count, person.name))


async def find_credited(db: Connection, name: str) -> tuple[NameVariant, Person] | None:
    """Returns a credited name and the person it is attributed to, or None.

    The name must be spelled as credited, or have the same letters; then ids mustn't tell several
    people of that name apart.
    """
    parsed = parse_name(name)
    if parsed.author_id == NO_AUTHOR_ID:
        name = without_author_id(name)
    variants = [
        variant
        for variant in await candidates.with_name(db, name)
        if variant.paper_count or variant.person
    ]
    if not variants and parsed.is_full:
        variants = await _with_same_name(db, [parsed])
        variants = [one for one in variants if not are_told_apart(one.parsed, parsed)]
    if len({one.parsed.author_id for one in variants} - {""}) > 1 or not variants:
        return None
    variant = variants[0]
    related = [variant, *await candidates.for_people(db, _person_names([variant]))]
    if not variant.is_identifying:
        related += await candidates.full_variants(
            db, parsed.family_key, parsed.initial, _MAX_RIVALS
        )
        related += await candidates.for_people(db, _person_names(related))
    person = next(person for person in cluster(related) if variant in person.variants)
    return variant, await _complete(db, person)


async def _load_matches(db: Connection, query: Name, limit: int) -> tuple[list[Person], bool]:
    """Returns the people that a name can mean: those with exactly this name, else all others.

    Looks at ``limit`` names, and also returns whether these were all of them.
    """
    if query.is_full:
        exact = await _with_same_name(db, [query])
        if exact:
            people = cluster(exact + await candidates.for_people(db, _person_names(exact)))
            return [person for person in people if _has_name(person, query, exact)], True
    variants = await _with_family_name(db, query, limit)
    is_complete = len(variants) < limit
    identifying = [variant for variant in variants if variant.is_identifying]
    people = [person for person in cluster(identifying) if person.matches(query)]
    if len(people) < 2:  # otherwise the query is ambiguous, whatever short names add
        variants += await candidates.short_variants(
            db, query.family_key, query.initial, _MAX_MATCHES
        )
        short = [variant for variant in variants if not variant.is_identifying]
        variants += await _load_rivals(db, short)
        variants += await candidates.for_people(db, _person_names(variants))
        people = [
            person for person in cluster(variants) if person.is_known and person.matches(query)
        ]
    return select_matches(people, query), is_complete


def _has_name(person: Person, query: Name, same_name: Sequence[NameVariant]) -> bool:
    """Returns whether a person has one of the variants that have the name of a query.

    An id in the query must be theirs, unless nobody of that name has one.
    """
    own = [variant for variant in same_name if variant in person.variants]
    if not query.author_id or not any(variant.parsed.author_id for variant in same_name):
        return own != []
    asked = "" if query.author_id == NO_AUTHOR_ID else query.author_id
    return any(variant.parsed.author_id == asked for variant in own)


async def _choices(
    db: Connection, people: Iterable[Person], known: Iterable[Person]
) -> tuple[AuthorSummary, ...]:
    """Returns people to choose from, those with the most papers first.

    Those who share their name with others whom they are ``known`` with are told apart by ids, and
    are a single choice if nobody of that name has one.
    """
    ids = _ids_by_name(known)
    choices: dict[str, AuthorSummary] = {}
    for person in people:
        one = await _tell_apart(db, person, AuthorSummary(person.name, person.paper_count), ids)
        others = choices[one.lookup].paper_count if one.lookup in choices else 0
        choices[one.lookup] = replace(one, paper_count=one.paper_count + others)
    return tuple(
        sorted(
            choices.values(), key=lambda one: (-one.paper_count, one.name.casefold(), one.lookup)
        )
    )


def _ids_by_name(people: Iterable[Person]) -> dict[str, list[str]]:
    """Returns for each displayed name the ids of those who have it, "" for no id."""
    ids: dict[str, list[str]] = {}
    for person in people:
        ids.setdefault(person.name, []).append(_author_id(person))
    return ids


async def _tell_apart(
    db: Connection, person: Person, summary: AuthorSummary, ids: Mapping[str, Sequence[str]]
) -> AuthorSummary:
    """Returns a person's summary with what tells them apart from others of the same name."""
    if len(ids[person.name]) == 1 or not any(ids[person.name]):
        return summary
    author = await profiles.describe(db, person)
    coauthor = next((name for name, _ in author.coauthors), "")
    author_id = _author_id(person) or NO_AUTHOR_ID
    return replace(summary, years=author.years, author_id=author_id, coauthor=coauthor)


def _author_id(person: Person) -> str:
    """Returns the id that tells a person apart from others of the same name, or ""."""
    shown = parse_name(person.name)
    own = [one.parsed for one in person.variants if one.parsed.author_id]
    return next((name.author_id for name in own if is_same_name(name, shown)), "")


async def _with_family_name(db: Connection, query: Name, limit: int) -> list[NameVariant]:
    """Returns variants that contain the query's family name, with all variants of their people."""
    words = {spelling.words[-1] for spelling in query.spellings}
    given = query.given[0] if query.given else ""
    if query.is_east_asian:
        words = {query.family[0][0]}
        given = ""
    variants = await candidates.with_word(db, sorted(words), given, limit)
    return variants + await candidates.for_people(db, _person_names(variants))


async def _with_same_name(db: Connection, names: Iterable[Name]) -> list[NameVariant]:
    """Returns the full names that are one of ``names``, in any spelling."""
    names = list(names)
    keys = {key for name in names for key in identity_keys(name)}
    return [
        variant
        for variant in await candidates.with_same_letters(db, names)
        if not keys.isdisjoint(identity_keys(variant.parsed))
    ]


async def _load_rivals(db: Connection, short: Iterable[NameVariant]) -> list[NameVariant]:
    """Returns full names that short variants may stand for, enough to tell if there are several."""
    families = {(variant.parsed.family_key, variant.parsed.initial) for variant in short}
    rivals: list[NameVariant] = []
    for family_key, initial in sorted(families)[:_MAX_SHORT_NAMES]:
        rivals += await _load_full_variants(db, family_key, initial)
    return rivals


async def _load_full_variants(db: Connection, family_key: str, initial: str) -> list[NameVariant]:
    limit = _MAX_RIVALS if initial else _MAX_SURNAME_RIVALS
    return await candidates.full_variants(db, family_key, initial, limit)


async def _complete(db: Connection, person: Person) -> Person:
    """Returns the person with every variant that is attributed to them.

    A person's variants so far may be only those that fitted a query.
    """
    if not person.is_identified:
        return person
    variants = set(person.variants)
    variants |= set(await candidates.for_people(db, _person_names(variants)))
    full_names = [
        variant.parsed for variant in variants if variant.parsed.is_full and not variant.is_split
    ]
    if full_names:
        same_name = await _with_same_name(db, full_names)
        variants |= {variant for variant in same_name if not variant.is_split}
    for family_key, initial in sorted({(name.family_key, name.initial) for name in full_names}):
        variants |= await _attributable_variants(db, variants, full_names, family_key, initial)
    return next(one for one in cluster(variants) if person.variants[0] in one.variants)


async def _attributable_variants(
    db: Connection,
    own: set[NameVariant],
    full_names: Iterable[Name],
    family_key: str,
    initial: str,
) -> set[NameVariant]:
    """Returns a family's short variants that fit a person and nobody else.

    A short variant is left out if there are more full names in the family than can be compared.
    """
    own_keys = {key for name in full_names for key in identity_keys(name)}
    rivals: dict[str, list[NameVariant]] = {}
    found: set[NameVariant] = set()
    for short in await candidates.short_variants(db, family_key, initial, _MAX_RIVALS):
        if short.is_identifying or not is_attributable(short, own):
            continue
        first = short.parsed.initial
        if first not in rivals:
            rivals[first] = await _load_full_variants(db, family_key, first)
        is_complete = len(rivals[first]) < (_MAX_RIVALS if first else _MAX_SURNAME_RIVALS)
        if is_complete and not _has_rival(short, own, own_keys, rivals[first]):
            found.add(short)
    return found


def _has_rival(
    short: NameVariant,
    own: set[NameVariant],
    own_keys: set[str],
    others: Iterable[NameVariant],
) -> bool:
    """Returns whether a short variant fits a full name that isn't the person's own."""
    return any(
        is_attributable(short, [other])
        for other in others
        if other not in own and own_keys.isdisjoint(identity_keys(other.parsed))
    )


async def _suggest_corrections(db: Connection, query: Name, text: str) -> list[str]:
    """Returns the display names of up to three people whose names look like ``text``."""
    variants = await candidates.with_similar_spelling(db, text)
    scores = {variant: similarity(query, variant.parsed) for variant in variants}
    ranked = sorted(
        scores, key=lambda variant: (-scores[variant], -variant.paper_count, variant.name)
    )
    similar = [variant for variant in ranked if scores[variant] >= _MIN_SIMILARITY]
    similar = similar[:_MAX_CORRECTIONS]
    similar += await candidates.for_people(db, _person_names(similar))
    best: dict[str, float] = {}
    for person in cluster(similar):
        score = max(scores.get(variant, 0.0) for variant in person.variants)
        if person.is_known:
            best[person.name] = max(score, best.get(person.name, 0.0))
    return sorted(best, key=lambda name: (-best[name], name))[:3]


def _person_names(variants: Iterable[NameVariant]) -> set[str]:
    return {variant.person for variant in variants if variant.person is not None}
