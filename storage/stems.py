"""Reduces words to their stems, so that search finds other forms of a word; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import Stemmer

_VERB = ("e", "es", "ed", "er", "ers", "ing")
_OUR = ("", "s", "ed", "ing", "al", "able", "ful", "less", "ly", "ite", "ites", "hood", "hoods")
# British endings, and the American ones that replace them.
_AMERICAN_ENDINGS: Mapping[str, str] = {
    **{f"is{end}": f"iz{end}" for end in (*_VERB, "ation", "ations", "able", "ational")},
    **{f"ys{end}": f"yz{end}" for end in _VERB},
    "ysis": "yze",  # not British, but “analysis” is also what one analyzes
    **{f"our{end}": f"or{end}" for end in _OUR},
    **{f"{stop}re{end}": f"{stop}er{end}" for stop in "tb" for end in ("", "s", "d")},
    **{f"ogue{end}": f"og{end}" for end in ("", "s")},
    **{f"fence{end}": f"fense{end}" for end in ("", "s")},
    **{f"gramme{end}": f"gram{end}" for end in ("", "s")},
}
_BRITISH_ENDINGS = tuple(_AMERICAN_ENDINGS)
_MIN_BEGINNING = 2  # letters before such an ending; “four” and “rise” stay as they are
# Before these, -ise is American, too: “supervise”, “otherwise”, “surprise”, “raise”, “promise”.
_BEFORE_ISE = ("v", "w", "pr", "a", "o", "u", "ch", "exerc", "prec", "conc", "prom", "prem", "pert")
_AMERICAN_WORDS = {
    "artefact": "artifact",
    "artefacts": "artifacts",
    "grey": "gray",
    "judgement": "judgment",
    "judgements": "judgments",
    "licence": "license",
    "licences": "licenses",
    "practise": "practice",
    "practised": "practiced",
    "practising": "practicing",
}
_PLURAL_ABBREVIATION = re.compile(r"[b-df-hj-np-tv-xz]{2,}[b-df-hj-np-rtv-xz]s")  # “llms”


def stem(word: str) -> str:
    """Returns the stem of a folded word, the same for British and American spelling.

    Stems are English: https://snowballstem.org/algorithms/english/stemmer.html. Most words of other
    languages are their own stems.
    """
    return stem_all([word])[0]


def stem_all(words: Iterable[str]) -> list[str]:
    """Returns the stems of folded words, in their order."""
    # Threads must not share a stemmer; making one takes a microsecond.
    prepared = [_singular(_american(one)) for one in words]
    stems: list[str] = Stemmer.Stemmer("english", 0).stemWords(prepared)
    return stems


def stem_phrase(phrase: str) -> str:
    """Returns the stems of a folded phrase's words, separated by spaces."""
    return " ".join(stem_all(phrase.split()))


def _american(word: str) -> str:
    """Returns the American spelling of a word.

    A word that isn't British may get a wrong spelling, but all of its forms get the same.
    """
    if not word.endswith(_BRITISH_ENDINGS):
        return _AMERICAN_WORDS.get(word, word)
    for ending, replacement in _AMERICAN_ENDINGS.items():
        if word.endswith(ending):
            beginning = word[: -len(ending)]
            is_american = ending.startswith("is") and beginning.endswith(_BEFORE_ISE)
            if len(beginning) >= _MIN_BEGINNING and not is_american:
                return _AMERICAN_WORDS.get(word, beginning + replacement)
    return word


def _singular(word: str) -> str:
    """Returns an abbreviation without the plural, which the stemmer leaves if there is no vowel."""
    if word.endswith("s") and _PLURAL_ABBREVIATION.fullmatch(word):
        return word[:-1]
    return word
