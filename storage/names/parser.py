"""Parses a credited name into given names, family name and suffix; pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from storage.names import affixes
from storage.text import fold

# Words that start a family name, such as “van” in “van Tholen”; compared folded.
PARTICLES = frozenset(
    {"van", "von", "vom", "der", "den", "de", "del", "della", "di", "da", "do", "dos", "das"}
    | {"du", "la", "le", "les", "el", "al", "bin", "bint", "ibn", "ben", "abu", "ter", "ten", "te"}
    | {"zu", "zur", "st", "af", "av", "dal", "dalla", "degli"}
)
# Those that aren't given names at the start of a name: “Le Scao” is a family name, “Ben Lee” isn't.
LEADING_PARTICLES = frozenset(
    {"van", "von", "vom", "der", "den", "de", "del", "della", "dos", "das", "du", "la", "le"}
    | {"les", "ter", "ten", "te", "zu", "zur", "st", "af", "av", "dalla", "degli"}
)
_SUFFIXES = frozenset({"jr", "sr", "junior", "senior"})
_NUMERALS = frozenset({"II", "III", "IV"})
_COMPOUND = re.compile(r"(?<!\w)\w++(?:[-‐‑–]\w++)+")
_PATRONYMIC = re.compile(r"\w+(?:ович|евич|ович|овна|евна|ична)")
_SYLLABLE = re.compile(r"[B-DF-HJ-NP-TV-XZ]{1,2}[AEIOUY]{1,2}")  # such as “ZHU”, a name
# Family names of two letters; other pairs of capitals, such as “JA”, are initials.
_SHORT_SURNAMES = frozenset(
    {"AI", "AN", "BO", "BU", "CO", "DO", "DU", "FU", "GE", "GU", "HA", "HE", "HO", "HU", "JI", "JO"}
    | {"KE", "KO", "KU", "LE", "LI", "LO", "LU", "LY", "MA", "MI", "MO", "NA", "NI", "OH", "OU"}
    | {"PU", "QI", "SO", "SU", "TA", "TU", "VO", "VU", "WU", "XI", "XU", "YE", "YI", "YU", "ZE"}
)
_TRANSCRIPTIONS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"}
    | {"Ø": "Oe", "Å": "Aa"}
)
_TRANSCRIBED_VOWEL = re.compile(r"(?:(?<=[aou])e|(?<=a)a)")
_EAST_ASIAN = re.compile(
    r"[\u3005\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]+"
)
_COMPOUND_SURNAMES = frozenset(
    {"欧阳", "歐陽", "司马", "司馬", "上官", "诸葛", "諸葛", "东方", "東方", "皇甫", "尉迟", "尉遲"}
    | {"公孙", "公孫", "令狐", "慕容", "宇文", "长孙", "長孫", "夏侯"}
    | {"남궁", "황보", "제갈", "사공", "선우", "독고"}
)


@dataclass(frozen=True, slots=True)
class Name:
    """A parsed name, folded; ``given`` may be initials, or empty for a bare surname.

    The name of a group is all ``family``. ``author_id`` tells namesakes apart (see
    `affixes.split_author_id`). ``transcribed`` is the same name transcribed to ASCII letters
    (“Mueller” for “Müller”).
    """

    given: tuple[str, ...]
    family: tuple[str, ...]
    suffix: str = ""
    is_east_asian: bool = False
    is_collective: bool = False
    author_id: str = ""
    transcribed: Name | None = field(default=None, compare=False, repr=False)

    @property
    def words(self) -> tuple[str, ...]:
        """All words in the order in which they are written."""
        return (*self.family, *self.given) if self.is_east_asian else (*self.given, *self.family)

    @property
    def spellings(self) -> tuple[Name, ...]:
        """The name, and its transcription if it differs."""
        return (self,) if self.transcribed is None else (self, self.transcribed)

    @property
    def family_key(self) -> str:
        """The part that all variants of a family name share: its last word or first character."""
        if not self.family:
            return ""
        return self.family[0][0] if self.is_east_asian else _contract_vowels(self.family[-1])

    @property
    def family_keys(self) -> frozenset[str]:
        """Keys, one of which compatible names share: “Van Tholen” is “VanTholen” and “Tholen”."""
        return frozenset({self.family_key, _contract_vowels("".join(self.family))})

    @property
    def initial(self) -> str:
        """The first letter of the given names, or ""."""
        return self.given[0][0] if self.given else ""

    @property
    def letters(self) -> str:
        """A key that all spellings of a full name share, and some other names too."""
        return _contract_vowels("".join(self.words))

    @property
    def is_full(self) -> bool:
        """Whether the name identifies a person: one given name is more than an initial.

        A group's name does, and so does any name with an id.
        """
        return (
            self.is_collective
            or self.author_id not in {"", affixes.NO_AUTHOR_ID}
            or any(len(word) > 1 or self.is_east_asian for word in self.given)
        )


@lru_cache(maxsize=4096)
def parse_name(text: str) -> Name:
    """Parses “Given Family” or “Family, Given” with initials, particles and suffixes."""
    text = " ".join(unicodedata.normalize("NFC", text).split())
    text, author_id = affixes.split_author_id(affixes.without_titles(text))
    if affixes.is_collective(text):
        words = _without_article(_fold(text).split())
        return Name((), tuple(words), is_collective=True)
    if _EAST_ASIAN.fullmatch(re.sub(r"[\s,、，·・･]", "", text)):
        name = _parse_east_asian(unicodedata.normalize("NFKC", text))
        return replace(name, author_id=author_id)
    name = _parse(text)
    transcription = text.translate(_TRANSCRIPTIONS)
    transcribed = None if transcription == text else _parse(transcription)
    return replace(name, author_id=author_id, transcribed=transcribed)


def search_words(text: str) -> tuple[str, ...]:
    """Returns the words that find a name by prefix: folded, transcribed, and joined compounds."""
    text = unicodedata.normalize("NFC", text)
    words = dict.fromkeys(_fold(text).split())
    words |= dict.fromkeys(_fold(text.translate(_TRANSCRIPTIONS)).split())
    for compound in _COMPOUND.findall(text):
        words[_fold(re.sub(r"[-‐‑–]", "", compound))] = None
    return tuple(words)


@lru_cache(maxsize=8192)
def _fold(word: str) -> str:
    """Folds a word; cached, because the same words occur again and again."""
    return fold(word)


def _without_article(words: list[str]) -> list[str]:
    """Returns “The ATLAS Collaboration” as “ATLAS Collaboration”."""
    return words[1:] if len(words) > 1 and words[0] == "the" else words


def _contract_vowels(word: str) -> str:
    """Maps “mueller” and “muller” to the same key; some different names share one too."""
    return _TRANSCRIBED_VOWEL.sub("", word)


def _parse(text: str) -> Name:
    """Parses a name in an alphabetic script."""
    parts: list[str] = []
    suffix = ""
    for part in text.split(","):
        if parts and _is_suffix(part.strip()):
            suffix = _fold(part)
        elif _fold(part):
            parts.append(part.strip())
    if not parts:
        return Name((), ())
    if len(parts) > 1:
        family, family_suffix = _without_suffix(parts[0].split())
        given, given_suffix = _without_suffix(" ".join(parts[1:]).split())
        suffix = suffix or family_suffix or given_suffix
        start = _before_particles(given, len(given), lowest=1)
        family, given = [*given[start:], *family], given[:start]
    else:
        words, name_suffix = _without_suffix([word for word in parts[0].split() if _fold(word)])
        suffix = suffix or name_suffix
        given, family = _split_words(words)
    all_caps = _is_all_caps((*given, *family))
    return Name(_given_words(given, all_caps=all_caps), _folded(family), suffix)


def _split_words(words: list[str]) -> tuple[list[str], list[str]]:
    """Splits the words of a name without a comma into given and family names."""
    if len(words) < 2:
        return [], words
    if _PATRONYMIC.fullmatch(_fold(words[-1])) and len(words) > 2:
        return words[1:], words[:1]
    return _split_at_initials(words) or _split_at_capitals(words) or _split_at_family_name(words)


def _split_at_initials(words: list[str]) -> tuple[list[str], list[str]] | None:
    """Splits “Biderman S. R.”, or returns None if the name doesn't end in initials."""
    if _is_initials(words[0]):
        return None
    all_caps = _is_all_caps(words)
    start = len(words)
    while start > 1 and _is_initials(words[start - 1], all_caps=all_caps):
        start -= 1
    return (words[start:], words[:start]) if start < len(words) else None


