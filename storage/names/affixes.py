"""Tells what stands around and in place of people's names: titles, degrees, suffixes, groups; pure.

`storage.names.author_list` uses this for lists and `storage.names.parser` for single names.
"""

from __future__ import annotations

import re

_SUFFIX = re.compile(r"(?:[Jj][Rr]|[Ss][Rr])\.?|II|III|IV|VI|VII|VIII|2nd|3rd|4th")
_TITLE = (
    r"(?:(?:Univ|Apl|Assoc|Asst|Adj|Hon|Priv)\.?[ -]{0,2})?"
    r"(?:[Dd]r|DR|[Pp]rof|PROF|Mrs?|Ms|Mx|Rev|Dott|Dra|Drs|Doc|Doz)\.(?=[\s\w-])"
    r"|(?:Associate |Assistant |Emeritus |Adjunct )?Professor(?=\s)"
    r"|(?:Dr|Prof|Mr|Mrs|Ms|Mx|PD|Herr|Frau|Monsieur|Madame)(?=\s)"
    r"|(?:Dipl|Priv)\.-\w{3,5}\.|(?:Ing|Mag|Dipl|Lic)\.(?=\s)|-Ing\.|M\. ?Sc\.|B\. ?Sc\."
    r"|(?:med|rer|nat|phil|habil|theol|oec|pol|techn|h\. ?c|iur|jur|sc|vet|dent)\.(?=\s)"
)
_TITLES = re.compile(rf"(?:(?:{_TITLE})\s{{0,3}}){{1,8}}(?=\S)")
# Degrees and memberships that are nothing else, and those that may be initials or names, too.
_DEGREE = (
    r"(?:Ph\.? ?D\.?|D\.? ?Phil\.?|M\.? ?Phil\.?|[MB]\.? ?Sc\.?|[MB]\.? ?Eng\.?|D\.?Sc\.?"
    r"|Sc\.? ?D\.?|Ed\.? ?[DM]\.?|Psy\.?D\.?|Pharm\.?D\.?|MBBS|MB ?BS|MB ?BCh|MBChB|M\.B\.A\.|MBA"
    r"|M\.P\.H\.|MPH|FRCPC?|FRCSC?|FAC[CPS]|FAHA|FAAN|FESC|MRCP|DVM|DDS|DMD|LL\.?[MBD]\.?|MHS"
    r"|MSW|MSPH|Dr\.? ?PH"
    r"|Dr\.-Ing\.|Dr\. ?rer\. ?nat\.|Dr\. ?med\.|Esq\.?|P\.Eng\.?|CPH|Dipl\.-Ing\."
    r"|M\.? ?Tech\.?|B\.? ?Tech\.?)"
)
_SHORT_DEGREE = (
    r"(?:M\.?D\.?|M\.?A\.?|M\.?S\.?|B\.?A\.?|B\.?S\.?|J\.?D\.?|R\.?N\.?|D\.?O\.?|C\.?F\.?A\.?)"
)
_STUDENT = r"(?:\s(?:candidate|student|\(c\)|\(cand\.?\)))?"
_DEGREES = re.compile(
    rf"(?:{_DEGREE}|{_SHORT_DEGREE})(?:(?:\s|/|-|\s?,\s?)(?:{_DEGREE}|{_SHORT_DEGREE})){{0,8}}{_STUDENT}"
)
_CERTAIN_DEGREES = re.compile(
    rf"(?=(?:{_SHORT_DEGREE}[\s/,-]{{1,3}}){{0,3}}{_DEGREE}(?![^\W_])){_DEGREES.pattern}"
)
_DEGREE_AT_END = re.compile(
    rf"(?<=[\w.])[\s,]{{1,3}}(?:(?:{_DEGREE}|{_SHORT_DEGREE})[\s/,-]{{1,3}}){{0,8}}"
    rf"(?P<last>{_DEGREE}|{_SHORT_DEGREE}){_STUDENT}$"
)
# “Ed” is a given name, too.
_ROLE = re.compile(
    r"ed\.|[Ee]ds\.?|(?:[Gg]uest )?[Ee]ditors?|[Tt]ransl?\.|[Tt]ranslators?|[Hh]rsg\.?|[Cc]oords?\."
)
_MAX_AFFIXES = 80  # characters; no longer run of titles or degrees is looked for
_AUTHOR_ID = re.compile(r"(?:(?<=[^\W\d_])|(?<=[JS]r\.)) (0\d{3})$")
_UNDERSCORE = re.compile(r"(?<=[^\W\d_])_(?=0\d{3}$)")
NO_AUTHOR_ID = "0000"  # typed behind a name, it means the credits of that name without an id

