"""Finds the person that a typed name means, and what their papers have in common."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable

from storage.authors import candidates
from storage.authors.clustering import (
    NameVariant,
    Person,
    cluster,
    is_attributable,
    select_matches,
)
from storage.database import Connection, Database
from storage.errors import AuthorAmbiguous, AuthorNotFound, InvalidInput
from storage.models import Author, ResultPage
from storage.names.matching import identity_keys
from storage.names.parser import Name, parse_name
from storage.names.similarity import similarity
from storage.papers import queries as paper_queries
from storage.text import fold

_MIN_SIMILARITY = 60  # of 100, from which a name is suggested as a correction
_MAX_CORRECTIONS = 12  # similar names that are clustered into people
_MAX_MATCHES = 60  # names to look at; a query that fits more is too vague to answer
_MAX_COAUTHORS = 50
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
        async with self._database.reading() as db:
            return await _describe(db, await get_person(db, text))

    async def list_papers(self, author: Author, *, offset: int = 0, limit: int = 5) -> ResultPage:
        """Returns a page of an author's papers, newest first."""
        async with self._database.reading() as db:
            rows = await db.all(
                """SELECT id FROM papers INDEXED BY papers_in_brief
                   WHERE removed_at IS NULL AND id IN (
                       SELECT paper_id FROM credits
                       WHERE name_id IN (SELECT value FROM json_each(?)))
                   ORDER BY sort_key DESC LIMIT ? OFFSET ?""",
                [json.dumps(list(author.name_ids)), limit, offset],
            )
            papers = await paper_queries.load(db, [row["id"] for row in rows])
        return ResultPage(papers, author.paper_count, offset)

    async def suggest(self, text: str, limit: int = 25) -> tuple[tuple[str, int], ...]:
        """Returns names that complete ``text``, with their paper counts, most papers first.

        Every word of ``text`` must start some word of a name. Variants of one person are a single
        suggestion if the family is small or a moderator merged them.
        """
        async with self._database.reading() as db:
            variants = await candidates.with_prefixes(db, fold(text).split(), limit + limit // 4)
            found = {variant.id for variant in variants}
            variants += await candidates.in_small_families(db, sorted(found))
            variants += await candidates.for_people(db, _person_names(variants))
        counts: dict[str, int] = {}
        for person in cluster(variants):
            if person.paper_count and any(variant.id in found for variant in person.variants):
                counts[person.name] = counts.get(person.name, 0) + person.paper_count
        ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0].casefold()))
        return tuple(ranked[:limit])

    async def suggest_credited(self, text: str, limit: int = 25) -> tuple[tuple[str, int], ...]:
        """Returns names that complete ``text`` exactly as credited, without former names."""
        async with self._database.reading() as db:
            variants = await candidates.with_prefixes(db, fold(text).split(), limit)
        return tuple(
            (variant.name, variant.paper_count) for variant in variants if not variant.is_former
        )


async def get_person(db: Connection, text: str) -> Person:
    """Returns the person that a name means, with all variants; raises like `AuthorQueries.get`."""
    query = parse_name(text)
    if not query.family:
        raise InvalidInput("Enter a name to look up, like “Biderman” or “Stella Biderman”.")
    matches = await _load_matches(db, query)
    if not matches:
        raise AuthorNotFound(text, await _suggest_corrections(db, query, text))
    if len(matches) > 1:
        ranked = sorted(matches, key=lambda person: (-person.paper_count, person.name))
        raise AuthorAmbiguous(text, list(dict.fromkeys(person.name for person in ranked)))
    return await _complete(db, matches[0])


async def find_credited(db: Connection, name: str) -> tuple[NameVariant, Person] | None:
    """Returns a credited name and the person it is attributed to, or None.

    The name must be spelled as credited, or have the same letters.
    """
    parsed = parse_name(name)
    variants = [
        variant
        for variant in await candidates.with_name(db, name)
        if variant.paper_count or variant.person
    ]
    if not variants and parsed.is_full:
        variants = await _with_same_name(db, [parsed])
    if not variants:
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