def _split_at_capitals(words: list[str]) -> tuple[list[str], list[str]] | None:
    """Splits “BIDERMAN Stella” or “Stella VAN THOLEN”, or returns None for other names."""
    capitals = [_in_capitals(word) for word in words]
    if all(capitals) or not any(capitals) or _is_all_caps(words):
        return None
    start = capitals.index(False)
    family = words[:start]
    if family and sum(map(len, family)) > 3 and not any(map(_is_initials, family)):
        return words[start:], family
    end = len(words) - capitals[::-1].index(False)
    return (words[:end], words[end:]) if end < len(words) - 1 else None


def _split_at_family_name(words: list[str]) -> tuple[list[str], list[str]]:
    """Splits before the last word and the particles that precede it."""
    start = _before_particles(words, len(words) - 1, lowest=1)
    if start == 1 and _fold(words[0]) in LEADING_PARTICLES:
        start = 0
    return words[:start], words[start:]


def _before_particles(words: Sequence[str], end: int, *, lowest: int) -> int:
    """Returns the index where the particles right before ``end`` start, or ``end``."""
    while end > lowest and _fold(words[end - 1]) in PARTICLES:
        end -= 1
    return end


def _without_suffix(words: list[str]) -> tuple[list[str], str]:
    if words and _is_suffix(words[-1]) and (len(words) > 2 or _fold(words[-1]) in _SUFFIXES):
        return words[:-1], _fold(words[-1])
    return words, ""


