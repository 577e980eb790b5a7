"""The type and the fields of a BibTeX entry that say how a paper was published; pure.

Types and fields of biblatex are read, too, and written under the names that BibTeX knows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping

from bot.formats.arxiv_fields import without_arxiv_ids
from bot.formats.text import latex
from storage import publication as publications
from storage.errors import InvalidInput
from storage.publication import EntryType, Publication, page_range

COMPLETE_FIELD = "publication"  # of a complete export, with all details as JSON
_TYPE_ALIASES = {
    "conference": EntryType.INPROCEEDINGS,
    "bookinbook": EntryType.INBOOK,
    "suppbook": EntryType.INBOOK,
    "inreference": EntryType.INCOLLECTION,
    "suppcollection": EntryType.INCOLLECTION,
    "suppperiodical": EntryType.ARTICLE,
    "report": EntryType.TECHREPORT,
    "www": EntryType.ONLINE,
    "electronic": EntryType.ONLINE,
    "mvbook": EntryType.BOOK,
}
# The names of each detail, the first of which is written.
_FIELDS = {
    "volume": ("volume",),
    "number": ("number", "issue"),
    "pages": ("pages", "eid"),
    "publisher": ("publisher", "organization"),
    "publisher_place": ("address", "location"),
    "series": ("series", "shortseries"),
    "edition": ("edition",),
    "isbn": ("isbn",),
    "issn": ("issn",),
}
_VENUE_FIELDS = {
    EntryType.ARTICLE: "journal",
    EntryType.INPROCEEDINGS: "booktitle",
    EntryType.INCOLLECTION: "booktitle",
    EntryType.INBOOK: "booktitle",
    EntryType.PHDTHESIS: "school",
    EntryType.MASTERSTHESIS: "school",
    EntryType.TECHREPORT: "institution",
}


def read_publication(
    entry_type: str,
    fields: Mapping[str, str],
    read_names: Callable[[str], tuple[str, ...]],
    *,
    is_preprint: bool,
) -> Publication:
    """Returns how an entry says that it was published; raises `InvalidInput` for invalid JSON.

    ``read_names`` reads the editors. Of a preprint, an arXiv id isn't a volume.
    """
    if COMPLETE_FIELD in fields:
        try:
            values = json.loads(latex.unescape(fields[COMPLETE_FIELD]))
            return publications.normalize(publications.from_json(values))
        except (ValueError, TypeError, AttributeError):
            raise InvalidInput(f"Its “{COMPLETE_FIELD}” isn't what an export has there.") from None
    details = {name: _first(fields, names) for name, names in _FIELDS.items()}
    details["pages"] = page_range(details["pages"])
    if is_preprint:
        details = without_arxiv_ids(details)
    return publications.normalize(
        Publication(
            entry_type=_read_type(entry_type, fields),
            editors=read_names(fields.get("editor", "")),
            **details,
        )
    )


def write_publication(publication: Publication, write_name: Callable[[str], str]) -> dict[str, str]:
    """Returns the fields of the details as LaTeX; ``write_name`` writes an editor's name."""
    fields = {
        names[0]: latex.escape(value)
        for name, names in _FIELDS.items()
        if (value := getattr(publication, name))
    }
    if "pages" in fields:
        fields["pages"] = fields["pages"].replace("–", "--")
    if publication.editors:
        fields["editor"] = " and ".join(map(write_name, publication.editors))
    return fields


def complete_field(publication: Publication) -> str:
    """Returns all details as the LaTeX of `COMPLETE_FIELD`."""
    return latex.escape(json.dumps(publications.to_json(publication), ensure_ascii=False))


def venue_field(entry_type: EntryType) -> str:
    """Returns the field for the venue of an entry of this type."""
    return _VENUE_FIELDS.get(entry_type, "howpublished")


def _read_type(entry_type: str, fields: Mapping[str, str]) -> EntryType | None:
    name = entry_type.lower()
    if name == "thesis":
        kind = fields.get("type", "").lower()
        is_masters = re.search(r"master|m\.?sc|mathesis|diplom", kind)
        return EntryType.MASTERSTHESIS if is_masters else EntryType.PHDTHESIS
    return _TYPE_ALIASES.get(name) or (EntryType(name) if name in {*EntryType} else None)


def _first(fields: Mapping[str, str], names: tuple[str, ...]) -> str:
    """Returns the first of these fields that isn't empty, on one line."""
    texts = (" ".join(latex.unescape(fields.get(name, "")).split()) for name in names)
    return next(filter(None, texts), "")
