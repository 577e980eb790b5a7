"""Cleans a text that lists people, and splits it where no name can go on; pure, in linear time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from storage.names import affixes
from storage.text import without_invisible

_QUOTES = "\"“”„«»'‘’`"
_FULL_WIDTH = str.maketrans({"，": ",", "،": ",", "؛": ";", "；": ";", "＆": "&", "\\": None})
_CJK = r"\u3005\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
_ADDRESS = re.compile(
    r"<?(?:\b(?:e-?mail|mailto)\s?:\s?)?(?<![\w.+@-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}>?"
    r"|<?https?://[^\s,;<>()]{1,500}>?"
    r"|(?:\bORCID(?:\s?iD)?\s?:?\s?)?(?<![\d-])\d{4}-\d{4}-\d{4}-\d{3}[\dXx](?![\d-])"
    r"|(?<![\w-])ORCID(?:\s?iD)?(?![\w-])",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"\s*(?:\[\w{1,8}\]|(?:written\s)?by\b(?!-)|authors?\s?:|author\(s\)\s?:|por\s?:|von\s?:|par\s?:)\s*",
    re.IGNORECASE,
)
_FOOTNOTE_SIGN = re.compile(r"[*†‡§¶⁎∗✉⋆★☆¹²³⁰⁴-⁹ª⁺]+|\^\{?\d{1,3}(?:,\d{1,3}){0,5}\}?")
# A footnote's number follows the last word of a name of several words; handles end in digits, too.
_FOOTNOTE_NUMBER = re.compile(
    r"(?<=\s)([^\W\d_](?:[^\W\d_]|[.'’-]){0,60})\d{1,2}(?:,\d{1,2}){0,5}"
    r"(?=\s*[,;(]|\s+(?:and|&)\b|\s*$)"
)
_INCLUDED = re.compile(r"\(\s*incl(?:\.|uding)?:?\s([^()]*)\)", re.IGNORECASE)
_AFFILIATION = re.compile(r"\((?:[^()]|\([^()]*\))*\)")
_BRACKETED = re.compile(r"(?<=[\w.]) ?\[[^\[\]]{0,200}\]")

_OTHERS = (
    r"(?:others?|more|additional|further|weitere[nr]?|autres|otros|outros|altri|co-?authors?)"
    r"(?:\s(?:others|authors|co-?authors|people|persons|contributors|names|Autoren|auteurs|autores))?"
)
_JOINT = r"(?:[,;]\s?)?(?:(?:and|und|et|y|e|plus|with|mit|avec)\s|[&+]\s?)"
_INCOMPLETE = re.compile(
    r"(?:[,;\s]|\band\b|&){0,9}(?:"
    r"\b(?:et\.?\s?al|ET\.?\s?AL|Et\.?\s?al|et\.?\sAl|Et\.?\sAl(?=\.?\s?(?:$|[,;)\]])))\b\.?"
    r"|\bet\.?\s(?:alii|aliae|coll|collaborateurs|autres)\b\.?"
    r"|\betc\b\.?|(?:^|(?<=[,;]))\s?others(?=\s?$)"
    rf"|(?:{_JOINT})?[(\[]?(?<![\w.-])\d{{1,4}}\s{_OTHERS}(?:\snot\s\w{{4,9}})?(?![\w-])[)\]]?"
    r"|\+\s?\d{1,4}(?:\sauthors)?(?=\s?(?:$|[,;]))"
    rf"|{_JOINT}(?:(?:many|several|numerous|the|all)\s){{0,2}}"
    r"(?:others|other\s(?:authors|people|contributors)|co-?authors|colleagues|co-?workers"
    r"|andere[nr]?|otros|outros|altri|autres|cols?\.)(?![\w-])"
    r"|\bu\.\s?a\.(?=\s?$)|\bu\.\s?v\.\s?m\.|\bm\.\s?fl\.|\be\.\s?a\.(?=\s?$)|\bi\sin(?:\.|ni\b)"
    r"|\bи\s(?:др|соавт|другие)\b\.?|\bve\s(?:diğerleri|ark\b\.?)"
    rf"|(?<=[{_CJK}\s,、])\s?(?:等(?:人)?|ほか|他)(?:\s?\d{{1,4}}\s?[名人])?(?=\s?$)"
    r"|\s외(?:\s?\d{1,4}\s?[인명])?(?=\s?$)"
    r"|[\[(]?(?:\.\s?){3,}[\])]?|[\[(]?…[\])]?"
    r")[,;\s]{0,3}",
)
# What the slower patterns above need.
_DIGIT = re.compile(r"\d")
_OF_ADDRESSES = re.compile(r"https?:|orcid", re.IGNORECASE)
_OF_INCOMPLETE = re.compile(
    r"[…+等他외]|\.\s?\.|ほか|\b(?:et|etal|others?|more|additional|further|weitere[nr]?|autres|otros"
    r"|outros|altri|co-?authors?|colleagues|co-?workers|andere[nr]?|cols?|u|m|e|i|etc|и|ve)\b",
    re.IGNORECASE,
)
_MORE_IN_PARENTHESES = re.compile(r"[(\[]([^()\[\]]{1,60})[)\]]")
_HARD_JOINT = (
    r"and|AND|&amp;|&|und|UND|et|ET|och|og|ve|és|и|та|και|và|dan|agus|a\sdále|와|과|和|与|與"
)
_SOFT_JOINT = r"y|e|i|en|And|Et|Und|ja|a|o|with"
_JOINTS = re.compile(
    rf"(?P<oxford>,)? (?:(?P<hard>{_HARD_JOINT})|(?P<soft>{_SOFT_JOINT}))(?= )|(?P<comma>,)"
)
_SEPARATOR = re.compile(r"[;\n|•‖\t]|\s/\s|\s·\s|、")
_DANGLING_JOINT = re.compile(r"(?: (?:and|AND|&|und|et))+$")
_CJK_LIST = re.compile(rf"[{_CJK}]{{2,4}}(?: [{_CJK}]{{2,4}}){{2,}}")
_INITIALS = re.compile(r"(?:[^\W\d_]\.?[ -]?){1,4}")
_ENDS_IN_ABBREVIATION = re.compile(
    r"(?:(?<![^\W_])[^\W\d_]{1,2}|\b(?:Jr|Sr|Inc|Ltd|Corp|Co|Ph\.?\s?D|M\.D))\.$"
)
_VOWEL_WORD = re.compile(r"(?<![^\W_])[^\W\d_][aeiou]\.$")


@dataclass(frozen=True, slots=True)
class ListText:
    """A list of people as text, without what isn't a name.

    ``included`` are the lists in “(incl. …)”, some of the people that “et al.” stands for.
    """

    text: str
    is_complete: bool = True
    included: tuple[str, ...] = field(default=())

    @property
    def may_be_one_name(self) -> bool:
        """Whether no sign in the text says that there are several names in it."""
        commas = sum(not _is_affix(part) for part in self.text.split(",")[1:])
        others = (joint for joint in _JOINTS.finditer(self.text) if joint["hard"])
        is_group = affixes.is_collective(self.text)
        return commas <= 1 and not _SEPARATOR.search(self.text) and (is_group or not any(others))


def clean(text: str) -> ListText:
    """Removes addresses, affiliations, footnote marks and labels, and reads “et al.”."""
    text = without_invisible(text).translate(_FULL_WIDTH)
    has_digits = _DIGIT.search(text) is not None
    if has_digits or "@" in text or _OF_ADDRESSES.search(text):
        text = _ADDRESS.sub(" ", text)
    included = tuple(_INCLUDED.findall(text))
    text = _with_line_breaks(_INCLUDED.sub(" ", text))
    text = _MORE_IN_PARENTHESES.sub(_unwrap_others, text)
    outside = _AFFILIATION.sub(" ", text)
    if not any(map(str.isalnum, outside)):  # “(Jane Roe)”, behind an address
        outside = re.sub(r"[()]+", ", ", text)
    text = _BRACKETED.sub("", outside)
    text = _FOOTNOTE_SIGN.sub("", text).strip()
    if has_digits:
        text = _FOOTNOTE_NUMBER.sub(lambda word: word[1] if word[1][0].isupper() else word[0], text)
    label = _LABEL.match(text)
    text = text[label.end() :] if label else text
    text, cuts = _INCOMPLETE.subn(", ", text) if _OF_INCOMPLETE.search(text) else (text, 0)
    text = re.sub(r" {2,}", " ", text.strip(f" ,;|{_QUOTES}"))
    text = text[:-100] + _DANGLING_JOINT.sub("", text[-100:])
    return ListText(_without_full_stop(text), not cuts and not included, included)


def split_list(text: str) -> Iterator[list[str]]:
    """Yields runs of names that only commas separate; a name doesn't go on in the next run."""
    for segment in _segments(text):
        yield from _runs(segment)