_NOBODY = frozenset(
    {"null", "none", "n/a", "na", "nan", "nil", "undefined", "unknown", "anon", "anonymous"}
    | {"unspecified", "untitled", "author", "authors", "tba", "tbd", "tbc", "various", "s.n", "-"}
    | {"name", "firstname", "lastname", "others", "unav", "unkn", "unap", "unal"}
)
_NOT_KNOWN = r"(?:available|listed|given|found|provided|specified|known|applicable|information)"
_NOBODY_PHRASE = re.compile(
    r"(?:no|unknown|anonymous|missing|various|several|unnamed) (?:given |first |last |family )?"
    rf"(?:author|contributor|creator|name)s?(?: names?)?(?: {_NOT_KNOWN}){{0,2}}"
    rf"|(?:(?:author|name|creator)s? ?(?:names?)? ?(?:is |are )?)?(?:not ?|un){_NOT_KNOWN}"
    r"|first ?name last ?name|to be (?:announced|determined|added)|作者不详|佚名|匿名|著者不明",
    re.IGNORECASE,
)

_NOBODY_START = re.compile(
    r"[\W_]*(?:$|n|un|ano|missing|various|several|author|creator|first|last|to be|tb|s\.|other|unn"
    r"|作|佚|匿|著)",
    re.IGNORECASE,
)
_GROUP_WORDS = (
    r"collaborations?|consortiums?|consortia|teams?|initiative|investigators|network|organi[sz]ations?"
    r"|institutes?|university|association|society|committee|commission|agency|department|ministry"
    r"|foundation|federation|laborator(?:y|ies)|program(?:me)?|task ?force|corporation"
    r"|administration|academ(?:y|ies)|partnership|alliance|coalition|contributors"
    r"|developers|collaborators|collective|working group|study group|research group|inc\.?|ltd\.?"
    r"|llc|gmbh|incorporated|authority|registry|trialists|universit[àáäé]t?|universidade?|instituts?"
    r"|instituto|minist[èe]re|ministerio|gesellschaft|konsortium|kollaboration|consorcio"
    r"|colaboración|arbeitsgruppe|arbeitsgemeinschaft|équipe|консорциум|коллаборация|институт"
)
_GROUP = re.compile(
    rf"(?<![\w-])(?:{_GROUP_WORDS})(?![\w-])"
    r"|(?:大学|研究所|研究院|委员会|委員会|协会|協会|学会|团队|チーム|研究会|グループ|機構|课题组)$",
    re.IGNORECASE,
)
# Words that are family names as well; they name a group after “the”, an acronym, or two words.
_WEAK_WORDS = (
    r"(?:group|labs?|project|council|study|trial|members|forum|community|experiment|cent(?:er|re)"
    r"|office|hospital)"
)
_WEAK_GROUP = re.compile(
    rf"(?:the|(?-i:[A-Z]{{2,}}[\w-]*(?=.*[a-z])))\s(?:\S+\s){{0,6}}?{_WEAK_WORDS}(?![\w-])"
    rf"|(?:\S+\s){{2,6}}?{_WEAK_WORDS}$"
    r"|the\s(?:\S+\s){0,6}?(?:board|bureau|church|college|company|school|services?|union)(?![\w-])"
    r"|(?:cent(?:er|re)s?|council|board|bureau|office|hospital|school|college|bank|house|library"
    r"|museum)\s(?:of|for)\s",
    re.IGNORECASE,
)
_LEGAL_FORM = re.compile(r"(?:inc|ltd|llc|co|corp|gmbh|ag|plc|s\.a|b\.v)\.?", re.IGNORECASE)
_ON_BEHALF = re.compile(
    r"(?:(?:on|in) behalf of|in collaboration with|(?:and )?representing|for)\s(?:the\s|all\s)?",
    re.IGNORECASE,
)
_HEAD = re.compile(
    rf"(?<![\w-])(?:{_GROUP_WORDS}|cent(?:er|re)s?|council|office|school|college|board)\s"
    r"(?:of|for|on)\s",
    re.IGNORECASE,
)

# What organizations are for: “Department of Health and Human Services”.
_FIELDS_OF_WORK = frozenset(
    {"administration", "agriculture", "arts", "atmospheric", "biology", "business"}
    | {"chemistry", "climate", "commerce", "communication", "communications", "computer"}
    | {"computing", "culture", "data", "development", "disease", "diseases", "drug"}
    | {"economics", "education", "electronics", "energy", "engineering", "engineers"}
    | {"environment", "families", "finance", "fisheries", "food", "forestry", "health"}
    | {"humanities", "industry", "informatics", "information", "infrastructure"}
    | {"innovation", "labour", "management", "mathematics", "medicine", "nutrition"}
    | {"physics", "planning", "policy", "prevention", "research", "resources", "safety"}
    | {"science", "sciences", "security", "services", "space", "sport", "sports"}
    | {"standards", "statistics", "surgery", "technologies", "technology", "therapy"}
    | {"tourism", "trade", "training", "transport", "transportation", "treatment", "water"}
    | {"welfare", "youth"}
)