async def sort_keys_for(db: Connection, person: Person) -> tuple[int, ...]:
    """Returns the sort keys of a person's papers, which are their ids in the full-text index."""
    rows = await db.all(
        """SELECT DISTINCT sort_key FROM credits JOIN papers ON papers.id = paper_id
           WHERE removed_at IS NULL AND name_id IN (SELECT value FROM json_each(?))""",
        [json.dumps([variant.id for variant in person.variants])],
    )
    return tuple(row["sort_key"] for row in rows)


async def _load_matches(db: Connection, query: Name) -> list[Person]:
    """Returns the people that a name can mean: those with exactly this name, else all others."""
    if query.is_full:
        exact = await _with_same_name(db, [query])
        if exact:
            people = cluster(exact + await candidates.for_people(db, _person_names(exact)))
            return [
                person for person in people if any(variant in exact for variant in person.variants)
            ]
    variants = await _with_family_name(db, query)
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
            person for person in cluster(variants) if person.paper_count and person.matches(query)
        ]
    return select_matches(people, query)


async def _with_family_name(db: Connection, query: Name) -> list[NameVariant]:
    """Returns variants that contain the query's family name, with all variants of their people."""
    words = {spelling.words[-1] for spelling in query.spellings}
    given = query.given[0] if query.given else ""
    if query.is_east_asian:
        words = {query.family[0][0]}
        given = ""
    variants = await candidates.with_word(db, sorted(words), given, _MAX_MATCHES)
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
        if person.paper_count:
            best[person.name] = max(score, best.get(person.name, 0.0))
    return sorted(best, key=lambda name: (-best[name], name))[:3]


async def _describe(db: Connection, person: Person) -> Author:
    """Returns a person's record; their papers are counted in SQL, not loaded."""
    name_ids = tuple(sorted(variant.id for variant in person.variants))
    rows = await db.all(
        """SELECT venue, COUNT(*) AS papers, MIN(date) AS first, MAX(date) AS last,
               json_group_array(id) AS ids
           FROM papers INDEXED BY papers_in_brief
           WHERE removed_at IS NULL AND id IN (
               SELECT paper_id FROM credits WHERE name_id IN (SELECT value FROM json_each(?)))
           GROUP BY venue""",
        [json.dumps(name_ids)],
    )
    venues = {row["venue"]: row["papers"] for row in rows if row["venue"]}
    first = min((row["first"] for row in rows if row["first"]), default="")
    last = max((row["last"] for row in rows if row["last"]), default="")
    paper_ids = ",".join(row["ids"][1:-1] for row in rows)  # joins JSON arrays without parsing
    return Author(
        name=person.name,
        variants=person.public_variants,
        paper_count=sum(row["papers"] for row in rows),
        years=(int(first[:4]), int(last[:4])) if first else None,
        venues=tuple(sorted(venues.items(), key=lambda item: (-item[1], item[0].casefold()))),
        coauthors=await _coauthors(db, name_ids, f"[{paper_ids}]"),
        name_ids=name_ids,
    )


async def _coauthors(
    db: Connection, name_ids: Iterable[int], paper_ids: str
) -> tuple[tuple[str, int], ...]:
    """Returns who else some papers (ids as JSON) credit, and how often, most papers first."""
    credited = await db.value(
        """SELECT json_group_array(name_id) FROM json_each(?) AS own
           CROSS JOIN credits ON credits.paper_id = own.value""",
        [paper_ids],
    )
    counts = Counter(json.loads(credited))
    for name_id in name_ids:
        del counts[name_id]
    rows = await db.all(
        """SELECT COALESCE(known.name, names.name) AS name, SUM(counted.value ->> 1) AS papers
           FROM json_each(?) AS counted CROSS JOIN names ON names.id = counted.value ->> 0
           LEFT JOIN aliases ON aliases.name_id = names.id
           LEFT JOIN names AS known ON known.id = aliases.person_id
           GROUP BY 1 ORDER BY papers DESC, 1""",
        [json.dumps(counts.most_common(_MAX_COAUTHORS))],
    )
    return tuple((row["name"], row["papers"]) for row in rows)


def _person_names(variants: Iterable[NameVariant]) -> set[str]:
    return {variant.person for variant in variants if variant.person is not None}
