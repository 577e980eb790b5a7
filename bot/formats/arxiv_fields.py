"""Finds arXiv ids in bibliographies, wherever a reference manager writes them; pure.

The field is ``eprint`` in arXiv's own BibTeX, ``eid`` in that of NASA ADS, ``volume`` in that of
DBLP and Semantic Scholar, ``arxivid`` in that of Mendeley, and ``number`` in that of Zotero. People
write the id into the name of the journal, or into a note.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from storage.archive_urls import ARXIV_ID
from storage.papers.identifiers import arxiv_id, named_arxiv_id

_ARCHIVES = ("archiveprefix", "eprinttype", "archive")
_NAMED_FIELDS = ("arxivid", "arxiv", "arxiv_id")  # whose value is an id
_JOURNALS = ("journal", "journaltitle", "booktitle", "venue", "howpublished", "publisher", "series")
_NUMBERS = ("eid", "volume", "number", "issue", "pages", "primaryclass", "type")
FIELDS = frozenset(
    {"eprint", "note", *_ARCHIVES, *_NAMED_FIELDS, *_JOURNALS, *_NUMBERS}
)  # that `find_arxiv_id` reads
_PREPRINT = re.compile(r"(?:arxiv|corr\b|computing research repository).*", re.IGNORECASE)
_NUMBER_IN_JOURNAL = re.compile(rf"(?<![\w.])(?:{ARXIV_ID})(?:v\d+)?(?!\w)", re.IGNORECASE)
_OLD_NUMBER = re.compile(r"\d{7}(?:v\d+)?")
_ARCHIVE_PATH = re.compile(r"^(?:abs|pdf)/", re.IGNORECASE)
_SUBJECT = re.compile(r"[a-z-]+(?:\.[a-z-]+)?/$")  # of an old id
_AFTER_ID = re.compile(r"^v\d+|\[[\w.-]{1,20}\]")  # a version, and a class like [cs.CL]
_WORD = re.compile(r"[^\W\d_]+")
# Words of a note that only says where the paper itself is; others may be about another paper.
_OWN_WORDS = frozenset((
    "abs", "also", "appear", "archived", "arxiv", "as", "at", "available", "e", "eprint", "http",
    "https", "in", "on", "online", "org", "paper", "pdf", "preprint", "print", "published",
    "report", "submitted", "technical", "to", "under", "url", "version", "working", "www",
))  # fmt: skip

# Words in the name of arXiv as a journal: “arXiv e-prints, art. 2101.00001”.
_NAME_WORDS = frozenset({
    "abs", "arxiv", "art", "article", "computing", "corr", "cornell", "e", "eprint", "eprints",
    "library", "org", "preprint", "preprints", "print", "prints", "repository", "research",
    "university", "vol", "volume",
})  # fmt: skip


def find_arxiv_id(fields: Mapping[str, str]) -> str:
    """Returns the arXiv id in the plain-text fields of an entry, by BibTeX's names, or ""."""
    is_preprint = any(_PREPRINT.fullmatch(fields.get(name, "").strip()) for name in _JOURNALS)
    find = _find_id if is_preprint else named_arxiv_id
    found = [
        _eprint(fields),
        *(_id_in_preprint(fields.get(name, "")) for name in _JOURNALS),
        *(_find_id(fields.get(name, "")) for name in _NAMED_FIELDS),
        *(find(fields.get(name, "")) for name in (*_JOURNALS, *_NUMBERS)),
        _noted_id(fields.get("note", "")),
    ]
    return next(filter(None, found), "")


def is_arxiv(venue: str) -> bool:
    """Returns whether a venue is arXiv, perhaps with an id or a subject: “CoRR abs/2101.00001”."""
    if venue.lower().startswith("arxiv:"):
        return True
    if not _PREPRINT.fullmatch(venue):
        return False
    name = _AFTER_ID.sub("", _NUMBER_IN_JOURNAL.sub("", venue.lower()))
    return _NAME_WORDS.issuperset(_WORD.findall(name))


def is_arxiv_note(note: str) -> bool:
    """Returns whether a note says nothing but that the paper is on arXiv, and under which id."""
    found = _noted_id(note)
    if found is None:
        return False
    rest = note.partition(found.rpartition("/")[2])[2]
    return _OWN_WORDS.issuperset(_WORD.findall(_AFTER_ID.sub("", rest.lower())))


def without_arxiv_ids(details: Mapping[str, str]) -> dict[str, str]:
    """Returns the details of a preprint without those that are only an arXiv id."""
    return {
        name: "" if name in _NUMBERS and _find_id(value) else value
        for name, value in details.items()
    }


def _eprint(fields: Mapping[str, str]) -> str | None:
    """Returns the id in ``eprint``; that of an old paper may lack its archive."""
    eprint = fields.get("eprint", "").strip()
    archive = next((fields[name] for name in _ARCHIVES if fields.get(name)), "arXiv").strip()
    is_arxiv = archive.lower() == "arxiv"
    if _OLD_NUMBER.fullmatch(eprint):
        return arxiv_id(
            f"{fields.get('primaryclass', '').strip() if is_arxiv else archive}/{eprint}"
        )
    return _find_id(eprint) if is_arxiv or "/" in eprint else None


def _find_id(text: str) -> str | None:
    """Returns the id that a field for one is, perhaps with a part of its URL before it."""
    return arxiv_id(_ARCHIVE_PATH.sub("", text.strip()))


def _id_in_preprint(journal: str) -> str | None:
    """Returns the id in the name of a preprint server: “CoRR abs/2101.00001”."""
    journal = journal.strip()
    found = _NUMBER_IN_JOURNAL.search(journal) if _PREPRINT.fullmatch(journal) else None
    return arxiv_id(found[0]) if found else None


def _noted_id(note: str) -> str | None:
    """Returns the id in a note, unless words before it tell that it may be another paper's."""
    found = named_arxiv_id(note)
    if found is None:
        return None
    before = _SUBJECT.sub("", note.partition(found.rpartition("/")[2])[0].lower())
    return found if _OWN_WORDS.issuperset(_WORD.findall(before)) else None
