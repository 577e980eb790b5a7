"""SQL of authors: a name somebody typed → a person and their papers; comparing is in `names`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable

from storage.authors import candidates
from storage.authors.clustering import NameVariant, Person, choose, counts_for, group
from storage.database import Connection, Database
from storage.errors import AuthorAmbiguous, AuthorNotFound, InvalidInput
from storage.models import Author, Results
from storage.names.matching import identity_keys
from storage.names.parser import Name, parse_name
from storage.names.similarity import similarity
from storage.papers import queries as paper_queries
from storage.text import fold

_ALIKE = 60  # a likeness of 0 to 100 from which a name is worth offering
_MANY = 60  # names that a question may mean before it is plain that it is too wide
_COAUTHORS = 50  # who wrote most with somebody
_FEW = 20  # names of a family that show that a bare surname may mean several people
_RIVALS = 100  # names that are looked through for a second person whom a short credit may mean


class AuthorQueries:
    """Looks people up by name; `storage.authors.decisions` adds the writes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, text: str) -> Author:
        """The person whom a name means, with what their papers have in common.

        Raises `AuthorNotFound`, or `AuthorAmbiguous` where it could be several people.
        """
        async with self._database.reading() as db:
            return await _described(db, await find(db, text))

    async def papers_of(self, person: Author, *, offset: int = 0, limit: int = 5) -> Results:
        """A page of somebody's papers, newest first."""
        async with self._database.reading() as db:
            rows = await db.all(
                """SELECT id FROM papers INDEXED BY papers_in_brief
                   WHERE removed_at IS NULL AND id IN (
                       SELECT paper_id FROM credits
                       WHERE name_id IN (SELECT value FROM json_each(?)))
                   ORDER BY sort_key DESC LIMIT ? OFFSET ?""",
                [json.dumps(list(person.name_ids)), limit, offset],
            )
            found = await paper_queries.load(db, [row["id"] for row in rows])
        return Results(found, person.papers, offset)

    async def suggest(self, text: str, limit: int = 25) -> tuple[tuple[str, int], ...]:
        """Names for what is being typed, by any part of the name, with how many papers each.

        Most papers first. Forms of one person are one suggestion where the family is small, or a
        moderator said so.
        """
        words = fold(text).split()
        async with self._database.reading() as db:
            forms = await candidates.beginning(db, words, limit + limit // 4)
            chosen = {form.id for form in forms}
            forms += await candidates.small_families(db, sorted(chosen))
            forms += await candidates.persons_forms(db, _people(forms))
        offered: dict[str, int] = {}
        for identity in group(forms):
            if identity.papers and any(form.id in chosen for form in identity.forms):
                offered[identity.name] = offered.get(identity.name, 0) + identity.papers
        ranked = sorted(offered.items(), key=lambda item: (-item[1], item[0].casefold()))
        return tuple(ranked[:limit])

    async def credited(self, text: str, limit: int = 25) -> tuple[tuple[str, int], ...]:
        """Names exactly as they are credited, for what is being typed; no former ones."""
        async with self._database.reading() as db:
            forms = await candidates.beginning(db, fold(text).split(), limit)
        return tuple((form.name, form.papers) for form in forms if not form.is_former)


async def find(db: Connection, text: str) -> Person:
    """The person whom a name means, whole; raises as `AuthorQueries.find` does."""
    asked = parse_name(text)
    if not asked.family:
        raise InvalidInput("Give a name to look for, such as “Biderman” or “Stella Biderman”.")
    matching = await _meant(db, asked)
    if not matching:
        raise AuthorNotFound(text, await _similar(db, asked, text))
    if len(matching) > 1:
        ranked = sorted(matching, key=lambda one: (-one.papers, one.name))
        raise AuthorAmbiguous(text, list(dict.fromkeys(one.name for one in ranked)))
    return await _completed(db, matching[0])


async def sort_keys_for(db: Connection, person: Person) -> tuple[int, ...]:
    """The sort keys of somebody's papers, as the full-text index has them."""
    rows = await db.all(
        """SELECT DISTINCT sort_key FROM credits JOIN papers ON papers.id = paper_id
           WHERE removed_at IS NULL AND name_id IN (SELECT value FROM json_each(?))""",
        [json.dumps([form.id for form in person.forms])],
    )
    return tuple(row["sort_key"] for row in rows)


async def find_credited(db: Connection, name: str) -> tuple[NameVariant, Person] | None:
    """A name exactly as it is credited, or else by its letters, with whom it counts for."""
    parsed = parse_name(name)
    forms = [form for form in await candidates.named(db, name) if form.papers or form.person]
    if not forms and parsed.is_full:
        keys = identity_keys(parsed)
        near = await candidates.same_letters(db, [parsed])
        forms = [form for form in near if not keys.isdisjoint(identity_keys(form.parsed))]
    if not forms:
        return None
    form = forms[0]
    around = [form, *await candidates.persons_forms(db, _people([form]))]
    if not form.stands:
        around += await candidates.full_forms(db, parsed.family_key, parsed.initial, _RIVALS)
        around += await candidates.persons_forms(db, _people(around))
    identity = next(one for one in group(around) if form in one.forms)
    return form, await _completed(db, identity)


async def _meant(db: Connection, asked: Name) -> list[Person]:
    """The people whom a name can mean: by its letters, else by its words."""
    if asked.is_full:
        keys = identity_keys(asked)
        forms = await candidates.same_letters(db, [asked])
        exact = [form for form in forms if not keys.isdisjoint(identity_keys(form.parsed))]
        if exact:
            found = group(exact + await candidates.persons_forms(db, _people(exact)))
            return [one for one in found if any(form in exact for form in one.forms)]
    last = {spelling.words[-1] for spelling in asked.spellings}
    if asked.is_east_asian:
        last = {asked.family[0][0]}
    given = asked.given[0] if asked.given and not asked.is_east_asian else ""
    forms = await candidates.with_word(db, sorted(last), given, _MANY)
    forms += await candidates.persons_forms(db, _people(forms))
    written = [one for one in group(form for form in forms if form.stands) if one.answers(asked)]
    if len(written) < 2:  # else it is plain that the question is too wide
        forms += await candidates.short_forms(db, asked.family_key, asked.initial, _MANY)
        forms += await _whom_they_may_mean(db, [form for form in forms if not form.stands])
        forms += await candidates.persons_forms(db, _people(forms))
        written = [one for one in group(forms) if one.papers and one.answers(asked)]
    return choose(written, asked)


async def _whom_they_may_mean(db: Connection, short: list[NameVariant]) -> list[NameVariant]:
    """The written-out names that short forms can be; enough of many to tell that they are many."""
    wanted = {(form.parsed.family_key, form.parsed.initial) for form in short}
    found: list[NameVariant] = []
    for family_key, initial in sorted(wanted)[:8]:
        found += await candidates.full_forms(db, family_key, initial, _RIVALS if initial else _FEW)
    return found


async def _completed(db: Connection, identity: Person) -> Person:
    """A person with every form that counts for them, though their family be large."""
    if not identity.is_written:
        return identity
    forms = set(identity.forms)
    forms |= set(await candidates.persons_forms(db, _people(forms)))
    full = [form.parsed for form in forms if form.parsed.is_full and not form.is_apart]
    keys = {key for name in full for key in identity_keys(name)}
    for form in await candidates.same_letters(db, full) if full else []:
        if not form.is_apart and not keys.isdisjoint(identity_keys(form.parsed)):
            forms.add(form)
    for family_key, initial in sorted({(name.family_key, name.initial) for name in full}):
        rivals: dict[str, list[NameVariant]] = {}
        for short in await candidates.short_forms(db, family_key, initial, _RIVALS):
            if short.stands or not counts_for(short, forms):
                continue
            first = short.parsed.initial
            limit = _RIVALS if first else _FEW
            if first not in rivals:
                rivals[first] = await candidates.full_forms(db, family_key, first, limit)
            if len(rivals[first]) < limit and not _has_rival(short, forms, rivals[first], keys):
                forms.add(short)
    return next(one for one in group(forms) if identity.forms[0] in one.forms)


def _has_rival(
    short: NameVariant, own: set[NameVariant], others: list[NameVariant], keys: set[str]
) -> bool:
    """Whether a short form may be somebody else's."""
    return any(
        counts_for(short, [other])
        for other in others
        if other not in own and keys.isdisjoint(identity_keys(other.parsed))
    )


async def _similar(db: Connection, asked: Name, text: str) -> list[str]:
    """Up to three people whose names look like what was typed."""
    forms = await candidates.spelled_nearly(db, text)
    scored = {form: similarity(asked, form.parsed) for form in forms}
    ranked = sorted(scored, key=lambda form: (-scored[form], -form.papers, form.name))
    near = [form for form in ranked if scored[form] >= _ALIKE][:12]
    near += await candidates.persons_forms(db, _people(near))
    best: dict[str, float] = {}
    for identity in group(near):
        score = max(scored.get(form, 0.0) for form in identity.forms)
        if identity.papers:
            best[identity.name] = max(score, best.get(identity.name, 0.0))
    return sorted(best, key=lambda name: (-best[name], name))[:3]


async def _described(db: Connection, identity: Person) -> Author:
    """What a person's papers have in common, counted without reading them."""
    name_ids = tuple(sorted(form.id for form in identity.forms))
    rows = await db.all(
        """SELECT venue, COUNT(*) AS papers, MIN(date) AS first, MAX(date) AS last,
               json_group_array(id) AS ids
           FROM papers INDEXED BY papers_in_brief
           WHERE removed_at IS NULL AND id IN (
               SELECT paper_id FROM credits WHERE name_id IN (SELECT value FROM json_each(?)))
           GROUP BY venue""",
        [json.dumps(name_ids)],
    )
    own = ",".join(row["ids"][1:-1] for row in rows)
    credited = await db.value(
        """SELECT json_group_array(name_id) FROM json_each(?) AS own
           CROSS JOIN credits ON credits.paper_id = own.value""",
        [f"[{own}]"],
    )
    together = Counter(json.loads(credited))
    for name_id in name_ids:
        del together[name_id]
    coauthors = await db.all(
        """SELECT COALESCE(known.name, names.name) AS name, SUM(counted.value ->> 1) AS papers
           FROM json_each(?) AS counted CROSS JOIN names ON names.id = counted.value ->> 0
           LEFT JOIN aliases ON aliases.name_id = names.id
           LEFT JOIN names AS known ON known.id = aliases.person_id
           GROUP BY 1 ORDER BY papers DESC, 1""",
        [json.dumps(together.most_common(_COAUTHORS))],
    )
    venues = {row["venue"]: row["papers"] for row in rows if row["venue"]}
    first = min((row["first"] for row in rows if row["first"]), default="")
    last = max((row["last"] for row in rows if row["last"]), default="")
    return Author(
        name=identity.name,
        forms=identity.shown_forms,
        papers=sum(row["papers"] for row in rows),
        years=(int(first[:4]), int(last[:4])) if first else None,
        venues=tuple(sorted(venues.items(), key=lambda item: (-item[1], item[0].casefold()))),
        coauthors=tuple((row["name"], row["papers"]) for row in coauthors),
        name_ids=name_ids,
    )


def _people(forms: Iterable[NameVariant]) -> set[str]:
    return {form.person for form in forms if form.person is not None}