def _with_line_breaks(text: str) -> str:
    """Returns a text with the line breaks that separate names; others become spaces."""
    lines = [" ".join(line.replace("\t", "|").split()) for line in text.splitlines()]
    lines = [line for line in lines if line]
    commas = [line.strip(",; ").count(",") for line in lines]
    is_wrapped = (
        len(lines) > 1
        and max(commas) > 1
        and any(line[-1] not in ",;&" and not line.endswith(" and") for line in lines[:-1])
    )
    return (" " if is_wrapped else "\n").join(lines)


def _unwrap_others(found: re.Match[str]) -> str:
    """Returns “(and 12 others)” without its parentheses; others stay."""
    return f", {found[1]}" if _INCOMPLETE.fullmatch(f"{found[1]} ".lstrip()) else found[0]


def _without_full_stop(text: str) -> str:
    end = text[-30:]
    if _ENDS_IN_ABBREVIATION.search(end) and not _VOWEL_WORD.search(end):
        return text
    return text.rstrip(". ") if end.endswith((".", " ")) else text


def _segments(text: str) -> list[str]:
    """Splits a text at semicolons and the like."""
    segments = [part for part in _SEPARATOR.split(text) if part.strip()]
    if len(segments) == 1:
        for sign in "/·":
            parts = text.split(sign)
            if len(parts) > 1 and all(map(_is_whole, parts)):
                return parts
        if _CJK_LIST.fullmatch(text):
            return text.split(" ")
    return segments


