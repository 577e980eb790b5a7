"""Represents papers as items of CSL-JSON, for citation processors and reference managers; pure.

https://docs.citationstyles.org/en/stable/specification.html#appendix-iv-variables
"""

from __future__ import annotations

from typing import Any

from bot.formats.writers.citation_styles import citation_key, entry_type, split_name
from storage.models import Paper
from storage.papers.combine import is_preprint
from storage.publication import EntryType

CSL_TYPES = {
    EntryType.ARTICLE: "article-journal",
    EntryType.BOOK: "book",
    EntryType.BOOKLET: "pamphlet",
    EntryType.DATASET: "dataset",
    EntryType.INBOOK: "chapter",
    EntryType.INCOLLECTION: "chapter",
    EntryType.INPROCEEDINGS: "paper-conference",
    EntryType.MANUAL: "book",
    EntryType.MASTERSTHESIS: "thesis",
    EntryType.MISC: "document",
    EntryType.ONLINE: "webpage",
    EntryType.PATENT: "patent",
    EntryType.PHDTHESIS: "thesis",
    EntryType.SOFTWARE: "software",
    EntryType.TECHREPORT: "report",
    EntryType.UNPUBLISHED: "manuscript",
}
_PUBLISHERS = frozenset(
    {EntryType.PHDTHESIS, EntryType.MASTERSTHESIS, EntryType.TECHREPORT, EntryType.MANUAL}
)  # whose venue is a university or an institution
_GENRES = {EntryType.PHDTHESIS: "PhD thesis", EntryType.MASTERSTHESIS: "Master's thesis"}


def csl_item(paper: Paper) -> dict[str, Any]:
    """Returns a paper as a CSL-JSON item without empty fields."""
    kind = entry_type(paper)
    details = paper.publication
    is_unpublished = kind is EntryType.MISC and is_preprint(paper.venue)
    is_publisher = kind in _PUBLISHERS and not details.publisher
    item: dict[str, Any] = {
        "id": citation_key(paper),
        "type": "article" if is_unpublished else CSL_TYPES[kind],
        "title": paper.title,
        "author": [csl_name(paper, name) for name in paper.author_names],
        "container-title": "" if is_publisher else paper.venue,
        "collection-title": details.series,
        "volume": details.volume,
        "page": details.pages.replace("–", "-"),
        "publisher": details.publisher or (paper.venue if is_publisher else ""),
        "publisher-place": details.publisher_place,
        "editor": [csl_name(paper, name) for name in details.editors],
        "edition": details.edition,
        "genre": _GENRES.get(kind, ""),
        "ISBN": details.isbn,
        "ISSN": details.issn,
        "DOI": paper.doi or "",
        "URL": paper.url or "",
        "abstract": paper.abstract,
        "note": paper.note,
        "keyword": ", ".join(paper.tags),
    }
    item["issue" if kind is EntryType.ARTICLE else "number"] = details.number
    if not paper.authors_complete:
        item["author"].append({"literal": "et al."})
    if paper.date:
        parts = (paper.date.year, paper.date.month, paper.date.day)
        item["issued"] = {"date-parts": [[part for part in parts if part]]}
    if paper.arxiv:
        item |= {"archive": "arXiv", "archive_location": paper.arxiv}
    return {name: value for name, value in item.items() if value}


def csl_name(paper: Paper, name: str) -> dict[str, str]:
    """Returns a person's family name, given names and suffix in this order, or a group's name."""
    if paper.is_collective(name):
        return {"literal": name}
    given, family, suffix = split_name(name)
    parts = {"family": family, "given": given, "suffix": suffix}
    return {part: text for part, text in parts.items() if text}