def _is_suffix(word: str) -> bool:
    return _fold(word) in _SUFFIXES or word.rstrip(".") in _NUMERALS


def _is_all_caps(words: Sequence[str]) -> bool:
    return all(word.isupper() for word in words)


def _in_capitals(word: str) -> bool:
    return len(word) > 1 and word.isupper() and not _is_initials(word)


def _is_initials(word: str, *, all_caps: bool = False) -> bool:
    """Returns whether a word is initials, like “S.”, “J.-B.”, “JB” or “S”, but unlike “Li” or “XU”.

    In a name that is ``all_caps``, “NG” isn't initials either.
    """
    if "." in word:
        return all(len(_fold(part)) <= 1 for part in re.split(r"[.\-‐‑–]", word)) and bool(
            _fold(word)
        )
    if _EAST_ASIAN.search(word):
        return False
    if len(_fold(word)) == 1 or re.fullmatch(r"[A-Z](?:[-‐‑][A-Z])+", word):
        return True
    if all_caps or not word.isupper():
        return False
    if len(word) == 2 and word.isalpha():
        return word.isascii() and not is_surname_in_capitals(word)
    return re.fullmatch(r"[B-DF-HJ-NP-TV-XZ]{3}", word) is not None


def is_surname_in_capitals(word: str) -> bool:
    """Returns whether two or three capitals are rather a family name (“XU”) than initials."""
    return word in _SHORT_SURNAMES or (len(word) > 2 and _SYLLABLE.fullmatch(word) is not None)


def _given_words(words: Sequence[str], *, all_caps: bool) -> tuple[str, ...]:
    """Folds given names; initials without gaps (“JRR”) become one word each."""
    folded: list[str] = []
    for word in words:
        are_initials = _is_initials(word, all_caps=all_caps) or (
            word.isupper()
            and len(word) <= 3
            and word.isalpha()
            and not all_caps
            and not is_surname_in_capitals(word)
            and not _EAST_ASIAN.search(word)
        )
        folded += _fold(word).replace(" ", "") if are_initials else _fold(word).split()
    return tuple(folded)


def _folded(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(_fold(" ".join(words)).split())


def _parse_east_asian(text: str) -> Name:
    """Parses a name with the family name first; “ジョン・スミス” is a foreign name in katakana."""
    parts = [part for part in re.split(r"[\s,、]+", text) if part]
    if len(parts) == 1 and "・" in text:
        given = [part for part in text.split("・") if part]
        return Name(tuple(given[:-1]), tuple(given[-1:]), is_east_asian=True)
    whole = parts[0].replace("・", "").replace("·", "") if parts else ""
    if len(parts) == 1:
        cut = 2 if whole[:2] in _COMPOUND_SURNAMES else 1
        parts = [whole[:cut], whole[cut:]] if whole[cut:] else [whole]
    return Name(("".join(parts[1:]),) if parts[1:] else (), (parts[0],), is_east_asian=True)
