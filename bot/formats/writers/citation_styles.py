"""Formats a paper as a BibTeX entry, or a reference in plain text or Markdown; pure.

If a preprint was published, the published version is cited, along with the preprint's id.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from bot.formats.bibtex import fields as bibtex_fields
from bot.formats.bibtex import publication as bibtex_publication
from bot.formats.bibtex.names import is_person, read_names
from bot.formats.fields import join_list, pack_links, parse_identifiers, parse_links
from bot.formats.text import latex
from bot.markdown import escape, link
from storage.models import LinkKind, Paper, PaperDetails
from storage.names import affixes
from storage.names.author_list import AuthorList
from storage.names.parser import parse_name
from storage.papers.combine import is_preprint
from storage.papers.identifiers import is_identifier_page
from storage.publication import EntryType, Publication
from storage.text import fold

_SKIPPED = frozenset({"a", "an", "the", "on", "of", "in", "to", "for", "and", "with", "from"})
# Words that make a venue a journal; every other published venue is a conference.
_JOURNALS = frozenset(
    {"journal", "transactions", "letters", "review", "reviews", "magazine", "annals", "nature"}
    | {"science", "tmlr", "jmlr", "tacl", "jasa", "pnas", "plos", "quarterly", "advances", "cell"}
)
# Fields that only a complete export has, since no other program knows them.
_INTERNAL = frozenset(
    {"venue", "postedby", "identifiers", "links", bibtex_publication.COMPLETE_FIELD}
)
_UNPRINTED = frozenset({"keywords", "abstract"})  # by bibliographies
_CAPITALIZED_JOINTS = frozenset({"AND", "And", "UND", "Und", "ET", "Et"})
_MAX_FAMILY_WORDS = 20  # bounds the work for a text that isn't a name


class Detail(enum.Enum):
    """How much of a paper is written."""

    CITATION = "citation"  # what a bibliography prints
    PUBLIC = "public"  # everything that other programs understand
    COMPLETE = "complete"  # everything, to be imported again


def citation_key(paper: Paper) -> str:
    """Returns a key such as ``biderman2023pythia-12``, unique because of the paper's id."""
    family = _key_words(paper, paper.author_names[0]) if paper.authors else ()
    words = [word for word in fold(paper.title).split() if word not in _SKIPPED]
    parts = ["".join(family), str(paper.year or ""), words[0] if words else ""]
    letters = [re.sub(r"[^a-z0-9]", "", part) for part in parts]
    return f"{''.join(letters) or 'paper'}-{paper.id}"


def _key_words(paper: Paper, name: str) -> Sequence[str]:
    return fold(name).split()[:3] if paper.is_collective(name) else parse_name(name).family


def bibtex_entry(paper: Paper, detail: Detail) -> str:
    """Returns the BibTeX entry; `bibtex_reader` reads the same paper again from a complete one."""
    if detail is not Detail.COMPLETE:
        paper = replace(paper, authors=paper.author_names)
    kind, fields = _kind_and_fields(paper)
    left_out = {
        Detail.CITATION: _INTERNAL | _UNPRINTED,
        Detail.PUBLIC: _INTERNAL,
        Detail.COMPLETE: frozenset[str](),
    }[detail]
    lines = [f"@{kind}{{{citation_key(paper)},"]
    lines += [f"  {name} = {value}," for name, value in fields.items() if name not in left_out]
    return "\n".join([*lines, "}"])


def _kind_and_fields(paper: Paper) -> tuple[EntryType, dict[str, str]]:
    """Returns the entry's type and its fields as LaTeX."""
    kind = entry_type(paper)
    venue_field = bibtex_publication.venue_field(kind)
    fields = {"title": f"{{{{{latex.escape(paper.title)}}}}}"}
    _put(fields, "author", _bibtex_names(paper))
    if paper.venue or paper.arxiv:
        fields[venue_field] = f"{{{latex.escape(paper.venue)}}}"
        read = {name: value[1:-1] for name, value in fields.items()}
        if bibtex_fields.read_venue(read, paper.arxiv or "") != paper.venue:
            fields["venue"] = fields[venue_field]
    for name, value in bibtex_publication.write_publication(
        paper.publication,
        lambda name: _bibtex_name(name, is_collective=affixes.is_collective(name)),
    ).items():
        _put(fields, name, value)
    if paper.date:
        fields["year"] = f"{{{paper.date.year}}}"
        if paper.date.month:
            fields["month"] = bibtex_fields.MONTHS[paper.date.month - 1]
        if paper.date.day:
            fields["day"] = f"{{{paper.date.day}}}"
    _put(fields, "doi", latex.escape(paper.doi or ""))
    if paper.arxiv:
        fields |= {"eprint": f"{{{paper.arxiv}}}", "archiveprefix": "{arXiv}"}
    _put_urls(fields, paper)
    _put(fields, "note", latex.escape(paper.note))
    _put(fields, "keywords", ", ".join(map(_keyword, paper.tags)))
    _put(fields, "abstract", latex.escape(paper.abstract))
    _put(fields, "postedby", latex.escape(paper.posted_by))
    if _read_publication(kind, fields, paper) != paper.publication:
        _put(
            fields,
            bibtex_publication.COMPLETE_FIELD,
            bibtex_publication.complete_field(paper.publication) or "{}",
        )
    return kind, fields


