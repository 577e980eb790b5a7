"""SQL that looks up the abbreviations which the papers explain, and moderators' corrections."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from storage.connection import Connection
from storage.stems import stem_phrase

_MIN_PAPERS = 2  # that explain an abbreviation in the same way
_MIN_SHARE = 0.5  # of the papers that explain it, in the same way
_MAX_FORMS = 4  # of the same words: “language model” and “language models”
_MAX_WORDS = 8  # of a long form that is recognized in a question


@dataclass(frozen=True, slots=True)
class Expansion:
    """What some of a question's words are searched as, too.

    ``start`` and ``length`` say which words. ``forms`` are long forms in place of an abbreviation,
    or an abbreviation in place of several words. ``papers`` explain the abbreviation.
    """

    start: int
    length: int
    forms: tuple[str, ...]
    papers: int


async def expand(db: Connection, words: Sequence[str]) -> list[Expansion]:
    """Returns what the abbreviations and the long forms in a question stand for.

    An abbreviation has the meaning that most papers give it, unless a moderator chose another.
    """
    spans = {
        stem_phrase(" ".join(words[start : start + length])): (start, length)
        for length in range(1, _MAX_WORDS + 1)
        for start in range(len(words) - length + 1)
    }
    shorts = {short: index for index, word in enumerate(words) for short in _singulars(word)}
    meanings = await _load_meanings(db, shorts, spans)
    of_shorts = [
        Expansion(shorts[short], 1, meaning.forms, meaning.papers)
        for short, meaning in meanings.items()
        if short in shorts
    ]
    of_longs = [
        Expansion(*spans[meanings[short].stems], (short,), meanings[short].papers)
        for short in sorted(meanings.keys() - shorts.keys())
        if meanings[short].stems in spans
    ]
    return [*of_shorts, *of_longs]


async def other_names(db: Connection, phrase: str) -> tuple[str, ...]:
    """Returns the long forms of a folded abbreviation, or the abbreviation of a long form."""
    words = phrase.split()
    expansions = await expand(db, words)
    return tuple(form for one in expansions if one.length == len(words) for form in one.forms)


@dataclass(frozen=True, slots=True)
class _Meaning:
    """What an abbreviation stands for: the forms of its long form, the most frequent one first."""

    stems: str
    forms: tuple[str, ...]
    papers: int


async def _load_meanings(
    db: Connection, shorts: Collection[str], stems: Collection[str]
) -> dict[str, _Meaning]:
    """Returns the meanings of abbreviations, and of others whose long form may have these stems.

    Those without a clear meaning are left out.
    """
    rows = await db.all(
        """WITH wanted (short) AS (
               SELECT value FROM json_each(?1)
               UNION SELECT short FROM abbreviations
                   WHERE stems IN (SELECT value FROM json_each(?2))
               UNION SELECT short FROM abbreviation_decisions
                   WHERE stems IN (SELECT value FROM json_each(?2)))
           SELECT short, long, stems, papers FROM abbreviations
               WHERE short IN (SELECT short FROM wanted)
           UNION ALL SELECT short, long, stems, NULL FROM abbreviation_decisions
               WHERE long IS NOT NULL AND short IN (SELECT short FROM wanted)""",
        [json.dumps([*shorts]), json.dumps([*stems])],
    )
    learned: dict[str, dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
    for row in rows:
        if row["papers"] is not None:
            learned[row["short"]][row["stems"]][row["long"]] = row["papers"]
    meanings = {short: _most_frequent(by_stems) for short, by_stems in learned.items()}
    for row in rows:
        if row["papers"] is None:  # a moderator's decision
            counts = {row["long"]: 0, **learned[row["short"]][row["stems"]]}
            meanings[row["short"]] = _meaning(row["stems"], counts) if row["long"] else None
    return {short: meaning for short, meaning in meanings.items() if meaning is not None}


def _most_frequent(by_stems: Mapping[str, Mapping[str, int]]) -> _Meaning | None:
    """Returns the meaning that most papers give, or None if too few of them agree."""
    papers = {stems: sum(counts.values()) for stems, counts in by_stems.items()}
    best = min(papers, key=lambda stems: (-papers[stems], stems))
    if papers[best] < max(_MIN_PAPERS, _MIN_SHARE * sum(papers.values())):
        return None
    return _meaning(best, by_stems[best])


def _meaning(stems: str, counts: Mapping[str, int]) -> _Meaning:
    forms = sorted(counts, key=lambda form: (-counts[form], form))
    return _Meaning(stems, tuple(forms[:_MAX_FORMS]), sum(counts.values()))


def _singulars(word: str) -> tuple[str, ...]:
    return (word, word[:-1]) if len(word) > 2 and word.endswith("s") else (word,)