def is_suffix(text: str) -> bool:
    """Returns whether a text is a generational suffix: “Jr.”, “III”."""
    return len(text) < 6 and _SUFFIX.fullmatch(text) is not None


def is_degree(text: str) -> bool:
    """Returns whether a text can be degrees: “PhD”, “MD, MPH”, and “MA”, which can be initials."""
    return len(text) < _MAX_AFFIXES and _DEGREES.fullmatch(text) is not None


def is_surely_degree(text: str) -> bool:
    """Returns whether a text is degrees and can't be initials."""
    return len(text) < _MAX_AFFIXES and _CERTAIN_DEGREES.fullmatch(text) is not None


def is_title(text: str) -> bool:
    """Returns whether a text is nothing but titles: “Prof.”, “Prof. Dr.”."""
    found = _TITLES.match(f"{text} X") if len(text) < _MAX_AFFIXES else None
    return found is not None and found.end() == len(text) + 1


def is_role(text: str) -> bool:
    """Returns whether a text says what people did for a book: “eds.”, “translator”."""
    return len(text) < 20 and _ROLE.fullmatch(text) is not None


def is_legal_form(text: str) -> bool:
    """Returns whether a text is the end of a company's name: “Inc.”, “Ltd.”."""
    return len(text) < 6 and _LEGAL_FORM.fullmatch(text) is not None


def split_author_id(name: str) -> tuple[str, str]:
    """Splits off the id by which a source tells namesakes apart, or "".

    It is a number of DBLP's, behind the name: “Wei Wang 0001”.
    """
    found = _AUTHOR_ID.search(name) if name[-1:].isdigit() else None
    return (name[: found.start()], found[1]) if found else (name, "")


def read_author_id(text: str) -> tuple[str, str]:
    """Splits off the id like `split_author_id`, as sources write it: “Wei_Wang_0001”."""
    name, author_id = split_author_id(_UNDERSCORE.sub(" ", text))
    return name, author_id.replace(NO_AUTHOR_ID, "")


def without_author_id(name: str) -> str:
    """Returns a name as it is shown: without the id that tells namesakes apart."""
    return split_author_id(name)[0]


def with_author_id(name: str, author_id: str) -> str:
    """Returns a name with the id that tells namesakes apart, if there is one."""
    return f"{name} {author_id}" if name and author_id else name


def without_titles(name: str) -> str:
    """Returns a name without the titles before it and the degrees after it.

    “Roe MD” has initials; behind a full name, “MD” is a degree.
    """
    found = _TITLES.match(name) if name[:1].isalpha() else None
    if found and any(map(str.isalpha, name[found.end() :])):
        name = name[found.end() :]
    end = _DEGREE_AT_END.search(name, max(0, len(name) - _MAX_AFFIXES))
    if end and (_is_certain(end["last"]) or len(name[: end.start()].split()) > 1):
        name = name[: end.start()]
    return name


def is_nobody(name: str) -> bool:
    """Returns whether a text stands for a name that isn't known: “null”, “[No author name]”."""
    if len(name) > _MAX_AFFIXES or not _NOBODY_START.match(name):
        return False
    text = " ".join(re.sub(r"[\[\](){}<>:,?*_\"“”]", " ", name).split()).strip(" .-–—")
    if not text:
        return True
    if text in {"Nan", "Na", "Nil"}:  # names of people
        return False
    return all(word.strip(".") in _NOBODY for word in text.lower().split()) or bool(
        _NOBODY_PHRASE.fullmatch(text)
    )


def is_missing_part(part: str) -> bool:
    """Returns whether a part of a name stands for one that isn't known: “null”, but not “Null”.

    People have family names like Null and Tba.
    """
    is_name = part.isalpha() and part.istitle()
    is_name = is_name and part not in {"None", "Unknown", "Undefined", "Anonymous"}
    return is_nobody(part) and not is_name


def is_collective(name: str) -> bool:
    """Returns whether a name is that of a group or an organization."""
    if len(name) > 1000:
        return False
    return _GROUP.search(name) is not None or _WEAK_GROUP.match(name) is not None


def without_behalf(name: str) -> str:
    """Returns “on behalf of the Foo Study Group” as “Foo Study Group”."""
    found = _ON_BEHALF.match(name)
    return name[found.end() :] if found and is_collective(name[found.end() :]) else name


def continues_group(name: str, following: str) -> bool:
    """Returns whether a group's name goes on behind “and” or a comma: “Department of Health”."""
    if len(name) > 300 or len(following) > 100:
        return False
    words = re.findall(r"[a-z]+", following.lower())
    return not _FIELDS_OF_WORK.isdisjoint(words) and _HEAD.search(name) is not None


def _is_certain(degree: str) -> bool:
    return re.fullmatch(_DEGREE, degree) is not None