def _is_whole(text: str) -> bool:
    """Returns whether a text has a full name, which doesn't go on behind a slash."""
    words = text.split()
    if not words or affixes.is_degree(words[0]) or _DANGLING_JOINT.search(text.rstrip()):
        return False
    is_long = len(words) > 1 and words[0][0].isupper()
    return is_long or re.fullmatch(rf"[{_CJK}]{{2,4}}", text.strip()) is not None


def _runs(segment: str) -> Iterator[list[str]]:
    """Splits a text at commas and conjunctions; yields the pieces between conjunctions.

    The last piece of a run is empty if a comma precedes the conjunction.
    """
    run: list[str] = []
    words: list[str] = []  # of the current piece
    start = 0
    joints = list(_JOINTS.finditer(segment))
    ends = [*(joint.start() for joint in joints), len(segment)][1:]
    for joint, end in zip(joints, ends, strict=False):
        words.append(segment[start : joint.start()].strip())
        start = joint.end()
        following = segment[start:end].strip()
        is_part = joint["soft"] and not _is_joint(words, following, run)
        if _goes_on(words, following) or (is_part and not joint["oxford"]):
            words.append(joint[0].strip())
            continue
        run.append(_joined(words))
        words = []
        if is_part:
            words.append(joint["soft"])
            continue
        if joint["comma"] is None:
            yield [*run, ""] if joint["oxford"] else run
            run = []
    words.append(segment[start:].strip())
    run.append(_joined(words))
    yield run


def _joined(words: list[str]) -> str:
    return " ".join(filter(None, words)).replace(" ,", ",")


def _goes_on(words: list[str], following: str) -> bool:
    """Returns whether a group's name goes on: “Department of Health | Human Services”."""
    return len(words) < 8 and affixes.continues_group(" ".join(words), following)


def _is_joint(words: list[str], following: str, run: list[str]) -> bool:
    """Returns whether “y” joins two people, and isn't part of a name: “Ortega y Gasset”."""
    before = words[-1] if len(words) == 1 else "x x"
    is_given = bool(run) and _INITIALS.fullmatch(before) is not None
    is_before_whole = is_given or _has_two_words(before)
    is_after_whole = _has_two_words(following) or is_given
    return is_before_whole and is_after_whole


def _has_two_words(text: str) -> bool:
    return text.find(" ") > 0


def _is_affix(text: str) -> bool:
    part = text.strip()
    return not part or affixes.is_suffix(part) or affixes.is_degree(part) or affixes.is_title(part)