def _read_publication(kind: EntryType, fields: dict[str, str], paper: Paper) -> Publication:
    """Returns the publication details that will be read from these fields."""
    return bibtex_publication.read_publication(
        kind,
        {name: value[1:-1] for name, value in fields.items()},
        lambda source: read_names(source).names,
        is_preprint=paper.arxiv is not None,
    )


def _put_urls(fields: dict[str, str], paper: Paper) -> None:
    """Adds the page, and our own fields for links and identifiers that don't follow from it."""
    url = paper.url or ""
    is_plain = latex.unescape(latex.escape(url)) == url and not is_identifier_page(url)
    shown = url if url and is_plain and bibtex_fields.is_url(url) else ""
    _put(fields, "url", latex.escape(shown))
    derived = parse_identifiers(
        arxiv=paper.arxiv or "", doi=paper.doi or "", urls=[shown] if shown else []
    )
    if derived != paper.identifiers:
        fields["identifiers"] = f"{{{latex.escape(join_list(paper.identifiers))}}}"
    if parse_links([(LinkKind.PAGE, shown)] if shown else []) != paper.links:
        fields["links"] = f"{{{latex.escape(pack_links(paper.links))}}}"


def _put(fields: dict[str, str], name: str, value: str) -> None:
    if value:
        fields[name] = f"{{{value}}}"


def entry_type(paper: PaperDetails) -> EntryType:
    """Returns what a paper was published as: what its source states, or what its venue suggests."""
    stated = paper.publication.entry_type
    if stated is not None:
        return stated
    words = fold(paper.venue).split()
    if not words or is_preprint(paper.venue):
        return EntryType.MISC
    return EntryType.ARTICLE if _JOURNALS.intersection(words) else EntryType.INPROCEEDINGS


def _bibtex_names(paper: Paper) -> str:
    """Returns the author field, which is read as the same authors again."""
    names = [_bibtex_name(name, is_collective=paper.is_collective(name)) for name in paper.authors]
    others = [] if paper.authors_complete else ["others"]
    field = " and ".join([*names, *others])
    # How an odd name is read may depend on the names around it.
    if all(map(_is_plain, paper.authors)) or read_names(field).names == paper.authors:
        return field
    names = [
        written if paper.is_collective(name) else _verbatim(name)
        for name, written in zip(paper.authors, names, strict=True)
    ]
    return " and ".join([*names, *others])


def _is_plain(name: str) -> bool:
    """Returns whether a name has only capitalized words and initials: any list may contain it."""
    return all(
        word[0].isupper()
        and word not in _CAPITALIZED_JOINTS
        and re.sub(r"[.'’-]", "", word).isalpha()
        for word in name.split()
    )


@lru_cache(maxsize=4096)
def _bibtex_name(name: str, *, is_collective: bool) -> str:
    """Returns “Family, Given” for a person, and a group's name in braces, two if it looks personal.

    A person's name that would be read differently is in braces, too, with an empty pair behind it.
    """
    if is_collective:
        written = f"{{{latex.escape(name)}}}"
        return f"{{{written}}}" if is_person(name) else written
    given, family, suffix = map(latex.escape, split_name(name))
    for written in (family, f"{{{family}}}"):
        whole = ", ".join(part for part in (written, suffix, given) if part)
        if _is_read_as(whole, name):
            return whole
    return _verbatim(name)


def _verbatim(name: str) -> str:
    return f"{{{latex.escape(name)}}}{{}}"


def _is_read_as(written: str, name: str) -> bool:
    """Returns whether a name in BibTeX is read as a person's name, alone and among others."""
    among = f"Ann Lee and {written} and others"
    return read_names(written) == AuthorList((name,)) and (
        read_names(among) == AuthorList(("Ann Lee", name), is_complete=False)
    )


def split_name(name: str) -> tuple[str, str, str]:
    """Splits a credited name into given names, family name and suffix (“Jr.”).

    An unclear name is all family name.
    """
    words = name.split()
    has_suffix = len(words) > 2 and affixes.is_suffix(words[-1])
    suffix = words.pop() if has_suffix else ""
    family = " ".join(parse_name(name).family)
    for start in range(max(1, len(words) - _MAX_FAMILY_WORDS), len(words)):
        if fold(" ".join(words[start:])) == family:
            return " ".join(words[:start]), " ".join(words[start:]), suffix
    return "", name, ""


def _keyword(tag: str) -> str:
    written = latex.escape(tag)
    return f"{{{written}}}" if re.search("[,;]", tag) else written


def _citation_url(paper: Paper) -> str:
    """Returns the URL to cite: the DOI's, or the paper's best page."""
    return f"https://doi.org/{paper.doi}" if paper.doi else paper.url or ""


def markdown_reference(paper: Paper) -> str:
    """Returns one line of Markdown with linked title, authors, venue, year and note."""
    parts = [f"**{link(paper.title, _citation_url(paper) or None, 4000)}**"]
    if paper.authors:
        names = [escape(name) for name in paper.author_names]
        tail = "" if paper.authors_complete else ", et al."
        parts.append(f"{', '.join(names)}{tail}")
    published = [f"*{escape(paper.venue)}*"] if paper.venue else []
    published += [str(paper.year)] if paper.year else []
    if published:
        parts.append(", ".join(published))
    if paper.note:
        parts.append(escape(paper.note))
    return ". ".join(part.rstrip(".") for part in parts) + "."
