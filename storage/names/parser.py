"""A credited name taken apart as scholars write them: given, family, particles, suffix; pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from storage.text import fold

# Words that begin a family name without being one; compared folded.
PARTICLES = frozenset(
    {"van", "von", "vom", "der", "den", "de", "del", "della", "di", "da", "do", "dos", "das"}
    | {"du", "la", "le", "les", "el", "al", "bin", "bint", "ibn", "ben", "abu", "ter", "ten", "te"}
    | {"zu", "zur", "st", "af", "av", "dal", "dalla", "degli"}
)
# Of these, the ones that are no given name where a name begins with them: “Le Scao”, not “Ben Lee”.
_OPENING = frozenset(
    {"van", "von", "vom", "der", "den", "de", "del", "della", "dos", "das", "du", "la", "le"}
    | {"les", "ter", "ten", "te", "zu", "zur", "st", "af", "av", "dalla", "degli"}
)
_JUNIOR = frozenset({"jr", "sr", "junior", "senior"})
_NUMBERED = frozenset({"II", "III", "IV"})
_COMPOUND = re.compile(r"(?<!\w)\w++(?:[-‐‑–]\w++)++")
_PATRONYMIC = re.compile(r"\w+(?:ович|евич|ович|овна|евна|ична)")
_SYLLABLE = re.compile(r"[B-DF-HJ-NP-TV-XZ]{1,2}[AEIOUY]{1,2}")  # “XU”, which may be a name
_TRANSCRIBED = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"}
    | {"Ø": "Oe", "Å": "Aa"}
)
_DOUBLED = re.compile(r"(?:(?<=[aou])e|(?<=a)a)")
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
    """A credited name taken apart, folded: ``given`` words may be initials, and may be none.

    ``transcribed`` is the same name as it is written without umlauts (“Mueller” for “Müller”).
    """

    given: tuple[str, ...]
    family: tuple[str, ...]
    suffix: str = ""
    is_east_asian: bool = False
    transcribed: Name | None = field(default=None, compare=False, repr=False)

    @property
    def words(self) -> tuple[str, ...]:
        """All words in the order of writing."""
        return (*self.family, *self.given) if self.is_east_asian else (*self.given, *self.family)

    @property
    def spellings(self) -> tuple[Name, ...]:
        """The name, and its transcription where that differs."""
        return (self,) if self.transcribed is None else (self, self.transcribed)

    @property
    def family_key(self) -> str:
        """What the forms of a family name have in common: its last word, or first character."""
        if not self.family:
            return ""
        return self.family[0][0] if self.is_east_asian else _contracted(self.family[-1])

    @property
    def family_keys(self) -> frozenset[str]:
        """Compatible names share one of these: “Van Tholen” is “VanTholen”, and “Tholen”."""
        return frozenset({self.family_key, _contracted("".join(self.family))})

    @property
    def initial(self) -> str:
        """The first letter of the given names."""
        return self.given[0][0] if self.given else ""

    @property
    def letters(self) -> str:
        """The same for all forms of a written-out name, though not for them alone."""
        return _contracted("".join(self.words))

    @property
    def is_full(self) -> bool:
        """Whether at least one given name is written out."""
        return any(len(word) > 1 or self.is_east_asian for word in self.given)


@lru_cache(maxsize=4096)
def parse_name(text: str) -> Name:
    """Take a name apart: “Given Family”, “Family, Given”, initials, particles and suffixes."""
    text = " ".join(unicodedata.normalize("NFC", text).split())
    if _EAST_ASIAN.fullmatch(re.sub(r"[\s,、，·・･]", "", text)):
        return _parse_east_asian(unicodedata.normalize("NFKC", text))
    name = _parse(text)
    transcription = text.translate(_TRANSCRIBED)
    if transcription == text:
        return name
    return Name(name.given, name.family, name.suffix, transcribed=_parse(transcription))


def search_words(text: str) -> tuple[str, ...]:
    """The words by whose beginning a name is found: folded, transcribed, compounds joined too."""
    text = unicodedata.normalize("NFC", text)
    words = dict.fromkeys(_fold(text).split())
    words |= dict.fromkeys(_fold(text.translate(_TRANSCRIBED)).split())
    for compound in _COMPOUND.findall(text):
        words[_fold(re.sub(r"[-‐‑–]", "", compound))] = None
    return tuple(words)


@lru_cache(maxsize=8192)
def _fold(word: str) -> str:
    """`fold`, which is asked for the same words again and again."""
    return fold(word)


def _contracted(word: str) -> str:
    """“Mueller” and “Müller” alike, and some that differ: only good for finding candidates."""
    return _DOUBLED.sub("", word)


def _parse(text: str) -> Name:
    parts = [part.strip() for part in text.split(",")]
    suffix = ""
    kept: list[str] = []
    for part in parts:
        if kept and _is_suffix(part):
            suffix = _fold(part)
        elif _fold(part):
            kept.append(part)
    if not kept:
        return Name((), ())
    if len(kept) > 1:
        family, inner = _without_suffix(kept[0].split())
        given, outer = _without_suffix(" ".join(kept[1:]).split())
        suffix = suffix or inner or outer
        cut = _before_particles(given, len(given), lowest=1)
        family, given = [*given[cut:], *family], given[:cut]
    else:
        words, inner = _without_suffix([word for word in kept[0].split() if _fold(word)])
        suffix = suffix or inner
        given, family = _divide(words)
    shouted = not any(word.isupper() is False for word in (*given, *family))
    return Name(_given_words(given, shouted=shouted), _folded(family), suffix)


def _divide(words: list[str]) -> tuple[list[str], list[str]]:
    """Given and family names of a name without a comma."""
    if len(words) < 2:
        return [], words
    if _PATRONYMIC.fullmatch(_fold(words[-1])) and len(words) > 2:
        return words[1:], words[:1]
    shouted = all(word.isupper() for word in words)
    if not _is_initials(words[0]):
        start = len(words)
        while start > 1 and _is_initials(words[start - 1], shouted=shouted):
            start -= 1
        if start < len(words):
            return words[start:], words[:start]
    capitals = [_in_capitals(word) for word in words]
    if not shouted and not all(capitals) and any(capitals):
        lead = capitals.index(False)
        if lead and sum(map(len, words[:lead])) > 3 and not any(map(_is_initials, words[:lead])):
            return words[lead:], words[:lead]
        tail = len(words) - capitals[::-1].index(False)
        if tail < len(words) - 1:
            return words[:tail], words[tail:]
    start = _before_particles(words, len(words) - 1, lowest=1)
    if start == 1 and _fold(words[0]) in _OPENING:
        start = 0
    return words[:start], words[start:]


def _before_particles(words: Sequence[str], end: int, *, lowest: int) -> int:
    """Where the particles begin that end before ``end``."""
    while end > lowest and _fold(words[end - 1]) in PARTICLES:
        end -= 1
    return end


def _without_suffix(words: list[str]) -> tuple[list[str], str]:
    if words and _is_suffix(words[-1]) and (len(words) > 2 or _fold(words[-1]) in _JUNIOR):
        return words[:-1], _fold(words[-1])
    return words, ""


def _is_suffix(word: str) -> bool:
    return _fold(word) in _JUNIOR or word.rstrip(".") in _NUMBERED


def _in_capitals(word: str) -> bool:
    return len(word) > 1 and word.isupper() and not _is_initials(word)


def _is_initials(word: str, *, shouted: bool = False) -> bool:
    """“S.”, “J.-B.”, “JB” and “S” are initials; “Li”, “Bo” and “XU” are not.

    Nor is “NG” in a name that is ``shouted``, all in capitals.
    """
    if "." in word:
        return all(len(_fold(part)) <= 1 for part in re.split(r"[.\-‐‑–]", word)) and bool(
            _fold(word)
        )
    if _EAST_ASIAN.search(word):
        return False
    if len(_fold(word)) == 1 or re.fullmatch(r"[A-Z](?:[-‐‑][A-Z])+", word):
        return True
    return not shouted and re.fullmatch(r"[B-DF-HJ-NP-TV-XZ]{2,3}", word) is not None


def _given_words(words: Sequence[str], *, shouted: bool) -> tuple[str, ...]:
    found: list[str] = []
    for word in words:
        pressed = word.isupper() and len(word) <= 3 and word.isalpha() and not shouted
        pressed = pressed and not _SYLLABLE.fullmatch(word) and not _EAST_ASIAN.search(word)
        if pressed or _is_initials(word, shouted=shouted):
            found += _fold(word).replace(" ", "")
        else:
            found += _fold(word).split()
    return tuple(found)


def _folded(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(_fold(" ".join(words)).split())


def _parse_east_asian(text: str) -> Name:
    """Family first, with or without a gap; “ジョン・スミス” is a foreign name in katakana."""
    parts = [part for part in re.split(r"[\s,、]+", text) if part]
    if len(parts) == 1 and "・" in text:
        given = [part for part in text.split("・") if part]
        return Name(tuple(given[:-1]), tuple(given[-1:]), is_east_asian=True)
    whole = parts[0].replace("・", "").replace("·", "") if parts else ""
    if len(parts) == 1:
        cut = 2 if whole[:2] in _COMPOUND_SURNAMES else 1
        parts = [whole[:cut], whole[cut:]] if whole[cut:] else [whole]
    return Name(("".join(parts[1:]),) if parts[1:] else (), (parts[0],), is_east_asian=True)
